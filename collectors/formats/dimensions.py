"""Who and what a request belongs to, where a configuration knows better than the format: one dimension taken from another.

Gateways put the same thing into different fields: some bill a tenant by its key, some by a tag, some by the end user.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import msgspec

from collectors.door import cut
from store.facts import UsageEvent

DIMENSIONS = ("provider", "model", "deployment", "tenant", "key", "call_type", "user", "end_user", "session")
"""What can be taken from elsewhere, and be taken."""

_TAG = "tag:"
_From: TypeAlias = Callable[[UsageEvent], str | None]


def checked(said: Mapping[str, str]) -> None:
    """ValueError for a map that cannot be used, naming what to write instead."""
    for target, place in said.items():
        for name in (target, *(() if place.startswith(("=", _TAG)) else (place,))):
            if name not in DIMENSIONS:
                near = difflib.get_close_matches(name, DIMENSIONS, n=1, cutoff=0.4)
                hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(DIMENSIONS)}"
                raise ValueError(f"unknown dimension `{name}` in the dimensions of a source{hint}")
        if not place.removeprefix(_TAG).removeprefix("="):
            raise ValueError(
                f"`{target}` in the dimensions of a source is a dimension, `tag:NAME`, or `=` and a constant"
            )


class DimensionMap:
    """Takes dimensions of events from where the configuration says; all of them as they were before any was taken."""

    def __init__(self, said: Mapping[str, str]) -> None:
        checked(said)
        self._places: dict[str, _From] = {target: _from(place) for target, place in said.items()}

    def apply(self, events: Sequence[UsageEvent]) -> Sequence[UsageEvent]:
        """The same events under their new names."""
        if not self._places:
            return events
        return [
            msgspec.structs.replace(event, **{target: found(event) for target, found in self._places.items()})
            for event in events
        ]


def _from(place: str) -> _From:
    if place.startswith("="):
        constant = cut(place[1:])
        return lambda _: constant
    if place.startswith(_TAG):
        starts = tuple(place.removeprefix(_TAG) + mark for mark in (":", "="))
        return lambda event: next((tag[len(starts[0]) :] or None for tag in event.tags if tag.startswith(starts)), None)
    return lambda event: getattr(event, place)

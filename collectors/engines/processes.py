"""Which processes have answered at one address: one that runs beside another is not its successor."""

from typing import TypeVar

from collectors.engines.counters import START_JITTER_SECONDS

SEVERAL_ANSWER = (
    "several processes answer at this address in turn, such as replicas behind one name: their counters cannot be told"
    " apart, so give each a source with an address of its own"
)

One = TypeVar("One")

_MOST = 64


class Processes:
    """Every process that answered, the last one at the end.

    A process is known by when it started (`started_s`, Unix seconds) or by whatever else tells its lives apart (`life`).
    """

    def __init__(self) -> None:
        self._watched_s: float | None = None
        self._starts: list[float] = []
        self._lives: list[str] = []

    def watch(self, at_s: float) -> None:
        """Somebody asks; the first time counts."""
        if self._watched_s is None:
            self._watched_s = at_s

    def is_beside(self, started_s: float | None, life: str | None) -> bool:
        """Take who answers now; whether it is another one than before that was here already, and no restart."""
        if life is not None:
            return _moved_to_end(self._lives, life)
        if started_s is None:
            return False
        known = next((one for one in self._starts if abs(one - started_s) <= START_JITTER_SECONDS), None)
        is_first, was_before = not self._starts, self._watched_s is not None and started_s < self._watched_s
        came_back = _moved_to_end(self._starts, started_s if known is None else known)
        return came_back or (known is None and was_before and not is_first)


def _moved_to_end(ones: list[One], one: One) -> bool:
    """Put the newest last; whether it stood further up before."""
    came_back = one in ones[:-1]
    if one in ones:
        ones.remove(one)
    ones.append(one)
    del ones[:-_MOST]
    return came_back

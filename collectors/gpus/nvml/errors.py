"""Critical errors (XID) that the driver reports as events: nobody can ask for past ones, so somebody must listen."""

from contextlib import suppress
from ctypes import c_void_p, cast
from types import ModuleType
from typing import Any

from collectors.gpus.nvml.card import Card

MOST_AT_ONCE = 32
"""A card that is dying may report for ever; the rest is taken at the next poll."""


class CriticalErrors:
    """One listening place for all cards; where the driver has none, nothing is ever heard."""

    def __init__(self, nvml: ModuleType, errors: tuple[type[Exception], ...]) -> None:
        self._nvml = nvml
        self._errors = errors
        self._place: Any = None
        self._uuids: dict[int | None, str] = {}
        with suppress(*errors):
            self._place = nvml.nvmlEventSetCreate()

    def listen(self, card: Card) -> None:
        """Hear of this card from now on."""
        if self._place is None or card.fault or card.parent or self._uuids.get(_address(card.handle)) == card.uuid:
            return
        # A card that falls off the bus says so by an event, and cannot be asked for its name any more.
        self._uuids[_address(card.handle)] = card.uuid
        with suppress(*self._errors):
            self._nvml.nvmlDeviceRegisterEvents(card.handle, self._nvml.nvmlEventTypeXidCriticalError, self._place)

    def heard(self) -> dict[str, tuple[int, ...]]:
        """The XIDs that came since the last call, by the card's UUID; never waits."""
        found: dict[str, tuple[int, ...]] = {}
        if self._place is None or not self._uuids:
            return found
        with suppress(*self._errors):  # a timeout, when there are no more
            for _ in range(MOST_AT_ONCE):
                event = self._nvml.nvmlEventSetWait_v2(self._place, 0)
                uuid = self._uuids.get(_address(event.device), "")
                found[uuid] = (*found.get(uuid, ()), int(event.eventData))
        return found

    def close(self) -> None:
        """Listen no longer; before the library is ended."""
        if self._place is not None:
            with suppress(*self._errors):
                self._nvml.nvmlEventSetFree(self._place)
        self._place = None
        self._uuids.clear()


def _address(handle: Any) -> int | None:
    return cast(handle, c_void_p).value

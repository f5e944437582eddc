"""What the processors of this machine draw, by their own energy counters (RAPL), where this user may read them.

https://docs.kernel.org/power/powercap/powercap.html: one folder per package, `energy_uj` counts microjoules and begins
again after `max_energy_range_uj`. Since 2020 it is readable by root alone on most systems. Cores and the like are parts of
their package's count; memory (`dram`) is not, and the whole platform (`psys`) holds everything and is left out.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PLACE = Path("/sys/class/powercap")
_ZONE = re.compile(r"(?:intel|amd)-rapl:\d+(?P<part>:\d+)?")


class Used(NamedTuple):
    """Energy, and over how long."""

    joules: float
    seconds: float


class Rapl:
    """Reads the counters; a mean needs two looks."""

    def __init__(self, place: Path = PLACE, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._monotonic = monotonic
        self._before: dict[Path, int] = {}
        self._looked_at = 0.0

    @property
    def has_packages(self) -> bool:
        """Whether this machine counts, readable or not."""
        return bool(self._zones())

    def watts(self) -> float | None:
        """Mean power of all packages since the previous call; None at the first, and where not all could be read."""
        used = self.used()
        return None if used is None else used.joules / used.seconds

    def used(self) -> Used | None:
        """Energy of all packages and their memory since the previous call; None as above."""
        zones = self._zones()
        now = {zone: joules for zone in zones if (joules := _microjoules(zone, "energy_uj")) is not None}
        at = self._monotonic()
        seconds = at - self._looked_at
        before, self._before, self._looked_at = self._before, now, at
        if not now or len(now) < len(zones) or set(before) != set(now) or seconds <= 0:
            return None
        gains = [_gain(zone, before[zone], now[zone]) for zone in zones]
        return None if None in gains else Used(sum(gain or 0 for gain in gains) / 1e6, seconds)

    @property
    def is_readable(self) -> bool:
        """Whether all of them could be read at the last call."""
        return bool(self._before) and len(self._before) == len(self._zones())

    def _zones(self) -> list[Path]:
        with suppress(OSError):
            return sorted(folder for folder in self._place.iterdir() if _counts(folder))
        return []


def _counts(folder: Path) -> bool:
    found = _ZONE.fullmatch(folder.name)
    if found is None:
        return False
    name = ""
    with suppress(OSError):
        name = (folder / "name").read_text().strip()
    return name == "dram" if found["part"] else name != "psys"


def _microjoules(package: Path, name: str) -> int | None:
    with suppress(OSError, ValueError):
        return int((package / name).read_text())
    return None


def _gain(package: Path, before: int, now: int) -> int | None:
    """What a counter gained; one that fell went round once, and how far round is in its folder."""
    if now >= before:
        return now - before
    whole = _microjoules(package, "max_energy_range_uj")
    return None if whole is None else now - before + whole

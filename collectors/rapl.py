"""What the processors of this machine draw, by their own energy counters (RAPL), where this user may read them.

https://docs.kernel.org/power/powercap/powercap.html: one folder per package, `energy_uj` counts microjoules and begins
again after `max_energy_range_uj`. Since 2020 it is readable by root alone on most systems.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PLACE = Path("/sys/class/powercap")
_PACKAGE = re.compile(r"(?:intel|amd)-rapl:\d+")
"""Of a package; deeper numbers are parts of it, which are in its count."""


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
        return bool(self._packages())

    def watts(self) -> float | None:
        """Mean power of all packages since the previous call; None at the first, and where not all could be read."""
        packages = self._packages()
        now = {package: joules for package in packages if (joules := _microjoules(package, "energy_uj")) is not None}
        at = self._monotonic()
        seconds = at - self._looked_at
        before, self._before, self._looked_at = self._before, now, at
        if not now or len(now) < len(packages) or set(before) != set(now) or seconds <= 0:
            return None
        gains = [_gain(package, before[package], now[package]) for package in packages]
        return None if None in gains else sum(gain or 0 for gain in gains) / 1e6 / seconds

    def _packages(self) -> list[Path]:
        with suppress(OSError):
            return sorted(folder for folder in self._place.iterdir() if _PACKAGE.fullmatch(folder.name))
        return []


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

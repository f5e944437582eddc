"""The plan of a launch as a CSV file: `after,usd` (spent by then) or `after,usd_per_hour` (from then on)."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from collectors.settings.config import ConfigError
from collectors.settings.written import nano_usd, seconds
from pricing.plan import points_from_rates

_SPENT, _RATE = ["after", "usd"], ["after", "usd_per_hour"]
_MOST_ROWS = 10_000


def read_plan(path: Path, length_ms: int) -> tuple[tuple[int, int], ...]:
    """Its points: (milliseconds after the beginning, nano-dollars spent by then). Raises ConfigError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return plan_points(file, length_ms)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from None
    except ValueError as error:
        raise ConfigError(f"{path}: {error}.") from None


def plan_points(lines: Iterable[str], length_ms: int) -> tuple[tuple[int, int], ...]:
    """The same from lines; ValueError names the line that is wrong."""
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    if header not in (_SPENT, _RATE):
        raise ValueError("the first line must be `after,usd` or `after,usd_per_hour`")
    points: list[tuple[int, int]] = []
    for number, row in enumerate(rows, start=2):
        if row and number <= _MOST_ROWS:
            points.append(_point(row, header[1], number))
            _check_order(points, number, rising=header == _SPENT)
    if not points:
        raise ValueError("there is no line below the first one")
    return points_from_rates(points, length_ms) if header == _RATE else tuple(points)


def _point(row: Sequence[str], unit: str, number: int) -> tuple[int, int]:
    if len(row) != 2:  # the two columns of the header
        raise ValueError(f"line {number}: two values are needed, such as 30m,125")
    after = row[0].strip()
    try:
        after_ms = 0 if after in ("0", "") else round(seconds(after) * 1000)
        return after_ms, nano_usd(row[1].strip(), unit)
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None


def _check_order(points: Sequence[tuple[int, int]], number: int, *, rising: bool) -> None:
    if len(points) > 1 and points[-1][0] <= points[-2][0]:
        raise ValueError(f"line {number}: times must rise from line to line")
    if rising and len(points) > 1 and points[-1][1] < points[-2][1]:
        raise ValueError(f"line {number}: what is spent cannot become less; rates go into `after,usd_per_hour`")

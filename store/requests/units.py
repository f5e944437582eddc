"""What is billed by something else than tokens: how a row keeps it, and its sums beside the rollups."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from store.tables import ROLLUPS, UNIT_ROLLUPS

Units: TypeAlias = tuple[tuple[str, int], ...]
"""(unit, amount), as in a `Usage`."""

UnitKey: TypeAlias = tuple[int, int, int, str]
"""(bucket, series, card, unit)."""


def units_of(text: object) -> Units:
    """What a row keeps as JSON."""
    return tuple((unit, amount) for unit, amount in json.loads(text)) if isinstance(text, str) else ()


def upsert_units(rollup: str) -> str:
    """The statement that adds to the sum of one unit beside a rollup, or begins one: UnitKey, amount, stored day."""
    return (
        f"INSERT INTO {UNIT_ROLLUPS[rollup]} (bucket, series, card, unit, amount, stored_day) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (bucket, series, card, unit) DO UPDATE SET amount = amount + excluded.amount,"
        " stored_day = max(stored_day, excluded.stored_day)"
    )


def add_units(connection: sqlite3.Connection, minutes: Counter[UnitKey], stored_day: int) -> None:
    """Add sums of minutes to the minutes, hours and days, in somebody else's transaction."""
    for rollup, width in ROLLUPS.items():
        wide: Counter[UnitKey] = Counter()
        for (bucket, series, card, unit), amount in minutes.items():
            wide[bucket // width * width, series, card, unit] += amount
        rows = [(*key, amount, stored_day) for key, amount in wide.items()]
        connection.executemany(upsert_units(rollup), rows)


def take_units(connection: sqlite3.Connection, rollup: str, place: Iterable[int], units: Units) -> None:
    """Take amounts out of the sums of one place; what is used up is no sum any more."""
    for unit, amount in units:
        key = (*place, unit)
        connection.execute(
            f"UPDATE {UNIT_ROLLUPS[rollup]} SET amount = amount - ?"
            " WHERE bucket = ? AND series = ? AND card = ? AND unit = ?",
            (amount, *key),
        )
        connection.execute(
            f"DELETE FROM {UNIT_ROLLUPS[rollup]} WHERE bucket = ? AND series = ? AND card = ? AND unit = ?"
            " AND amount <= 0",
            key,
        )


def merged(left: Units, right: Units) -> Units:
    """Both together, sorted by unit."""
    sums = Counter(dict(left))
    sums.update(dict(right))
    return tuple(sorted(sums.items()))

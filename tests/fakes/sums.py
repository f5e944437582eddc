"""The sums of a store checked against its rows, by questions of the tests' own."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from store.tables import MEASURES, ROLLUPS

_OF_ROWS = (
    "count(*)",
    "sum(EXISTS (SELECT 1 FROM requests AS e WHERE e.identity >> 24 = r.identity >> 24 AND e.id < r.id))",
    "count(partial)", "sum(input)", "sum(cache_read)", "sum(cache_write_5m)", "sum(cache_write_1h)",
    "sum(cache_write_30m)", "sum(cache_write_12h)", "sum(cache_write)", "sum(output)", "sum(reasoning)",
    "coalesce(sum(nano_usd), 0)", "coalesce(sum(reported_nano_usd), 0)", "count(reported_nano_usd)",
    "coalesce(sum(duration_ms), 0)", "count(duration_ms)", "coalesce(sum(first_token_ms), 0)", "count(first_token_ms)",
)  # fmt: skip
"""What MEASURES are, asked of single rows."""


def ask(path: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """Every row of an answer; what a statement changes is kept."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(question, values).fetchall()
        connection.commit()
        return found


def assert_sums_are_those_of_the_rows(path: Path) -> None:
    """Every minute, hour and day holds exactly what its kept requests add up to."""
    for table, width in ROLLUPS.items():
        of_rows = (
            f"SELECT ended_at_ms / {width * 1000} * {width} AS b, series, card, {', '.join(_OF_ROWS)} FROM requests AS r"
            " GROUP BY b, series, card ORDER BY 1, 2, 3"
        )
        kept = f"SELECT bucket, series, card, {', '.join(MEASURES)} FROM {table} ORDER BY 1, 2, 3"
        assert ask(path, kept) == ask(path, of_rows)

"""A store as wide as a large service is: five million sums over thousands of models and hundreds of tenants, skewed."""

import sqlite3
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from random import Random

from benchmarks.history import begin
from store.tables import MEASURES, ROLLUPS

MODELS, TENANTS, DAYS = 2_000, 500, 90
SUMS = 5_000_000
_SERIES = 10_000
"""As many as a store takes in by default."""
_MINUTE_DAYS = 35
"""Sums per minute are kept so long; older days are there as sums per hour and day."""
_MINUTE_SHARE = 0.9
_COLUMNS = ("requests", "input", "cache_read", "output", "nano_usd", "duration_ms", "durations")
_INSERT = (
    f"INSERT INTO {{table}} (bucket, series, card, {', '.join(_COLUMNS)}, stored_day) VALUES (?, ?, 1{', ?' * 8})"
    " ON CONFLICT DO NOTHING"
)


def make_wide_store(path: Path, now_ms: int, *, sums: int = SUMS) -> None:
    """So many sums in all tables together: a few series are in every minute, most of them in hardly any."""
    begin(path, now_ms)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN")
    _fill_series(connection)
    newest, draw = now_ms // 60_000 * 60, Random(7)
    weights = list(accumulate(1 / (rank + 3) for rank in range(_SERIES)))
    minutes = _MINUTE_DAYS * 1_440
    per_minute = max(2, round(sums * _MINUTE_SHARE / minutes))
    rows = _rows(newest - (minutes - 1) * 60, minutes, 60, per_minute, weights, draw)
    connection.executemany(_INSERT.format(table="rollup_minute"), rows)
    older = (DAYS - _MINUTE_DAYS) * 24
    rows = _rows(newest // 3_600 * 3_600 - DAYS * 86_400, older, 3_600, 3 * per_minute, weights, draw)
    connection.executemany(_INSERT.format(table="rollup_hour"), rows)
    _widen(connection, "rollup_minute", "rollup_hour")
    _widen(connection, "rollup_hour", "rollup_day")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _fill_series(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM series")
    for table in ROLLUPS:
        connection.execute(f"DELETE FROM {table}")
    connection.executemany(
        "INSERT INTO series (id, key, source, provider, model, deployment, tenant, api_key, call_type, outcome)"
        " VALUES (?, ?, 'gateway', ?, ?, NULL, ?, ?, 'acompletion', 'ok')",
        (
            (
                n + 1,
                f"bench-{n}",
                f"provider-{n % 9}",
                f"model-{n * 7 % MODELS}",
                f"team-{n * 11 % TENANTS}",
                f"key-{n}",
            )
            for n in range(_SERIES)
        ),
    )


def _rows(
    first: int, buckets: int, width: int, each: int, weights: list[float], draw: Random
) -> Iterator[tuple[int, ...]]:
    names = range(1, _SERIES + 1)
    for bucket in range(first, first + buckets * width, width):
        for series in draw.choices(names, cum_weights=weights, k=each):
            requests = 1 + _SERIES // (series * 40 + 1)
            yield (
                bucket, series, requests, requests * 1_200, requests * 400, requests * 180, requests * 1_380_000,
                requests * 900, requests, bucket // 86_400,
            )  # fmt: skip


def _widen(connection: sqlite3.Connection, table: str, into: str) -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    connection.execute(
        f"INSERT INTO {into} (bucket, series, card, {', '.join(MEASURES)}, stored_day)"
        f" SELECT bucket / {ROLLUPS[into]} * {ROLLUPS[into]} AS wide, series, card, {sums}, max(stored_day)"
        f" FROM {table} GROUP BY wide, series, card ON CONFLICT DO NOTHING"
    )

"""How long things are kept, and forgetting them."""

import sqlite3

import msgspec

from pricing.times import DAY_MS, HOUR_MS, MINUTE_MS
from store.changes import note_changed_sums, prune_changes
from store.requests.sessions import prune_sessions

_MINUTES, _HOURS = ("rollup_minute", "side_minute", "unit_minute"), ("rollup_hour", "side_hour", "unit_hour")
_BUCKET_MINUTE_DAYS = 2
"""Providers' minutes: longer than late corrections reach back. Their hours live as long as minute sums, days for ever."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Ages are counted from when a row was stored, not from when it happened; day sums are kept for ever."""

    request_hours: int = 72
    request_rows: int = 2_000_000
    minute_days: int = 35
    hour_days: int = 400
    reading_minutes: int = 60
    """Raw readings of GPUs and engines; their minute rows live as long as minute sums."""


def prune(connection: sqlite3.Connection, retention: Retention, at_ms: int, now_ms: int) -> None:
    """Delete what at `at_ms` is older than its retention; harmless to repeat.

    `now_ms` is what the clock says, where that is not believed yet: single readings, of which the minutes stay, go by it.
    """
    # The configuration imports this module, also where nothing is stored.
    from store.providers.balances import thin_old_balances
    from store.providers.buckets import widen_old_buckets

    _prune_requests(connection, retention, at_ms, now_ms)
    for tables, days in ((_MINUTES, retention.minute_days), (_HOURS, retention.hour_days)):
        day = at_ms // DAY_MS - days
        for table in tables:
            connection.execute(f"DELETE FROM {table} WHERE bucket < ? AND stored_day < ?", (day * 86_400, day))
    note_changed_sums(connection)
    prune_changes(connection)
    second = at_ms // 1_000
    widen_old_buckets(connection, second - _BUCKET_MINUTE_DAYS * 86_400, second - retention.minute_days * 86_400)
    thin_old_balances(connection, (second - retention.minute_days * 86_400) * 1_000)
    oldest_ms = now_ms - retention.reading_minutes * MINUTE_MS
    for table in ("gpu_readings", "engine_readings"):
        connection.execute(f"DELETE FROM {table} WHERE at_ms < ?", (oldest_ms,))
    oldest_minute = at_ms // 1_000 - retention.minute_days * 86_400
    for table in ("gpu_minutes", "engine_minutes", "processor_minutes"):
        connection.execute(f"DELETE FROM {table} WHERE minute < ?", (oldest_minute,))
    connection.execute("DELETE FROM gpu_errors WHERE at_ms < ?", (oldest_minute * 1_000,))


def _prune_requests(connection: sqlite3.Connection, retention: Retention, at_ms: int, now_ms: int) -> None:
    oldest_minute = (at_ms - retention.request_hours * HOUR_MS) // 1_000
    newest = connection.execute("SELECT coalesce(max(id), 0) FROM requests").fetchone()[0]
    # What was stored while the clock was ahead says nothing of what came before it.
    by_age, ahead = connection.execute(
        "SELECT min(first_id) FILTER (WHERE stored_minute BETWEEN ? AND ?), min(first_id) FILTER (WHERE stored_minute > ?)"
        " FROM arrivals",
        (oldest_minute, now_ms // 1_000, now_ms // 1_000),
    ).fetchone()
    first_kept = next((one for one in (by_age, ahead) if one is not None), newest + 1)
    first_kept = max(first_kept, newest - retention.request_rows + 1)
    connection.execute("DELETE FROM requests WHERE id < ?", (first_kept,))
    connection.execute("DELETE FROM arrivals WHERE stored_minute < ?", (oldest_minute,))
    prune_sessions(connection, oldest_minute // 86_400)

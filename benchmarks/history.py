"""A store with a long history, its requests and rollups made by SQL instead of one by one."""

import sqlite3
from pathlib import Path

from pricing.card import CardStatus, RateCard
from pricing.usage import Usage
from store.facts import Batch, PricedEvent, SourceHealth, SourceState, UsageEvent
from store.tables import MEASURES, ROLLUPS, TOKEN_COLUMNS
from store.writer import Writer

SERIES = 60
REQUESTS_PER_SECOND = 50
MOST_KEPT = 2_000_000
"""Single requests are kept up to a number; the sums are kept for longer."""

_CARD = RateCard(book="bench", record="bench", status=CardStatus.PRICED, rates=(1_000_000_000,) * 8)


def make_store(path: Path, requests: int, now_ms: int, *, kind: str = "file") -> None:
    """So many requests of sixty series at 50 a second, the last of them now, from a source of this kind."""
    begin(path, now_ms, kind)
    connection = sqlite3.connect(path, isolation_level=None)
    seconds = requests // REQUESTS_PER_SECOND
    minutes = max(1, seconds // 60)
    newest = now_ms // 60_000 * 60
    connection.execute("BEGIN")
    _fill_minutes(connection, newest - (minutes - 1) * 60, newest, per_minute=requests // minutes)
    for table, width in ROLLUPS.items():
        if width != 60:
            _fill_wider(connection, table, width)
    _fill_requests(connection, min(requests, MOST_KEPT), now_ms)
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def begin(path: Path, now_ms: int, kind: str = "file") -> None:
    """One event of each series through the writer: schema, series, card and source as they really are."""
    events = [
        PricedEvent(
            event=UsageEvent(
                id=f"begin-{n}", ended_at_ms=now_ms, provider="openai", model=f"model-{n % 12}", tenant=f"team-{n % 5}",
                key=f"key-{n}", call_type="acompletion", usage=Usage(input_tokens=1),
            ),
            card_id=_CARD.id,
            nano_usd=1_000,
        )
        for n in range(SERIES)
    ]  # fmt: skip
    health = SourceHealth(
        name="gateway", kind=kind, state=SourceState.OK, polled_ms=now_ms, watermark_ms=now_ms, poll_every_ms=500
    )
    writer = Writer(path)
    writer.write(Batch(health=health, events=events), [_CARD])
    writer.close()


def _fill_minutes(connection: sqlite3.Connection, first: int, last: int, *, per_minute: int) -> None:
    """A row for each minute and series, as dense as real traffic of sixty series is."""
    values = dict.fromkeys(MEASURES, "0") | {
        "requests": str(per_minute // SERIES),
        "input": f"{per_minute} * 20 + s.id * 7",
        "output": f"{per_minute} * 3 + s.id",
        "nano_usd": f"{per_minute} * 1000 + s.id * 13",
        "duration_ms": f"{per_minute} * 15",
        "durations": str(per_minute // SERIES),
    }
    connection.execute("DELETE FROM rollup_minute")
    connection.execute(
        "WITH RECURSIVE minute(at) AS (SELECT ? UNION ALL SELECT at + 60 FROM minute WHERE at < ?)"
        f" INSERT INTO rollup_minute (bucket, series, card, {', '.join(MEASURES)}, stored_day)"
        f" SELECT at, s.id, 1, {', '.join(values[name] for name in MEASURES)}, at / 86400 FROM minute, series AS s",
        (first, last),
    )


def _fill_wider(connection: sqlite3.Connection, table: str, width: int) -> None:
    sums = ", ".join(f"sum({name})" for name in MEASURES)
    connection.execute(f"DELETE FROM {table}")
    connection.execute(
        f"INSERT INTO {table} (bucket, series, card, {', '.join(MEASURES)}, stored_day)"
        f" SELECT bucket / {width} * {width} AS wide, series, card, {sums}, max(stored_day)"
        " FROM rollup_minute GROUP BY wide, series, card"
    )


def _fill_requests(connection: sqlite3.Connection, count: int, now_ms: int) -> None:
    connection.execute("DELETE FROM requests")
    connection.execute(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)"
        " INSERT INTO requests (identity, record_id, ended_at_ms, duration_ms, series, card,"
        f" {', '.join(TOKEN_COLUMNS)}, nano_usd)"
        # An odd multiplier visits every 32-bit integer once: identities that look random and never meet.
        " SELECT (n * 2654435761) % 4294967296 * 2147483648 + n, CAST(n AS BLOB), ? - (? - n) * 20, 900,"
        f" 1 + n % {SERIES}, 1, 1200, 0, 0, 0, 0, 0, 0, 180, 0, 1380000 FROM number",
        (count, now_ms, count),
    )

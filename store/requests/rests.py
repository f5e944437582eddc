"""What a sum holds beyond anything finer that is still kept: requests of which only the sum is left."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pricing.card import CardStatus, RateCard, card_from_mapping
from store.requests.moves import REQUESTS, TABLES, Measures
from store.requests.units import Units
from store.tables import MEASURES, ROLLUPS, TOKEN_COLUMNS, UNIT_ROLLUPS


class Rest(NamedTuple):
    """A part of one sum that no finer sum and no kept request explains."""

    bucket: int
    series: int
    card: int
    measures: Measures
    units: Units = ()


_OF_ROW = {
    **{name: name for name in TOKEN_COLUMNS},
    "requests": "1",
    "retries": "EXISTS (SELECT 1 FROM requests AS e WHERE e.identity BETWEEN r.identity >> 24 << 24"
    " AND (r.identity >> 24 << 24) + 16777215 AND e.id < r.id)",
    "partial": "coalesce(partial, 0)",
    "nano_usd": "coalesce(nano_usd, 0)",
    "reported_nano_usd": "coalesce(reported_nano_usd, 0)",
    "reported": "reported_nano_usd IS NOT NULL",
    "duration_ms": "coalesce(duration_ms, 0)",
    "durations": "duration_ms IS NOT NULL",
    "first_token_ms": "coalesce(first_token_ms, 0)",
    "first_tokens": "first_token_ms IS NOT NULL",
}
"""What each measure is of a single row."""

ROW_SUMS = ", ".join(f"sum({_OF_ROW[name]}) AS {name}" for name in MEASURES)
"""MEASURES out of rows of `requests AS r`."""
_SUMS = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
_NAMES = ", ".join(MEASURES)

_WITHIN = "bucket >= :begins AND bucket < :ends"
_NEWER = "r.id > (SELECT id FROM temp.kept_until) AND ended_at_ms >= :begins * 1000 AND ended_at_ms < :ends * 1000"
"""Requests that came after those which were added up."""


def begin_rests(connection: sqlite3.Connection) -> None:
    """Make the temporary table in which the kept requests are added up by minute."""
    end_rests(connection)
    columns = ", ".join(f"{name} INTEGER" for name in ("bucket", "series", "card", *MEASURES))
    connection.execute(f"CREATE TEMP TABLE kept ({columns}, PRIMARY KEY (bucket, series, card)) WITHOUT ROWID")
    connection.execute(
        "CREATE TEMP TABLE kept_units (bucket INTEGER, series INTEGER, card INTEGER, unit TEXT, amount INTEGER,"
        " PRIMARY KEY (bucket, series, card, unit)) WITHOUT ROWID"
    )
    connection.execute("CREATE TEMP TABLE kept_until AS SELECT 0 AS id")


def keep(connection: sqlite3.Connection, until_id: int, statuses: Collection[CardStatus]) -> None:
    """Add the requests up to this id, of cards of these statuses, to what was added before."""
    cards = "SELECT id FROM cards WHERE status IN (SELECT value FROM json_each(:statuses))"
    newer = "r.id > (SELECT id FROM temp.kept_until) AND r.id <= :until"
    connection.execute(
        f"INSERT INTO temp.kept {_kept(f'WHERE {newer} AND card IN ({cards})')}"
        f" ON CONFLICT (bucket, series, card) DO UPDATE SET {', '.join(f'{m} = {m} + excluded.{m}' for m in MEASURES)}",
        {"until": until_id, "statuses": json.dumps([status.value for status in statuses])},
    )
    connection.execute(
        f"INSERT INTO temp.kept_units {_kept_units(newer)}"
        " ON CONFLICT (bucket, series, card, unit) DO UPDATE SET amount = amount + excluded.amount",
        {"until": until_id},
    )
    connection.execute("UPDATE temp.kept_until SET id = ?", (until_id,))


def end_rests(connection: sqlite3.Connection) -> None:
    """Drop what `begin_rests` made, if it did."""
    connection.execute("DROP TABLE IF EXISTS temp.kept")
    connection.execute("DROP TABLE IF EXISTS temp.kept_units")
    connection.execute("DROP TABLE IF EXISTS temp.kept_until")


def buckets(connection: sqlite3.Connection, table: str, since: int) -> list[int]:
    """The buckets of a table (and of finer ones, in its width) that end after `since`, in epoch seconds."""
    width = ROLLUPS[table]
    finer = " UNION ".join(
        f"SELECT bucket / {width} * {width} AS bucket FROM {name} WHERE bucket > ?"
        for name in TABLES[: TABLES.index(table) + 1]
    )
    values = [since - width] * (TABLES.index(table) + 1)
    return [row[0] for row in connection.execute(f"SELECT bucket FROM ({finer}) ORDER BY bucket", values)]


def rests(connection: sqlite3.Connection, level: int, begins: int, ends: int) -> list[Rest]:
    """The rests of one table between two instants in epoch seconds; level 0 is minutes, 1 hours, 2 days."""
    table, width = TABLES[level], ROLLUPS[TABLES[level]]
    known = {
        row[:3]: row[3:]
        for row in connection.execute(
            f"SELECT bucket / {width} * {width} AS b, series, card, {_SUMS} FROM ({_finer(level)}) GROUP BY b, series, card",
            {"begins": begins, "ends": ends},
        )
    }
    units = _unit_rests(connection, level, begins, ends)
    nothing = (0,) * len(MEASURES)
    found = []
    for row in connection.execute(
        f"SELECT bucket, series, card, {_NAMES} FROM {table} WHERE bucket >= ? AND bucket < ?", (begins, ends)
    ):
        left = tuple(a - b for a, b in zip(row[3:], known.get(row[:3], nothing), strict=True))
        if left[REQUESTS] > 0:
            found.append(Rest(row[0], row[1], row[2], left, tuple(sorted(units.get(row[:3], {}).items()))))
    return found


def _unit_rests(
    connection: sqlite3.Connection, level: int, begins: int, ends: int
) -> dict[tuple[int, int, int], dict[str, int]]:
    """What is left of the sums of units in the same way, by bucket, series and card."""
    table, width = TABLES[level], ROLLUPS[TABLES[level]]
    found: dict[tuple[int, int, int], dict[str, int]] = {}
    for bucket, series, card, unit, amount in connection.execute(
        f"SELECT bucket, series, card, unit, sum(amount) FROM ("
        f"SELECT bucket, series, card, unit, amount FROM {UNIT_ROLLUPS[table]}"
        " WHERE bucket >= :begins AND bucket < :ends UNION ALL"
        f" SELECT bucket / {width} * {width}, series, card, unit, -amount FROM ({_finer_units(level)})"
        ") GROUP BY 1, 2, 3, 4 HAVING sum(amount) > 0",
        {"begins": begins, "ends": ends},
    ):
        found.setdefault((bucket, series, card), {})[unit] = amount
    return found


def _kept_units(condition: str) -> str:
    return (
        "SELECT ended_at_ms / 60000 * 60 AS bucket, series, card, json_extract(u.value, '$[0]') AS unit,"
        " sum(json_extract(u.value, '$[1]')) AS amount FROM requests AS r, json_each(r.units) AS u"
        f" WHERE r.units IS NOT NULL AND {condition} GROUP BY 1, 2, 3, 4"
    )


def _finer_units(level: int) -> str:
    """As `_finer`, for sums of units."""
    names = "bucket, series, card, unit, amount"
    kept = f"SELECT {names} FROM temp.kept_units WHERE {_WITHIN} UNION ALL SELECT {names} FROM ({_kept_units(_NEWER)})"
    return _each_once(names, kept, [UNIT_ROLLUPS[table] for table in TABLES[:level]])


def _kept(condition: str) -> str:
    return (
        f"SELECT ended_at_ms / 60000 * 60 AS bucket, series, card, {ROW_SUMS} FROM requests AS r {condition}"
        " GROUP BY 1, 2, 3"
    )


def _finer(level: int) -> str:
    """Everything finer than a table, each request once: where a sum and its parts both exist, the sum stands for them."""
    names = f"bucket, series, card, {_NAMES}"
    kept = f"SELECT {names} FROM temp.kept WHERE {_WITHIN} UNION ALL {_kept(f'WHERE {_NEWER}')}"
    return _each_once(names, kept, TABLES[:level])


def _each_once(names: str, kept: str, tables: Sequence[str]) -> str:
    """Rows that are kept, and sums of each finer table: what a later table holds is taken from none before it."""
    parts = [f"SELECT {names} FROM ({kept}) AS f {_uncovered(0, len(tables))}"]
    for place, table in enumerate(tables, start=1):
        covered = _uncovered(place, len(tables))
        parts.append(
            f"SELECT {names} FROM {table} AS f " + (f"{covered} AND {_WITHIN}" if covered else f"WHERE {_WITHIN}")
        )
    return " UNION ALL ".join(parts)


def _uncovered(first: int, level: int) -> str:
    """The condition that no table from `first` up to below `level` has a sum that holds this part."""
    tests = [
        f"NOT EXISTS (SELECT 1 FROM {table} AS c WHERE c.bucket = f.bucket / {ROLLUPS[table]} * {ROLLUPS[table]}"
        " AND c.series = f.series AND c.card = f.card)"
        for table in TABLES[first:level]
    ]
    return f"WHERE {' AND '.join(tests)}" if tests else ""


def unpriced_sums(connection: sqlite3.Connection) -> Iterator[tuple[str | None, str | None, int, RateCard]]:
    """(provider, model, newest day in epoch seconds, card) of everything in the store that has no price."""
    for provider, model, bucket, body in connection.execute(
        "SELECT s.provider, s.model, max(d.bucket), c.body FROM rollup_day AS d JOIN series AS s ON s.id = d.series"
        " JOIN cards AS c ON c.id = d.card WHERE c.status = ? GROUP BY s.provider, s.model, d.card",
        (CardStatus.UNPRICED.value,),
    ):
        yield provider, model, bucket, card_from_mapping(json.loads(body))

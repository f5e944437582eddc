"""Questions to the store, answered with frozen values; the standard library's sqlite3, read-only.

Every question about a window reads sums per minute, hour and day, so its time does not grow with the history.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec

from pricing.card import CardStatus, RateCard, card_from_mapping
from pricing.usage import Usage
from store import machine_questions as machines
from store.alerts import AlertRecord, read_alerts
from store.balances import Balance, Spent, newest_balances, spent_balances
from store.beyond import beyond
from store.buckets import (
    CostRecord,
    Dataset,
    UsageRecord,
    UsageSum,
    bucket_edges,
    counts_usage,
    read_costs,
    read_datasets,
    read_providers,
    read_usage,
    read_usage_sums,
)
from store.capacity import hosts
from store.facts import BudgetFact, CommitmentFact, Dimensions, HostFact, SourceHealth, SourceState
from store.identity import call_range, unpack_id
from store.launches import Launch, read_launches
from store.marks import Mark, read_marks
from store.plans import read_commitments
from store.provider_facts import ProviderFact
from store.records import (
    SERIES_COLUMNS,
    EngineState,
    GpuMinute,
    GpuState,
    KeptSum,
    RequestRecord,
    SourceRecord,
    dimensions,
)
from store.rests import ROW_SUMS
from store.side import values_of
from store.sums import CardNote, Sum, SumKey
from store.tables import DIMENSIONS, MEASURES, ROLLUPS, SCHEMA_VERSION, TOKEN_COLUMNS, UNIT_ROLLUPS, StoreError
from store.units import Units, units_of
from store.windows import pieces

_BUSY_SECONDS = 2.0
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000


class Reader:
    """A read-only connection, asked by one thread at a time. Raises StoreError with a sentence."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._connection, version = _open(path)
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {path}: {error}.") from error
        if version > SCHEMA_VERSION:
            raise StoreError(f"{path} was written by a newer usdtop (schema {version}); please update usdtop.")
        if version == 0:
            raise StoreError(f"nothing is recorded in {path} yet.")
        if version < SCHEMA_VERSION:
            raise StoreError(f"{path} is from an older usdtop; run `usdtop collect` once to bring it up to date.")
        self._series: dict[int, Dimensions] = {}
        self._cards: dict[int, CardNote] = {}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def sums(
        self, since_ms: int, until_ms: int, sources: Sequence[str] | None = None, *, lagging: bool = False
    ) -> list[Sum]:
        """What happened in [since, until) per series and card, both ends widened to whole minutes.

        What providers count and no log holds is in it; `lagging` is for rates, in which theirs end where they are complete.
        """
        found = self.rollup_sums(since_ms, until_ms) + beyond(self, since_ms, until_ms, lagging=lagging)
        return found if sources is None else [one for one in found if one.key.dimensions.source in sources]

    def rollup_sums(self, since_ms: int, until_ms: int) -> list[Sum]:
        """What logs hold of a window, without what only providers count."""
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(f"SELECT series, card, {', '.join(MEASURES)} FROM {table} WHERE bucket >= ? AND bucket < ?")
            values += [begins, ends]
        if not parts:
            return []
        totals = ", ".join(f"sum({name})" for name in MEASURES)
        question = f"SELECT series, card, {totals} FROM ({' UNION ALL '.join(parts)}) GROUP BY series, card"
        rows = self._ask(question, values)
        units = self._units(since_ms, until_ms)
        return [Sum(self._key(row[0], row[1]), row[2:], units.get(row[:2], ())) for row in rows]

    def _units(self, since_ms: int, until_ms: int) -> dict[tuple[int, int], Units]:
        """What was billed beside tokens, by the ids of series and card."""
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(
                f"SELECT series, card, unit, amount FROM {UNIT_ROLLUPS[table]} WHERE bucket >= ? AND bucket < ?"
            )
            values += [begins, ends]
        found: dict[tuple[int, int], Units] = {}
        for series, card, *unit in self._ask(
            f"SELECT series, card, unit, sum(amount) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1, 2, 3", values
        ):
            found[series, card] = (*found.get((series, card), ()), (unit[0], unit[1]))
        return found

    def side_sums(self, dimension: str, since_ms: int, until_ms: int) -> list[Sum]:
        """The same per member of a side dimension too; what says nothing of it is in none, what says several in each."""
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            side = table.replace("rollup", "side")
            parts.append(
                f"SELECT value, series, card, {', '.join(MEASURES)} FROM {side} WHERE bucket >= ? AND bucket < ?"
            )
            values += [begins, ends]
        if not parts:
            return []
        totals = ", ".join(f"sum(f.{name})" for name in MEASURES)
        rows = self._ask(
            f"SELECT v.value, f.series, f.card, {totals} FROM ({' UNION ALL '.join(parts)}) AS f JOIN side_values AS v"
            " ON v.id = f.value WHERE v.dimension = ? GROUP BY f.value, f.series, f.card",
            [*values, dimension],
        )
        return [Sum(self._key(row[1], row[2])._replace(sides=((dimension, row[0]),)), row[3:]) for row in rows]

    def kept_sums(self, since_ms: int, until_ms: int, *, by_session: bool = False) -> list[KeptSum]:
        """Sums of the kept requests alone, in whole minutes, each with everything its requests say of themselves.

        Their sessions are told apart only where that is asked for.
        """
        session = "session" if by_session else "NULL"
        rows = self._ask(
            f"SELECT series, card, sides, {session}, {ROW_SUMS} FROM requests AS r"
            f" WHERE ended_at_ms >= ? AND ended_at_ms < ? GROUP BY series, card, sides, {session}",
            (since_ms // 60_000 * 60_000, -(-until_ms // 60_000) * 60_000),
        )
        names = {row[0]: (row[1], row[2]) for row in self._ask("SELECT id, dimension, value FROM side_values", ())}
        sessions = self.sessions() if by_session else {}
        return [
            KeptSum(
                Sum(self._key(row[0], row[1]), row[4:]),
                (
                    *(names[value] for value in values_of(row[2])),
                    *((("session", sessions[row[3]]),) if row[3] is not None else ()),
                ),
            )
            for row in rows
        ]

    def sessions(self) -> dict[int, str]:
        """Names of the sessions of kept requests, by the ids in their rows; a name may have several."""
        return {row[0]: row[1] for row in self._ask("SELECT id, name FROM sessions", ())}

    def steps(self, since_ms: int, until_ms: int, seconds: int = 60) -> list[tuple[int, SumKey, int, int]]:
        """Per minute, hour or day, series and card: (its begin in epoch seconds, key, nano-dollars, tokens of every class)."""
        table = next(name for name, width in ROLLUPS.items() if width == seconds)
        width_ms = seconds * 1000
        rows = self._ask(
            f"SELECT bucket, series, card, nano_usd, {' + '.join(TOKEN_COLUMNS[:-1])} FROM {table}"
            " WHERE bucket >= ? AND bucket < ?",
            (since_ms // width_ms * seconds, -(-until_ms // width_ms) * seconds),
        )
        return [(row[0], self._key(row[1], row[2]), row[3], row[4]) for row in rows]

    def oldest_bucket_ms(self, seconds: int = 60) -> int | None:
        """Begin of the oldest minute, hour or day that is still kept, or None in an empty store."""
        table = next(name for name, width in ROLLUPS.items() if width == seconds)
        oldest = self._ask(f"SELECT min(bucket) FROM {table}", ())[0][0]
        return None if oldest is None else oldest * 1_000

    def spend(self, since_ms: int, until_ms: int) -> list[tuple[int, int, int, int, int, int]]:
        """What logs hold of a window in short: (series, card, requests, priced in part, tokens, nano-dollars), by their ids."""
        columns = "series, card, requests, partial, input + cache_read + output AS tokens, nano_usd"
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(f"SELECT {columns} FROM {table} WHERE bucket >= ? AND bucket < ?")
            values += [begins, ends]
        if not parts:
            return []
        sums = "sum(requests), sum(partial), sum(tokens), sum(nano_usd)"
        return self._ask(
            f"SELECT series, card, {sums} FROM ({' UNION ALL '.join(parts)}) GROUP BY series, card", values
        )

    def hourly(self, since_ms: int, until_ms: int, series: Sequence[int] | None = None) -> dict[int, int]:
        """Nano-dollars by hour (epoch seconds), of some series or of all; hours without any are left out."""
        among = "" if series is None else " AND series IN (SELECT value FROM json_each(?))"
        listed = () if series is None else (json.dumps(list(series)),)
        question = (
            f"SELECT bucket, sum(nano_usd) FROM rollup_hour WHERE bucket >= ? AND bucket < ?{among} GROUP BY bucket"
        )
        return dict(self._ask(question, (since_ms // 1_000, until_ms // 1_000, *listed)))

    def series_by_id(self) -> dict[int, Dimensions]:
        """Every series by its id."""
        self._load_series()
        return dict(self._series)

    def key(self, series: int, card: int) -> SumKey:
        """What a series and a card stand for."""
        return self._key(series, card)

    def names(self) -> dict[str, list[str]]:
        """Every member of every dimension that was ever seen, in the order of its first appearance."""
        found: dict[str, list[str]] = {}
        for dimension in (name for name in DIMENSIONS if name != "priced_as"):
            column = "api_key" if dimension == "key" else dimension
            question = f"SELECT {column} FROM series WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY min(id)"
            found[dimension] = [row[0] for row in self._ask(question, ())]
        for dimension, value in self._ask("SELECT dimension, value FROM side_values ORDER BY id", ()):
            found.setdefault(dimension, []).append(value)
        return found

    def known_since_ms(self) -> int | None:
        """Beginning of the oldest minute of which anything is known; of the oldest hour or day where minutes are gone."""
        oldest = [self.oldest_bucket_ms(width) for width in ROLLUPS.values()]
        minute, hour, day = oldest
        if minute is not None and hour == minute // _HOUR_MS * _HOUR_MS and day == minute // _DAY_MS * _DAY_MS:
            return minute
        return hour if hour is not None and day == hour // _DAY_MS * _DAY_MS else day

    def newest_bucket_ms(self) -> int | None:
        """End of the newest minute in which anything happened, or None in an empty store."""
        newest = self._ask("SELECT max(bucket) FROM rollup_minute", ())[0][0]
        return None if newest is None else (newest + 60) * 1_000

    def sources(self) -> list[SourceRecord]:
        """Every source that was ever followed, by name."""
        rejects: dict[str, list[tuple[str, int, str, int]]] = {}
        for source, *reject in self._ask(
            "SELECT source, reason, count, example, seen_ms FROM rejects ORDER BY count DESC", ()
        ):
            rejects.setdefault(source, []).append((reject[0], reject[1], reject[2], reject[3]))
        rows = self._ask(
            "SELECT name, kind, state, detail, polled_ms, watermark_ms, poll_every_ms, backlog_bytes, state_since_ms,"
            " events, duplicates, rejected, gap_bytes, poll_ms FROM sources ORDER BY name",
            (),
        )
        return [
            SourceRecord(
                health=SourceHealth(
                    name=row[0], kind=row[1], state=SourceState(row[2]), detail=row[3] or "", polled_ms=row[4],
                    watermark_ms=row[5], poll_every_ms=row[6] or 0, backlog_bytes=row[7],
                    poll_ms=row[13],
                ),
                state_since_ms=row[8], events=row[9], duplicates=row[10], rejected=row[11], gap_bytes=row[12],
                rejects=tuple(rejects.get(row[0], ())),
            )
            for row in rows
        ]  # fmt: skip

    def newest_requests(self, *, before_id: int | None = None, limit: int = 1_000) -> list[RequestRecord]:
        """Kept requests, the last stored first."""
        return self._requests("r.id < ? ORDER BY r.id DESC LIMIT ?", (before_id or 2**62, limit))

    def past_requests(self, since_ms: int, until_ms: int, limit: int = 1_000) -> list[RequestRecord]:
        """Kept requests that ended in [since, until), the last first; none was stored before it ended."""
        return self._requests(
            "r.id >= coalesce((SELECT max(first_id) FROM arrivals WHERE stored_minute <= ?), 0)"
            " AND ended_at_ms >= ? AND ended_at_ms < ? ORDER BY ended_at_ms DESC, r.id DESC LIMIT ?",
            (since_ms // 60_000 * 60 - 60, since_ms, until_ms, limit),
        )

    def request(self, request_id: int) -> RequestRecord | None:
        """One kept request, or None when it is no longer kept."""
        found = self._requests("r.id = ?", (request_id,))
        return found[0] if found else None

    def attempts(self, request: RequestRecord) -> list[RequestRecord]:
        """Every kept record of the same call, in order of their ends."""
        return self._requests("identity BETWEEN ? AND ? ORDER BY ended_at_ms", call_range(request.identity))

    def kept_since_ms(self) -> int | None:
        """When the oldest kept request ended, or None without any."""
        found = self._ask("SELECT ended_at_ms FROM requests ORDER BY id LIMIT 1", ())
        return found[0][0] if found else None

    def card(self, card_id: str) -> RateCard:
        """A rate card as it was when it was used."""
        body = self._ask("SELECT body FROM cards WHERE card_id = ?", (card_id,))[0][0]
        return card_from_mapping(json.loads(body))

    def note(self, name: str) -> str | None:
        """What the collector noted of the whole store under this name, or None."""
        found = self._ask("SELECT value FROM notes WHERE name = ?", (name,))
        return found[0][0] if found else None

    def hosts(self) -> list[HostFact]:
        """Every host price with the dates between which it was in force."""
        return hosts(self._ask)

    def commitments(self) -> list[CommitmentFact]:
        """Every commitment with the dates between which it was in force."""
        try:
            return read_commitments(self._connection)
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {self.path}: {error}.") from error

    def budgets(self, at_ms: int) -> list[BudgetFact]:
        """Budgets in force at an instant."""
        rows = self._ask(
            "SELECT name, since_ms, until_ms, nano_usd, period, filter, counts, timezone, soft, hard FROM budgets"
            " WHERE since_ms <= ? AND (until_ms IS NULL OR until_ms > ?) ORDER BY name",
            (at_ms, at_ms),
        )
        return [
            BudgetFact(
                name=r[0], since_ms=r[1], until_ms=r[2], nano_usd=r[3], period=r[4], filter=r[5] or "", counts=r[6],
                timezone=r[7], soft=r[8], hard=r[9],
            )
            for r in rows
        ]  # fmt: skip

    def launches(self) -> list[Launch]:
        """Every launch, oldest first."""
        return read_launches(self._ask)

    def alerts(self, since_ms: int, until_ms: int) -> list[AlertRecord]:
        """Alerts that were open at any time in [since, until], the newest first."""
        return read_alerts(self._ask, since_ms, until_ms)

    def marks(self, since_ms: int, until_ms: int) -> list[Mark]:
        """Marks set in [since, until), oldest first."""
        return read_marks(self._ask, since_ms, until_ms)

    def providers(self) -> list[ProviderFact]:
        """Every provider whose own figures are or were read."""
        return read_providers(self._ask)

    def datasets(self) -> list[Dataset]:
        """Every kind of figures that providers give, and up to when it is complete."""
        return read_datasets(self._ask)

    def usage_buckets(self, since_ms: int, until_ms: int) -> list[tuple[SumKey, UsageRecord]]:
        """What providers counted in buckets that lie in [since, until) as a whole."""
        found = read_usage(self._ask, since_ms, until_ms)
        return [(self._key(record.series, record.card), record) for record in found]

    def usage_sums(
        self, source: str, since_ms: int, until_ms: int, *, days: bool = True
    ) -> list[tuple[SumKey, UsageSum]]:
        """What one source counted in buckets that lie in [since, until) as a whole; without `days`, in narrower ones."""
        found = read_usage_sums(self._ask, source, since_ms, until_ms, days=days)
        return [(self._key(one.series, one.card), one) for one in found]

    def bucket_edges(self, source: str, since_ms: int, until_ms: int) -> tuple[int, int]:
        """The window without those buckets of a provider's source that lie in it only in part."""
        return bucket_edges(self._ask, source, since_ms, until_ms)

    def counts_usage(self, source: str) -> bool:
        """Whether a provider's source has ever said what was used, and not only what it costs."""
        return counts_usage(self._ask, source)

    def series(self) -> Sequence[Dimensions]:
        """Everything that was ever seen."""
        self._load_series()
        return list(self._series.values())

    def cost_buckets(self, since_ms: int, until_ms: int) -> list[CostRecord]:
        """What providers billed in buckets that lie in [since, until) as a whole."""
        return read_costs(self._ask, since_ms, until_ms)

    def balances(self) -> list[Balance]:
        """What each account at a provider stood at when it was last read."""
        return newest_balances(self._ask)

    def spent_balances(self, since_ms: int, until_ms: int) -> list[Spent]:
        """What was spent from each account at a provider in [since, until)."""
        return spent_balances(self._ask, since_ms, until_ms)

    def gpus(self, since_ms: int, until_ms: int) -> list[GpuState]:
        """Each GPU read in the window: means of what was measured, the newest of the rest."""
        return machines.gpus(self._ask, since_ms, until_ms)

    def gpu_minutes(self, host: str, uuid: str, since_ms: int, until_ms: int) -> list[GpuMinute]:
        """One GPU's history, oldest minute first; a minute in which it was not read is missing."""
        return machines.gpu_minutes(self._ask, host, uuid, since_ms, until_ms)

    def engines(self, since_ms: int, until_ms: int) -> list[EngineState]:
        """Each engine scraped in the window: sums of its deltas, the newest of its gauges."""
        return machines.engines(self._ask, since_ms, until_ms)

    def engine_minutes(self, since_ms: int, until_ms: int) -> list[EngineState]:
        """Sums of each engine over longer windows, from its minutes; no gauges."""
        return machines.engine_minutes(self._ask, since_ms, until_ms)

    def ask(self, question: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]  # rows of any shape
        """Ask in SQL, for the questions about single tables that stand in files of their own."""
        return self._ask(question, values)

    def _requests(self, condition: str, values: Sequence[int]) -> list[RequestRecord]:
        rows = self._ask(
            f"SELECT r.id, identity, record_id, ended_at_ms, duration_ms, first_token_ms, series, card,"
            f" {', '.join(TOKEN_COLUMNS)}, nano_usd, reported_nano_usd, partial, units, error, s.name"
            f" FROM requests AS r LEFT JOIN sessions AS s ON s.id = r.session WHERE {condition}",
            values,
        )
        return [self._request(row) for row in rows]

    def _request(self, row: Sequence[object]) -> RequestRecord:
        key = self._key(row[6], row[7])  # type: ignore[arg-type]  # SQLite's rows carry no types
        nano_usd, reported, partial, kept_units, error, session = row[17:]
        return msgspec.convert(
            {
                "id": row[0], "identity": row[1], "record_id": unpack_id(row[2]),  # type: ignore[arg-type]  # a BLOB
                "ended_at_ms": row[3], "duration_ms": row[4], "first_token_ms": row[5], "dimensions": key.dimensions,
                "card": key.card, "usage": Usage.of(row[8:17], units_of(kept_units)),  # type: ignore[arg-type]  # integers
                "nano_usd": nano_usd, "reported_nano_usd": reported, "partial": bool(partial), "error": error,
                "session": session,
            },
            RequestRecord,
        )  # fmt: skip

    def _key(self, series: int, card: int) -> SumKey:
        if series not in self._series:
            self._load_series()
        if card not in self._cards:
            self._load_cards()
        return SumKey(self._series[series], self._cards[card])

    def _load_series(self) -> None:
        newest = max(self._series, default=0)
        for row in self._ask(
            f"SELECT id, {SERIES_COLUMNS} FROM series WHERE id > ?",
            (newest,),
        ):
            self._series[row[0]] = dimensions(row[1:])

    def _load_cards(self) -> None:
        newest = max(self._cards, default=0)
        for row in self._ask("SELECT id, card_id, status, record FROM cards WHERE id > ?", (newest,)):
            self._cards[row[0]] = CardNote(row[1], CardStatus(row[2]), row[3])

    def _ask(self, question: str, values: Sequence[object]) -> list[tuple]:  # type: ignore[type-arg]  # rows of any shape
        try:
            return self._connection.execute(question, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"cannot read the store {self.path}: {error}.") from error


def _open(path: Path) -> tuple[sqlite3.Connection, int]:
    """A read-only connection and the schema's version.

    Where we may not write beside the store and nobody else has it open, SQLite cannot share it; then nobody changes it
    either, and it is read as it stands.
    """
    try:
        return _connect(path, "mode=ro")
    except sqlite3.OperationalError:
        if not path.is_file() or path.with_name(f"{path.name}-wal").exists():
            raise
        return _connect(path, "mode=ro&immutable=1")


def _connect(path: Path, how: str) -> tuple[sqlite3.Connection, int]:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{how}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection, connection.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.Error:
        connection.close()
        raise

"""Asks every rule about what is recorded, and keeps what opens and ends; runs beside the collector that holds the lock."""

import json
import sqlite3
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from collectors.alerting.things import gpus_seen, hosts_seen, sources_seen
from collectors.alerting.traffic import TrafficReader
from pricing.alerts.finding import Key, TooLittle
from pricing.alerts.names import RULES
from pricing.alerts.rules import THING_RULES, Judgement, judge_things, judge_traffic
from pricing.alerts.seen import Seen
from pricing.alerts.states import step
from pricing.alerts.thresholds import Thresholds
from pricing.times import DAY_MS, MINUTE_MS
from store.alerts.book import AlertBook
from store.budgets.states import budget_states
from store.facts import SourceState
from store.notes import ALERTS, WAITING, read_note, write_note
from store.reader import Reader
from store.records import SourceRecord
from store.writer import Writer

EVALUATE_SECONDS = 10.0

_FRESH_MS = 120_000
"""Traffic is judged up to the oldest watermark that is not older than this."""
_SAY_AGAIN_MS = 60_000

NOTHING_READ = tuple(
    TooLittle(rule=rule, why="no source of requests has been read yet") for rule in RULES if rule not in THING_RULES
)

Names = Callable[[], Collection[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one evaluation found, to be written."""

    at_ms: int
    judgement: Judgement
    blind: bool
    """Requests of now are unknown in part, so alerts about them neither end nor calm down."""


class Evaluator:
    """Reads with a connection of its own, in one thread at a time; what it finds is written by the writer."""

    def __init__(
        self,
        store: Path,
        limits: Thresholds,
        *,
        webhooks: Sequence[str] = (),
        names: Names | None = None,
        began_ms: int = 0,
    ) -> None:
        """`names` tells which sources are followed now: one that was taken out of the configuration is not missed.

        `began_ms` is when the collector began: that nobody asked a source before is not the source's silence.
        """
        self._store = store
        self._limits = limits
        self._webhooks = webhooks
        self._names = names
        self._began_ms = began_ms
        self._reader: Reader | None = None
        self._traffic: TrafficReader | None = None
        self._until_ms: int | None = None
        self._judged = Judgement((), NOTHING_READ)

    def look(self, now_ms: int) -> Look:
        """Ask every rule; raises StoreError."""
        if self._reader is None or self._traffic is None:
            self._reader = Reader(self._store)
            self._traffic = TrafficReader(self._reader)
        with self._reader.at_one_instant():
            return self._look(self._reader, self._traffic, now_ms)

    def _look(self, reader: Reader, traffic: TrafficReader, now_ms: int) -> Look:
        names = None if self._names is None else self._names()
        records = reader.sources()
        until_ms = judged_until_ms(records, now_ms)
        if until_ms is not None and until_ms != self._until_ms:
            self._judge_traffic(reader, traffic, until_ms)
        sources = sources_seen(records, names, traffic.source_per_hour, now_ms, began_ms=self._began_ms)
        seen = Seen(
            sources=sources,
            gpus=gpus_seen(reader, now_ms, idle_busy=self._limits.idle_busy),
            hosts=hosts_seen(reader, now_ms),
        )
        blind = until_ms is None or any(source.nano_usd_per_hour for source in sources)
        return Look(at_ms=now_ms, judgement=self._judged + judge_things(seen, self._limits), blind=blind)

    def take(self, writer: Writer, look: Look) -> None:
        """Write what has changed; raises StoreError."""
        with writer.transaction() as connection:
            book = AlertBook(connection)
            standing = [alert for alert, _ in book.open().values()]
            judged = [alert for alert in standing if not look.blind or alert.key[0] in THING_RULES]
            untouched = {alert.key for alert in standing} - {alert.key for alert in judged}
            findings = [finding for finding in look.judgement.findings if finding.key not in untouched]
            steps = step(judged, findings, now_ms=look.at_ms, calm_seconds=self._limits.calm_seconds)
            book.take(steps, at_ms=look.at_ms, webhooks=self._webhooks)
            said = {one.rule: one.why for one in reversed(look.judgement.too_little)}
            if _note(connection, look.at_ms, said):
                book.tidy(look.at_ms)

    def close(self) -> None:
        """Close the connection."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _judge_traffic(self, reader: Reader, traffic: TrafficReader, until_ms: int) -> None:
        requests, week = traffic.read(until_ms)
        seen = Seen(traffic=requests, week=week, budgets=tuple(budget_states(reader, until_ms)))
        self._judged = judge_traffic(seen, self._limits, self._held(reader, until_ms))
        self._until_ms = until_ms

    def _held(self, reader: Reader, at_ms: int) -> dict[Key, float | None]:
        """What open alerts were compared with; after a day a change that stays is the norm."""
        return {
            (alert.rule, alert.subject): alert.normal
            for alert in reader.alerts(at_ms, at_ms + DAY_MS)
            if alert.resolved_ms is None and at_ms - alert.opened_ms < DAY_MS
        }


def judged_until_ms(records: Sequence[SourceRecord], now_ms: int) -> int | None:
    """The whole minute up to which every source that keeps up was read; None when none does."""
    there = [record for record in records if record.health.state is not SourceState.ABSENT]
    telling = [record for record in there if record.events] or there
    marks = [record.health.watermark_ms for record in telling if record.health.watermark_ms is not None]
    fresh = [mark for mark in marks if now_ms - mark <= _FRESH_MS]
    return min(fresh) // MINUTE_MS * MINUTE_MS if fresh else None


def _note(connection: sqlite3.Connection, at_ms: int, waiting: dict[str, str]) -> bool:
    """Say that the rules were asked, at most once a minute unless something else is said; whether it was said."""
    before = json.loads(read_note(connection, ALERTS) or "{}")
    if before.get(WAITING) == waiting and at_ms - before.get("asked_ms", 0) < _SAY_AGAIN_MS:
        return False
    write_note(connection, ALERTS, json.dumps({"asked_ms": at_ms, WAITING: waiting}))
    return True

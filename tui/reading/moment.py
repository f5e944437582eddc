"""Which instant and window a picture is of, and which sources vouch for it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pricing.alerts.names import Severity, State
from pricing.times import MINUTE_MS
from store import tables
from store.alerts.kept import AlertRecord
from store.facts import SourceState
from store.notes import CATALOGUE
from store.reader import Reader
from store.records import SourceRecord
from store.tables import REQUEST_KINDS
from tui.pictures.header import OLD_MS, Header, SourceNote
from tui.pictures.view import View

LIVE_KINDS = tables.LIVE_KINDS
_COUNTED_KINDS = (*LIVE_KINDS, "provider")
"""Providers speak, too, and never hold a picture back: their figures come late by their nature."""
_STALE_MS = 120_000
"""A source this far behind no longer holds the picture back: it is named as missing instead."""
_GRACE_MS = 1_500
_POLLS = 2
"""So many polls may be missed: a source that is asked seldom is late later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The window [since, until) that every figure of one picture is over."""

    now_ms: int
    since_ms: int
    until_ms: int
    sources: Sequence[SourceRecord]
    states: dict[str, SourceState]
    past: bool = False
    missing: tuple[str, ...] = ()
    """Sources whose data the window lacks, in sentences."""
    alerts: Sequence[AlertRecord] = ()
    """Open at `alerts_ms`."""
    silent: bool = False
    """There are sources, and none of them has been read lately: nothing is known of now."""

    @property
    def seconds(self) -> float:
        """Length of the window."""
        return (self.until_ms - self.since_ms) / 1000

    @property
    def alerts_ms(self) -> int:
        """The instant whose alerts are meant: now, or where the window ends in the past."""
        return self.until_ms if self.past else self.now_ms

    @property
    def firing(self) -> list[AlertRecord]:
        """Alerts that nobody looks after, the newest first."""
        return [alert for alert in self.alerts if alert.state(self.alerts_ms) is State.FIRING]

    @property
    def sources_that_speak(self) -> list[str]:
        """Names of the sources that exist and have ever been read."""
        return [
            record.health.name
            for record in self.sources
            if self.states[record.health.name] is not SourceState.ABSENT and record.health.kind in LIVE_KINDS
        ]


def judge(record: SourceRecord, now_ms: int) -> SourceState:
    """A source's state by the reader's own clock: two missed polls make it late, whoever should have said so."""
    health = record.health
    silent_ms = now_ms - health.polled_ms
    if (
        health.state is SourceState.OK
        and health.poll_every_ms
        and silent_ms > _POLLS * max(health.poll_every_ms, 1_000) + _GRACE_MS
    ):
        return SourceState.LATE
    return health.state


def moment(reader: Reader, view: View, now_ms: int) -> Moment:
    """The window that a view asks for; live, it ends at the oldest watermark among the sources that keep up."""
    sources = reader.sources()
    states = {record.health.name: judge(record, now_ms) for record in sources}
    live = [r for r in sources if r.health.kind in LIVE_KINDS and states[r.health.name] is not SourceState.ABSENT]
    fresh = [w for r in live if (w := r.health.watermark_ms) is not None and now_ms - w <= _STALE_MS]
    if view.until_ms is not None:
        until_ms = view.until_ms
    elif fresh:
        until_ms = min(fresh)
    elif live:
        until_ms = now_ms
    else:
        until_ms = reader.newest_bucket_ms() or now_ms
    asked = (until_ms - view.window_seconds * 1000) // MINUTE_MS * MINUTE_MS, until_ms
    since_ms, until_ms = asked if view.until_ms is None else reader.kept_window(*asked)
    alerts_ms = now_ms if view.until_ms is None else until_ms
    return Moment(
        past=view.until_ms is not None,
        alerts=[alert for alert in reader.alerts(alerts_ms, alerts_ms) if alert.state(alerts_ms) is not State.RESOLVED],
        now_ms=now_ms,
        since_ms=since_ms,
        until_ms=until_ms,
        sources=sources,
        states=states,
        silent=view.until_ms is None and bool(live) and not fresh and not any(_is_read(r, now_ms) for r in live),
        missing=_forgotten(asked, (since_ms, until_ms))
        if view.until_ms is not None
        else tuple(_missing(r, now_ms) for r in live if _lags(r, now_ms)),
    )


def window(reader: Reader, since_ms: int, until_ms: int, now_ms: int) -> Moment:
    """The moment of a window, which begins at a whole minute and is as much of it as sums are still kept of."""
    sources = reader.sources()
    asked = since_ms // MINUTE_MS * MINUTE_MS, until_ms
    kept = reader.kept_window(*asked)
    return Moment(
        now_ms=now_ms,
        since_ms=kept[0],
        until_ms=kept[1],
        sources=sources,
        states={record.health.name: judge(record, now_ms) for record in sources},
        missing=_forgotten(asked, kept),
    )


def _forgotten(asked: tuple[int, int], kept: tuple[int, int]) -> tuple[str, ...]:
    """What is said of a window of which only a part is still known."""
    if kept == asked:
        return ()
    return ("sums by the minute are no longer kept of that time: only its whole hours and days are known",)


def header(
    at: Moment,
    view: View,
    machine: str,
    *,
    demo: bool = False,
    books: tuple[str, ...] = (),
) -> Header:
    """The header line of a picture."""
    counted = [r for r in at.sources if r.health.kind in _COUNTED_KINDS and r.health.state is not SourceState.ABSENT]
    asked_every_ms = [one.health.poll_every_ms for one in counted if one.health.kind in LIVE_KINDS]
    return Header(
        machine=machine,
        as_of_ms=at.until_ms if at.sources else None,
        read_at_ms=at.now_ms,
        old_after_ms=OLD_MS + _POLLS * max(asked_every_ms, default=0),
        window_seconds=view.window_seconds,
        sources_ok=sum(at.states[r.health.name] is SourceState.OK for r in counted),
        sources_total=len(counted),
        demo=demo,
        past=view.until_ms is not None,
        alerts_firing=len(at.firing),
        is_critical=any(alert.severity is Severity.CRITICAL for alert in at.firing),
        newest_alert=max((alert.id for alert in at.firing), default=0),
        since_ms=at.since_ms,
        sources=tuple(
            SourceNote(name=r.health.name, state=at.states[r.health.name].value, watermark_ms=r.health.watermark_ms)
            for r in counted
        ),
        books=books,
    )


def books_of(reader: Reader, card_ids: Iterable[str]) -> tuple[str, ...]:
    """The price books behind these cards, the catalogue with its date; a card's id begins with its book."""
    names = sorted({card_id.partition(":")[0] for card_id in card_ids} - {"", "none"})
    noted = reader.note(CATALOGUE) or ""
    day = noted.partition(" ")[0]
    return tuple(f"{name} of {day}" if name == "catalogue" and day else name for name in names)


def is_provisional(at: Moment) -> bool:
    """Whether a log or an engine still has to bring something of the window: shares may change until it has."""
    return any(
        record.health.kind in (*REQUEST_KINDS, "engine")
        and (record.health.watermark_ms is None or record.health.watermark_ms < at.until_ms)
        for record in at.sources
        if at.states[record.health.name] is not SourceState.ABSENT
    )


def _is_read(record: SourceRecord, now_ms: int) -> bool:
    """Whether a source is being read right now, even if its end is not reached yet."""
    return record.health.state is SourceState.OK and now_ms - record.health.polled_ms <= _STALE_MS


def _lags(record: SourceRecord, now_ms: int) -> bool:
    watermark = record.health.watermark_ms
    return watermark is None or now_ms - watermark > _STALE_MS


def _missing(record: SourceRecord, now_ms: int) -> str:
    health = record.health
    if health.watermark_ms is None:
        if health.backlog_bytes:
            return f"{health.name}: {health.backlog_bytes / 1e6:.1f} MB of its backlog still unread"
        return f"{health.name}: nothing read yet"
    minutes = (now_ms - health.watermark_ms) // 60_000
    return f"{health.name}: silent for {minutes} min"

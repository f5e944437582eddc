"""Every source as a row: whether it speaks, how far behind it is, what it could not take."""

from collections.abc import Mapping

from pricing.drift import Drift
from store.facts import SourceState
from store.reader import Reader
from store.records import SourceRecord
from store.tables import REQUEST_KINDS
from tui import format as fmt
from tui.pictures.sources import DriftNote, RejectRow, SourceRow, SourcesPicture
from tui.pictures.view import View
from tui.reading.bills import Judged, reconciled_lately
from tui.reading.moment import Moment, header, moment


def sources(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> SourcesPicture:
    """The Sources picture; what discovery looked for in vain stands under `found`."""
    at = moment(reader, view, now_ms)
    rates, drifts = _events_per_minute(reader, at), reconciled_lately(reader, now_ms)
    there = [record for record in at.sources if at.states[record.health.name] is not SourceState.ABSENT]
    absent = [record for record in at.sources if at.states[record.health.name] is SourceState.ABSENT]
    return SourcesPicture(
        header=header(at, view, machine, demo=demo),
        rows=tuple(_row(record, at, rates, drifts) for record in (*there, *absent)),
        found=tuple(f"{record.health.name}: {record.health.detail}" for record in absent),
    )


def _events_per_minute(reader: Reader, at: Moment) -> dict[str, float]:
    counts: dict[str, int] = {}
    for one in reader.rollup_sums(at.since_ms, at.until_ms):
        source = one.key.dimensions.source
        counts[source] = counts.get(source, 0) + one.measures[0]
    return {source: count * 60 / at.seconds for source, count in counts.items()} if at.seconds else {}


def _row(record: SourceRecord, at: Moment, rates: dict[str, float], drifts: Mapping[str, Judged]) -> SourceRow:
    health = record.health
    return SourceRow(
        name=health.name,
        kind=health.kind,
        state=at.states[health.name].value,
        detail=_detail(record, at),
        state_since_ms=record.state_since_ms,
        watermark_ms=health.watermark_ms,
        lag_ms=None if health.watermark_ms is None else max(0, at.now_ms - health.watermark_ms),
        events=record.events,
        events_per_minute=rates.get(health.name, 0.0) if health.kind in (*REQUEST_KINDS, "import") else None,
        duplicates=record.duplicates,
        rejected=record.rejected,
        rejects=tuple(
            RejectRow(reason=one.reason, count=one.count, example=one.example, seen_ms=one.seen_ms, taken=one.taken)
            for one in record.rejects
        ),
        backlog_bytes=health.backlog_bytes,
        gap_bytes=record.gap_bytes,
        poll_ms=health.poll_ms,
        drift=_drift(drifts.get(health.name)),
    )


def _detail(record: SourceRecord, at: Moment) -> str:
    """What it says of itself; of one that says nothing any more, who should have asked it, too."""
    health = record.health
    if health.state is not SourceState.OK or at.states[health.name] is not SourceState.LATE:
        return health.detail
    heard = f"Nothing was heard of it since {fmt.moment(health.polled_ms, at.now_ms)}: the collector does not run, or cannot write."
    return f"{heard} {health.detail}".rstrip()


def _drift(judged: Judged | None) -> DriftNote | None:
    """The drift of one source, or None where it has judged nothing."""
    if judged is None or judged.until_ms is None or judged.drift.nano_usd is None:
        return None
    return DriftNote(
        nano_usd=judged.drift.nano_usd,
        percent=_float(judged.drift),
        by=judged.by,
        until_ms=judged.until_ms,
        models=tuple(
            (row.key["model"] or "(every model)", row.drift.nano_usd or 0, _float(row.drift), row.drift.reasons[0])
            for row in judged.rows
            if row.drift.reasons
        ),
    )


def _float(drift: Drift) -> float | None:
    return None if drift.percent is None else float(drift.percent)

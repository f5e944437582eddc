"""Every source as a row: whether it speaks, how far behind it is, what it could not take."""

from store.facts import SourceState
from store.reader import Reader
from store.records import SourceRecord
from tui.pictures.sources import RejectRow, SourceRow, SourcesPicture
from tui.pictures.view import View
from tui.reading.moment import Moment, header, moment


def sources(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> SourcesPicture:
    """The Sources picture; what discovery looked for in vain stands under `found`."""
    at = moment(reader, view, now_ms)
    rates = _events_per_minute(reader, at)
    there = [record for record in at.sources if at.states[record.health.name] is not SourceState.ABSENT]
    absent = [record for record in at.sources if at.states[record.health.name] is SourceState.ABSENT]
    return SourcesPicture(
        header=header(at, view, machine, demo=demo),
        rows=tuple(_row(record, at, rates) for record in (*there, *absent)),
        found=tuple(f"{record.health.name}: {record.health.detail}" for record in absent),
    )


def _events_per_minute(reader: Reader, at: Moment) -> dict[str, float]:
    counts: dict[str, int] = {}
    for one in reader.sums(at.since_ms, at.until_ms):
        source = one.key.dimensions.source
        counts[source] = counts.get(source, 0) + one.measures[0]
    return {source: count * 60 / at.seconds for source, count in counts.items()} if at.seconds else {}


def _row(record: SourceRecord, at: Moment, rates: dict[str, float]) -> SourceRow:
    health = record.health
    return SourceRow(
        name=health.name,
        kind=health.kind,
        state=at.states[health.name].value,
        detail=health.detail,
        state_since_ms=record.state_since_ms,
        watermark_ms=health.watermark_ms,
        lag_ms=None if health.watermark_ms is None else max(0, at.now_ms - health.watermark_ms),
        events=record.events,
        events_per_minute=rates.get(health.name, 0.0) if health.kind in ("file", "import") else None,
        duplicates=record.duplicates,
        rejected=record.rejected,
        rejects=tuple(
            RejectRow(reason=reason, count=count, example=example, seen_ms=seen_ms)
            for reason, count, example, seen_ms in record.rejects
        ),
        backlog_bytes=health.backlog_bytes,
        gap_bytes=record.gap_bytes,
    )

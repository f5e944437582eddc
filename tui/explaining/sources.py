"""The figures of one source."""

from collections.abc import Iterator

from tui import format as fmt
from tui.explaining.words import Tell, Teller
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.pictures.sources import SourceRow


def source_figures(header: Header, row: SourceRow) -> Iterator[Explanation]:
    """Every column of a source's row."""
    tell = Teller(header, row.name, "counted by the collector").tell
    since = "" if row.state_since_ms is None else f"since {fmt.moment(row.state_since_ms, None)}"
    read = "never" if row.watermark_ms is None else fmt.moment(row.watermark_ms, None)
    behind = fmt.UNKNOWN if row.lag_ms is None else fmt.age(row.lag_ms) or "current"
    yield tell(
        "STATE",
        row.state,
        "ok; late after two missed polls; failing when a poll errs; absent when it is not there. Judged by this monitor's clock.",
        since,
    )
    yield tell(
        "READ UP TO",
        fmt.clock(row.watermark_ms) if row.watermark_ms else fmt.UNKNOWN,
        "The watermark: everything up to here has been read.",
        read,
    )
    yield tell("BEHIND", behind, "How long ago the watermark is.", _lag(row))
    yield tell(
        "EV/MIN",
        fmt.count(row.events_per_minute),
        "Requests per minute over the window.",
        fmt.count(row.events_per_minute),
    )
    yield from _counts(row, tell)
    yield _drift(row, tell)


def _counts(row: SourceRow, tell: Tell) -> Iterator[Explanation]:
    yield tell("EVENTS", fmt.count(row.events), "Requests taken since the store began.", f"{row.events:,}")
    yield tell(
        "REJECTED",
        fmt.count(row.rejected),
        "Lines or bodies that could not be taken; each reason has an example below the table.",
        *(f"{reject.count:,} x {fmt.safe(reject.reason, 60)}" for reject in row.rejects if not reject.taken),
        *(
            f"taken in doubt, and no reject: {one.count:,} x {fmt.safe(one.reason, 60)}"
            for one in row.rejects
            if one.taken
        ),
    )
    yield tell(
        "REPEATED",
        fmt.count(row.duplicates),
        "Requests that had been counted before and were not counted again.",
        f"{row.duplicates:,}",
    )
    yield tell(
        "UNREAD",
        fmt.size(row.backlog_bytes),
        "Bytes of its files that wait to be read.",
        f"{row.backlog_bytes or 0:,} bytes",
    )
    yield tell(
        "LOST",
        fmt.size(row.gap_bytes) if row.gap_bytes else "0",
        "Bytes that were gone before they could be read: totals are too low by what was in them.",
        f"{row.gap_bytes:,} bytes",
    )


def _drift(row: SourceRow, tell: Tell) -> Explanation:
    meaning = "How far a provider's own figures of the last seven days are from ours; usdtop reconcile shows it all."
    drift = row.drift
    if drift is None:
        return tell("DRIFT", fmt.UNKNOWN, meaning, "it has judged nothing yet")
    percent = fmt.UNKNOWN if drift.percent is None else f"{drift.percent:+.1f}%"
    return tell("DRIFT", percent, meaning, f"by its {fmt.safe(drift.by, 40)}: {drift.nano_usd / 1e9:+,.4f} USD")


def _lag(row: SourceRow) -> str:
    return "never read" if row.lag_ms is None else f"{row.lag_ms / 1000:,.1f} s by this monitor's clock"

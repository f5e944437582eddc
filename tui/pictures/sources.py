"""The Sources screen: who speaks, how far behind, and what could not be read."""

import msgspec

from tui.pictures.header import Header


class RejectRow(msgspec.Struct, frozen=True, kw_only=True):
    """Input that could not be taken, or that was taken in doubt."""

    reason: str
    count: int
    example: str
    seen_ms: int
    taken: bool = False
    """It was taken, and is in no count of rejects."""


class DriftNote(msgspec.Struct, frozen=True, kw_only=True):
    """A provider's dollars of the last week less ours for the same traffic."""

    nano_usd: int
    percent: float | None
    """Of ours; None where there is nothing of ours to compare with."""
    by: str
    """What judges: its bill, its counts at our prices, or its balance."""
    until_ms: int
    models: tuple[tuple[str, int, float | None, str], ...] = ()
    """(model, nano-dollars, percent, likely reason) of those that differ, the largest first."""


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source: whether it speaks, how far behind it is, and what it could not read."""

    name: str
    kind: str
    state: str
    """ok, late, failing or absent, judged by the reader's clock."""
    detail: str
    state_since_ms: int | None
    watermark_ms: int | None
    lag_ms: int | None
    events: int
    events_per_minute: float | None
    duplicates: int
    rejected: int
    rejects: tuple[RejectRow, ...] = ()
    backlog_bytes: int | None = None
    gap_bytes: int = 0
    poll_ms: float | None = None
    """How long the last poll took."""
    drift: DriftNote | None = None
    """Of a provider's source that has judged something."""


class SourcesPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Sources screen."""

    header: Header
    rows: tuple[SourceRow, ...] = ()
    found: tuple[str, ...] = ()
    """What discovery found or looked for, in sentences."""

"""The Sources screen: who speaks, how far behind, and what could not be read."""

import msgspec

from tui.pictures.header import Header


class RejectRow(msgspec.Struct, frozen=True, kw_only=True):
    """Input that could not be taken."""

    reason: str
    count: int
    example: str
    seen_ms: int


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


class SourcesPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Sources screen."""

    header: Header
    rows: tuple[SourceRow, ...] = ()
    found: tuple[str, ...] = ()
    """What discovery found or looked for, in sentences."""

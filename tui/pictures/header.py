"""The line on top of every picture."""

import msgspec

OLD_MS = 60_000
"""So old are data that have stopped to come, where every source is read all the time."""


class SourceNote(msgspec.Struct, frozen=True, kw_only=True):
    """One source that a picture rests on."""

    name: str
    state: str
    watermark_ms: int | None


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where we look, when, over which window, and how many sources speak."""

    machine: str
    as_of_ms: int | None
    """The oldest watermark among the sources that count, or None before the first read."""
    window_seconds: int
    sources_ok: int
    sources_total: int
    demo: bool = False
    past: bool = False
    """A window that was asked for, not the newest one."""
    read_at_ms: int | None = None
    """When the picture was read, by the reader's clock; with `as_of_ms` it tells how old the figures are."""
    old_after_ms: int = OLD_MS
    """From which age on they are no longer called live."""
    own_window: bool = False
    """The window is the screen's own, whichever was chosen for the others."""
    since_ms: int | None = None
    """Where the window begins: a whole minute."""
    sources: tuple[SourceNote, ...] = ()
    alerts_firing: int = 0
    """Alerts that nobody has acknowledged or snoozed."""
    is_critical: bool = False
    """Whether one of them should wake somebody."""
    newest_alert: int = 0
    """Number of the newest of them; 0 without one."""
    books: tuple[str, ...] = ()
    """Price books that the figures rest on, with their dates."""
    notices: tuple[str, ...] = ()
    """Plain sentences that must not be missed: a temporary store, no collector, a read-only view."""

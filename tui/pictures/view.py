"""What the person at the screen has asked for."""

import msgspec

from store.tables import DIMENSIONS as DIMENSIONS

DRILL_ORDER = ("provider", "model", "tenant", "key")
"""Where `enter` leads next; below the last one stand single requests."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the screen has asked for."""

    window_seconds: int = 300
    by: str = "model"
    path: tuple[tuple[str, str | None], ...] = ()
    """Drilled-down dimensions and their values, outermost first; a None value is "not said"."""
    filter: str = ""
    until_ms: int | None = None
    """End of the window when the picture is paused or in the past; None is live."""

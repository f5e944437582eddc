"""`[screen]`: how the monitor begins and draws."""

import msgspec


class ScreenConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[screen]`: how the monitor draws; keys change most of it while it runs."""

    ascii: bool = False
    window: str = "5m"
    by: str = "model"
    theme: str | None = None
    """A colour theme by name; without one, the terminal's own colours on dark."""
    mouse: bool = False
    """Whether clicks and the wheel are taken from the terminal."""
    local_time: bool = False
    """Times of this machine's zone instead of UTC."""
    private: bool = False
    """Whether tenants, keys and users show as numbers."""
    low_bandwidth: bool = False
    keys: dict[str, str] | None = None
    """Other keys for actions, by the action's name: `burn.by = "B"`."""

"""What stands behind one figure on a screen."""

import msgspec

from tui.pictures.header import Header


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with everything it was made of; the header says of which window, sources and price books."""

    figure: str
    """As the screen calls it: a column's title or a headline's word."""
    of: str = ""
    """Whose figure it is: the row's name; empty for everything."""
    value: str
    """As it is drawn."""
    meaning: str
    """One sentence."""
    arithmetic: tuple[str, ...] = ()
    """Step by step with the numbers in it."""
    basis: str = ""
    """Which tokens or requests are counted."""
    window: str = ""
    """What its figures are over, where that is not the window of the screen."""
    confidence: str = "exact"
    header: Header

"""The first line of every screen: where we look, how current it is, and how many sources speak."""

from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from textual.geometry import Size

from tui import format as fmt
from tui.pictures.header import Header
from tui.widgets.lines import Line, Lines, Piece

_OLD_MS = 60_000
"""Data older than this are no longer called live."""
_STEP_MS = 10_000
"""Within the first minute an age is told in steps of this."""

LIVE, PAUSED, STALE, PAST, COPY = "LIVE", "PAUSED", "STALE", "PAST", "COPY"


class HeaderLine(Lines):
    """One line that shows the time of the data, never a ticking clock."""

    def __init__(self) -> None:
        super().__init__()
        self._header: Header | None = None
        self._paused = False
        self._failing = False
        self._is_copy = False
        self._waited_ms = 0

    def show(
        self, header: Header | None, *, paused: bool, failing: bool, is_copy: bool = False, waited_ms: int = 0
    ) -> None:
        """Take the picture's header, whether it is frozen, by a person or by a failure, or of a copied store, and since when it is shown."""
        self._header, self._paused, self._failing, self._is_copy = header, paused, failing, is_copy
        self._waited_ms = waited_ms
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """The one line, without its later parts when there is no room."""
        header = self._header
        if header is None:
            yield (("usdtop", "strong"), ("  reading ...", "dim"))
            return
        parts: list[Piece] = [(f"usdtop {fmt.safe(header.machine, 24)}", "strong"), self._state(header)]
        if header.demo:
            parts.append(("DEMO", "warn"))
        if header.alerts_firing:
            word = "alert" if header.alerts_firing == 1 else "alerts"
            parts.append((f"!{header.alerts_firing} {word}", "bad" if header.is_critical else "warn"))
        parts.append((f"{'last' if header.own_window else 'window'} {fmt.window(header.window_seconds)}", ""))
        if not header.past:
            missing = header.sources_ok < header.sources_total
            parts.append((f"sources {header.sources_ok}/{header.sources_total}", "warn" if missing else ""))
        parts.append(("read-only", "dim"))
        yield tuple(_whole(parts, "    " if size.width >= 76 else "  ", size.width))

    def _state(self, header: Header) -> Piece:
        time = fmt.clock(header.as_of_ms)
        if self._paused:
            return f"{PAUSED} {time}{self._ago(header)}", "warn"
        if header.as_of_ms is None:
            return "NO DATA YET", "warn"
        if header.past:
            return f"{PAST} {fmt.moment(header.as_of_ms, header.read_at_ms)}{self._ago(header)}", "warn"
        if self._is_copy and not self._failing:
            return f"{COPY} {fmt.moment(header.as_of_ms, None)}", "warn"
        old = age_ms(header)
        since = f" {fmt.age(old)} old" if fmt.age(old) else ""
        if self._failing or is_old(header):
            return f"{STALE} {time}{since}", "bad"
        return f"{LIVE} {time}{since}", "good"

    def _ago(self, header: Header) -> str:
        """How long ago that was, in steps: what stands still is told by the clock alone, and seldom."""
        old = age_ms(header)
        if old is None or old + self._waited_ms < _STEP_MS:
            return ""
        ago = old + self._waited_ms
        return f" ({f'{ago // _STEP_MS * 10} s' if ago < 60_000 else fmt.countdown(ago)} ago)"


def _whole(parts: Sequence[Piece], gap: str, width: int) -> Iterator[Piece]:
    """As many parts as fit uncut; the first is always there."""
    used = 0
    for number, (text, role) in enumerate(parts):
        used += cell_len(text) + (len(gap) if number else 0)
        if number and used > width:
            return
        if number:
            yield gap, ""
        yield text, role


def is_old(header: Header | None) -> bool:
    """Whether the data are too old to be called live."""
    return header is not None and not header.past and (age_ms(header) or 0) >= header.old_after_ms


def age_ms(header: Header) -> int | None:
    """How old the data were when they were read, by the reader's clock; None where that is not known."""
    if header.as_of_ms is None or header.read_at_ms is None:
        return None
    return max(0, header.read_at_ms - header.as_of_ms)

"""What fills the terminal, a section or a page over it: drawn in one piece, whatever led to it."""

from typing import Any, Generic, Self

from textual._compositor import Compositor, ReflowResult
from textual.app import App
from textual.events import ScreenResume
from textual.geometry import Region, Size
from textual.reactive import Reactive, var
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget


class Places(Compositor):
    """Where widgets stand that never overlap: which is in front of which changes nothing, so only what moved is drawn."""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out, and draw anew what stands elsewhere than before, where it stood and where it stands."""
        before, asked_for = self._full_map, set(self._dirty_regions)
        found = super().reflow(parent, size)
        placed = {(widget, place._replace(order=())) for widget, place in before.items()}
        placed ^= {(widget, place._replace(order=())) for widget, place in self._full_map.items()}
        moved = {place.clip.intersection(place.region) for _, place in placed}
        self._dirty_regions = asked_for | {region for region in moved if region}
        return found


class Page(Screen[ScreenResultType], Generic[ScreenResultType], inherit_bindings=False):
    """A screen of lines that is sent once for all that changed in it, which Textual sends once for each."""

    BLANK = True
    """Where no widget is there is nothing."""
    HAS_WINDOW = False
    """Whether some of its figures are over the window that was chosen."""
    focused: Reactive[Widget | None] = var(None)
    """Which widget takes the keys; it is drawn so itself, and nothing else is."""
    _in_pieces = _has_pieces = _is_timed = False

    def __init__(self) -> None:
        super().__init__()
        self._compositor = Places()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw again; where a widget came or went, only what moves."""
        return super().refresh(*regions, repaint=repaint and not layout, layout=layout, recompose=recompose)

    def on_screen_resume(self, event: ScreenResume) -> None:
        """In front again, it looks as it did, unless there is another theme since."""
        event.refresh_styles = self._css_update_count != self.app._css_update_count
        self._css_update_count = self.app._css_update_count

    def show_at_once(self) -> None:
        """Lay out and draw all of it now, not with the next frame."""
        self.refresh()
        self._on_timer_update()
        if not self._is_timed:
            # A new timer lets the first frame that it is asked for wait.
            self._is_timed = True
            self._update_timer.resume()

    def _post_register(self, app: App[Any]) -> None:
        """Have the classes for the terminal's size before styles are found (Textual's own hook), not find them twice."""
        super()._post_register(app)
        self.add_class(
            *self._get_breakpoint_classes(app.size.width, app.HORIZONTAL_BREAKPOINTS or []),
            *self._get_breakpoint_classes(app.size.height, app.VERTICAL_BREAKPOINTS or []),
            update=False,
        )

    def _watch__pointer_shape(self, pointer_shape: object) -> None:
        """Ask the terminal for no other pointer (Textual's own hook, which asks for each screen)."""

    def _on_timer_update(self) -> None:
        """Draw what is new (Textual's own hook, which draws after laying out and again for the rest)."""
        self._in_pieces, self._has_pieces = True, False
        try:
            super()._on_timer_update()
        finally:
            self._in_pieces = False
        if self._has_pieces:
            self._compositor_refresh()

    def _compositor_refresh(self) -> None:
        """Send what changed since it was last sent (Textual's own hook), unless more is about to."""
        if self._in_pieces:
            self._has_pieces = True
        elif not self.app._batch_count:
            super()._compositor_refresh()

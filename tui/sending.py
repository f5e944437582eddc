"""Sends changed cells of lines straight to the terminal, past what Textual does so that widgets may overlap: ours never do."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple, Protocol, cast

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from textual._compositor import CompositorUpdate
from textual.app import App
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

HUNG_UP = 129
"""The program's result when its terminal has gone."""


class Stretch(NamedTuple):
    """Cells beside each other, and the place on the terminal of the first of them."""

    x: int
    y: int
    cells: Sequence[Segment]


class CellsUpdate(CompositorUpdate):
    """Stretches of cells, behind a sequence that is no cell."""

    def __init__(self, stretches: Sequence[Stretch], sequence: str = "") -> None:
        self.stretches = stretches
        self.sequence = sequence

    def render_segments(self, console: Console) -> str:
        """What to write to the terminal: a move and the cells, for each stretch."""
        colours, render = console._color_system or ColorSystem.TRUECOLOR, Strip.render_style
        written = [self.sequence]
        for x, y, cells in self.stretches:
            written.append(f"\x1b[{y + 1};{x + 1}H")
            written += [text if style is None else render(style, text, colours) for text, style, _ in cells]
        return "".join(written)


class Cells(Protocol):
    """A widget that knows how stretches of its cells look."""

    def looks(self, regions: Sequence[Region]) -> list[list[Segment]]:
        """The cells of regions that are one line high."""
        ...


class SendingApp(App[str]):
    """An app whose widgets have single cells sent."""

    def __init__(self, *, ansi_color: bool | None = None) -> None:
        super().__init__(ansi_color=ansi_color)
        self._changed: dict[Widget, list[Region]] = {}
        self._sequence = ""
        self._will_send = False

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver for this platform, with more patience where that is Linux's or a Mac's."""
        found = super().get_driver_class()
        if found.__name__ == "LinuxDriver":
            from tui.driver import PatientDriver

            return PatientDriver
        return found

    def send_cells(self, widget: Widget, regions: Sequence[Region]) -> None:
        """Send these regions of a widget, one line high each, together with all that changes in this round."""
        self._changed.setdefault(widget, []).extend(regions)
        self._send_soon()

    def send_with_cells(self, sequence: str) -> None:
        """Send a control sequence, in one piece with the cells of this round."""
        self._sequence += sequence
        self._send_soon()

    def _send_soon(self) -> None:
        if not self._will_send:
            self._will_send = True
            asyncio.get_running_loop().call_soon(self._send_changed)

    def _send_changed(self) -> None:
        changed, self._changed = self._changed, {}
        sequence, self._sequence, self._will_send = self._sequence, "", False
        screen = self.screen if self._screen_stack else None
        stretches: list[Stretch] = []
        for widget, regions in changed.items():
            if screen is not None and self._stands(widget, screen):
                stretches += _stretches(widget, screen, regions)
            else:
                widget.refresh(*regions)
        if screen is not None and stretches:
            self._display(screen, CellsUpdate(stretches, sequence))  # type: ignore[arg-type]  # Textual draws its updates so, too
        elif sequence:
            self.write_to_terminal(sequence)

    def write_to_terminal(self, sequence: str) -> None:
        """Send a control sequence of our own, where there is a terminal."""
        if self._driver is not None and not self.is_headless:
            self._driver.write(sequence)

    def _stands(self, widget: Widget, screen: Screen[object]) -> bool:
        """Whether a widget is on the terminal as it is, and nothing is about to be drawn over it."""
        return (
            not self._batch_count
            and widget.is_attached
            and not screen._layout_required
            and not widget._repaint_required
            and widget in screen._compositor
        )


def _stretches(widget: Widget, screen: Screen[object], regions: Sequence[Region]) -> list[Stretch]:
    """The regions of a widget as cells at their places on the terminal, as far as they are on it."""
    placed = screen._compositor.find_widget(widget)
    at = placed.region.offset
    seen = [place for region in regions if (place := region.translate(at).intersection(placed.clip))]
    looks = cast("Cells", widget).looks([place.translate(-at) for place in seen])
    return [Stretch(place.x, place.y, cells) for place, cells in zip(seen, looks, strict=True)]

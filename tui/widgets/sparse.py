"""Sends only the changed cells of a line: Textual 8 sends the line from its widget's left edge to the last of them."""

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, CompositorUpdate


class SparseUpdate(CompositorUpdate):
    """The same update as Textual's, cut on both sides of each changed stretch."""

    def __init__(self, update: ChopsUpdate) -> None:
        self._update = update

    def render_segments(self, console: Console) -> str:
        """What to write to the terminal: a move and the cells, for each changed stretch."""
        written: list[str] = []
        for y, start, end in self._update.spans:
            for chop_end, (x, strip) in zip(self._update.chop_ends[y], self._update.chops[y].items(), strict=False):
                if strip is None or x >= end or chop_end <= start:
                    continue
                left = max(x, start)
                written.append(Control.move_to(left, y).segment.text)
                written.append(strip.crop(left - x, min(chop_end, end) - x).render(console))
        return "".join(written)

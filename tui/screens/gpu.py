"""One GPU: what it does now, and its busy time, memory and power over the window."""

from collections.abc import Iterator, Sequence

from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.machines import GpuPicture
from tui.pictures.view import View
from tui.questions.machines import GpuQuestion
from tui.screens.monitor import MonitorScreen
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.lines import Line
from tui.widgets.machinepanel import gpu_health_lines, gpu_lines
from tui.widgets.paper import Paper
from tui.widgets.timechart import chart_lines

_CHART_ROWS = 8


class GpuScreen(MonitorScreen[GpuPicture]):
    """A page to scroll."""

    FILTERS = False

    def __init__(self, host: str, uuid: str) -> None:
        super().__init__()
        self._host = host
        self._uuid = uuid

    def compose_body(self) -> Sequence[Widget]:
        """One page."""
        return Breadcrumb(), Paper()

    def read(self, feed: Feed, view: View) -> GpuPicture:
        """The GPU that is open."""
        return feed.read(GpuQuestion(view, self._host, self._uuid))

    def draw_body(self, picture: GpuPicture) -> None:
        """Where we are, and the page."""
        self.query_one(Breadcrumb).show(
            ["gpus", picture.host, f"GPU {picture.gpu.index}"], fmt.safe(picture.gpu.uuid, 40)
        )
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        self.query_one(Paper).show(lambda width: list(page_lines(picture, width, ascii_only=ascii_only)))

    def explain(self, picture: GpuPicture) -> Iterator[Explanation]:
        """The GPU's figures."""
        from tui.explaining.machines import gpu_figures

        return gpu_figures(picture.header, None, picture.gpu)


def page_lines(picture: GpuPicture, width: int, *, ascii_only: bool) -> Iterator[Line]:
    """The whole page."""
    yield from gpu_lines(picture.host, picture.gpu, width)
    if not picture.gpu.lost:
        yield from gpu_health_lines(picture.gpu, width)
    for at_ms, xid in picture.xids:
        yield ((f" {fmt.moment(at_ms, picture.header.as_of_ms)}  XID {xid}: a critical error of the card", "bad"),)
    if not picture.charts:
        yield ()
        yield (("   no whole minute of this card is kept yet", "dim"),)
    for chart in picture.charts:
        yield ()
        yield from chart_lines(chart, width, _CHART_ROWS, ascii_only=ascii_only, plain=ascii_only)

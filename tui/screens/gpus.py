"""GPUs: a tree of hosts, their engines and their GPUs, what they cost, and how much of that is idle."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.widget import Widget

from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.machines import EngineRow, GpuRow, HostRow, MachinesPicture
from tui.pictures.view import View
from tui.questions.machines import MachinesQuestion
from tui.screens.sorted import SortedScreen
from tui.sorting import Sorting
from tui.widgets.lines import Line, Lines
from tui.widgets.machineorder import ORDERS, Part, sorted_tree
from tui.widgets.machinepanel import engine_lines, gpu_lines, host_lines
from tui.widgets.machinerows import COLUMNS, engine_key, gpu_key, host_key, sums_text, tree_rows
from tui.widgets.paper import Paper
from tui.widgets.rule import Rule
from tui.widgets.table import Table


class MachineSums(Lines):
    """One line over the table: what all hosts cost, and the idle part of it."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: MachinesPicture | None = None

    def show(self, picture: MachinesPicture) -> None:
        """Take the hosts."""
        self._picture = picture
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """The one line."""
        if self._picture is not None:
            yield ((f" {sums_text(self._picture, size.width - 2)}", "strong"),)


class GpusScreen(SortedScreen[MachinesPicture]):
    """Hosts, engines and GPUs over the last minute; under the table what is known of the row at the cursor."""

    CSS_PATH = Path(__file__).with_name("gpus.tcss")
    FILTERS = HAS_WINDOW = False
    OWN_WINDOW = "what machines do at the moment"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fold", "fold", id="gpus.fold", tooltip="fold or unfold what is under a host or an engine"),
        Binding("F", "fold_all", "fold all", id="gpus.fold_all", tooltip="fold all hosts, or unfold everything"),
        Binding(
            "dollar_sign", "price", "prices", id="gpus.price", tooltip="what to configure for prices and utilisation"
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.folded: set[Hashable] = set()
        self._sorting = Sorting(ORDERS)

    @property
    def sorting(self) -> Sorting[Part]:
        """By name until another order is asked for."""
        return self._sorting

    def compose_body(self) -> Sequence[Widget]:
        """The sums over the table over the details."""
        return MachineSums(), Rule(), Table(COLUMNS, gap=1), Rule(), Paper()

    def read(self, feed: Feed, view: View) -> MachinesPicture:
        """Hosts, GPUs and engines."""
        return feed.read(MachinesQuestion(view))

    def doubts(self, picture: MachinesPicture) -> Sequence[str]:
        """What keeps the hosts' figures from being complete."""
        return tuple(f"{host.name}: {missing}" for host in picture.hosts for missing in host.missing)

    def draw_body(self, picture: MachinesPicture) -> None:
        """One row each, under their hosts."""
        self.query_one(MachineSums).show(picture)
        empty = (picture.absent or "No GPU and no engine is known here.",)
        rows = tree_rows(sorted_tree(picture.hosts, self._sorting), self.folded)
        self.query_one(Table).show(rows, empty=empty, sorted_by=self._sorting.order.title)
        self.on_table_moved()

    def explain(self, picture: MachinesPicture) -> Iterator[Explanation]:
        """The row under the cursor, then all hosts."""
        from tui.explaining.machines import column_figures, sum_figures

        texts = self.query_one(Table).cursor_texts
        known: set[str] = set()
        for one in self._of_the_row(picture):
            known.add(one.figure)
            yield one
        name = texts[0][1] if texts else ""
        yield from column_figures(picture.header, name, [text for text in texts if text[0] not in known])
        yield from sum_figures(picture)

    def _of_the_row(self, picture: MachinesPicture) -> Iterator[Explanation]:
        """Figures with an arithmetic of their own."""
        from tui.explaining.machines import engine_figures, gpu_figures, host_figures

        host, part = self._at(picture)
        if host is not None and isinstance(part, EngineRow):
            yield from engine_figures(picture.header, host, part)
        elif host is not None and isinstance(part, GpuRow):
            yield from gpu_figures(picture.header, host, part)
        if host is not None:
            yield from host_figures(picture.header, host)

    def on_table_moved(self) -> None:
        """Other details for another row."""
        if self.shown is not None:
            host, part = self._at(self.shown)
            paper, plain = self.query_one(Paper), bool(getattr(self.app, "ascii_only", False))
            paper.show(lambda width: list(_details(host, part, width, paper.size.height, plain=plain)))

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """A host folds; an engine or a GPU opens its page."""
        host, part = self._at(self.shown) if self.shown is not None else (None, None)
        if host is None:
            return
        if isinstance(part, EngineRow):
            from tui.screens.engine import EngineScreen

            self.app.push_screen(EngineScreen(part.source, part.model))
        elif isinstance(part, GpuRow):
            from tui.screens.gpu import GpuScreen

            self.app.push_screen(GpuScreen(host.name, part.uuid))
        else:
            self._toggle(message.key)

    def action_fold(self) -> None:
        """Fold what is at the cursor; a GPU folds its engine, or its host where no engine holds it."""
        if self.shown is None:
            return
        host, part = self._at(self.shown)
        if host is None:
            return
        if isinstance(part, GpuRow):
            engine = next((one for one in host.engines if one.source == part.engine), None)
            key: Hashable = host_key(host) if engine is None else engine_key(host.name, engine)
        else:
            key = self.query_one(Table).cursor_key
        self._toggle(key)

    def action_fold_all(self) -> None:
        """Only hosts, or everything again."""
        hosts = {host_key(host) for host in self.shown.hosts} if self.shown is not None else set()
        self.folded = set() if self.folded else set[Hashable](hosts)
        self.draw()

    def action_price(self) -> None:
        """What to write into the configuration."""
        from tui.screens.hostprices import HostPricesScreen

        if self.shown is not None:
            page = self.monitor.kept(HostPricesScreen)
            page.tell_of(self.shown)
            self.app.push_screen(page)

    def _toggle(self, key: Hashable) -> None:
        self.folded ^= {key}
        self.query_one(Table).go_to(key)
        self.draw()

    def _at(self, picture: MachinesPicture) -> tuple[HostRow | None, EngineRow | GpuRow | None]:
        """The host of the row at the cursor, and the engine or GPU that the row is."""
        at = self.query_one(Table).cursor_key
        for host in picture.hosts:
            if at == host_key(host):
                return host, None
            parts: list[tuple[Hashable, EngineRow | GpuRow]] = [
                (engine_key(host.name, one), one) for one in host.engines
            ]
            parts += [(gpu_key(host.name, gpu), gpu) for gpu in host.gpus]
            for key, part in parts:
                if key == at:
                    return host, part
        return None, None


def _details(
    host: HostRow | None, part: EngineRow | GpuRow | None, width: int, height: int, *, plain: bool
) -> Iterator[Line]:
    if host is None:
        return
    if isinstance(part, EngineRow):
        yield from engine_lines(part, width, height, plain=plain)
    elif isinstance(part, GpuRow):
        yield from gpu_lines(host.name, part, width)
    else:
        yield from host_lines(host, width)

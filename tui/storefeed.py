"""Pictures read from a store, for the monitor; the plain twins read the same functions.

What reads a screen is loaded when that screen is first asked for: the first picture does not wait for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias

from collectors.providers.registry import WITHOUT_FIGURES
from store.alerts import acknowledge, snooze, unacknowledge
from store.allowed import allow_key
from store.launches import start_launch, stop_launch
from store.marks import set_mark
from store.reader import Reader
from store.tables import StoreError
from tui import format as fmt
from tui.feed import FeedError
from tui.person import person
from tui.pictures.chart import Point

if TYPE_CHECKING:
    from pricing.books.book import PriceBook
    from pricing.books.catalogue import Catalogue
    from tui.pictures.alerts import AlertsPicture
    from tui.pictures.budgets import BudgetPicture, BudgetsPicture
    from tui.pictures.burn import BurnPicture
    from tui.pictures.chart import ChartPicture
    from tui.pictures.compare import ComparePicture, Conditions
    from tui.pictures.machines import EnginePicture, GpuPicture, MachinesPicture
    from tui.pictures.requests import BillPicture, RequestsPicture
    from tui.pictures.sources import SourcesPicture
    from tui.pictures.view import View

_MONTH_MS = 31 * 86_400_000

_SNOOZE_MS = 3_600_000

Notices: TypeAlias = Callable[[], tuple[str, ...]]
Prices: TypeAlias = "Callable[[], tuple[PriceBook, Catalogue]]"
"""The books in force, and the catalogue among them."""


_CHART_KEPT_MS = 5_000
"""A chart is of minutes that are over: what changes in one comes late, and is seen within seconds."""


class StoreFeed:
    """One reading connection, asked by one thread at a time; opened when first asked and again after it failed."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], int],
        machine: str,
        demo: bool = False,
        notices: Notices = tuple,
        prices: Prices | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._machine = machine
        self._demo = demo
        self._notices = notices
        self._prices = prices
        self._lock = Lock()
        self._reader: Reader | None = None
        self._charted: tuple[View, int, ChartPicture] | None = None

    def burn(self, view: View) -> BurnPicture:
        """The three figures and the table."""
        from tui.reading import burn

        with self._reading() as reader:
            now_ms = self._clock()
            return burn.burn(reader, view, now_ms, machine=self._machine, demo=self._demo, notices=self._notices())

    def names(self) -> Mapping[str, Sequence[str]]:
        """Every member of every dimension."""
        with self._reading() as reader:
            return reader.names()

    def chart(self, view: View) -> ChartPicture:
        """Dollars per hour over time, read anew when the last reading is some seconds old."""
        from tui.reading import chart

        now_ms = self._clock()
        if self._charted is None or self._charted[0] != view or not 0 <= now_ms - self._charted[1] < _CHART_KEPT_MS:
            with self._reading() as reader:
                self._charted = view, now_ms, chart.chart(reader, view, now_ms)
        return self._charted[2]

    def alerts(self, view: View) -> AlertsPicture:
        """Alerts that are open, and those that ended lately."""
        from tui.reading import alerts

        with self._reading() as reader:
            return alerts.alerts(reader, view, self._clock(), machine=self._machine, demo=self._demo)

    def acknowledge(self, alert_id: int, *, undo: bool) -> str:
        """Say that somebody looks after an alert, or take that back."""
        by, at_ms = person(), self._clock()
        with _writing():
            if undo:
                unacknowledge(self._path, alert_id)
            else:
                acknowledge(self._path, alert_id, at_ms=at_ms, by=by)
        return "it fires as before" if undo else f"acknowledged by {by}; a takes it back"

    def snooze(self, alert_id: int, *, undo: bool) -> str:
        """Keep an alert quiet for an hour, or take that back."""
        until_ms = self._clock() + _SNOOZE_MS
        with _writing():
            if undo:
                unacknowledge(self._path, alert_id)
            else:
                snooze(self._path, alert_id, until_ms=until_ms, by=person())
        return "it fires as before" if undo else f"quiet until {fmt.clock(until_ms)}; Z takes it back"

    def alert_points(self, view: View) -> Sequence[Point]:  # noqa: ARG002 (all that are kept lately)
        """When alerts fired in the last month."""
        with self._reading() as reader:
            now_ms = self._clock()
            return [Point(one.opened_ms, one.title) for one in reader.alerts(now_ms - _MONTH_MS, now_ms + 1)]

    def set_mark(self, text: str, at_ms: int | None) -> str:
        """Mark an instant, or now."""
        try:
            mark = set_mark(self._path, (self._clock() if at_ms is None else at_ms) // 1000 * 1000, text)
        except (StoreError, ValueError, OSError) as error:
            raise FeedError(f"no mark was set: {error}") from error
        return f"marked {fmt.clock(mark.at_ms)}: {mark.text}"

    def allow_key(self, provider: str) -> str:
        """Note that the collector may."""
        if provider in WITHOUT_FIGURES:
            raise FeedError(WITHOUT_FIGURES[provider])
        try:
            allow_key(self._path, provider)
        except (StoreError, OSError) as error:
            raise FeedError(f"nothing was allowed: {error}") from error
        return f"{provider}'s own figures will be read within a minute."

    def start_launch(self, words: str) -> str:
        """Begin one: a budget, a length and a name."""
        from collectors.settings.config import ConfigError
        from collectors.settings.launching import launch_of

        usd, length, name = [*words.split(maxsplit=2), "", "", ""][:3]
        try:
            launch = launch_of(usd.removeprefix("$"), length, began_ms=self._clock(), name=name)
            start_launch(self._path, launch)
        except (ConfigError, StoreError, OSError) as error:
            raise FeedError(f"no launch was begun: {error}") from error
        return f"launch {launch.name} is on until {fmt.moment(launch.ends_ms, launch.began_ms)}"

    def stop_launch(self) -> str:
        """End the one that is on."""
        try:
            launch = stop_launch(self._path, self._clock())
        except (StoreError, OSError) as error:
            raise FeedError(f"no launch was ended: {error}") from error
        if launch is None:
            raise FeedError("no launch is on")
        return f"launch {launch.name} ended; usdtop launch report writes its story"

    def budgets(self, view: View) -> BudgetsPicture:
        """Every budget."""
        from tui.reading import budgets

        with self._reading() as reader:
            return budgets.budgets(reader, view, self._clock(), machine=self._machine, demo=self._demo)

    def budget(self, view: View, name: str) -> BudgetPicture:
        """One budget over its period."""
        from tui.reading import budgets

        with self._reading() as reader:
            return budgets.budget(reader, view, name, self._clock(), machine=self._machine, demo=self._demo)

    def compare(self, view: View, conditions: Conditions) -> ComparePicture:
        """Savings, and the traffic of this view on other models; what prices them is loaded when it is first asked for."""
        from tui.reading.comparison import comparison

        if self._prices is None:
            raise FeedError("prices of other models are not loaded here.")
        book, catalogue = self._prices()
        with self._reading() as reader:
            return comparison(
                reader,
                view,
                conditions,
                self._clock(),
                book=book,
                catalogue=catalogue,
                machine=self._machine,
                demo=self._demo,
            )

    def requests(self, view: View, *, dearest: bool = False, limit: int = 200) -> RequestsPicture:
        """Single requests, newest or dearest first."""
        from tui.reading import requests

        with self._reading() as reader:
            return requests.requests(
                reader, view, self._clock(), machine=self._machine, dearest=dearest, limit=limit, demo=self._demo
            )

    def bill(self, view: View, request_id: int) -> BillPicture:
        """One request line by line."""
        from tui.reading import requests

        with self._reading() as reader:
            return requests.bill(reader, view, request_id, self._clock(), machine=self._machine, demo=self._demo)

    def sources(self, view: View) -> SourcesPicture:
        """Every source."""
        from tui.reading import sources

        with self._reading() as reader:
            return sources.sources(reader, view, self._clock(), machine=self._machine, demo=self._demo)

    def machines(self, view: View) -> MachinesPicture:
        """Hosts, GPUs and engines."""
        from tui.reading import machines

        with self._reading() as reader:
            return machines.machines(reader, view, self._clock(), machine=self._machine, demo=self._demo)

    def engine(self, view: View, source: str, model: str | None) -> EnginePicture:
        """One engine."""
        from tui.reading.enginepage import engine_page

        with self._reading() as reader:
            return engine_page(reader, view, source, model, self._clock(), machine=self._machine, demo=self._demo)

    def gpu(self, view: View, host: str, uuid: str) -> GpuPicture:
        """One GPU."""
        from tui.reading.gpupage import gpu_page

        with self._reading() as reader:
            return gpu_page(reader, view, host, uuid, self._clock(), machine=self._machine, demo=self._demo)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._drop()

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        with self._lock:
            try:
                if self._reader is None:
                    self._reader = self._open()
                yield self._reader
            except StoreError as error:
                self._drop()
                raise FeedError(str(error)) from error

    def _open(self) -> Reader:
        if not self._path.exists():
            raise StoreError("Nothing is recorded yet: the collector is starting.")
        return Reader(self._path)

    def _drop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None


@contextmanager
def _writing() -> Iterator[None]:
    """What the store says when it cannot be written, as a failure of the feed."""
    try:
        yield
    except StoreError as error:
        raise FeedError(str(error)) from error

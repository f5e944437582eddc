"""What Burn asks: the figures and the table, the chart over time, and the names that a filter may hold."""

from collections.abc import Mapping, Sequence

from tui.feed import OpenStore, Question
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import ChartPicture
from tui.pictures.view import View


class BurnQuestion(Question[BurnPicture], frozen=True):
    """The three figures and the table of a view."""

    view: View

    def answer(self, store: OpenStore) -> BurnPicture:
        """As of now."""
        from tui.reading.burn import burn

        return burn(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)


class ChartQuestion(Question[ChartPicture], frozen=True):
    """Dollars per hour over time, by the dimension of a view."""

    view: View

    def answer(self, store: OpenStore) -> ChartPicture:
        """Up to now, or the end of the view."""
        from tui.reading.chart import chart

        return chart(store.reader, self.view, store.now_ms)


class NamesQuestion(Question[Mapping[str, Sequence[str]]], frozen=True):
    """Every member of every dimension that was ever seen."""

    def answer(self, store: OpenStore) -> Mapping[str, Sequence[str]]:
        """In the order in which they were first seen."""
        return store.reader.names()

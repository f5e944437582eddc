"""What Burn asks: the figures, the table and the chart over time, and the names that a filter may hold."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from tui.feed import OpenStore, Question
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View


class BurnQuestion(Question[BurnPicture], frozen=True):
    """The three figures and the table of a view, and dollars per hour over time where there is room for a chart."""

    view: View
    charted: bool = False

    def answer(self, store: OpenStore) -> BurnPicture:
        """As of now, all of it of one instant."""
        from tui.reading.burn import burn

        picture = burn(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)
        if not self.charted:
            return picture
        from tui.reading.chart import chart

        return replace(picture, chart=chart(store.reader, self.view, store.now_ms, picture.header.as_of_ms))


class NamesQuestion(Question[Mapping[str, Sequence[str]]], frozen=True):
    """Every member of every dimension that was ever seen."""

    def answer(self, store: OpenStore) -> Mapping[str, Sequence[str]]:
        """In the order in which they were first seen."""
        return store.reader.names()

"""What Compare asks."""

from tui.feed import FeedError, OpenStore, Question
from tui.pictures.compare import ComparePicture, Conditions
from tui.pictures.view import View


class CompareQuestion(Question[ComparePicture], frozen=True):
    """Savings, and the traffic of a view on other models, under conditions that are supposed."""

    view: View
    conditions: Conditions

    def answer(self, store: OpenStore) -> ComparePicture:
        """At the prices of the books in force, which are loaded when this is first asked."""
        from tui.reading.comparison import comparison

        if store.prices is None:
            raise FeedError("prices of other models are not loaded here.")
        book, catalogue = store.prices()
        return comparison(
            store.reader,
            self.view,
            self.conditions,
            store.now_ms,
            book=book,
            catalogue=catalogue,
            machine=store.machine,
            demo=store.demo,
        )

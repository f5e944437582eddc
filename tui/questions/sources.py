"""What Sources asks."""

from tui.feed import OpenStore, Question
from tui.pictures.sources import SourcesPicture
from tui.pictures.view import View


class SourcesQuestion(Question[SourcesPicture], frozen=True):
    """Every source and its state."""

    view: View

    def answer(self, store: OpenStore) -> SourcesPicture:
        """As of now."""
        from tui.reading.sources import sources

        return sources(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)

"""What the collector finds out about serving engines beside reading them: what they can do, what their models cost elsewhere."""

from collections.abc import Sequence

from collectors.engines.learning import Learning
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.prices.rivals import find_rival
from collectors.settings.rivalconfig import RivalConfig
from pricing.books.book import PriceBook
from store.asking import asking
from store.hosts.capacity import end_rival, put_rival, served_models
from store.writer import Writer

RIVALS_EVERY_MS = 3_600_000
"""Prices have dates: what was cheapest an hour ago may have ended."""


class Study:
    """Runs in the writing thread, a little at a time; the catalogue is read when an engine serves something."""

    def __init__(self, configured: Sequence[RivalConfig], book: PriceBook, catalogue: KeptCatalogue) -> None:
        self._configured = configured
        self._book = book
        self._catalogue = catalogue
        self._learning = Learning()
        self._compare_at_ms: dict[str, int] = {}

    def step(self, writer: Writer, now_ms: int) -> None:
        """Look at the minutes that are over, and at models that are new or were not compared for an hour."""
        self._learning.step(writer, now_ms)
        with writer.transaction() as connection:
            models = {model for _, model in served_models(asking(connection)) if model}
        due = sorted(model for model in models if now_ms >= self._compare_at_ms.get(model, 0))
        found = {
            model: find_rival(model, self._configured, self._book, self._catalogue.catalogue, at_ms=now_ms)
            for model in due
        }
        if not found:
            return
        with writer.transaction() as connection:
            for model, rival in found.items():
                self._compare_at_ms[model] = now_ms + RIVALS_EVERY_MS
                if rival is None:
                    end_rival(connection, model, now_ms)
                else:
                    put_rival(connection, rival)

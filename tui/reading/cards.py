"""The rate cards that a picture needs, each read once."""

from pricing.card import RateCard
from store.reader import Reader


class Cards:
    """Cards of the store, each read once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known: dict[str, RateCard] = {}

    def card(self, card_id: str) -> RateCard:
        """The card as it was when it was used."""
        if card_id not in self._known:
            self._known[card_id] = self._reader.card(card_id)
        return self._known[card_id]

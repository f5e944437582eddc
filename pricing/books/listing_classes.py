"""Which records of the catalogue belong to a class of models."""

from collections.abc import Iterator

from pricing.books.catalogue import Catalogue
from pricing.books.modelclass import ModelClass, class_of
from pricing.card import CardStatus
from pricing.hosts.breakeven import api_rates


def models_of(catalogue: Catalogue, wanted: ModelClass) -> Iterator[str]:
    """Records ("openai/gpt-4o") with prices for input and output whose newest output price lies in the class.

    Listings that only name another one again, or its batches, are no models of their own.
    """
    for record, priced in catalogue.records():
        if "/~" in record or record.endswith(":batch"):
            continue
        plain = [o.card for o in priced.offers if not o.variant and not o.above_prompt_tokens and o.hours is None]
        rates = api_rates(plain[-1]) if plain and plain[-1].status is CardStatus.PRICED else None
        if rates is not None and rates.input and class_of(rates.output) == wanted:
            yield record

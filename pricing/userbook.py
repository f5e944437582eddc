"""The user's own prices: they win over every other book."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from pricing.book import STANDARD, Offer, PricedModel
from pricing.card import CardStatus, RateCard
from pricing.entries import RATE_KEYS, PriceEntry, PriceError, amount, read_entry
from pricing.globs import glob_regex, globs_overlap, is_glob
from pricing.listing import ListedPrice, Listing, Period, start_of_day_ms
from pricing.names import provider_id, split_provider
from pricing.usage import TOKEN_CLASSES

__all__ = ["PriceError", "UserBook", "rates_card"]

_Key = tuple[str, str | None]
"""A model's name or pattern in lower case, and the provider it is limited to."""


class UserBook:
    """The [[price]] entries of the configuration.

    An exact name beats a pattern, a longer pattern beats a shorter one, and of two equal ones the entry that names
    the provider wins. Entries of one name may differ in `effective_from` and `variant`.
    """

    name = "configuration"

    def __init__(self, models: Mapping[_Key, PricedModel]) -> None:
        self._exact = {key: priced for key, priced in models.items() if not is_glob(key[0])}
        globs = sorted((key for key in models if is_glob(key[0])), key=lambda key: (-len(key[0]), key[1] is None))
        self._globs: Sequence[tuple[_Key, re.Pattern[str]]] = [(key, glob_regex(key[0])) for key in globs]
        self._models = models

    @classmethod
    def from_entries(cls, entries: Sequence[Mapping[str, object]]) -> "UserBook":
        """The book of these entries, as a TOML parser gives them; raise PriceError, whose text names the entry."""
        grouped: dict[_Key, list[PriceEntry]] = {}
        for position, raw in enumerate(entries, start=1):
            entry = read_entry(raw, position)
            grouped.setdefault((entry.model, _provider_key(entry.provider)), []).append(entry)
        _refuse_ambiguous(grouped)
        return cls({key: PricedModel(offers=_offers(same)) for key, same in grouped.items()})

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The user's offers for a model under the name that the source wrote, with or without its provider's prefix."""
        said, plain = split_provider(provider, model)
        key = _provider_key(said)
        names = tuple(dict.fromkeys((model.strip().lower(), plain.lower())))
        for name in names:
            for scope in (key, None):
                if (found := self._exact.get((name, scope))) is not None:
                    return found
        for glob, regex in self._globs:
            if glob[1] in (None, key) and any(regex.fullmatch(name) for name in names):
                return self._models[glob]
        return None


def rates_card(text: str) -> RateCard:
    """The card of rates given by hand as "input=3,output=15,..." in dollars per million tokens; raise PriceError."""
    prices = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in RATE_KEYS:
            raise PriceError(f'--rates: "{part}" is no rate; write key=dollars with a key of {", ".join(RATE_KEYS)}.')
        if RATE_KEYS[key] in prices:
            raise PriceError(f"--rates: {key} is given twice.")
        prices[RATE_KEYS[key]] = ListedPrice(usd=amount(value, "--rates", key))
    if not prices:
        raise PriceError("--rates: no rate is given; write for example --rates input=3,output=15.")
    listing = Listing(
        book="by hand",
        record="--rates",
        status=CardStatus.PRICED,
        match_rule="given by hand",
        checked=None,
    )
    return next(listing.tier_offers(Period(prices=prices), STANDARD)).card


def _provider_key(provider: str | None) -> str | None:
    return None if provider is None else provider_id(provider) or provider.strip().lower()


def _refuse_ambiguous(grouped: Mapping[_Key, Iterable[PriceEntry]]) -> None:
    for same in grouped.values():
        for left, right in combinations(same, 2):
            if (left.variant, left.effective_from) == (right.variant, right.effective_from):
                raise PriceError(
                    f"{right.where}: {left.where} prices the same model from the same day; keep one of them."
                )
    globs = [(key, next(iter(same))) for key, same in grouped.items() if is_glob(key[0])]
    for (left_key, left_entry), (right_key, right_entry) in combinations(globs, 2):
        alike = len(left_key[0]) == len(right_key[0]) and left_key[1] == right_key[1]
        if alike and globs_overlap(left_key[0], right_key[0]):
            raise PriceError(
                f"{right_entry.where}: its pattern and that of {left_entry.where} are equally long and can match the same "
                "model; make one of them longer."
            )


def _offers(same: Sequence[PriceEntry]) -> tuple[Offer, ...]:
    """The offers of one model, oldest first, so that the newest that applies wins."""
    ordered = sorted(same, key=lambda entry: entry.effective_from.toordinal() if entry.effective_from else 0)
    return tuple(offer for entry in ordered for offer in _entry_offers(entry))


def _entry_offers(entry: PriceEntry) -> tuple[Offer, ...]:
    rule = f'pattern "{entry.model}"' if is_glob(entry.model) else "exact name"
    if not entry.prices:
        return (_free_offer(entry, rule),)
    listing = Listing(
        book=UserBook.name,
        record=entry.model,
        status=CardStatus.PRICED,
        match_rule=rule,
        checked=entry.checked,
    )
    return tuple(listing.tier_offers(Period(prices=entry.prices, from_date=entry.effective_from), entry.variant))


def _free_offer(entry: PriceEntry, rule: str) -> Offer:
    card = RateCard(
        book=UserBook.name,
        record=entry.model,
        status=CardStatus.FREE,
        rates=(0,) * len(TOKEN_CLASSES),
        match_rule=rule,
        conditions=(entry.variant,) if entry.variant else (),
        effective_from=entry.effective_from.isoformat() if entry.effective_from else None,
        checked=entry.checked,
    )
    from_ms = None if entry.effective_from is None else start_of_day_ms(entry.effective_from)
    return Offer(card=card, variant=entry.variant, from_ms=from_ms)

"""The user's own prices: they win over every other book."""

import re
from collections.abc import Iterable, Mapping, Sequence

from pricing.books.aliases import AliasedBook, Aliases
from pricing.books.book import STANDARD, Book, Offer, PricedModel, digest_of
from pricing.books.discounts import Discount, DiscountedBook, read_discount, refuse_rivals
from pricing.books.entries import PriceEntry, read_entry
from pricing.books.globs import glob_regex, is_glob
from pricing.books.hours import Zones, no_zone
from pricing.books.keys import PriceError, Table, amount
from pricing.books.listing import ListedPrice, Listing, Period, start_of_day_ms
from pricing.books.names import provider_key, split_provider
from pricing.books.rates import RATE_KEYS
from pricing.books.rivals import EntryKey, first_day, refuse_ambiguous
from pricing.card import CardStatus, RateCard
from pricing.usage import TOKEN_CLASSES

__all__ = ["PriceError", "UserBook", "rates_card"]

_NO_ALIASES = Aliases({})


class UserBook:
    """The [[price]] entries of the configuration, with its [[alias]] and [[discount]] tables for the other books.

    An exact name beats a pattern, a longer pattern beats a shorter one, and of two equal ones the entry that names
    the provider wins. Entries of one name may differ in `effective_from` and `variant`. A model that the book knows
    is priced by it alone, also before its first day and after its last.
    """

    name = "configuration"

    def __init__(
        self,
        models: Mapping[EntryKey, PricedModel],
        discounts: Sequence[Discount] = (),
        aliases: Aliases = _NO_ALIASES,
        digest: str = "",
    ) -> None:
        self._exact = {key: priced for key, priced in models.items() if not is_glob(key[0])}
        globs = sorted((key for key in models if is_glob(key[0])), key=lambda key: (-len(key[0]), key[1] is None))
        self._globs: Sequence[tuple[EntryKey, re.Pattern[str]]] = [(key, glob_regex(key[0])) for key in globs]
        self._models = models
        self._discounts = discounts
        self._aliases = aliases
        self.digest = digest
        """Changes with any word of the tables that the book was made from."""

    @classmethod
    def from_entries(cls, entries: Sequence[Table], lines: Sequence[int] | None = None) -> "UserBook":
        """The book of these [[price]] entries alone; raise PriceError, whose text names the entry."""
        return cls.from_tables(entries, lines={"price": lines} if lines else None)

    @classmethod
    def from_tables(
        cls,
        prices: Sequence[Table],
        discounts: Sequence[Table] = (),
        aliases: Sequence[Table] = (),
        lines: Mapping[str, Sequence[int]] | None = None,
        zones: Zones = no_zone,
    ) -> "UserBook":
        """The book of these tables, as a TOML parser gives them; raise PriceError, whose text names entry and key.

        `lines` may hold, under "price", "discount" and "alias", the line on which each table begins. `zones`
        gives the time zones that windows name.
        """
        at = {kind: list((lines or {}).get(kind, ())) for kind in ("price", "discount", "alias")}
        grouped: dict[EntryKey, list[PriceEntry]] = {}
        for position, raw in enumerate(prices, start=1):
            entry = read_entry(raw, position, _line(at["price"], position), zones)
            grouped.setdefault((entry.model, provider_key(entry.provider)), []).append(entry)
        refuse_ambiguous(grouped)
        agreed = [
            read_discount(raw, position, _line(at["discount"], position)) for position, raw in enumerate(discounts, 1)
        ]
        refuse_rivals(agreed)
        return cls(
            {key: PricedModel(offers=_offers(same)) for key, same in grouped.items()},
            agreed,
            Aliases.from_entries(aliases, at["alias"]),
            digest_of(*(_canonical(table) for tables in (prices, discounts, aliases) for table in ({}, *tables))),
        )

    def over(self, books: Iterable[Book]) -> tuple[Book, ...]:
        """This book and the others after it: aliases hold in all of them, discounts in the others' list prices."""
        others: Iterable[Book] = books
        if self._discounts:
            others = [DiscountedBook(book, self._discounts, self.digest) for book in others]
        layered: tuple[Book, ...] = (self, *others)
        return tuple(AliasedBook(book, self._aliases) for book in layered) if self._aliases else layered

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The user's offers for a model under the name that the source wrote, with or without its provider's prefix."""
        said, plain = split_provider(provider, model)
        key = provider_key(said)
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


def _line(lines: Sequence[int], position: int) -> int | None:
    return lines[position - 1] if position <= len(lines) else None


def _canonical(value: object) -> str:
    """A table as text, the same whatever the order of its keys."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{key}={_canonical(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return repr(value)


def _offers(same: Sequence[PriceEntry]) -> tuple[Offer, ...]:
    """The offers of one model, oldest first, so that the newest that applies wins."""
    return tuple(offer for entry in sorted(same, key=first_day) for offer in _entry_offers(entry))


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
    return tuple(offer for variant, period in entry.periods() for offer in listing.tier_offers(period, variant))


def _free_offer(entry: PriceEntry, rule: str) -> Offer:
    card = RateCard(
        book=UserBook.name,
        record=entry.model,
        status=CardStatus.FREE,
        rates=(0,) * len(TOKEN_CLASSES),
        match_rule=rule,
        conditions=(entry.variant,) if entry.variant else (),
        effective_from=entry.effective_from.isoformat() if entry.effective_from else None,
        effective_to=entry.effective_to.isoformat() if entry.effective_to else None,
        checked=entry.checked,
    )
    return Offer(
        card=card,
        variant=entry.variant,
        from_ms=None if entry.effective_from is None else start_of_day_ms(entry.effective_from),
        until_ms=None if entry.effective_to is None else start_of_day_ms(entry.effective_to),
    )

"""From listed prices, dated and tiered as providers publish them, to offers of flat integer rate cards."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from pricing.books.book import STANDARD, Offer
from pricing.books.hours import Hours
from pricing.card import CardStatus, RateCard, UnitRate
from pricing.graduated import Bracket
from pricing.money import TOKENS_PER_MILLION, divide_half_even, nano_from_usd

_MS_PER_DAY = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()

_CLASS_KEYS = frozenset(
    [
        "input_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "cache_write_30m_tokens",
        "cache_write_12h_tokens",
        "output_tokens",
        "output_reasoning_tokens",
        "requests",
    ]
)
"""What a card holds in fields of its own; every other listed key becomes a unit rate of the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrice:
    """Dollars per `per` units; a tier (start, dollars) replaces them for prompts of more than `start` tokens."""

    usd: Decimal
    per: int = TOKENS_PER_MILLION
    tiers: tuple[tuple[int, Decimal], ...] = ()
    minimum: int = 0
    """Of a unit: what a request that uses it at all is billed for at least."""

    def at(self, above_prompt_tokens: int) -> Decimal:
        """The price for prompts that are just over this threshold; 0 is the price of short prompts."""
        usd = self.usd
        for start, tier_usd in self.tiers:
            if above_prompt_tokens and start <= above_prompt_tokens:
                usd = tier_usd
        return usd

    def times(self, factor: Decimal) -> "ListedPrice":
        """The same price, so many times as high."""
        return replace(self, usd=self.usd * factor, tiers=tuple((start, usd * factor) for start, usd in self.tiers))


_HEARD = "input_audio_tokens"

Prices = Mapping[str, ListedPrice]
"""Usage key, e.g. "cache_read_tokens" or "web_searches" -> its price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Prices and from which day, until which day (not included) or in which hours they are in force."""

    prices: Prices
    from_date: date | None = None
    until_date: date | None = None
    hours: Hours | None = None
    hours_name: str = ""
    """What the provider calls the hours, e.g. "off-peak"."""
    graduated: bool = False
    """Whether a tier prices only the part of the prompt that is over its threshold, and not the whole request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Everything a book lists for one model: standard periods, the last in force wins, and variants over them.

    A variant's periods are overrides of single prices: of those in force, the first that has a price counts.
    `lends` is whether a class without a price is billed as its parent, as providers do; else it has no rate.
    """

    book: str
    record: str
    status: CardStatus
    match_rule: str
    checked: str | None
    lends: bool = True
    periods: tuple[Period, ...] = ()
    variants: Mapping[str, tuple[Period, ...]] = field(default_factory=dict)

    def offers(self) -> tuple[Offer, ...]:
        """One offer per period, variant and context tier, in ascending precedence."""
        offers = [offer for period in self.periods for offer in self.tier_offers(period, STANDARD)]
        for variant, overrides in self.variants.items():
            for period in self.periods:
                for crossed in _crossed(period, overrides):
                    offers += self.tier_offers(crossed, variant)
        return tuple(offers)

    def tier_offers(self, period: Period, variant: str) -> Iterator[Offer]:
        """The offers of one period's prices as they stand: one per context tier, or one that holds all brackets."""
        starts = sorted({start for price in period.prices.values() for start, _ in price.tiers})
        for above in (0,) if period.graduated else (0, *starts):
            card = self._card(period, variant, above)
            yield Offer(
                card=self._graduated(card, period, variant, starts) if period.graduated else card,
                variant=variant,
                from_ms=None if period.from_date is None else start_of_day_ms(period.from_date),
                until_ms=None if period.until_date is None else start_of_day_ms(period.until_date),
                above_prompt_tokens=above,
                hours=period.hours,
            )

    def _graduated(self, card: RateCard, period: Period, variant: str, starts: Sequence[int]) -> RateCard:
        brackets = tuple(
            Bracket(above_prompt_tokens=above, rates=self._card(period, variant, above).rates) for above in starts
        )
        rising = tuple(f"graduated: only the part of a prompt over {above:,} tokens at its rate" for above in starts)
        return replace(card, graduated=brackets, conditions=(*card.conditions, *rising))

    def _card(self, period: Period, variant: str, above: int) -> RateCard:
        dollars = {key: price.at(above) for key, price in period.prices.items()}
        conditions = [variant] if variant else []
        if above:
            conditions.append(f"prompt over {above:,} tokens")
        if period.hours is not None:
            conditions.append(f"{period.hours_name}: {period.hours}" if period.hours_name else str(period.hours))
        if any(usd.scaleb(9) % 1 for usd in dollars.values()):
            conditions.append("listed rates rounded to nano-dollars")
        nano = {key: (nano_from_usd(usd), period.prices[key].per) for key, usd in dollars.items()}
        rates, fallbacks = _class_rates(nano, by_openai="openai" in self.record, lends=self.lends)
        if self.lends and self.record.startswith("google/gemini") and "input_tokens" in nano and _HEARD not in nano:
            # Google lists a price of its own for audio or bills it as any other input; others may charge many times
            # as much for it without a listed price (ai.google.dev/gemini-api/docs/pricing).
            nano[_HEARD] = nano["input_tokens"]
            fallbacks = (*fallbacks, f"{_HEARD} as input")
        return RateCard(
            book=self.book,
            record=self.record,
            status=self.status,
            rates=rates,
            reasoning_rate=_per_million(nano, "output_reasoning_tokens"),
            request_rate=divide_half_even(*nano["requests"]) if "requests" in nano else None,
            unit_rates=_unit_rates(nano, period.prices),
            match_rule=self.match_rule,
            conditions=tuple(conditions),
            fallbacks=fallbacks,
            effective_from=None if period.from_date is None else period.from_date.isoformat(),
            effective_to=None if period.until_date is None else period.until_date.isoformat(),
            checked=self.checked,
        )


def start_of_day_ms(day: date) -> int:
    """Midnight UTC of a day, in milliseconds since 1970."""
    return (day.toordinal() - _EPOCH_DAY) * _MS_PER_DAY


def _crossed(period: Period, overrides: Sequence[Period]) -> Iterator[Period]:
    """The period's prices under a variant, from each date at which one of its overrides begins."""
    for since in sorted({override.from_date or date.min for override in overrides}):
        prices = dict(period.prices)
        for override in reversed(overrides):
            if (override.from_date or date.min) <= since:
                prices.update(override.prices)
        begins = max(since, period.from_date or date.min)
        yield Period(prices=prices, from_date=None if begins == date.min else begins, hours=period.hours)


_Nano = Mapping[str, tuple[int, int]]


def _per_million(nano: _Nano, key: str) -> int | None:
    return nano[key][0] if key in nano else None


def _class_rates(nano: _Nano, *, by_openai: bool, lends: bool) -> tuple[tuple[int | None, ...], tuple[str, ...]]:
    """Rates in the order of TOKEN_CLASSES, and which of them are another class's rate.

    Reads without a price of their own are billed as input, and so are writes where no write has a price (providers
    that cache on their own charge nothing extra). A plain write rate is that of the provider's default lifetime:
    five minutes, and 30 minutes on OpenAI's models, whose guide gives one lifetime and one charge
    (developers.openai.com/api/docs/guides/prompt-caching). Longer lifetimes cost more wherever they are listed,
    so that an hour or twelve without a rate stay without: the bill is then partial, a lower bound.
    """
    fallbacks = []

    def rate(name: str, *parents: str) -> int | None:
        for key in (name, *parents) if lends else (name,):
            if (found := _per_million(nano, f"{key}_tokens")) is not None:
                if key != name:
                    fallbacks.append(f"{name} as {key}")
                return found
        return None

    read = rate("cache_read", "input")
    write_5m = rate("cache_write_5m", "cache_write", "input")
    write_30m = rate("cache_write_30m", *(("cache_write", "input") if by_openai else ()))
    write = rate("cache_write", "input")
    rates = (rate("input"), read, write_5m, rate("cache_write_1h"), write_30m, rate("cache_write_12h"), write)
    return (*rates, rate("output")), tuple(fallbacks)


def _unit_rates(nano: _Nano, prices: Prices) -> tuple[UnitRate, ...]:
    """Rates of everything that is no text token: audio, searches, pages."""
    units = (
        UnitRate(unit=key, nano_usd=usd, per=per, minimum=prices[key].minimum if key in prices else 0)
        for key, (usd, per) in nano.items()
        if key not in _CLASS_KEYS
    )
    return tuple(sorted(units, key=lambda rate: rate.unit))

"""The catalogue of list prices: what genai-prices lists, as offers of cards."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import NamedTuple

from pricing.books.book import STANDARD, Offer, PricedModel, digest_of
from pricing.books.genai import types
from pricing.books.genai.lists import installed, published, units
from pricing.books.hours import Hours
from pricing.books.listing import ListedPrice, Listing, Period, Prices
from pricing.books.names import ONLINE_SUFFIX, Spelling, only_adds_version, provider_id, spellings, split_provider
from pricing.card import CardStatus, RateCard
from pricing.usage import TOKEN_CLASSES

_FREE_SUFFIX = ":free"

_VARIANT_CONTEXTS = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""What the catalogue calls our variants; other contexts (a route, a kind of search) are not seen in logs."""

_PARTS = ("starts_with", "ends_with", "contains")
"""What clauses call the part of a name that they look for."""

_ANTHROPIC = "anthropic"
_US, _US_MULTIPLIER = "us", Decimal("1.1")
_ONE_PRICE_ANYWHERE = re.compile(r"^claude-(?:[23]|instant)|-4-[0-5]$")

_HEARD_SECONDS = frozenset({"audio_seconds", "input_audio_seconds"})
_GROQ_SECONDS = 10


class _Match(NamedTuple):
    owner: types.Provider
    model: types.ModelInfo
    rule: str
    estimated: bool = False


class Catalogue:
    """List prices by genai-prices: dated, tiered, with batch and service tiers from the day they were recorded.

    A record without prices, or with nothing but zeros, is no price: only a listing whose name ends in ":free" is
    free. What the package cannot say is not in the cards either: weekdays and end dates. Groq's minimum of ten seconds
    per transcription is added here.
    """

    name = "catalogue"

    def __init__(self, snapshot_json: bytes | None = None, version: str | None = None) -> None:
        """The package's own data, or those of a file it published (a JSON array of providers) and what to call them.

        Raises ValueError when the bytes are no such file.
        """
        self._own = None if snapshot_json is None else published(snapshot_json)
        self._version = version
        self._digest: str | None = None

    @property
    def version(self) -> str:
        """The package and its version, e.g. "genai-prices 0.2.3": the date of every price in it."""
        if self._version is not None:
            return self._version
        from importlib.metadata import version

        return f"genai-prices {version('genai-prices')}"

    @property
    def digest(self) -> str:
        """The version and a hash of all data in force."""
        if self._digest is None:
            self._digest = f"{self.version} {digest_of(repr(self._known()))}"
        return self._digest

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for a model as a gateway or a span names it, or None when its price is not known for certain.

        A name that several providers list at different prices has no offers, and says between which records.
        """
        known = self._known()
        said, name = split_provider(provider, model)
        owner_id = provider_id(said) or (said or "").lower()
        owner = next((owner for owner in known if owner.id == owner_id), None)
        if said is not None and owner is None:
            return None
        whence = (
            "provider read from the name" if said is not None and said != provider and name == model.strip() else ""
        )
        tries = list(spellings(name))
        if name != model.strip():
            tries.append(Spelling(model.strip().lower()))
        for spelling in tries:
            match = _match_any(known, spelling.name) if owner is None else _match(known, owner, spelling.name)
            if match is not None:
                rule = ", ".join(part for part in (match.rule, spelling.rule, whence) if part)
                match = match._replace(rule=rule, estimated=match.estimated or spelling.estimated)
                priced = self._priced(match, owner or match.owner)
                return _with_search(priced) if spelling.name != name.lower() and _is_online(name) else priced
        return None if owner is not None else _doubt(known, [spelling.name for spelling in tries])

    def records(self) -> Iterator[tuple[str, PricedModel]]:
        """Every record that has a price ("openai/gpt-4o") and its own provider's offers for it."""
        for owner in self._known():
            for model in owner.models:
                priced = self._priced(_Match(owner, model, "exact name"), owner)
                if priced is not None:
                    yield f"{owner.id}/{model.id}", priced

    def sellers(self, name: str) -> list[tuple[str, str]]:
        """(provider, model) of every record whose name, without the owner before its last slash, is this one."""
        wanted = name.rpartition("/")[2].lower()
        return [
            (owner.id, model.id)
            for owner in self._known()
            for model in owner.models
            if model.id.rpartition("/")[2].lower() == wanted
        ]

    def context_window(self, provider: str | None, model: str) -> int | None:
        """Tokens that the context of a model holds, by the record that prices it; None where it does not say."""
        priced = self.find(provider, model)
        record = priced.offers[0].card.record if priced is not None and priced.offers else ""
        found = (m for owner in self._known() for m in owner.models if f"{owner.id}/{m.id}" == record)
        return next((listed.context_window for listed in found), None)

    def newest_day(self, until: date) -> date | None:
        """The newest day, up to `until`, from which any price is dated: the data are at least that young."""
        days = [
            period.from_date
            for owner in self._known()
            for model in owner.models
            for period in (*_periods(model), *(p for periods in _variants(model).values() for p in periods))
            if period.from_date is not None and period.from_date <= until
        ]
        return max(days, default=None)

    def _known(self) -> Sequence[types.Provider]:
        return self._own or installed()

    def _priced(self, match: _Match, asked: types.Provider) -> PricedModel | None:
        record = f"{match.owner.id}/{match.model.id}"
        periods = tuple(_with_minimum(period, match.owner.id) for period in _periods(match.model))
        if not any(price.usd or price.tiers for period in periods for price in period.prices.values()):
            return _free(record, match.rule, self.version) if record.endswith(_FREE_SUFFIX) else None
        listing = Listing(
            book=self.name,
            record=record,
            status=CardStatus.ESTIMATED if match.estimated else CardStatus.PRICED,
            match_rule=match.rule,
            checked=self.version,
            periods=periods,
            # Another provider's list price says nothing of what the one that was asked takes for a batch.
            variants={
                variant: tuple(_with_minimum(period, match.owner.id) for period in found)
                for variant, found in (_variants(match.model) if match.owner is asked else {}).items()
            },
        )
        offers = listing.offers()
        if match.owner is asked and asked.id == _ANTHROPIC:
            offers += tuple(
                offer for period in periods for offer in listing.tier_offers(_in_us(period, match.model.id), _US)
            )
        return PricedModel(offers=offers)


def _in_us(period: Period, model: str) -> Period:
    """The period's prices where inference stays in the United States: tokens of newer models cost 1.1 times as much.

    Source: platform.claude.com/docs/en/manage-claude/data-residency, from Claude 4.6 on; others have one price anywhere.
    """
    if _ONE_PRICE_ANYWHERE.search(model):
        return period
    return replace(
        period,
        prices={
            key: price.times(_US_MULTIPLIER) if key.endswith("_tokens") else price
            for key, price in period.prices.items()
        },
    )


def _with_minimum(period: Period, provider: str) -> Period:
    """The period with what a request is billed for at least, where a provider's price page says so.

    Groq bills ten seconds of audio for anything shorter (groq.com/pricing); the catalogue has no place for that.
    """
    if provider != "groq" or not period.prices.keys() & _HEARD_SECONDS:
        return period
    prices = {
        key: replace(price, minimum=_GROQ_SECONDS) if key in _HEARD_SECONDS else price
        for key, price in period.prices.items()
    }
    return replace(period, prices=prices)


def _free(record: str, rule: str, checked: str) -> PricedModel:
    card = RateCard(
        book=Catalogue.name,
        record=record,
        status=CardStatus.FREE,
        rates=(0,) * len(TOKEN_CLASSES),
        match_rule=rule,
        checked=checked,
    )
    return PricedModel(offers=(Offer(card=card),))


def _is_online(name: str) -> bool:
    return name.lower().endswith(ONLINE_SUFFIX)


def _with_search(priced: PricedModel | None) -> PricedModel | None:
    """The model's price where a web search is charged besides, at a price that its listing does not say."""
    if priced is None:
        return None
    fee = f"the web search of {ONLINE_SUFFIX}"
    return PricedModel(
        offers=tuple(replace(offer, card=replace(offer.card, not_covered=(fee,))) for offer in priced.offers)
    )


def _doubt(known: Sequence[types.Provider], names: list[str]) -> PricedModel | None:
    """The records that list one of these names, the first that any does; None when none lists any."""
    for name in names:
        if rivals := tuple(f"{owner.id}/{model.id}" for owner, model in _named(known, name) if _has_price(model)):
            return PricedModel(offers=(), between=rivals) if len(rivals) > 1 else None
    return None


def _named(known: Sequence[types.Provider], name: str) -> list[tuple[types.Provider, types.ModelInfo]]:
    return [(owner, model) for owner in known for model in owner.models if model.id.lower() == name]


def _has_price(model: types.ModelInfo) -> bool:
    return any(price.usd or price.tiers for period in _periods(model) for price in period.prices.values())


def _match(known: Sequence[types.Provider], asked: types.Provider, name: str) -> _Match | None:
    """The provider's own record of this name, or that of the provider whose models it resells."""
    lenders = asked.fallback_model_providers or ()
    for owner in (asked, *(owner for lender in lenders for owner in known if owner.id == lender)):
        resold = "" if owner is asked else f", at the list price of {owner.id}"
        exact = next((model for model in owner.models if model.id.lower() == name), None)
        if exact is not None:
            return _Match(owner, exact, f"exact name{resold}")
        for model in owner.models:
            if (rule := _claim(model.match, name)) is not None:
                return _Match(owner, model, rule + resold)
    return None


def _match_any(known: Sequence[types.Provider], name: str) -> _Match | None:
    """The record of a model whose provider nobody said: only where the name leaves no doubt about the price."""
    likely = [owner for owner in known if owner.model_match and owner.model_match.is_match(name)]
    if len(likely) == 1 and (match := _match(known, likely[0], name)) is not None:
        return match._replace(rule=f"{match.rule}, provider read from the name")
    same = _named(known, name)
    if same and all(model.prices == same[0][1].prices for _, model in same):
        return _Match(*same[0], "exact name, provider not said: the only price listed for it", estimated=True)
    return None


def _claim(clause: types.Clause, name: str) -> str | None:
    """The rule by which a record lists this name, or None; a name that only begins alike is not listed."""
    if isinstance(clause, types.ClauseOr):
        return next((rule for part in clause.or_ if (rule := _claim(part, name)) is not None), None)
    if isinstance(clause, types.ClauseAnd):
        rules = [_claim(part, name) for part in clause.and_]
        return None if None in rules else rules[0]
    if not clause.is_match(name):
        return None
    if isinstance(clause, types.ClauseEquals):
        return "listed name"
    if isinstance(clause, types.ClauseRegex):
        return f"pattern {clause.regex}"
    part = next((part for part in _PARTS if hasattr(clause, part)), None)
    literal = getattr(clause, part) if part else ""
    return f"{part.replace('_', ' ')} {literal}" if part and only_adds_version(name, literal.lower()) else None


def _periods(model: types.ModelInfo) -> Iterator[Period]:
    if isinstance(model.prices, types.ModelPrice):
        yield Period(prices=_prices(model.prices))
        return
    for position, conditional in enumerate(model.prices):
        since, hours = _constraint(conditional.constraint)
        if position == 0:
            since, hours = None, None  # the first is what holds when no condition does
        yield Period(prices=_prices(conditional.prices), from_date=since, hours=hours)


def _variants(model: types.ModelInfo) -> dict[str, tuple[Period, ...]]:
    found: dict[str, tuple[Period, ...]] = {}
    for override in model.price_variants or ():
        since, hours = _constraint(override.constraint)
        contexts = list(override.when.items())
        variant = _VARIANT_CONTEXTS.get(contexts[0], STANDARD) if len(contexts) == 1 else STANDARD
        if variant and hours is None:
            found[variant] = (*found.get(variant, ()), Period(prices=_prices(override.prices), from_date=since))
    return found


def _constraint(constraint: types.Constraint | None) -> tuple[date | None, Hours | None]:
    if isinstance(constraint, types.StartDateConstraint):
        return constraint.start_date, None
    if isinstance(constraint, types.TimeOfDateConstraint):
        return None, Hours(start=_minute_utc(constraint.start_time), end=_minute_utc(constraint.end_time))
    return None, None


def _minute_utc(clock: time) -> int:
    moment = datetime.combine(date(1970, 1, 2), clock, clock.tzinfo or UTC).astimezone(UTC)
    return moment.hour * 60 + moment.minute


def _prices(listed: types.ModelPrice) -> Prices:
    prices, known = {}, units()
    for price_key, value in vars(listed).items():
        if value is None or price_key not in known:
            continue
        usage_key, per = known[price_key]
        if isinstance(value, types.TieredPrices):
            tiers = tuple((tier.start, tier.price) for tier in value.tiers)
            prices[usage_key] = ListedPrice(usd=value.base, per=per, tiers=tiers)
        else:
            prices[usage_key] = ListedPrice(usd=value, per=per)
    return prices

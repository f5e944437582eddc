"""The catalogue of list prices: the one module that knows the genai-prices package, which it imports when asked."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, NamedTuple

from pricing.book import STANDARD, Offer, PricedModel
from pricing.card import CardStatus, RateCard
from pricing.listing import ListedPrice, Listing, Period, Prices
from pricing.names import Spelling, only_adds_version, provider_id, spellings, split_provider
from pricing.usage import TOKEN_CLASSES

if TYPE_CHECKING:
    from genai_prices import types
    from genai_prices.data_snapshot import DataSnapshot

_FREE_SUFFIX = ":free"

_VARIANT_CONTEXTS = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "fast",
    ("speed", "fast"): "fast",
}
"""What the catalogue calls our variants; other contexts (a route, a kind of search) are not seen in logs."""


class _Match(NamedTuple):
    owner: "types.Provider"
    model: "types.ModelInfo"
    rule: str
    estimated: bool = False


class Catalogue:
    """List prices by genai-prices: dated, tiered, with batch and service tiers from the day they were recorded.

    A record without prices, or with nothing but zeros, is no price: only a listing whose name ends in ":free" is
    free. What the package cannot say is not in the cards either: weekdays, end dates, and Groq's minimum of ten
    seconds per transcription.
    """

    name = "catalogue"

    @property
    def version(self) -> str:
        """The package and its version, e.g. "genai-prices 0.2.3": the date of every price in it."""
        import genai_prices

        return f"genai-prices {genai_prices.__version__}"

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        """The offers for a model as a gateway or a span names it, or None when its price is not known for certain."""
        known = _snapshot()
        said, name = split_provider(provider, model)
        owner_id = provider_id(said) or (said or "").lower()
        owner = next((owner for owner in known.providers if owner.id == owner_id), None)
        if said is not None and owner is None:
            return None
        tries = list(spellings(name))
        if name != model.strip():
            tries.append(Spelling(model.strip().lower()))
        for spelling in tries:
            match = _match_any(known, spelling.name) if owner is None else _match(known, owner, spelling.name)
            if match is not None:
                rule = ", ".join(part for part in (match.rule, spelling.rule) if part)
                match = match._replace(rule=rule, estimated=match.estimated or spelling.estimated)
                return self._priced(match, owner or match.owner)
        return None

    def _priced(self, match: _Match, asked: "types.Provider") -> PricedModel | None:
        record = f"{match.owner.id}/{match.model.id}"
        periods = tuple(_periods(match.model))
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
            variants=_variants(match.model) if match.owner is asked else {},
        )
        return PricedModel(offers=listing.offers())


def _snapshot() -> "DataSnapshot":
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


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


def _match(known: "DataSnapshot", asked: "types.Provider", name: str) -> _Match | None:
    """The provider's own record of this name, or that of the provider whose models it resells."""
    lenders = asked.fallback_model_providers or ()
    for owner in (asked, *(owner for lender in lenders for owner in known.providers if owner.id == lender)):
        resold = "" if owner is asked else f", at the list price of {owner.id}"
        exact = next((model for model in owner.models if model.id.lower() == name), None)
        if exact is not None:
            return _Match(owner, exact, f"exact name{resold}")
        for model in owner.models:
            if (rule := _claim(model.match, name)) is not None:
                return _Match(owner, model, rule + resold)
    return None


def _match_any(known: "DataSnapshot", name: str) -> _Match | None:
    """The record of a model whose provider nobody said: only where the name leaves no doubt about the price."""
    likely = [owner for owner in known.providers if owner.model_match and owner.model_match.is_match(name)]
    if len(likely) == 1 and (match := _match(known, likely[0], name)) is not None:
        return match._replace(rule=f"{match.rule}, provider read from the name")
    same = [(owner, model) for owner in known.providers for model in owner.models if model.id.lower() == name]
    if same and all(model.prices == same[0][1].prices for _, model in same):
        return _Match(*same[0], "exact name, provider not said: the only price listed for it", estimated=True)
    return None


def _claim(clause: "types.MatchLogic", name: str) -> str | None:
    """The rule by which a record lists this name, or None; a name that only begins alike is not listed."""
    from genai_prices import types

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
    ((kind, literal),) = vars(clause).items()
    return f"{kind.replace('_', ' ')} {literal}" if only_adds_version(name, literal.lower()) else None


def _periods(model: "types.ModelInfo") -> Iterator[Period]:
    from genai_prices import types

    if isinstance(model.prices, types.ModelPrice):
        yield Period(prices=_prices(model.prices))
        return
    for position, conditional in enumerate(model.prices):
        since, hours = _constraint(conditional.constraint)
        if position == 0:
            since, hours = None, None  # the first is what holds when no condition does
        yield Period(prices=_prices(conditional.prices), from_date=since, hours_utc=hours)


def _variants(model: "types.ModelInfo") -> dict[str, tuple[Period, ...]]:
    found: dict[str, tuple[Period, ...]] = {}
    for override in model.price_variants or ():
        since, hours = _constraint(override.constraint)
        contexts = list(override.when.items())
        variant = _VARIANT_CONTEXTS.get(contexts[0], STANDARD) if len(contexts) == 1 else STANDARD
        if variant and hours is None:
            found[variant] = (*found.get(variant, ()), Period(prices=_prices(override.prices), from_date=since))
    return found


def _constraint(
    constraint: "types.StartDateConstraint | types.TimeOfDateConstraint | None",
) -> tuple[date | None, tuple[int, int] | None]:
    from genai_prices import types

    if isinstance(constraint, types.StartDateConstraint):
        return constraint.start_date, None
    if isinstance(constraint, types.TimeOfDateConstraint):
        return None, (_minute_utc(constraint.start_time), _minute_utc(constraint.end_time))
    return None, None


def _minute_utc(clock: time) -> int:
    moment = datetime.combine(date(1970, 1, 2), clock, clock.tzinfo or UTC).astimezone(UTC)
    return moment.hour * 60 + moment.minute


def _prices(listed: "types.ModelPrice") -> Prices:
    from genai_prices import types
    from genai_prices.data_units import unit_data

    units = {unit.get("price_key", usage_key): (usage_key, unit["per"]) for usage_key, unit in unit_data.items()}
    prices = {}
    for price_key, value in vars(listed).items():
        if value is None or price_key not in units:
            continue
        usage_key, per = units[price_key]
        if isinstance(value, types.TieredPrices):
            tiers = tuple((tier.start, tier.price) for tier in value.tiers)
            prices[usage_key] = ListedPrice(usd=value.base, per=per, tiers=tiers)
        else:
            prices[usage_key] = ListedPrice(usd=value, per=per)
    return prices

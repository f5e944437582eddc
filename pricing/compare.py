"""The same traffic on other models: what it would cost there, and what is assumed in saying so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pricing.bill import make_bill
from pricing.book import STANDARD, PriceBook
from pricing.card import UNKNOWN_COST, CardStatus, RateCard
from pricing.switches import Switches, percent, split
from pricing.traffic import Traffic, Windows, spent_nano_usd
from pricing.usage import TOKEN_CLASSES, Usage

_BATCH = "batch"
_LIFETIMES = ("cache_write_1h", "cache_write_30m", "cache_write_12h")
_MOST_SAID = 3
"""Prompt sizes that one sentence names."""

AS_NOW = "the same models"

ALWAYS = (
    "the same tokens are billed: another model may count them differently and answer at another length",
    "tokens only: fees for searches, images and the like are in no figure but that of now",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model to price the traffic on."""

    model: str
    provider: str | None = None

    @property
    def name(self) -> str:
        """The model's name with the provider's before it, once."""
        prefix = f"{self.provider}/" if self.provider else ""
        return self.model if self.model.lower().startswith(prefix.lower()) else prefix + self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Part of a blend: what kind of request, which share of them, and the model that answers."""

    label: str
    share: Decimal
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Several models that share the traffic; raises ValueError unless the shares add up to 1."""

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        whole = sum((route.share for route in self.routes), Decimal(0))
        if whole != 1 or any(route.share < 0 for route in self.routes):
            raise ValueError(f"the shares of all routes must add up to 1; these make {whole}")

    @property
    def name(self) -> str:
        """Each kind, its model and its share."""
        return " + ".join(f"{route.label} {percent(route.share)} {route.candidate.name}" for route in self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the traffic would cost on one candidate; `why` says so where that is not known."""

    name: str
    status: str
    """A card's status, or partial, excluded."""
    nano_usd: int | None = None
    saved_nano_usd: int | None = None
    """Negative when it is dearer; None where one side is unknown or both are lower bounds."""
    saved_bound: str = ""
    """">=" or "<=" where one of the two costs is a lower bound."""
    why: str = ""
    missing: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The traffic as it is and on every candidate, the cheapest first and the unknown last."""

    requests: int
    nano_usd: int
    is_lower_bound: bool
    largest_prompt_tokens: int | None
    offered: tuple[Offered, ...]
    assumptions: tuple[str, ...]


def compare(
    traffic: Sequence[Traffic],
    candidates: Iterable[Candidate | Blend],
    book: PriceBook,
    windows: Windows,
    *,
    at_ms: int,
    switches: Switches | None = None,
) -> Comparison:
    """Price the traffic on each candidate at the prices of `at_ms`.

    Under switches the models of now are priced again, too: that row says what the switches alone would do.
    """
    switches = switches or Switches()
    pricing = _Pricing(traffic, book, windows, at_ms, switches)
    found = [pricing.blend(one) if isinstance(one, Blend) else pricing.candidate(one) for one in candidates]
    current, is_bound = spent_nano_usd(traffic), any(one.nano_usd is None or one.partial for one in traffic)
    judged = [_against(one, current, is_bound) for one in found]
    if not switches.change_nothing:
        judged.append(_saving(pricing.as_now(), current))
    return Comparison(
        requests=sum(one.requests for one in traffic),
        nano_usd=current,
        is_lower_bound=is_bound,
        largest_prompt_tokens=pricing.largest,
        offered=tuple(sorted(judged, key=lambda one: (one.nano_usd is None, one.nano_usd or 0, one.name))),
        assumptions=(*ALWAYS, *switches.sentences),
    )


def _against(offered: Offered, current: int, current_is_bound: bool) -> Offered:
    if offered.nano_usd is None or (current_is_bound and offered.missing):
        return offered
    return _saving(offered, current, ">=" if current_is_bound else "<=" if offered.missing else "")


def _saving(offered: Offered, current: int, bound: str = "") -> Offered:
    if offered.nano_usd is None:
        return offered
    return replace(offered, saved_nano_usd=current - offered.nano_usd, saved_bound=bound)


@dataclass(frozen=True, slots=True)
class _Priced:
    """One group, or part of it, on one model."""

    nano_usd: int | None
    card: RateCard
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pricing:
    traffic: Sequence[Traffic]
    book: PriceBook
    windows: Windows
    at_ms: int
    switches: Switches

    @property
    def largest(self) -> int | None:
        """The largest prompt that was seen, as far as single requests are kept; else at least the largest mean."""
        sizes = [max(one.largest_prompt_tokens or 0, one.mean_prompt_tokens) for one in self.traffic]
        return max(sizes, default=None)

    def as_now(self) -> Offered:
        """Each group on the model that it has, under the switches; what has no price now has none then."""
        priced = [one for one in self.traffic if one.nano_usd is not None]
        parts = [
            part for one in priced for part in self._group(one, one.sender.provider, one.sender.model or "", Decimal(1))
        ]
        offered = _sum(AS_NOW, parts)
        if len(priced) == len(self.traffic):
            return offered
        return replace(offered, assumptions=(*offered.assumptions, "traffic without a price is left out of this row"))

    def candidate(self, candidate: Candidate) -> Offered:
        """All of the traffic on one model."""
        return self._excluded(candidate) or _sum(candidate.name, self._parts(candidate, Decimal(1)))

    def blend(self, blend: Blend) -> Offered:
        """Each route's share of the traffic on its model; each share is taken to be average traffic."""
        parts = []
        for route in blend.routes:
            if excluded := self._excluded(route.candidate):
                return replace(excluded, name=blend.name, why=f"{route.candidate.name}: {excluded.why}")
            parts += self._parts(route.candidate, route.share)
        note = "each share is taken to be average traffic: as many tokens per request in every route"
        offered = _sum(blend.name, parts)
        return replace(offered, assumptions=(note, *offered.assumptions))

    def _excluded(self, candidate: Candidate) -> Offered | None:
        window, largest = self.windows(candidate.provider, candidate.model), self.largest
        if window is None or largest is None or largest <= window:
            return None
        why = f"its context holds {window:,} tokens and a prompt of {largest:,} was seen"
        return Offered(name=candidate.name, status="excluded", why=why)

    def _parts(self, candidate: Candidate, share: Decimal) -> list[_Priced]:
        parts = [p for one in self.traffic for p in self._group(one, candidate.provider, candidate.model, share)]
        if parts and self.windows(candidate.provider, candidate.model) is None:
            note = f"no book says how many tokens the context of {candidate.name} holds"
            parts[0] = replace(parts[0], notes=(*parts[0].notes, note))
        return parts

    def _group(self, one: Traffic, provider: str | None, model: str, share: Decimal) -> list[_Priced]:
        """The group at the card of its mean prompt, batch and other requests apart."""
        usage, _ = split(self.switches.usage(one.usage), share)
        batch = self.switches.batch
        if batch is None:
            batch = Decimal(1 if one.variant == _BATCH else 0)
        batched, rest = split(usage, batch)
        count = round(one.requests * share)
        batched_count = round(count * batch)
        priced = [self._part(one, provider, model, rest, count - batched_count, STANDARD)] if batch < 1 else []
        return priced + ([self._part(one, provider, model, batched, batched_count, _BATCH)] if batch > 0 else [])

    def _part(
        self, one: Traffic, provider: str | None, model: str, usage: Usage, requests: int, variant: str
    ) -> _Priced:
        mean = one.mean_prompt_tokens
        card = self.book.card(provider, model, at_ms=self.at_ms, prompt_tokens=mean, variant=variant)
        notes: tuple[str, ...] = ()
        if variant and card.status in UNKNOWN_COST:
            card = self.book.card(provider, model, at_ms=self.at_ms, prompt_tokens=mean)
            if card.status not in UNKNOWN_COST:
                notes = (f"{card.record} has no known batch price: it is billed at the standard one",)
        if card.status is CardStatus.HOSTED:
            return _Priced(None, card)
        usage, moved = _without_lifetimes(usage, card)
        notes += moved
        bill = make_bill(usage, card, requests)
        cost = None if bill.nano_usd is None else self.switches.times_retried(bill.nano_usd)
        tier = [f"{said}, by the mean prompt of {mean:,} tokens" for said in card.conditions if "prompt over" in said]
        lent = [f"{card.record}: {said}" for said in card.fallbacks if _is_used(usage, said)]
        return _Priced(cost, card, bill.missing, (*notes, *tier, *lent))


def _without_lifetimes(usage: Usage, card: RateCard) -> tuple[Usage, tuple[str, ...]]:
    """The usage with longer-lived cache writes as plain ones, where the provider charges nothing for any write."""
    if "cache_write as input" not in card.fallbacks:
        return usage, ()
    unsold = {f"{name}_tokens": 0 for name in _LIFETIMES if card.rates[TOKEN_CLASSES.index(name)] is None}
    tokens = sum(getattr(usage, field) for field in unsold)
    if not tokens:
        return usage, ()
    plain = usage._replace(**unsold, cache_write_tokens=usage.cache_write_tokens + tokens)
    return plain, (f"{card.record} charges nothing for keeping a cache: tokens written to one now are input there",)


def _is_used(usage: Usage, fallback: str) -> bool:
    """Whether tokens of a class like that in "cache_read as input" are in the usage."""
    return bool(getattr(usage, f"{fallback.partition(' ')[0]}_tokens", 0))


def _sum(name: str, parts: Sequence[_Priced]) -> Offered:
    unknown = next((part for part in parts if part.nano_usd is None), None)
    if unknown is not None:
        return Offered(name=name, status=unknown.card.status.value, why=_why(unknown.card))
    missing = tuple(sorted({item for part in parts for item in part.missing}))
    statuses = {part.card.status for part in parts}
    status = next((one for one in (CardStatus.ESTIMATED, CardStatus.PRICED) if one in statuses), CardStatus.FREE)
    return Offered(
        name=name,
        status="partial" if missing else status.value,
        nano_usd=sum(part.nano_usd or 0 for part in parts),
        missing=missing,
        assumptions=_assumptions(parts),
    )


def _why(card: RateCard) -> str:
    if card.status is CardStatus.HOSTED:
        return "own hosts are paid by the hour: `usdtop host` says what a token costs there"
    return card.match_rule


def _assumptions(parts: Iterable[_Priced]) -> tuple[str, ...]:
    """Each sentence once, in order; many prompt sizes in one tier are cut short."""
    said = list(dict.fromkeys(note for part in parts for note in part.notes))
    tiers = [note for note in said if "by the mean prompt" in note]
    return tuple(note for note in said if note not in tiers[_MOST_SAID:])

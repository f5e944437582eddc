"""What traffic costs on another model: group by group, at the card that each group would have there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pricing.bill import make_bill
from pricing.books.book import STANDARD, PriceBook
from pricing.card import UNKNOWN_COST, CardStatus, RateCard
from pricing.modal import card_assuming
from pricing.usage import Usage
from pricing.whatif.candidates import Blend, Candidate
from pricing.whatif.switches import Switches, split
from pricing.whatif.traffic import Traffic, Windows

_BATCH = "batch"
_FREE_WRITES = "cache_write as input"
_MOST_SAID = 3
"""Prompt sizes that one sentence names."""

AS_NOW = "the same models"


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


@dataclass(frozen=True, slots=True)
class _Priced:
    """One group, or part of it, on one model."""

    nano_usd: int | None
    card: RateCard
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Traffic, and everything that its cost on another model depends on."""

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
        lent = [f"{card.record}: {said}" for said in bill.fallbacks]
        return _Priced(cost, card_assuming(usage, card), bill.missing, (*notes, *tier, *lent))


def _without_lifetimes(usage: Usage, card: RateCard) -> tuple[Usage, tuple[str, ...]]:
    """The usage with every cache write as input, and a note, where the provider charges nothing for any write."""
    if _FREE_WRITES not in card.fallbacks or not usage.cache_write_any_tokens:
        return usage, ()
    inputs = (usage.input_tokens + usage.cache_write_any_tokens, usage.cache_read_tokens, 0, 0, 0, 0, 0)
    note = f"{card.record} charges nothing for cache writes: what is written now is input there"
    return Usage.of((*inputs, usage.output_tokens, usage.reasoning_tokens), usage.units), (note,)


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

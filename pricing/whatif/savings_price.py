"""Savings in prices: thresholds crossed by little, smaller models, prices that can be negotiated."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction

from pricing.bill import cost_nano_usd
from pricing.books.families import smaller_relatives
from pricing.books.modelclass import ModelClass, class_of
from pricing.books.names import split_provider
from pricing.card import NO_COST, UNKNOWN_COST, RateCard
from pricing.hosts.breakeven import api_rates
from pricing.money import NANO_PER_USD
from pricing.whatif.saving import Saving, Situation, usd
from pricing.whatif.switches import percent
from pricing.whatif.traffic import KeptRequest, Sender, Traffic, merged_usage, spent_nano_usd

NARROW_SHARE = Decimal("0.10")
"""A prompt at most so far beyond a threshold can often be cut to it."""

NEGOTIABLE_USD_PER_MONTH = Decimal(50_000)
"""Spend with one provider from which committed-use prices are worth asking for."""

COMMON_DISCOUNT = Decimal("0.20")
"""The low end of the 20 to 40 per cent that are common then."""

_HOURS_PER_MONTH = 730


def narrow_cliff(situation: Situation) -> Iterator[Saving]:
    """Prompts a little over a long-context threshold that pay the dearer rate for every token."""
    for sender, _ in situation.senders():
        found = [cut for one in situation.kept_of(sender) if (cut := _cut(situation, one)) is not None]
        saved = sum(nano_usd for _, nano_usd in found)
        if saved > 0:
            threshold = min(edge for edge, _ in found)
            yield Saving(
                rule="long context",
                who=sender,
                what=f"crosses {threshold:,} prompt tokens narrowly: cut the prompt",
                usd_per_hour=situation.per_hour(saved * situation.scale(sender)),
                evidence=f"{len(found):,} prompts were at most {percent(NARROW_SHARE)} over a threshold, which raised "
                f"the price of all their tokens; below it they had cost {usd(saved)} less",
                assumption="uncached prompt tokens over the threshold can be left out, and the answers stay as long; "
                "requests that are no longer kept are like those that are",
                risk="what is cut may be what the answer needs",
            )


def _cut(situation: Situation, one: KeptRequest) -> tuple[int, int] | None:
    """The threshold that a request crossed narrowly, and what it would have saved below it; None if it did not."""
    prompt, dear = one.usage.prompt_tokens, None
    if one.nano_usd and prompt > 1:
        dear = _card_at(situation, one, prompt)
    if dear is None or dear.status in UNKNOWN_COST or _card_at(situation, one, 1) == dear:
        return None
    low, high = 1, prompt
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _card_at(situation, one, middle) == dear else (middle, high)
    excess = prompt - low
    if excess > low * NARROW_SHARE or excess > one.usage.input_tokens:
        return None
    shorter = one.usage._replace(input_tokens=one.usage.input_tokens - excess)
    costs = (cost_nano_usd(one.usage, dear)[0], cost_nano_usd(shorter, _card_at(situation, one, low))[0])
    saved = None if None in costs else (costs[0] or 0) - (costs[1] or 0)
    return (low, saved) if saved is not None and saved > 0 else None


def _card_at(situation: Situation, one: KeptRequest, prompt_tokens: int) -> RateCard:
    provider, model, _ = one.sender
    return situation.book.card(
        provider, model or "", at_ms=one.ended_at_ms, prompt_tokens=prompt_tokens, variant=one.variant
    )


def smaller_model(situation: Situation) -> Iterator[Saving]:
    """The next smaller model of the family, else the cheapest of the same class that is in use already."""
    groups: dict[Sender, list[Traffic]] = {}
    for sender, traffic in situation.senders():
        groups.setdefault(sender._replace(key=None), []).extend(traffic)
    for sender, traffic in groups.items():
        relatives = smaller_relatives(sender.model or "")
        found = _first_cheaper(situation, traffic, ((sender.provider, name) for name in relatives))
        if found is not None:
            yield _moved(situation, sender, traffic, found, "a smaller model of the family")
        elif (peer := _cheaper_peer(situation, sender, traffic, groups)) is not None:
            yield _moved(situation, sender, traffic, peer, "a model of the same class that is in use already")


def _moved(
    situation: Situation, sender: Sender, traffic: Sequence[Traffic], found: tuple[str, int], what: str
) -> Saving:
    name, cost = found
    spent = spent_nano_usd(traffic)
    tenth = situation.per_hour((spent - cost) // 10)
    return Saving(
        rule="smaller model",
        who=f"{name} instead of {sender.model}",
        what=f"would cost less, if it is good enough: {what}",
        usd_per_hour=situation.per_hour(spent - cost),
        evidence=f"{sum(one.requests for one in traffic):,} requests cost {usd(spent)} and would cost {usd(cost)}",
        assumption="all of the traffic moves, and the same tokens are billed; "
        f"each tenth of it that moves saves {usd(Fraction(tenth) * NANO_PER_USD)}/h",
        risk="nothing here measures quality: try it on your own questions first",
    )


def _first_cheaper(
    situation: Situation, traffic: Sequence[Traffic], models: Iterable[tuple[str | None, str]]
) -> tuple[str, int] | None:
    spent = spent_nano_usd(traffic)
    for provider, name in models:
        cost = _cost_on(situation, traffic, provider, name)
        if cost is not None and cost < spent:
            return name, cost
    return None


def _cheaper_peer(
    situation: Situation, sender: Sender, traffic: Sequence[Traffic], groups: dict[Sender, list[Traffic]]
) -> tuple[str, int] | None:
    mine = _class(traffic)
    peers = [
        ((other.model or ""), cost)
        for other, theirs in groups.items()
        if other != sender and mine is not None and _class(theirs) == mine and merged_usage(theirs).output_tokens
        if (cost := _cost_on(situation, traffic, other.provider, other.model or "")) is not None
    ]
    cheapest = min(peers, key=lambda peer: peer[1], default=None)
    return cheapest if cheapest is not None and cheapest[1] < spent_nano_usd(traffic) else None


def _class(traffic: Sequence[Traffic]) -> ModelClass | None:
    rates = api_rates(traffic[0].card)
    return None if rates is None else class_of(rates.output)


def _cost_on(situation: Situation, traffic: Sequence[Traffic], provider: str | None, model: str) -> int | None:
    """What the traffic costs on another model at its own variants; None where any of it does not fit or has no whole price."""
    window, total = situation.windows(provider, model), 0
    for one in traffic:
        if window is not None and max(one.largest_prompt_tokens or 0, one.mean_prompt_tokens) > window:
            return None
        card = situation.book.card(
            provider, model, at_ms=situation.at_ms, prompt_tokens=one.mean_prompt_tokens, variant=one.variant
        )
        cost, partial = cost_nano_usd(one.usage, card, one.requests)
        if cost is None or partial or card.status in NO_COST:
            return None
        total += cost
    return total


def negotiable(situation: Situation) -> Iterator[Saving]:
    """Providers whose bills are large enough for a committed-use price."""
    providers: dict[str, int] = {}
    for sender, traffic in situation.senders():
        said, _ = split_provider(sender.provider, sender.model or "")
        if said:
            providers[said] = providers.get(said, 0) + spent_nano_usd(traffic)
    for provider, nano_usd in providers.items():
        usd_per_hour = situation.per_hour(nano_usd)
        monthly = usd_per_hour * _HOURS_PER_MONTH
        if monthly >= NEGOTIABLE_USD_PER_MONTH:
            yield Saving(
                rule="commitment",
                who=provider,
                what="could be asked for a committed-use price",
                usd_per_hour=usd_per_hour * COMMON_DISCOUNT,
                evidence=f"${usd_per_hour:,.2f} an hour is ${monthly:,.0f} in a month of {_HOURS_PER_MONTH} hours",
                assumption=f"the traffic goes on as in this window, and {percent(COMMON_DISCOUNT)} are granted, "
                "the low end of what is common at this size",
                risk="a commitment is paid when traffic shrinks or prices fall; list prices may already be discounted",
            )

"""Savings in capacity that is bought by the hour: where the same tokens would cost less by the token."""

from collections.abc import Iterator

from pricing.bill import cost_nano_usd
from pricing.card import NO_COST
from pricing.whatif.saving import BoughtCapacity, Missing, Saving, Situation, usd
from pricing.whatif.traffic import merged_usage

_RULE = "commitment"


def dear_commitments(situation: Situation) -> Iterator[Saving | Missing]:
    """Commitments whose hours cost more than their requests would at list price."""
    for bought in situation.bought:
        listed = _listed_nano_usd(situation, bought)
        if listed is None:
            why = "serves what no book has a price by the token for, so whether it pays is not known"
            yield Missing(rule=_RULE, who=bought.name, what=why)
        elif listed < bought.nano_usd:
            usage = merged_usage(bought.traffic)
            requests = sum(one.requests for one in bought.traffic)
            yield Saving(
                rule=_RULE,
                who=bought.name,
                what="costs more by the hour than its requests would by the token: buy less of it",
                usd_per_hour=situation.per_hour(bought.nano_usd - listed),
                evidence=f"its hours cost {usd(bought.nano_usd)}; {usage.total_tokens:,} tokens in {requests:,} requests "
                f"would cost {usd(listed)} at list price",
                assumption="it can be given back, and the traffic goes on as in this window",
                risk="a commitment runs until its end; without it answers may be slower, or refused at peaks",
            )


def _listed_nano_usd(situation: Situation, bought: BoughtCapacity) -> int | None:
    """What its requests would cost by the token; None where any of them has no whole price."""
    whole = 0
    for one in bought.traffic:
        card = situation.book.card(
            one.sender.provider,
            one.sender.model or "",
            at_ms=situation.at_ms,
            prompt_tokens=one.mean_prompt_tokens,
            variant=one.variant,
        )
        cost, partial = cost_nano_usd(one.usage, card, one.requests)
        if cost is None or partial or card.status in NO_COST:
            return None
        whole += cost
    return whole

"""Savings in when requests are sent: batches and cheaper hours, for traffic that nobody waits for."""

import re
from collections.abc import Iterable, Iterator

from pricing.bill import cost_nano_usd
from pricing.books.book import STANDARD
from pricing.card import NO_COST
from pricing.times import HOUR_MS
from pricing.whatif.saving import Missing, Saving, Situation, usd
from pricing.whatif.switches import percent
from pricing.whatif.traffic import Sender, Traffic, spent_nano_usd

_BATCH = "batch"
_NIGHT_SHARE = 0.8
"""Share of a sender's dollars at night from which it looks like a nightly job."""

_PATIENT = re.compile(
    r"(?<![a-z])(batch|bulk|eval|evals|evaluation|offline|nightly|cron|backfill|reindex|async|ci|etl)(?![a-z])"
)
"""Words in the names of keys and call types whose answers nobody waits for."""


def patience(one: Traffic) -> str | None:
    """Why nobody seems to wait for these answers, or None."""
    if one.may_wait:
        return "you said that nobody waits for it"
    for what, name in (("key", one.sender.key), ("call type", one.call_type)):
        if _PATIENT.search((name or "").lower().replace("_", " ")):
            return f"its {what} is named so"
    if one.night_share is not None and one.night_share >= _NIGHT_SHARE:
        return f"{percent(one.night_share)} of its dollars are spent between 00 and 06 UTC"
    return None


def batchable(situation: Situation) -> Iterator[Saving | Missing]:
    """Patient traffic at standard prices whose model has a batch price."""
    patient = _patient(situation)
    for sender, traffic in patient.items():
        cost = _cost_elsewhere(situation, traffic, situation.at_ms, _BATCH)
        spent = spent_nano_usd(traffic)
        if cost is None:
            yield Missing(rule="batch", who=sender, what="could wait, and no book has a batch price for its model")
        elif cost < spent:
            requests = sum(one.requests for one in traffic)
            yield Saving(
                rule="batch",
                who=sender,
                what="could be sent as a batch",
                usd_per_hour=situation.per_hour(spent - cost),
                evidence=f"{requests:,} requests cost {usd(spent)} and would cost {usd(cost)} as batches",
                assumption=f"nobody waits for the answers: {patience(traffic[0])}",
                risk="a batch takes up to 24 hours, and some providers' batches do not read the prompt cache",
            )
    if not patient and any(one.is_metered for one in situation.traffic):
        yield Missing(
            rule="batch", what="no key or call type looks as if nobody waited; say which with --patient FILTER"
        )


def off_peak(situation: Situation) -> Iterator[Saving]:
    """Patient traffic whose provider has cheaper hours."""
    hours = [situation.at_ms - hour * HOUR_MS for hour in range(24)]
    for sender, traffic in _patient(situation).items():
        costs = {at_ms: cost for at_ms in hours if (cost := _cost_elsewhere(situation, traffic, at_ms)) is not None}
        if not costs or min(costs.values()) == max(costs.values()):
            continue
        cheapest, spent = min(costs, key=lambda at_ms: costs[at_ms]), spent_nano_usd(traffic)
        if costs[cheapest] < spent:
            cheap = [at_ms for at_ms in costs if costs[at_ms] == costs[cheapest]]
            yield Saving(
                rule="off-peak",
                who=sender,
                what="could run in its provider's cheaper hours",
                usd_per_hour=situation.per_hour(spent - costs[cheapest]),
                evidence=f"it cost {usd(spent)} and would cost {usd(costs[cheapest])} in the "
                f"{len(cheap)} cheaper hours of the last day, such as {cheapest // HOUR_MS % 24:02}:00 UTC",
                assumption=f"all of it can wait for them: {patience(traffic[0])}",
                risk="a queue that is not empty by the end of those hours pays the dearer price",
            )


def _patient(situation: Situation) -> dict[Sender, list[Traffic]]:
    """Patient traffic at standard prices, by sender."""
    found: dict[Sender, list[Traffic]] = {}
    for sender, traffic in situation.senders():
        waiting = [one for one in traffic if one.variant == STANDARD and patience(one) is not None]
        if waiting:
            found[sender] = waiting
    return found


def _cost_elsewhere(
    situation: Situation, traffic: Iterable[Traffic], at_ms: int, variant: str = STANDARD
) -> int | None:
    """What the traffic costs at another time or as another variant; None where any of it has no whole price then."""
    total = 0
    for one in traffic:
        provider, model, _ = one.sender
        card = situation.book.card(
            provider, model or "", at_ms=at_ms, prompt_tokens=one.mean_prompt_tokens, variant=variant
        )
        cost, partial = cost_nano_usd(one.usage, card, one.requests)
        if cost is None or partial or card.status in NO_COST:
            return None
        total += cost
    return total

"""Savings in answers: outputs without a cap, thinking above what others need, failures that were billed."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from pricing.money import TOKENS_PER_MILLION
from pricing.usage import INPUT_CLASSES
from pricing.whatif.saving import ENOUGH_REQUESTS, Missing, Saving, Situation, usd
from pricing.whatif.switches import percent
from pricing.whatif.traffic import KeptRequest, Sender, Traffic, merged_usage, percentile

LEAST_CAP_TOKENS = 500
"""A usual cap for answers: no lower one is proposed."""

_MOST_ANSWERS = 0.95
_LONG_TAIL = 2
_MORE_THINKING = 2


def uncapped_output(situation: Situation) -> Iterator[Saving]:
    """A sender whose longest answers are many times the usual: what lies over the 95th percentile."""
    for sender, traffic in situation.senders():
        outputs = [one.usage.output_tokens for one in situation.kept_of(sender) if one.usage.output_tokens]
        if len(outputs) < ENOUGH_REQUESTS:
            continue
        cap = max(LEAST_CAP_TOKENS, percentile(outputs, _MOST_ANSWERS))
        beyond = sum(max(0, tokens - cap) for tokens in outputs)
        if not beyond or max(outputs) < _LONG_TAIL * cap:
            continue
        share = Fraction(beyond, sum(outputs))
        saved = share * sum(_output_cost(one) for one in traffic)
        if saved > 0:
            over = sum(tokens > cap for tokens in outputs)
            yield Saving(
                rule="output cap",
                who=sender,
                what=f"has no cap on its answers: cap them at {cap:,} tokens",
                usd_per_hour=situation.per_hour(saved),
                evidence=f"{over:,} of {len(outputs):,} answers are longer, up to {max(outputs):,} tokens; "
                f"what is over the cap is {percent(float(share))} of all output",
                assumption=f"answers are cut at {cap:,} tokens, thinking included, and nothing else changes",
                risk="an answer that is cut may be worthless, or asked for again; ask for short answers first",
            )


def much_reasoning(situation: Situation) -> Iterator[Saving | Missing]:
    """Keys that let a model think much more than other keys let the same model."""
    models: dict[tuple[str | None, str | None], list[tuple[Sender, Sequence[Traffic]]]] = {}
    for sender, traffic in situation.senders():
        if sum(one.requests for one in traffic) >= ENOUGH_REQUESTS:
            models.setdefault(sender[:2], []).append((sender, traffic))
    for senders in models.values():
        ratios = {sender: ratio for sender, traffic in senders if (ratio := _ratio(traffic)) is not None}
        if len(ratios) == 1 and next(iter(ratios.values())) > 0:
            ((sender, ratio),) = ratios.items()
            tokens = f"{float(ratio):.1f} thinking tokens for each visible one"
            yield Missing(
                rule="reasoning", who=sender, what=f"is alone with its model: nothing to compare its {tokens} with"
            )
        if len(ratios) > 1:
            yield from _thinkers(situation, dict(senders), ratios)


def _thinkers(
    situation: Situation, traffic: dict[Sender, Sequence[Traffic]], ratios: dict[Sender, Fraction]
) -> Iterator[Saving]:
    least = min(ratios, key=lambda sender: (ratios[sender], str(sender)))
    for sender, ratio in ratios.items():
        if ratio <= _MORE_THINKING * ratios[least] or sender == least:
            continue
        saved = Fraction(0)
        for one in traffic[sender]:
            visible = one.usage.output_tokens - one.usage.reasoning_tokens
            extra = max(Fraction(0), one.usage.reasoning_tokens - visible * ratios[least])
            rate = one.card.rates[INPUT_CLASSES] if one.card.reasoning_rate is None else one.card.reasoning_rate
            saved += extra * (rate or 0) / TOKENS_PER_MILLION
        if saved > 0:
            needed = f"{float(ratios[least]):.1f} thinking tokens for each visible one"
            yield Saving(
                rule="reasoning",
                who=sender,
                what="thinks more than other keys: lower its reasoning effort",
                usd_per_hour=situation.per_hour(saved),
                evidence=f"{float(ratio):.1f} thinking tokens for each visible one; the one that thinks least has {float(ratios[least]):.1f}",
                assumption=f"it gets by with {needed}, as that one does",
                beside=least,
                risk="its questions may be harder; compare answers at a lower effort before you change it",
            )


def _ratio(traffic: Sequence[Traffic]) -> Fraction | None:
    """Thinking tokens for each visible one, or None without visible output."""
    usage = merged_usage(traffic)
    visible = usage.output_tokens - usage.reasoning_tokens
    return Fraction(usage.reasoning_tokens, visible) if visible else None


def billed_failures(situation: Situation) -> Iterator[Saving]:
    """Requests that failed and cost money all the same."""
    for sender, traffic in situation.senders():
        failed = [one for one in traffic if one.failed and one.nano_usd]
        nano_usd = sum(one.nano_usd or 0 for one in failed)
        if nano_usd:
            requests, whole = sum(one.requests for one in failed), sum(one.requests for one in traffic)
            yield Saving(
                rule="billed failures",
                who=sender,
                what="pays for requests that fail: find out why",
                usd_per_hour=situation.per_hour(nano_usd),
                evidence=f"{requests:,} of {whole:,} billed requests failed and cost {usd(nano_usd)}",
                assumption="all of them can be prevented, and none of their answers was used",
                risk="some failures are the provider's; a lower timeout or fewer retries may fail more requests",
            )


def repeated_calls(situation: Situation) -> Iterator[Saving]:
    """Calls that were answered, and billed, more than once."""
    for sender, _ in situation.senders():
        calls: dict[int, list[KeptRequest]] = {}
        for one in situation.kept_of(sender):
            if not one.failed and one.nano_usd:
                calls.setdefault(one.call, []).append(one)
        again = [attempt for call in calls.values() for attempt in _but_last(call)]
        nano_usd = sum(one.nano_usd or 0 for one in again)
        if nano_usd:
            yield Saving(
                rule="repeated calls",
                who=sender,
                what="is answered more than once for one call: audit its retries",
                usd_per_hour=situation.per_hour(nano_usd * situation.scale(sender)),
                evidence=f"{len(again):,} answers of {len(calls):,} calls came before the last one of the same call, "
                f"and cost {usd(nano_usd)}",
                assumption="one answer for each call is enough; requests that are no longer kept are like those that are",
                risk="a client that hedges against slow answers does this on purpose",
            )


def _but_last(call: Sequence[KeptRequest]) -> Sequence[KeptRequest]:
    return sorted(call, key=lambda one: one.ended_at_ms)[:-1]


def _output_cost(one: Traffic) -> Fraction:
    """What the output cost, in nano-dollars; thinking at a rate of its own where it has one."""
    usage, rate = one.usage, one.card.rates[INPUT_CLASSES] or 0
    thinking = rate if one.card.reasoning_rate is None else one.card.reasoning_rate
    visible = usage.output_tokens - usage.reasoning_tokens
    return Fraction(visible * rate + usage.reasoning_tokens * thinking, TOKENS_PER_MILLION)

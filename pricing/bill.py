"""One request's cost: the total for the store, and the same arithmetic line by line for a person."""

from dataclasses import dataclass, replace
from decimal import Decimal
from operator import mul

from pricing.card import NO_COST, UNKNOWN_COST, CardStatus, RateCard
from pricing.graduated import input_parts
from pricing.modal import PARTS, Part, parts
from pricing.money import TOKENS_PER_MILLION, divide_half_even, usd_from_nano
from pricing.usage import INPUT_CLASSES, TOKEN_CLASSES, Usage

_MADE = ("output_image_tokens", "output_video_tokens")
"""Pictures that a model makes: without a price of their own they are billed as its output, which image models list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One class or unit of a bill; `nano_usd` is None where the class has no rate."""

    item: str
    amount: int
    nano_usd_per: int | None
    per: int
    nano_usd: int | None
    minimum: int = 0
    """What a request is billed for at least, where less than that was used: `amount` is then what is billed."""

    @property
    def rate_usd(self) -> Decimal | None:
        """Dollars per `per` units, or None without a rate."""
        return None if self.nano_usd_per is None else usd_from_nano(self.nano_usd_per)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A request's line items; they add up to `nano_usd`, which is None when the cost is unknown."""

    card: RateCard
    lines: tuple[BillLine, ...]
    reasoning_tokens: int
    nano_usd: int | None
    missing: tuple[str, ...]
    """Used classes, units or fees without a rate: the bill is then partial, a lower bound."""
    parts: tuple[Part, ...] = ()
    """Pictures, films and cached sound inside the classes."""

    @property
    def status(self) -> str:
        """The card's status, "partial" when a used class has no rate, or "estimated" when one is assumed."""
        if self.missing and self.nano_usd is not None:
            return "partial"
        if self.card.status is CardStatus.PRICED and any(part.assumed for part in self.parts):
            return CardStatus.ESTIMATED.value
        return self.card.status.value

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """What this bill has at the rate of something else, e.g. "cache_read as input"."""
        used = {line.item.partition(" ")[0] for line in self.lines}
        lent = (said for said in self.card.fallbacks if said.partition(" ")[0] in used)
        known = self.card.status not in UNKNOWN_COST and self.card.status not in NO_COST
        return tuple(dict.fromkeys((*lent, *(part.said for part in self.parts if part.said and known))))


def make_bill(usage: Usage, card: RateCard, requests: int = 1) -> Bill:
    """Price one request line by line, half-even to a nano-dollar per line; the total is the sum of the lines.

    `requests` counts the fees of a card with a `request_rate` when `usage` is a sum of many.
    """
    inside = tuple(part for part in parts(usage, card) if part.amount) if usage.units else ()
    lines = tuple(_lines(usage, card, requests, inside))
    unknown = card.status in UNKNOWN_COST
    missing = () if unknown else (*(line.item for line in lines if line.nano_usd is None), *card.not_covered)
    known = sum(line.nano_usd for line in lines if line.nano_usd is not None)
    return Bill(
        card=card,
        lines=lines,
        reasoning_tokens=usage.reasoning_tokens,
        nano_usd=None if unknown else known,
        missing=missing,
        parts=inside,
    )


def cost_nano_usd(usage: Usage, card: RateCard, requests: int = 1) -> tuple[int | None, bool]:
    """The total of `make_bill` and whether it is partial, without building the lines (the ingest's hot path)."""
    if not card.linear or usage.units:
        return _whole_cost(usage, card, requests)
    total, partial = (card.request_rate or 0) * requests, False
    if card.per_token is not None:
        rates = card.per_token
        new, read, for_5m, for_1h, for_30m, for_12h, written, output, _, _ = usage
        total += new * rates[0] + read * rates[1] + output * rates[7]
        if for_5m | for_1h | for_30m | for_12h | written:
            total += sum(map(mul, usage[2:7], rates[2:7]))
        for place in card.unrated:
            if usage[place]:
                partial = True
        return total, partial
    for tokens, rate in zip(usage[:8], card.rates, strict=True):
        if tokens:
            if rate is None:
                partial = True
            else:
                total += divide_half_even(tokens * rate, TOKENS_PER_MILLION)
    return total, partial


def _whole_cost(usage: Usage, card: RateCard, requests: int) -> tuple[int | None, bool]:
    if card.status in UNKNOWN_COST:
        return None, False
    if card.status in NO_COST:
        return 0, False
    bill = make_bill(usage, card, requests)
    return bill.nano_usd, bool(bill.missing)


def _lines(usage: Usage, card: RateCard, requests: int, inside: tuple[Part, ...]) -> list[BillLine]:
    lines = _input_lines(_without(usage.tokens, inside), card, requests)
    output, reasoning, rate = usage.output_tokens, usage.reasoning_tokens, card.rates[INPUT_CLASSES]
    if card.reasoning_rate is None:
        lines.append(_line("output", output, rate, TOKENS_PER_MILLION))
    else:
        lines.append(_line("output", output - reasoning, rate, TOKENS_PER_MILLION))
        lines.append(_line("reasoning", reasoning, card.reasoning_rate, TOKENS_PER_MILLION))
    lines += [_line(part.unit, part.amount, part.rate.nano_usd, part.rate.per) for part in inside if part.rate]
    lines += _unit_lines(usage, card, requests)
    if card.request_rate is not None:
        lines.append(_line("requests", requests, card.request_rate, 1))
    return [line for line in lines if line.amount]


def _without(tokens: tuple[int, ...], inside: tuple[Part, ...]) -> tuple[int, ...]:
    """The tokens of each class without those parts of it that are billed apart."""
    left = list(tokens)
    for part in inside:
        if part.rate is not None:
            left[part.position] = max(0, left[part.position] - part.amount)
    return tuple(left)


def _input_lines(tokens: tuple[int, ...], card: RateCard, requests: int) -> list[BillLine]:
    if not card.graduated:
        inputs = list(zip(TOKEN_CLASSES, tokens, card.rates, strict=True))[:INPUT_CLASSES]
        return [_line(item, count, rate, TOKENS_PER_MILLION) for item, count, rate in inputs]
    lines = []
    for part in sorted(input_parts(tokens, card.rates, card.graduated, requests)):
        beyond = f" over {part.above:,}" if part.above else ""
        lines.append(_line(TOKEN_CLASSES[part.position] + beyond, part.tokens, part.rate, TOKENS_PER_MILLION))
    return lines


def _unit_lines(usage: Usage, card: RateCard, requests: int) -> list[BillLine]:
    rates = {rate.unit: rate for rate in card.unit_rates}
    unlisted = 0 if card.status in NO_COST else None
    lines = []
    for unit, amount in usage.units:
        rate = rates.get(unit)
        if unit in PARTS:
            continue
        if rate is None and unit in _MADE and unlisted is None:
            lines.append(_line(unit, amount, card.rates[INPUT_CLASSES], TOKENS_PER_MILLION))
        elif rate is None:
            lines.append(_line(unit, amount, unlisted, 1))
        elif amount and amount < rate.minimum * requests:
            billed = _line(unit, rate.minimum * requests, rate.nano_usd, rate.per)
            lines.append(replace(billed, minimum=rate.minimum))
        else:
            lines.append(_line(unit, amount, rate.nano_usd, rate.per))
    return lines


def _line(item: str, amount: int, nano_usd_per: int | None, per: int) -> BillLine:
    cost = None if nano_usd_per is None else divide_half_even(amount * nano_usd_per, per)
    return BillLine(item=item, amount=amount, nano_usd_per=nano_usd_per, per=per, nano_usd=cost)

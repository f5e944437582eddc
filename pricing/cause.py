"""Why the burn moved: the change in dollars per hour between two spans, split exactly into what can have moved it.

The factors are changed one after the other in the order of FACTORS, each at the already-moved values of those before
it. A part is what the burn did when its factor was moved, so the parts add up to the change to the nano-dollar. What a
tenant or model did not have before (its shape, its rates) is taken to have been as it is now, and so the whole of a new
tenant is volume and the whole of a new model is model mix.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from pricing.card import RateCard
from pricing.flow import SECONDS_PER_HOUR, Flow, Span
from pricing.money import TOKENS_PER_MILLION
from pricing.usage import INPUT_CLASSES

VOLUME, MIX, PROMPT, OUTPUT, REASONING = "volume", "model mix", "prompt length", "output length", "reasoning"
CACHE, RETRIES, PRICE, HOSTS = "cache hits", "retries", "price and tier", "host count"

FACTORS = (VOLUME, MIX, PROMPT, OUTPUT, REASONING, CACHE, RETRIES, PRICE, HOSTS)
"""In the order in which they are moved."""

OTHER = "(other)"
MOST_CELLS = 300
"""Pairs of tenant and model looked at one by one; the rest, which spends least, is one pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """A tenant's use of a model (or a host, by name) and its nano-dollars per hour in one part."""

    tenant: str | None = None
    model: str | None = None
    host: str | None = None
    nano_usd_per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one factor did to the burn, and who did most of it."""

    factor: str
    nano_usd_per_hour: int
    movers: tuple[Mover, ...] = ()
    """Largest first; they add up to the part, which without any is a nano-dollar or two of rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A change in burn and its parts, the one that explains most of it first."""

    before_nano_usd_per_hour: int
    after_nano_usd_per_hour: int
    parts: tuple[Part, ...]

    @property
    def change_nano_usd_per_hour(self) -> int:
        """What the parts add up to."""
        return self.after_nano_usd_per_hour - self.before_nano_usd_per_hour

    def part(self, factor: str) -> Part:
        """One part by its factor."""
        return next(part for part in self.parts if part.factor == factor)


def cause(before: Span, after: Span) -> Cause:
    """Split the change of the burn from one span to another."""
    old, new = _cells(before), _cells(after)
    names = _most_spending(old, new)
    old, new = _gathered(old, names), _gathered(new, names)
    calls_before, calls_after = _calls_by_tenant(old, before.seconds), _calls_by_tenant(new, after.seconds)
    rows = {}
    for cell in sorted({*old, *new}, key=str):
        was = _shape(old.get(cell), calls_before.get(cell[0]), before.seconds)
        now = _shape(new.get(cell), calls_after.get(cell[0]), after.seconds)
        rows[cell] = _walk(was, now)
    metered = [
        _part(factor, {cell: row[place + 1] - row[place] for cell, row in rows.items()})
        for place, factor in enumerate(FACTORS[:-1])
    ]
    change = after.metered_per_hour - before.metered_per_hour
    metered[-1] = _to_total(metered[-1], change - sum(part.nano_usd_per_hour for part in metered[:-1]))
    parts = (*metered, _hosts_part(before, after))
    return Cause(
        before_nano_usd_per_hour=before.burn_per_hour,
        after_nano_usd_per_hour=after.burn_per_hour,
        parts=_ranked(parts, change + after.hosts_per_hour - before.hosts_per_hour),
    )


_Name = tuple[str | None, str | None]


@dataclass(slots=True)
class _Cell:
    """Sums of one tenant's use of one model over a span."""

    attempts: int
    calls: int
    input_tokens: list[int]
    output_tokens: int
    reasoning_tokens: int
    nano_usd: int
    flows: list[Flow]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The factors of one pair of tenant and model, of which its cost per hour is the product.

    None stands for what cannot be known of a pair that was not there.
    """

    tenant_calls: Fraction
    """Per hour."""
    share: Fraction | None
    """Of the tenant's calls that went to this model."""
    prompt: Fraction | None
    """Tokens per attempt; so are the next two."""
    visible: Fraction | None
    reasoning: Fraction | None
    classes: tuple[Fraction, ...] | None
    """Shares of the prompt that were fresh, read from a cache, written to one."""
    attempts: Fraction | None
    """Per call."""
    rates: tuple[Fraction, ...] | None
    """Nano-dollars per token of each input class, of visible output and of reasoning, and beside tokens per attempt."""


_STEPS = ("tenant_calls", "share", "prompt", "visible", "reasoning", "classes", "attempts", "rates")


def _cells(span: Span) -> dict[_Name, _Cell]:
    cells: dict[_Name, _Cell] = {}
    for flow in span.flows:
        cell = cells.setdefault((flow.tenant, flow.model), _Cell(0, 0, [0] * INPUT_CLASSES, 0, 0, 0, []))
        cell.attempts += flow.requests
        cell.calls += flow.requests - flow.retries
        cell.input_tokens = [a + b for a, b in zip(cell.input_tokens, flow.usage.tokens, strict=False)]
        cell.output_tokens += flow.usage.output_tokens
        cell.reasoning_tokens += flow.usage.reasoning_tokens
        cell.nano_usd += flow.nano_usd
        cell.flows.append(flow)
    return {name: cell for name, cell in cells.items() if cell.attempts}


def _most_spending(old: dict[_Name, _Cell], new: dict[_Name, _Cell]) -> set[_Name]:
    spent = {name: max(cells[name].nano_usd for cells in (old, new) if name in cells) for name in {*old, *new}}
    return set(sorted(spent, key=lambda name: (-spent[name], str(name)))[:MOST_CELLS])


def _gathered(cells: dict[_Name, _Cell], names: set[_Name]) -> dict[_Name, _Cell]:
    """The named cells as they are, and all others as one."""
    rest = [flow for name, cell in cells.items() if name not in names for flow in cell.flows]
    kept = {name: cell for name, cell in cells.items() if name in names}
    if rest:
        renamed = tuple(replace(flow, tenant=OTHER, model=OTHER) for flow in rest)
        kept |= _cells(Span(seconds=1, flows=renamed))
    return kept


def _calls_by_tenant(cells: dict[_Name, _Cell], seconds: int) -> dict[str | None, Fraction]:
    calls: dict[str | None, Fraction] = {}
    for (tenant, _), cell in cells.items():
        hourly = Fraction(_calls(cell) * SECONDS_PER_HOUR, max(1, seconds))
        calls[tenant] = calls.get(tenant, Fraction(0)) + hourly
    return calls


def _calls(cell: _Cell) -> int:
    """Calls, without their repetitions; where only repetitions fell into the span, each counts as one."""
    return cell.calls or cell.attempts


def _shape(cell: _Cell | None, tenant_calls: Fraction | None, seconds: int) -> _Shape:
    if cell is None:
        share = None if tenant_calls is None else Fraction(0)
        return _Shape(tenant_calls or Fraction(0), share, None, None, None, None, None, None)
    prompt, attempts = sum(cell.input_tokens), cell.attempts
    hourly = Fraction(_calls(cell) * SECONDS_PER_HOUR, max(1, seconds))
    return _Shape(
        tenant_calls=tenant_calls or hourly,
        share=hourly / (tenant_calls or hourly),
        prompt=Fraction(prompt, attempts),
        visible=Fraction(cell.output_tokens - cell.reasoning_tokens, attempts),
        reasoning=Fraction(cell.reasoning_tokens, attempts),
        classes=tuple(Fraction(tokens, prompt) for tokens in cell.input_tokens) if prompt else None,
        attempts=Fraction(attempts, _calls(cell)),
        rates=_rates(cell),
    )


def _rates(cell: _Cell) -> tuple[Fraction, ...]:
    """What tokens of each class cost; what else was billed (units, fees, rounding) is a rate per attempt."""
    rates = [
        _mean([(flow.usage.tokens[place], _rate(flow.card, place)) for flow in cell.flows], cell)
        for place in range(INPUT_CLASSES)
    ]
    visible = [(f.usage.output_tokens - f.usage.reasoning_tokens, _rate(f.card, INPUT_CLASSES)) for f in cell.flows]
    thinking = [(flow.usage.reasoning_tokens, _reasoning_rate(flow.card)) for flow in cell.flows]
    rates += [_mean(visible, cell), _mean(thinking, cell)]
    tokens = (*cell.input_tokens, cell.output_tokens - cell.reasoning_tokens, cell.reasoning_tokens)
    explained = sum((rate * count for rate, count in zip(rates, tokens, strict=True)), Fraction(0))
    return (*rates, (cell.nano_usd - explained) / cell.attempts)


def _mean(pairs: Sequence[tuple[int, int]], cell: _Cell) -> Fraction:
    """The mean rate by tokens; of a class without tokens by requests, which says what they would have cost."""
    tokens = sum(count for count, _ in pairs)
    if tokens:
        return Fraction(sum(count * rate for count, rate in pairs), tokens * TOKENS_PER_MILLION)
    requests = [flow.requests for flow in cell.flows]
    weighed = sum(count * rate for count, (_, rate) in zip(requests, pairs, strict=True))
    return Fraction(weighed, max(1, sum(requests)) * TOKENS_PER_MILLION)


def _rate(card: RateCard, place: int) -> int:
    return card.rates[place] or 0


def _reasoning_rate(card: RateCard) -> int:
    return _rate(card, INPUT_CLASSES) if card.reasoning_rate is None else card.reasoning_rate


def _walk(was: _Shape, now: _Shape) -> list[Fraction]:
    """Nano-dollars per hour with nothing moved, with the first factor moved, and so on to the last."""
    shape = was
    for name in _STEPS[1:]:
        if getattr(shape, name) is None:
            shape = replace(shape, **{name: getattr(now, name)})
    costs = [_cost(shape)]
    for name in _STEPS:
        moved = getattr(now, name)
        shape = shape if moved is None else replace(shape, **{name: moved})
        costs.append(_cost(shape))
    return costs


def _cost(shape: _Shape) -> Fraction:
    if not shape.share or shape.rates is None or shape.attempts is None or not shape.tenant_calls:
        return Fraction(0)
    prompt = sum((a * b for a, b in zip(shape.classes or (), shape.rates, strict=False)), Fraction(0))
    visible, reasoning, beside = shape.rates[INPUT_CLASSES:]
    attempt = (
        (shape.prompt or 0) * prompt + (shape.visible or 0) * visible + (shape.reasoning or 0) * reasoning + beside
    )
    return shape.tenant_calls * shape.share * shape.attempts * attempt


def _part(factor: str, moved: dict[_Name, Fraction]) -> Part:
    """The part of one factor, rounded as a whole, with its movers."""
    movers = [Mover(tenant=t, model=m, nano_usd_per_hour=round(nano)) for (t, m), nano in moved.items() if round(nano)]
    part = Part(factor=factor, nano_usd_per_hour=0, movers=_by_size(movers))
    return _to_total(part, round(sum(moved.values(), Fraction(0))))


def _to_total(part: Part, nano_usd_per_hour: int) -> Part:
    """The part with another sum; its largest mover takes what rounding left."""
    rest = nano_usd_per_hour - sum(mover.nano_usd_per_hour for mover in part.movers)
    movers = part.movers
    if movers and rest:
        movers = (replace(movers[0], nano_usd_per_hour=movers[0].nano_usd_per_hour + rest), *movers[1:])
    return replace(part, nano_usd_per_hour=nano_usd_per_hour, movers=movers)


def _hosts_part(before: Span, after: Span) -> Part:
    old, new = dict(before.hosts), dict(after.hosts)
    moved = {name: new.get(name, 0) - old.get(name, 0) for name in {*old, *new}}
    movers = [Mover(host=name, nano_usd_per_hour=nano) for name, nano in sorted(moved.items()) if nano]
    return Part(
        factor=HOSTS, nano_usd_per_hour=sum(mover.nano_usd_per_hour for mover in movers), movers=_by_size(movers)
    )


def _by_size(movers: Iterable[Mover]) -> tuple[Mover, ...]:
    return tuple(sorted(movers, key=lambda mover: (-abs(mover.nano_usd_per_hour), str(mover.tenant), str(mover.model))))


def _ranked(parts: Sequence[Part], change: int) -> tuple[Part, ...]:
    """Those that pull in the direction of the change first, the strongest on top; then those that pull against it."""
    sign = -1 if change < 0 else 1
    return tuple(sorted(parts, key=lambda part: -sign * part.nano_usd_per_hour))

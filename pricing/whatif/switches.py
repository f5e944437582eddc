"""Conditions under which traffic is priced once more: each switch changes one thing and says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from pricing.hosts.allocation import largest_remainder
from pricing.modal import PARTS
from pricing.money import decimal_text
from pricing.usage import INPUT_CLASSES, TOKEN_CLASSES, Usage
from pricing.whatif.rules import with_reasoning

_CACHE_READ = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """Shares are 0 to 1; None leaves things as they are in the traffic. Raises ValueError for what cannot be."""

    cache_hit: Decimal | None = None
    """Share of the prompt that is read from the provider's cache."""
    batch: Decimal | None = None
    """Share of the requests that goes through the batch interface."""
    retries: Decimal = Decimal(1)
    """Attempts that are billed per request of the traffic, 1 or more."""
    reasoning: Decimal | None = None
    """Thinking tokens for each visible output token."""

    def __post_init__(self) -> None:
        for name, share in (("cache hit", self.cache_hit), ("batch", self.batch)):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"the {name} share must be between 0 and 1")
        if self.retries < 1:
            raise ValueError("the retries factor is at least 1: each request is billed once")
        if self.reasoning is not None and self.reasoning < 0:
            raise ValueError("the reasoning ratio cannot be negative")

    @property
    def change_nothing(self) -> bool:
        """Whether the traffic is priced as it is."""
        return self == Switches()

    def usage(self, usage: Usage) -> Usage:
        """The tokens under these conditions; the prompt keeps its size."""
        if self.cache_hit is not None:
            usage = with_cache_hits(usage, self.cache_hit)
        return usage if self.reasoning is None else with_reasoning(usage, self.reasoning)

    def times_retried(self, nano_usd: int) -> int:
        """A cost with every attempt in it, half-even to a nano-dollar."""
        return round(nano_usd * Fraction(self.retries))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What they assume, with their numbers."""
        said = []
        if self.cache_hit is not None:
            rest = "the rest is divided over uncached input and cache writes as it is now"
            said.append(f"{percent(self.cache_hit)} of each prompt is read from the provider's cache; {rest}")
        if self.batch is not None:
            said.append(f"{percent(self.batch)} of the tokens go through the batch interface")
        if self.retries != 1:
            factor = decimal_text(self.retries)
            said.append(f"each request is billed {factor} times, beside the retries that the traffic already holds")
        if self.reasoning is not None:
            said.append(f"{decimal_text(self.reasoning)} thinking tokens are billed for each visible output token")
        return tuple(said)


def with_cache_hits(usage: Usage, share: Decimal) -> Usage:
    """The same prompt with this share of it read from a cache; other classes keep their proportions.

    Sound that was not cached stands beside the classes and stays there; pictures keep their part of their class.
    """
    prompt = sum(usage.tokens[:INPUT_CLASSES])
    reads = round(prompt * Fraction(share))
    others = {
        position: Fraction(tokens)
        for position, tokens in enumerate(usage.tokens[:INPUT_CLASSES])
        if tokens and position != _CACHE_READ
    }
    parts = largest_remainder(prompt - reads, others or {0: Fraction(1)})
    counts = [parts.get(position, 0) for position in range(INPUT_CLASSES)]
    counts[_CACHE_READ] = reads
    units = tuple((unit, _of_class(unit, amount, usage.tokens, counts)) for unit, amount in usage.units)
    return Usage.of((*counts, usage.output_tokens, usage.reasoning_tokens), tuple(one for one in units if one[1]))


def _of_class(unit: str, amount: int, before: Sequence[int], after: Sequence[int]) -> int:
    """What a part of a class is where the class has another size; anything else stays."""
    if unit not in PARTS:
        return amount
    position = TOKEN_CLASSES.index(PARTS[unit])
    return round(Fraction(amount * after[position], before[position])) if before[position] else 0


def split(usage: Usage, share: Decimal) -> tuple[Usage, Usage]:
    """A share of the usage and the rest of it, class by class and unit by unit; together they are all."""
    part = [round(count * Fraction(share)) for count in usage[:9]]
    rest = [count - taken for count, taken in zip(usage[:9], part, strict=True)]
    taken = {unit: round(amount * Fraction(share)) for unit, amount in usage.units}
    left = tuple((unit, amount - taken[unit]) for unit, amount in usage.units if amount > taken[unit])
    return Usage.of(part, tuple((unit, amount) for unit, amount in taken.items() if amount)), Usage.of(rest, left)


def percent(share: Decimal | float) -> str:
    """A share for a sentence, e.g. "62.5 %"."""
    return f"{decimal_text(round(Decimal(str(share)) * 100, 1))} %"

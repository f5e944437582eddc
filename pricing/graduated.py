"""Graduated long-context prices: only the part of a prompt that is over a threshold costs another rate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pricing.usage import INPUT_CLASSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Rates, in the order of TOKEN_CLASSES, of the prompt tokens beyond `above_prompt_tokens`."""

    above_prompt_tokens: int
    rates: tuple[int | None, ...]


class Part(NamedTuple):
    """Tokens of one input class that lie in one bracket; `above` is 0 for those below every threshold."""

    position: int
    above: int
    tokens: int
    rate: int | None


_FILL_ORDER = (*range(1, INPUT_CLASSES), 0)
"""A prompt begins with what was read from the cache, then comes what is written to it, then the uncached rest."""


def input_parts(
    tokens: Sequence[int], rates: Sequence[int | None], brackets: Sequence[Bracket], requests: int
) -> Iterator[Part]:
    """Each input class of a prompt cut at the thresholds; the parts of a class add up to its tokens.

    For a sum of many requests the thresholds are those of as many equal prompts: exact when the prompts are equal, and
    a lower bound otherwise, where the rates rise.
    """
    steps = [(0, rates), *((bracket.above_prompt_tokens, bracket.rates) for bracket in brackets)]
    ends = [above * requests for above, _ in steps[1:]]
    begin = 0
    for position in _FILL_ORDER:
        end = begin + tokens[position]
        for (above, step_rates), low, high in zip(steps, (0, *ends), (*ends, end), strict=True):
            part = min(end, high) - max(begin, low)
            if part > 0:
                yield Part(position, above, part, step_rates[position])
        begin = end

"""Which part of a host each of its engines holds."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from fractions import Fraction

SLICES_PER_CARD = 7
"""Compute slices of a whole A100 or H100: the size of a MIG instance is counted in them."""


def held(engines: Sequence[Mapping[Hashable, Fraction]]) -> list[Fraction]:
    """GPUs that each engine holds, from the size of each of its GPUs or instances; one held by several is shared equally."""
    holders = Counter(unit for engine in engines for unit in engine)
    return [sum((size / holders[unit] for unit, size in engine.items()), Fraction(0)) for engine in engines]


def shares(held_gpus: Sequence[Fraction | int], gpus: int | None) -> list[Fraction]:
    """Each engine's part of a host by the GPUs that it holds; 0 is "not said".

    Engines that do not say share equally what nobody claims. Claims that exceed the host's GPUs are scaled down to fit.
    """
    claimed, silent = sum(map(Fraction, held_gpus), Fraction(0)), sum(not count for count in held_gpus)
    whole = max(claimed, Fraction(gpus or claimed + silent))
    return [Fraction(count) / whole if count else (whole - claimed) / (whole * silent) for count in held_gpus]

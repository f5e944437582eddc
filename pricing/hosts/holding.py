"""Which part of a host each of its engines holds."""

from collections.abc import Sequence
from fractions import Fraction


def shares(held: Sequence[int], gpus: int | None) -> list[Fraction]:
    """Each engine's part of a host by the GPUs that it holds; 0 is "not said".

    Engines that do not say share equally what nobody claims. Claims that exceed the host's GPUs are scaled down to fit.
    """
    claimed, silent = sum(held), held.count(0)
    whole = max(claimed, gpus or claimed + silent)
    return [Fraction(count, whole) if count else Fraction(whole - claimed, whole * silent) for count in held]

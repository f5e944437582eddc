"""Dividing a host's dollars over those who used it, so that not a nano-dollar is lost or billed twice."""

from collections.abc import Hashable, Mapping
from fractions import Fraction
from typing import TypeVar

Owner = TypeVar("Owner", bound=Hashable)


def allocate(
    nano_usd: int, work: Mapping[Owner, Fraction], idle: Owner, saturation_work: Fraction | None
) -> dict[Owner, int]:
    """Give each owner `nano_usd` in the ratio of its work to the larger of all work and `saturation_work`.

    What is left belongs to `idle`; without a saturation work there is no idle part while there is any work. The parts add up to
    `nano_usd` exactly: remainders go to the largest fractions, ties to the earlier owner.
    """
    shares = {owner: done for owner, done in work.items() if done > 0}
    total = sum(shares.values(), Fraction(0))
    whole = max(total, saturation_work or Fraction(0))
    if whole > total:
        shares[idle] = shares.get(idle, Fraction(0)) + whole - total
    if not shares:
        return {idle: nano_usd}
    return largest_remainder(nano_usd, shares)


def largest_remainder(amount: int, shares: Mapping[Owner, Fraction]) -> dict[Owner, int]:
    """Split an integer in the ratio of positive shares; the parts add up to it exactly."""
    whole = sum(shares.values(), Fraction(0))
    exact = {owner: amount * share / whole for owner, share in shares.items()}
    parts = {owner: value.numerator // value.denominator for owner, value in exact.items()}
    left = amount - sum(parts.values())
    by_fraction = sorted(exact, key=lambda owner: parts[owner] - exact[owner])
    for owner in by_fraction[:left]:
        parts[owner] += 1
    return parts

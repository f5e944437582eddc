"""Dividing a host's dollars over those who used it, so that not a nano-dollar is lost or billed twice."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from math import ceil, lcm
from typing import Generic, TypeVar

Owner = TypeVar("Owner", bound=Hashable)

PEAK_WEIGHT = Fraction(3, 10)
"""Part of a host's used dollars that goes by peak share where bursts are charged: 70 % by tokens, 30 % by peak."""

PEAK_PERCENTILE = Fraction(19, 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPool(Generic[Owner]):
    """One model on a host: the GPUs it holds, and the work it did for each tenant.

    `peak_work` is each tenant's work in the busiest minutes; without it tenants pay by work alone.
    """

    model: str
    gpus: int
    work: Mapping[Owner, Fraction]
    peak_work: Mapping[Owner, Fraction] = field(default_factory=dict)
    saturation_work: Fraction | None = None


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
    scale = lcm(*(share.denominator for share in shares.values()))
    weights = {owner: share.numerator * (scale // share.denominator) for owner, share in shares.items()}
    whole = sum(weights.values())
    split = {owner: divmod(amount * weight, whole) for owner, weight in weights.items()}
    parts = {owner: part for owner, (part, _) in split.items()}
    left = amount - sum(parts.values())
    for owner in sorted(split, key=lambda owner: -split[owner][1])[:left]:
        parts[owner] += 1
    return parts


def by_gpus(nano_usd: int, held: Mapping[Owner, int], gpus: int, idle: Owner) -> dict[Owner, int]:
    """Divide a host's dollars by the GPUs that each model holds; GPUs that nobody holds belong to `idle`.

    Raise ValueError when more are held than there are.
    """
    if min(held.values(), default=0) < 0 or sum(held.values()) > gpus:
        raise ValueError(f"{sum(held.values())} GPUs are held on a host of {gpus}")
    return allocate(nano_usd, {owner: Fraction(count) for owner, count in held.items()}, idle, Fraction(gpus))


def peak_work(minutes: Sequence[Mapping[Owner, Fraction]]) -> dict[Owner, Fraction]:
    """Each owner's work in the busiest twentieth of the minutes (at least one), which decide how large a host must be.

    Minutes as busy as the last of these count, too, so that the order of equal minutes decides nothing.
    """
    totals = sorted((sum(minute.values(), Fraction(0)) for minute in minutes), reverse=True)
    if not totals:
        return {}
    threshold = totals[max(1, ceil(len(totals) * (1 - PEAK_PERCENTILE))) - 1]
    busiest = (minute for minute in minutes if sum(minute.values(), Fraction(0)) >= threshold)
    return _summed(busiest)


def allocate_with_peak(
    nano_usd: int,
    work: Mapping[Owner, Fraction],
    peak: Mapping[Owner, Fraction],
    idle: Owner,
    saturation_work: Fraction | None,
    peak_weight: Fraction = PEAK_WEIGHT,
) -> dict[Owner, int]:
    """Like `allocate`, but what was used is divided by a blend of work share and peak share.

    Who forces the host to be large pays for it even with few tokens. The idle part is the same as without the blend;
    while nobody peaked, or nobody worked, the share that exists decides alone.
    """
    total, peaked = sum(work.values(), Fraction(0)), sum(peak.values(), Fraction(0))
    if not total or not peaked:
        return allocate(nano_usd, work, idle, saturation_work)
    blended = {
        owner: total * ((1 - peak_weight) * work.get(owner, 0) / total + peak_weight * peak.get(owner, 0) / peaked)
        for owner in {**work, **peak}
    }
    return allocate(nano_usd, blended, idle, saturation_work)


def allocate_host(
    nano_usd: int, pools: Iterable[ModelPool[Owner]], gpus: int, idle: Owner
) -> dict[tuple[str | None, Owner], int]:
    """Divide a host over its models by GPUs held, and each model's part over its tenants and its idle time.

    The model is None where GPUs are held by nobody. The parts add up to `nano_usd` exactly; a model that stands twice
    is one. Raise ValueError when the pools hold more GPUs than there are.
    """
    by_index = dict(enumerate(pools))
    held = {index: pool.gpus for index, pool in by_index.items()}
    parts: dict[tuple[str | None, Owner], int] = {}
    for index, part in by_gpus(nano_usd, held, gpus, -1).items():
        pool = by_index.get(index)
        if pool is None:
            parts[(None, idle)] = part
            continue
        shared = allocate_with_peak(part, pool.work, pool.peak_work, idle, pool.saturation_work)
        for owner, share in shared.items():
            parts[(pool.model, owner)] = parts.get((pool.model, owner), 0) + share
    return parts


def marked_up_usd(cost_usd: Decimal, markup: Decimal) -> Decimal:
    """What a customer is billed when the bill is so many times the cost."""
    return cost_usd * markup


def _summed(minutes: Iterable[Mapping[Owner, Fraction]]) -> dict[Owner, Fraction]:
    sums: dict[Owner, Fraction] = {}
    for minute in minutes:
        for owner, work in minute.items():
            sums[owner] = sums.get(owner, Fraction(0)) + work
    return sums

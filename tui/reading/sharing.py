"""Whose share of the committed dollars is whose: hosts by work, commitments by tokens, and what nobody used."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from fractions import Fraction
from typing import TypeVar

from pricing.card import CardStatus
from pricing.hosts.allocation import allocate
from pricing.hosts.economics import Served
from pricing.totals import Totals
from store.records import EngineState
from store.sums import Sum, SumKey
from tui.reading.commitments import Commitment
from tui.reading.committed import IDLE, NOT_IN_ANY_LOG, Committed, Pool

Owner = TypeVar("Owner")


def allocated(
    groups: dict[Owner, Totals],
    sums: Iterable[Sum],
    of: Callable[[SumKey], Owner],
    costs: Committed,
    window_seconds: float,
) -> tuple[dict[Owner, Totals], dict[str, int]]:
    """Add each group's share of the committed dollars; returns the groups, and nano-dollars that belong to no request.

    Shares and rests add up to what hosts and commitments cost, exactly.
    """
    everything = list(sums)
    hosted = [one for one in everything if one.key.card.status is CardStatus.HOSTED]
    prepaid = [one for one in everything if one.key.card.status is CardStatus.PREPAID]
    shares = [_shares_of_a_pool(pool, hosted, of, window_seconds) for pool in costs.pools]
    shares += [_shares_of_a_commitment(one, prepaid, of) for one in costs.commitments]
    result, rests = dict(groups), dict(costs.rests)
    for owner, rest, nano_usd in (part for parts in shares for part in parts):
        if rest is None:
            totals = result[owner]
            result[owner] = replace(totals, allocated_nano_usd=totals.allocated_nano_usd + nano_usd)
        else:
            rests[rest] = rests.get(rest, 0) + nano_usd
    return result, {name: nano_usd for name, nano_usd in rests.items() if nano_usd}


def _shares_of_a_pool(
    pool: Pool, hosted: Iterable[Sum], of: Callable[[SumKey], Owner], window_seconds: float
) -> list[tuple[Owner, str | None, int]]:
    """(owner, name of a rest or None, nano-dollars) of one engine; work that no log explains is a rest."""
    work = _work_by_owner(pool, hosted, of)
    unlogged = max(Fraction(0), pool.served.work(pool.decode_weight) - sum(work.values(), Fraction(0)))
    saturation = pool.capacity.work_per_second * Fraction(window_seconds) if pool.capacity else None
    return _divided(pool.nano_usd or 0, work, {NOT_IN_ANY_LOG: unlogged}, IDLE, saturation)


def _shares_of_a_commitment(
    one: Commitment, prepaid: Iterable[Sum], of: Callable[[SumKey], Owner]
) -> list[tuple[Owner, str | None, int]]:
    """The same of a commitment: by tokens over the requests that it covers; unused, it is a rest of its own name."""
    tokens: dict[Owner, Fraction] = {}
    for seen in prepaid:
        if one.covers(seen.key):
            tokens[of(seen.key)] = tokens.get(of(seen.key), Fraction(0)) + seen.tokens
    return _divided(one.nano_usd, tokens, {}, one.unused, None)


def _divided(
    nano_usd: int, owners: dict[Owner, Fraction], rests: dict[str, Fraction], idle: str, saturation: Fraction | None
) -> list[tuple[Owner, str | None, int]]:
    members: list[tuple[Owner | None, str | None]] = [(owner, None) for owner in owners]
    members += [(None, name) for name in (*rests, idle)]
    work = dict(enumerate([*owners.values(), *rests.values()]))
    parts = allocate(nano_usd, work, len(work), saturation)
    return [(*members[place], part) for place, part in parts.items()]  # type: ignore[misc]  # no owner only with a rest


def _work_by_owner(pool: Pool, hosted: Iterable[Sum], of: Callable[[SumKey], Owner]) -> dict[Owner, Fraction]:
    work: dict[Owner, Fraction] = {}
    for one in hosted:
        if _served_by(pool.engine, one.key):
            tokens = one.usage
            served = Served(
                input_tokens=tokens.prompt_tokens - tokens.cache_read_tokens,
                cache_read_tokens=tokens.cache_read_tokens,
                output_tokens=tokens.output_tokens,
            )
            owner = of(one.key)
            work[owner] = work.get(owner, Fraction(0)) + served.work(pool.decode_weight)
    return work


def _served_by(engine: EngineState, key: SumKey) -> bool:
    """Whether a request's model is the one this engine serves, with or without a provider's prefix."""
    if engine.model is None:
        return False
    names = [name for name in (key.dimensions.model, key.dimensions.deployment) if name]
    return any(name == engine.model or name.endswith(f"/{engine.model}") for name in names)

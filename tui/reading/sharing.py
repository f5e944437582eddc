"""Whose share of the committed dollars is whose: hosts by work, commitments by tokens, and what nobody used."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple, TypeAlias, TypeVar

from pricing.card import CardStatus
from pricing.hosts.allocation import allocate, largest_remainder
from pricing.hosts.economics import Served
from pricing.totals import Totals
from store.records import EngineState
from store.sums import Sum, SumKey, group
from store.tables import ENGINE, GPU
from tui.reading.commitments import Commitment
from tui.reading.committed import IDLE, NOT_IN_ANY_LOG, Committed, Stretch
from tui.reading.moment import Moment
from tui.reading.pools import Pool

Owner = TypeVar("Owner")
SumsOf: TypeAlias = Callable[[Moment], Iterable[Sum]]


class Rest(NamedTuple):
    """Dollars that belong to no request: what they are called, and of which host and GPUs they are, where they are of any."""

    label: str
    host: str | None = None
    gpu: str | None = None
    engine: str | None = None


def allocated(
    sums: Iterable[Sum], of: Callable[[SumKey], Owner], costs: Committed, sums_of: SumsOf
) -> tuple[dict[Owner, Totals], dict[Rest, int]]:
    """Totals of each group with its share of the committed dollars, and nano-dollars that belong to no request.

    `sums` are those of the window, `sums_of` reads those of a part of it, where hosts changed within the window. Shares and
    rests add up to what hosts and commitments cost, exactly. A request that an engine served has that engine's host and GPUs.
    """
    everything = list(sums)
    prepaid = [one for one in everything if one.key.card.status is CardStatus.PREPAID]
    placed = [one for one in everything if one.key.card.status is not CardStatus.HOSTED]
    parts = [part for one in costs.commitments for part in _shares_of_a_commitment(one, prepaid, of)]
    for stretch in costs.stretches:
        seen = everything if len(costs.stretches) == 1 else sums_of(stretch.at)
        by_pool, homeless = _placed(stretch, [one for one in seen if one.key.card.status is CardStatus.HOSTED])
        placed += [*homeless, *(one for _, mine in by_pool for one in mine)]
        parts += [part for pool, mine in by_pool for part in _shares_of_a_pool(pool, mine, of)]
        parts += [(None, Rest(label, host), nano_usd) for (label, host), nano_usd in stretch.rests.items()]
    result, rests = group(placed, of), dict[Rest, int]()
    for owner, rest, nano_usd in parts:
        if rest is None:
            totals = result[owner]  # type: ignore[index]  # no owner only with a rest
            result[owner] = replace(totals, allocated_nano_usd=totals.allocated_nano_usd + nano_usd)  # type: ignore[index]
        else:
            rests[rest] = rests.get(rest, 0) + nano_usd
    return result, {rest: nano_usd for rest, nano_usd in rests.items() if nano_usd}


def by_label(rests: Mapping[Rest, int]) -> dict[str, int]:
    """The rests of all hosts together."""
    found: dict[str, int] = {}
    for rest, nano_usd in rests.items():
        found[rest.label] = found.get(rest.label, 0) + nano_usd
    return found


_Part: TypeAlias = tuple[Owner | None, Rest | None, int]
"""(owner or None, rest or None, nano-dollars)."""


def _placed(stretch: Stretch, hosted: Iterable[Sum]) -> tuple[list[tuple[Pool, list[Sum]]], list[Sum]]:
    """Each engine with the sums that it served, and sums that no engine did.

    Engines that serve one model share its requests by the work that they did, since no log says which of them it was.
    """
    found: list[tuple[Pool, list[Sum]]] = [(pool, []) for pool in stretch.pools]
    homeless = []
    for one in hosted:
        able = [place for place, (pool, _) in enumerate(found) if serves(pool.engine, one.key)]
        said = [place for place in able if found[place][0].host == one.key.dimensions.host]
        if not able:
            homeless.append(one)
        for place, part in _split(one, {place: found[place][0].work for place in said or able}):
            pool, mine = found[place]
            mine.append(part._replace(key=one.key._replace(sides=(*one.key.sides, *_place(pool, one.key)))))
    return found, homeless


def _place(pool: Pool, key: SumKey) -> Iterable[tuple[str, str | None]]:
    host = key.dimensions.host or pool.host
    return ("host", host), (GPU, gpus_text(pool.engine.gpus)), (ENGINE, pool.engine.name)


def _split(one: Sum, work: Mapping[int, Fraction]) -> Iterable[tuple[int, Sum]]:
    """A sum by the engines that share it, in whole numbers that add up to it; units go to the one that did most."""
    if len(work) < 2:
        return [(place, one) for place in work]
    weights = {place: done for place, done in work.items() if done} or dict.fromkeys(work, Fraction(1))
    columns = [largest_remainder(amount, weights) for amount in one.measures]
    most = max(weights, key=lambda place: weights[place])
    return [
        (place, one._replace(measures=tuple(c[place] for c in columns), units=one.units if place == most else ()))
        for place in weights
    ]


def _shares_of_a_pool(pool: Pool, mine: Iterable[Sum], of: Callable[[SumKey], Owner]) -> list[_Part[Owner]]:
    """The dollars of one engine; work that no log explains is a rest."""
    served: dict[Owner, Served] = {}
    for one in mine:
        owner = of(one.key)
        served[owner] = served[owner] + served_of(one) if owner in served else served_of(one)
    work = {owner: tokens.work(pool.decode_weight) for owner, tokens in served.items()}
    unlogged = max(Fraction(0), pool.work - sum(work.values(), Fraction(0)))
    place = (pool.host, gpus_text(pool.engine.gpus), pool.engine.name)
    rests = {Rest(NOT_IN_ANY_LOG, *place): unlogged}
    return _divided(pool.nano_usd or 0, work, rests, Rest(IDLE, *place), pool.saturation_work or None)


def _shares_of_a_commitment(
    one: Commitment, prepaid: Iterable[Sum], of: Callable[[SumKey], Owner]
) -> list[_Part[Owner]]:
    """The same of a commitment: by tokens over the requests that it covers; unused, it is a rest of its own name."""
    tokens: dict[Owner, Fraction] = {}
    for seen in prepaid:
        if one.covers(seen.key):
            tokens[of(seen.key)] = tokens.get(of(seen.key), Fraction(0)) + seen.tokens
    return _divided(one.nano_usd, tokens, {}, Rest(one.unused), None)


def _divided(
    nano_usd: int, owners: dict[Owner, Fraction], rests: dict[Rest, Fraction], idle: Rest, saturation: Fraction | None
) -> list[_Part[Owner]]:
    members: list[tuple[Owner | None, Rest | None]] = [(owner, None) for owner in owners]
    members += [(None, rest) for rest in (*rests, idle)]
    work = dict(enumerate([*owners.values(), *rests.values()]))
    parts = allocate(nano_usd, work, len(work), saturation)
    return [(*members[place], part) for place, part in parts.items()]


def served_of(one: Sum) -> Served:
    """The tokens of requests as an engine serves them; what was written to a cache was computed."""
    tokens = one.usage
    return Served(
        input_tokens=tokens.prompt_tokens - tokens.cache_read_tokens,
        cache_read_tokens=tokens.cache_read_tokens,
        output_tokens=tokens.output_tokens,
    )


def serves(engine: EngineState, key: SumKey) -> bool:
    """Whether a request's model is the one this engine serves, with or without a provider's prefix."""
    if engine.model is None:
        return False
    names = [name for name in (key.dimensions.model, key.dimensions.deployment) if name]
    return any(name == engine.model or name.endswith(f"/{engine.model}") for name in names)


def gpus_text(gpus: Sequence[int]) -> str | None:
    """The GPUs that an engine holds together, as "0-3" or "0,2"; None where nobody says."""
    runs: list[list[int]] = []
    for index in sorted(gpus):
        if runs and index == runs[-1][-1] + 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs) or None

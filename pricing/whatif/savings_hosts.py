"""Savings with own GPUs: some to give back, some to use, and some to rent."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

from pricing.hosts.economics import Served, decimal_of
from pricing.usage import Usage
from pricing.whatif.saving import Missing, OwnEngine, Saving, Situation, usd
from pricing.whatif.switches import percent
from pricing.whatif.traffic import Traffic, merged_usage, spent_nano_usd

MOST_USED = Fraction(4, 5)
"""Mean utilisation that leaves room for peaks; nothing proposes more."""

_ROOM = f"at most {float(MOST_USED):.0%} of what the GPUs can do, on average".replace("%", " %")


def idle_gpus(situation: Situation) -> Iterator[Saving | Missing]:
    """GPUs that no engine holds, and GPUs that the mean load does not need."""
    for host, usd_per_hour in situation.idle_hosts:
        if usd_per_hour > 0:
            yield Saving(
                rule="idle GPUs",
                who=host,
                what="has GPUs that serve nothing: give them back or use them",
                usd_per_hour=usd_per_hour,
                evidence="no engine was seen on them in this window",
                assumption="they can be given back apart from the rest, at their part of the host's price",
                risk="an engine that is not scraped, or a training job, would not be seen",
            )
    for engine in situation.engines:
        used = engine.used
        if used is None and engine.usd_per_hour:
            why = "has no known capacity: add prefill_tokens_per_second and decode_tokens_per_second"
            yield Missing(rule="idle GPUs", who=engine.host, what=why)
        elif used is not None and engine.usd_per_hour and engine.gpus:
            yield from _spare(engine, used, engine.gpus, engine.usd_per_hour)


def _spare(engine: OwnEngine, used: Fraction, gpus: int, usd_per_hour: Decimal) -> Iterator[Saving]:
    spare = gpus - max(1, ceil(gpus * used / MOST_USED))
    if spare <= 0:
        return
    after = used * gpus / (gpus - spare)
    yield Saving(
        rule="idle GPUs",
        who=_named(engine),
        what=f"could be served with {gpus - spare} of its {gpus} GPUs",
        usd_per_hour=usd_per_hour * spare / gpus,
        evidence=f"{percent(float(used))} of what they can do is used",
        assumption=f"the load stays as it was on average, then {percent(float(after))} of the rest; {_ROOM}",
        risk="peaks are higher than the mean, and the model may need the memory of all of them",
    )


def own_instead_of_api(situation: Situation) -> Iterator[Saving | Missing]:
    """Traffic that is bought by the token while own GPUs serve the same model: what fits, and a host for the rest."""
    for engine in situation.engines:
        traffic = _same_model(situation, engine)
        if not traffic or not spent_nano_usd(traffic):
            continue
        if engine.capacity is None or engine.used is None:
            yield Missing(
                rule="own GPUs", who=engine.host, what="has no known capacity, so its room is not known, either"
            )
            continue
        wanted = _work_per_second(traffic, engine, situation.seconds)
        room = max(Fraction(0), MOST_USED - engine.used) * engine.capacity.work_per_second
        fits = min(Fraction(1), room / wanted) if wanted else Fraction(0)
        spent = spent_nano_usd(traffic)
        if fits:
            yield _moved_home(situation, engine, spent, fits)
        if fits < 1 and engine.usd_per_hour is not None:
            yield from _another_host(situation, engine, spent, (1 - fits), wanted)


def _moved_home(situation: Situation, engine: OwnEngine, spent: int, fits: Fraction) -> Saving:
    return Saving(
        rule="own GPUs",
        who=_named(engine),
        what=f"has room for {percent(float(fits))} of what is bought of it by the token",
        usd_per_hour=situation.per_hour(spent * fits),
        evidence=f"the same model cost {usd(spent)} elsewhere while {percent(float(engine.used or 0))} of the host was used",
        assumption=f"one more token costs nothing but its power, which is not in this figure; {_ROOM}",
        risk="the name is the same, the precision and the context length may not be; peaks may not fit",
    )


def _another_host(
    situation: Situation, engine: OwnEngine, spent: int, left: Fraction, wanted: Fraction
) -> Iterator[Saving]:
    """As many more hosts as the rest of the traffic needs, where they cost less than it does."""
    assert engine.capacity is not None
    assert engine.usd_per_hour is not None
    hosts = ceil(wanted * left / (engine.capacity.work_per_second * MOST_USED))
    bought, rented = situation.per_hour(spent * left), hosts * engine.usd_per_hour
    if rented >= bought:
        return
    busy = wanted * left / (hosts * engine.capacity.work_per_second)
    even = decimal_of(busy) * rented / bought
    yield Saving(
        rule="self-hosting",
        who=_named(engine),
        what=f"would be cheaper on {hosts} more such host{'' if hosts == 1 else 's'} than by the token",
        usd_per_hour=bought - rented,
        evidence=f"${bought:,.2f}/h is bought, ${rented:,.2f}/h would be rented and {percent(float(busy))} used; "
        f"it pays from {percent(even)} on",
        assumption=f"they cost and serve as this one does, day and night, and the traffic stays; {_ROOM}",
        risk="people to run them are not in the price; traffic that comes in bursts leaves them idle",
    )


def _named(engine: OwnEngine) -> str:
    return f"{engine.model or 'the model'} on {engine.host}"


def _same_model(situation: Situation, engine: OwnEngine) -> list[Traffic]:
    name = _plain(engine.model)
    return [one for _, traffic in situation.senders() for one in traffic if name and _plain(one.sender.model) == name]


def _plain(model: str | None) -> str:
    """A model's name without who sells it and how it was tuned to chat."""
    name = (model or "").rpartition("/")[2].lower().partition(":")[0].replace("_", "-")
    return name.removesuffix("-instruct").removesuffix("-turbo")


def _work_per_second(traffic: Sequence[Traffic], engine: OwnEngine, seconds: float) -> Fraction:
    assert engine.capacity is not None
    return _served(merged_usage(traffic)).work(engine.capacity.decode_weight) / Fraction(seconds)


def _served(usage: Usage) -> Served:
    return Served(
        input_tokens=usage.prompt_tokens - usage.cache_read_tokens,
        cache_read_tokens=usage.cache_read_tokens,
        output_tokens=usage.output_tokens,
    )

"""Learns what engines can do from what they did, and keeps it in the store with its date."""

from collections.abc import Iterator, Sequence
from fractions import Fraction

from collectors.engines import ENGINES
from pricing.hosts.economics import DEFAULT_DECODE_WEIGHT, Served
from pricing.hosts.saturation import LEAST_SECONDS, differs, is_saturated, learn, work_rate
from pricing.times import MINUTE_MS
from store.asking import Ask, asking
from store.facts import SaturationFact
from store.hosts.capacity import WorkMinute, put_saturations, work_minutes
from store.hosts.columns import engine_minutes
from store.hosts.hosting import HostFacts, host_facts, host_of
from store.records import EngineState
from store.writer import Writer

TRAILING_MS = 14 * 86_400_000
"""K is learned from so long: engines are given other models, other settings and other GPUs."""

LEARN_EVERY_MS = 3_600_000

LUMPS_MINUTES = 5
"""Engines that count a request's tokens when it ends are looked at over so long: one minute may hold the work of several."""

_IN_LUMPS = frozenset(engine.kind for engine in ENGINES if engine.in_lumps)
_SETTLED_MS = 5_000
"""A minute is over for us a little later: its last scrape may still be written."""


class Learning:
    """Looks at each minute once after it is over; a restart looks at the last few again, which changes nothing."""

    def __init__(self) -> None:
        self._next_ms: int | None = None
        self._learn_at_ms: dict[tuple[str, str], int] = {}

    def step(self, writer: Writer, now_ms: int) -> list[SaturationFact]:
        """What is new since the last step, already in the store."""
        over_ms = (now_ms - _SETTLED_MS) // MINUTE_MS * MINUTE_MS
        begins_ms = self._next_ms if self._next_ms is not None else over_ms - 10 * MINUTE_MS
        with writer.transaction() as connection:
            ask = asking(connection)
            found: list[SaturationFact] = []
            for minute_ms in range(max(begins_ms, over_ms - 60 * MINUTE_MS), over_ms, MINUTE_MS):
                new = list(self._of_minute(ask, minute_ms))
                put_saturations(connection, new)
                found += new
        self._next_ms = over_ms
        return found

    def _of_minute(self, ask: Ask, minute_ms: int) -> Iterator[SaturationFact]:
        engines = engine_minutes(ask, minute_ms, minute_ms + MINUTE_MS)
        if not engines:
            return
        facts = host_facts(ask)
        for engine in engines:
            fact = self._of_engine(ask, facts, engine, engines, minute_ms)
            if fact is not None:
                yield fact

    def _of_engine(
        self, ask: Ask, facts: HostFacts, engine: EngineState, beside: Sequence[EngineState], minute_ms: int
    ) -> SaturationFact | None:
        share = _share(facts, engine, beside, minute_ms)
        known = facts.saturation(engine, share, minute_ms + MINUTE_MS - 1)
        if known is not None:
            rate = _newest_rate(ask, engine, minute_ms, known.decode_weight)
            if rate is not None and rate > known.work_per_second:
                return _fact(engine, minute_ms, rate, known.decode_weight, "raised", known.minutes)
            if not known.is_learned:
                return None
        return self._learned(ask, facts, engine, minute_ms, None if known is None else known.work_per_second)

    def _learned(
        self, ask: Ask, facts: HostFacts, engine: EngineState, minute_ms: int, before: Fraction | None
    ) -> SaturationFact | None:
        key = (engine.name, engine.model or "")
        later = any(one.since_ms > minute_ms for one in facts.learned.get(key, ()))
        if later or (before is not None and minute_ms < self._learn_at_ms.get(key, 0)):
            return None
        self._learn_at_ms[key] = minute_ms + LEARN_EVERY_MS
        since_ms, until_ms = minute_ms - TRAILING_MS, minute_ms + MINUTE_MS
        minutes = work_minutes(ask, *key, since_ms, until_ms)
        rates = [
            rate
            for one in _spans(minutes, _span(engine))
            if is_saturated(one.saturated_seconds, one.seconds) and (rate := _rate(one, DEFAULT_DECODE_WEIGHT, engine))
        ]
        raised = [
            one
            for one in facts.learned.get(key, ())
            if one.raised and one.since_ms >= since_ms and one.decode_weight == DEFAULT_DECODE_WEIGHT
        ]
        k = learn(rates, raised)
        if k is None or (before is not None and not differs(k, before)):
            return None
        # Learned at the end of this minute, from which on it is in force.
        return _fact(engine, until_ms, k, DEFAULT_DECODE_WEIGHT, "learned", len(rates))


def _fact(
    engine: EngineState, since_ms: int, k: Fraction, decode_weight: Fraction, how: str, minutes: int
) -> SaturationFact:
    return SaturationFact(
        engine=engine.name,
        model=engine.model or "",
        since_ms=since_ms,
        work_per_second=round(float(k), 3),
        decode_weight=float(decode_weight),
        how=how,
        minutes=minutes,
    )


def _share(facts: HostFacts, engine: EngineState, beside: Sequence[EngineState], at_ms: int) -> Fraction:
    mine = [other for other in beside if host_of(other) == host_of(engine)]
    return facts.shares(host_of(engine), mine, at_ms)[mine.index(engine)].of_host


def _span(engine: EngineState) -> int:
    """Over how many minutes its work rate means something."""
    return LUMPS_MINUTES if engine.kind in _IN_LUMPS else 1


def _newest_rate(ask: Ask, engine: EngineState, minute_ms: int, decode_weight: Fraction) -> Fraction | None:
    since_ms = minute_ms - (_span(engine) - 1) * MINUTE_MS
    minutes = work_minutes(ask, engine.name, engine.model or "", since_ms, minute_ms + MINUTE_MS)
    spans = _spans(minutes, _span(engine))
    return _rate(spans[-1], decode_weight, engine) if spans else None


def _rate(span: WorkMinute, decode_weight: Fraction, engine: EngineState) -> Fraction | None:
    if span.seconds < LEAST_SECONDS * _span(engine):
        return None
    served = Served(
        input_tokens=span.input_tokens, cache_read_tokens=span.cache_read_tokens, output_tokens=span.output_tokens
    )
    return work_rate(served, span.seconds, decode_weight)


def _spans(minutes: Sequence[WorkMinute], together: int) -> list[WorkMinute]:
    """Each minute with those before it, `together` of them; without one that has not as many before it."""
    found = []
    for end in range(together, len(minutes) + 1):
        span = minutes[end - together : end]
        if span[-1].minute - span[0].minute == 60 * (together - 1):
            found.append(WorkMinute(span[0].minute, *(sum(column) for column in list(zip(*span, strict=True))[1:])))
    return found

"""A day of a service, minute by minute, into a real store and through the real rules, with a week before it."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import pi, sin
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import msgspec

from collectors.alerting.evaluator import Evaluator
from pricing.alerts.thresholds import Thresholds
from pricing.card import CardStatus, RateCard
from pricing.usage import Usage
from store.facts import (
    Batch,
    BudgetFact,
    GpuReading,
    HostFact,
    Outcome,
    PricedEvent,
    SourceHealth,
    SourceState,
    UsageEvent,
)
from store.reader import Reader
from store.writer import Writer

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
MIDNIGHT_MS = 1_778_889_600_000
"""2026-05-16T00:00:00Z."""
ONSET_MS = MIDNIGHT_MS + 14 * HOUR_MS
"""When each fault begins."""
REPAIRED_MS = ONSET_MS + 60 * MINUTE_MS
"""When it is over."""


def card(model: str, fresh: str, cached: str | None, output: str) -> RateCard:
    """A list price in dollars per million tokens."""
    rates = [round(float(usd) * 1e9) if usd else None for usd in (fresh, cached)]
    return RateCard(
        book="list", record=model, status=CardStatus.PRICED, rates=(*rates, *(None,) * 5, round(float(output) * 1e9))
    )


CARDS = {
    one.record: one
    for one in (
        card("claude-sonnet-4-5", "3", "0.30", "15"),
        card("gpt-4o", "2.50", "1.25", "10"),
        card("gpt-4o-mini", "0.15", "0.075", "0.60"),
        card("o3", "2", "0.50", "8"),
    )
}


@dataclass(frozen=True, slots=True)
class Stream:
    """What one tenant sends to one model in a minute of average traffic; each call so many times."""

    tenant: str
    model: str
    calls: float
    usage: Usage
    attempts: int = 1
    card: RateCard | None = None

    @property
    def priced_at(self) -> RateCard:
        """Its card."""
        return self.card or CARDS[self.model]


SERVICE = (
    Stream("acme", "claude-sonnet-4-5", 8, Usage(input_tokens=1_000, cache_read_tokens=9_000, output_tokens=300)),
    Stream("acme", "gpt-4o-mini", 10, Usage(input_tokens=1_500, output_tokens=300)),
    Stream("globex", "gpt-4o", 8, Usage(input_tokens=2_000, output_tokens=300)),
    Stream("initech", "o3", 2, Usage(input_tokens=1_000, output_tokens=2_000, reasoning_tokens=1_500)),
)

Fault: TypeAlias = Callable[[Sequence[Stream]], Sequence[Stream]]
"""What the service sends while something is wrong."""


class Day:
    """A store that lives through a day; the clock is handed in, and every minute is written and judged."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self._writer = Writer(store)
        self._evaluator = Evaluator(store, Thresholds())
        self._random = Random(16)
        self._number = 0
        self.source_fails = ""
        self.gpu_changes: dict[str, Any] = {}
        self._unread: list[PricedEvent] = []

    def begin(self) -> None:
        """A host with two GPUs, a budget, six days by the hour and one by the minute."""
        first_ms = MIDNIGHT_MS - 7 * DAY_MS
        self._writer.set_hosts(
            [HostFact(name="h100-1", usd_per_hour_nano=5 * 10**9, since_ms=first_ms, gpus=2)], first_ms
        )
        # The service costs about $11 an hour at providers and $5 for its host: $390 a day.
        budget = BudgetFact(name="daily", nano_usd=600 * 10**9, period="day", since_ms=first_ms)
        self._writer.set_budgets([budget], first_ms)
        for hour in range(6 * 24):
            at_ms = first_ms + hour * HOUR_MS
            self._write([self._whole_hour(stream, at_ms) for stream in SERVICE], at_ms + HOUR_MS)
        for hour in range(24):
            minutes = range(
                MIDNIGHT_MS - DAY_MS + hour * HOUR_MS, MIDNIGHT_MS - DAY_MS + (hour + 1) * HOUR_MS, MINUTE_MS
            )
            events = [event for minute in minutes for event in self._events(SERVICE, minute)]
            self._write(events, minutes[-1] + MINUTE_MS)

    def live(self, since_ms: int, until_ms: int, fault: Fault = lambda streams: streams, every: int = 1) -> None:
        """Let minutes pass: every so many of them are written at once, and judged."""
        for begins_ms in range(since_ms, until_ms, every * MINUTE_MS):
            minutes = range(begins_ms, begins_ms + every * MINUTE_MS, MINUTE_MS)
            for minute_ms in minutes:
                self._unread += self._events(fault(SERVICE), minute_ms)
            at_ms = minutes[-1] + MINUTE_MS
            if self.source_fails:
                self._write([], at_ms, minutes)
            else:
                events, self._unread = self._unread, []
                self._write(events, at_ms, minutes)
            self._evaluator.take(self._writer, self._evaluator.look(at_ms))

    def copy(self, to: Path) -> "Day":
        """The same store and the same luck, to live on otherwise."""
        self.close()
        shutil.copyfile(self.store, to)
        other = Day(to)
        other._random.setstate(self._random.getstate())
        other._number = self._number
        return other

    def close(self) -> None:
        """Close the store."""
        self._evaluator.close()
        self._writer.close()

    def _events(self, streams: Iterable[Stream], minute_ms: int) -> Iterator[PricedEvent]:
        shape = 1 + 0.5 * sin(2 * pi * (minute_ms % DAY_MS / HOUR_MS - 9) / 24)
        for stream in streams:
            for _ in range(round(stream.calls * shape * self._random.uniform(0.8, 1.2))):
                self._number += 1
                call, noise = f"call-{self._number}", self._random.uniform(0.8, 1.2)
                ended_ms = minute_ms + self._random.randrange(MINUTE_MS)
                for attempt in range(stream.attempts):
                    outcome = Outcome.OK if attempt == stream.attempts - 1 else Outcome.ERROR
                    yield self._event(stream, f"{call}-{attempt}", call, ended_ms, scaled(stream.usage, noise), outcome)

    def _whole_hour(self, stream: Stream, at_ms: int) -> PricedEvent:
        """An hour of a stream as one record: of last week only sums matter."""
        shape = 1 + 0.5 * sin(2 * pi * (at_ms % DAY_MS / HOUR_MS - 8.5) / 24)
        self._number += 1
        name = f"hour-{self._number}"
        return self._event(stream, name, name, at_ms, scaled(stream.usage, stream.calls * 60 * shape), Outcome.OK)

    def _event(
        self, stream: Stream, record: str, call: str, ended_ms: int, usage: Usage, outcome: Outcome
    ) -> PricedEvent:
        priced_at = stream.priced_at
        unknown = priced_at.status is CardStatus.UNPRICED
        nano_usd = sum(count * (rate or 0) for count, rate in zip(usage.tokens, priced_at.rates, strict=True)) // 10**6
        event = UsageEvent(
            id=record, call_id=call, ended_at_ms=ended_ms, provider="list", model=stream.model, tenant=stream.tenant,
            usage=usage, outcome=outcome,
        )  # fmt: skip
        return PricedEvent(event=event, card_id=priced_at.id, nano_usd=None if unknown else nano_usd)

    def _write(self, events: Iterable[PricedEvent], at_ms: int, minutes: Iterable[int] = ()) -> None:
        taken, fails = list(events), self.source_fails
        health = SourceHealth(
            name="gateway", kind="file", state=SourceState.FAILING if fails else SourceState.OK, detail=fails,
            polled_ms=at_ms, watermark_ms=None if fails else at_ms, poll_every_ms=500,
        )  # fmt: skip
        used = {event.card_id for event in taken}
        cards = [one for one in (*CARDS.values(), *EXTRA_CARDS) if one.id in used]
        self._writer.write(Batch(health=health, events=taken), cards)
        gpus = [self._gpu(minute_ms + MINUTE_MS - 1_000, index) for minute_ms in minutes for index in (0, 1)]
        seen = SourceHealth(
            name="gpus", kind="gpu", state=SourceState.OK, polled_ms=at_ms, watermark_ms=at_ms, poll_every_ms=1_000
        )
        self._writer.write(Batch(health=seen, gpus=gpus))

    def _gpu(self, at_ms: int, index: int) -> GpuReading:
        reading = GpuReading(at_ms=at_ms, host="h100-1", uuid=f"GPU-{index}", index=index, name="H100", busy=0.8)
        return msgspec.structs.replace(reading, **self.gpu_changes) if index == 1 else reading


EXTRA_CARDS: list[RateCard] = []
"""Cards that only a fault uses."""


def scaled(usage: Usage, factor: float) -> Usage:
    """So many times these tokens."""
    return Usage.of(tuple(round(count * factor) for count in usage[:9]))


def only(streams: Sequence[Stream], of_tenant: str, of_model: str, **changes: Any) -> list[Stream]:
    """The streams with one of them changed."""
    return [
        replace(stream, **changes) if (stream.tenant, stream.model) == (of_tenant, of_model) else stream
        for stream in streams
    ]


def reading(day: Day) -> Reader:
    """A reader of its store."""
    return Reader(day.store)

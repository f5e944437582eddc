"""One metrics page of a serving engine, in words that all engines share."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import isfinite
from typing import NamedTuple, TypeAlias

from collectors.door import cut
from collectors.engines.exposition import Sample


class Count(StrEnum):
    """What a cumulative counter counts. A page has INPUT, or PROMPT from which CACHE_READ is to be taken, or neither."""

    INPUT = "input tokens"
    """Prompt tokens that were computed."""
    PROMPT = "prompt tokens"
    """All prompt tokens, cached ones included."""
    CACHE_READ = "cache read tokens"
    OUTPUT = "output tokens"
    FINISHED = "requests finished"
    TTFT_SECONDS = "seconds to first tokens"
    TTFTS = "first tokens"
    TTFT_BUCKETS = "first tokens that took at most so long"
    TPOT_SECONDS = "seconds per output tokens"
    TPOTS = "output tokens that were timed"
    TPOT_BUCKETS = "output tokens that took at most so long"
    QUEUE_SECONDS = "seconds in the queue"
    QUEUED = "requests that left the queue"
    IDLE_SECONDS = "seconds without work"


class Histogram(NamedTuple):
    """The counters of one histogram; without `buckets` only its mean is wanted."""

    seconds: Count
    number: Count
    buckets: Count | None = None


TTFT = Histogram(Count.TTFT_SECONDS, Count.TTFTS, Count.TTFT_BUCKETS)
TPOT = Histogram(Count.TPOT_SECONDS, Count.TPOTS, Count.TPOT_BUCKETS)
QUEUE = Histogram(Count.QUEUE_SECONDS, Count.QUEUED)


Series: TypeAlias = tuple[Count, str, frozenset[tuple[str, str]]]
"""A count, the metric it was read from and its labels: what a counter's last value is remembered by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnginePage:
    """Cumulative counters and gauges of one scrape; a count without a series, and None, are "not exposed"."""

    model: str | None = None
    counts: Mapping[Series, float] = field(default_factory=dict)
    running: int | None = None
    running_limit: int | None = None
    waiting: int | None = None
    kv_cache_used: float | None = None
    started_s: float | None = None
    """Unix time at which the engine's process started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One kind of engine: how its page is recognised, which metrics of it are read, and what they mean."""

    kind: str
    prefix: str
    """How the names of its own metric families begin; "" where only whole names tell, see `families`."""
    metrics: frozenset[str]
    """Names as scraped; everything else on the page is skipped unread."""
    normalise: Callable[[Sequence[Sample]], EnginePage]
    families: tuple[str, ...] = ()
    """For an engine without a prefix: names that all stand on its page."""
    in_lumps: bool = False
    """Its tokens are counted when a request ends: a minute holds what was done in others."""
    remark: str = ""
    """What its page cannot tell, in a sentence for whoever set it up."""


def gauge_values(samples: Sequence[Sample], name: str) -> list[float]:
    """Finite values of one gauge, over all its label sets."""
    return [sample.value for sample in samples if sample.name == name and isfinite(sample.value)]


def gauge_sum(samples: Sequence[Sample], name: str) -> int | None:
    """A gauge added up over its label sets, or None where it is not exposed."""
    values = gauge_values(samples, name)
    return round(sum(values)) if values else None


def gauge_mean(samples: Sequence[Sample], name: str) -> float | None:
    """A gauge averaged over its label sets, or None where it is not exposed."""
    values = gauge_values(samples, name)
    return sum(values) / len(values) if values else None


def gauge_share(samples: Sequence[Sample], names: Sequence[str]) -> float | None:
    """The first of these gauges that is exposed, averaged; one outside 0..1 has another unit, and is not guessed at."""
    used = next((mean for name in names if (mean := gauge_mean(samples, name)) is not None), None)
    return used if used is not None and 0 <= used <= 1 else None


def counter_series(samples: Sequence[Sample], counts: Mapping[str, Count]) -> dict[Series, float]:
    """Every series of the named counters, by what it counts."""
    return {
        (counts[sample.name], sample.name, frozenset(sample.labels.items())): sample.value
        for sample in samples
        if sample.name in counts
    }


def histogram(family: str, counted: Histogram) -> dict[str, Count]:
    """The metrics of a histogram: the sum of what was measured, how often, and how often at most so much."""
    buckets = {} if counted.buckets is None else {f"{family}_bucket": counted.buckets}
    return {f"{family}_sum": counted.seconds, f"{family}_count": counted.number, **buckets}


def first_exposed(families: Sequence[str], exposed: Container[str]) -> str | None:
    """Of names for the same histogram the first that is on a page, so that it is read once."""
    return next((family for family in families if f"{family}_count" in exposed), None)


def only_label(samples: Sequence[Sample], label: str) -> str | None:
    """The one value that a label has on a page; None when no sample has it or several values do."""
    values = {sample.labels[label] for sample in samples if label in sample.labels}
    return cut(values.pop()) if len(values) == 1 else None

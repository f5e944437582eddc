"""Engines whose page is a plain table: each counter counts one thing, whatever its labels."""

from collections.abc import Mapping, Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import (
    Count,
    Engine,
    EnginePage,
    counter_series,
    gauge_mean,
    gauge_share,
    gauge_sum,
    only_label,
)

STARTED = "process_start_time_seconds"


def plain_engine(
    kind: str,
    prefix: str,
    *,
    counts: Mapping[str, Count],
    running: str,
    waiting: str,
    kv_cache: Sequence[str] = (),
    model_label: str = "model_name",
    families: tuple[str, ...] = (),
) -> Engine:
    """An engine by the names of its metrics; `kv_cache` are gauges of a share 0..1, the newest name first."""

    def normalise(samples: Sequence[Sample]) -> EnginePage:
        return EnginePage(
            model=only_label(samples, model_label),
            counts=counter_series(samples, counts),
            running=gauge_sum(samples, running),
            waiting=gauge_sum(samples, waiting),
            kv_cache_used=gauge_share(samples, kv_cache),
            started_s=gauge_mean(samples, STARTED),
        )

    names = frozenset({*counts, running, waiting, *kv_cache, STARTED})
    return Engine(kind=kind, prefix=prefix, metrics=names, normalise=normalise, families=families)

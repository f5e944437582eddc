"""Engines whose page is a plain table: each counter counts one thing, whatever its labels."""

from collections.abc import Mapping, Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import (
    QUEUE,
    TPOT,
    TTFT,
    Count,
    Engine,
    EnginePage,
    counter_series,
    first_exposed,
    gauge_mean,
    gauge_share,
    gauge_sum,
    histogram,
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
    running_limit: str = "",
    kv_cache: Sequence[str] = (),
    ttft: str = "",
    tpot: Sequence[str] = (),
    queue: str = "",
    families: tuple[str, ...] = (),
    in_lumps: bool = False,
) -> Engine:
    """An engine by the names of its metrics; of `kv_cache` (gauges of a share 0..1) and `tpot` the newest name first."""
    timed = {**(histogram(ttft, TTFT) if ttft else {}), **(histogram(queue, QUEUE) if queue else {})}

    def normalise(samples: Sequence[Sample]) -> EnginePage:
        family = first_exposed(tpot, {sample.name for sample in samples})
        per_token = histogram(family, TPOT) if family else {}
        return EnginePage(
            model=only_label(samples, "model_name"),
            counts=counter_series(samples, {**counts, **timed, **per_token}),
            running=gauge_sum(samples, running),
            running_limit=gauge_sum(samples, running_limit),
            waiting=gauge_sum(samples, waiting),
            kv_cache_used=gauge_share(samples, kv_cache),
            started_s=gauge_mean(samples, STARTED),
        )

    per_token_names = {name for family in tpot for name in histogram(family, TPOT)}
    names = frozenset({*counts, *timed, *per_token_names, running, waiting, *kv_cache, STARTED, running_limit} - {""})
    return Engine(kind=kind, prefix=prefix, metrics=names, normalise=normalise, families=families, in_lumps=in_lumps)

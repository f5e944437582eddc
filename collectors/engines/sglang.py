"""SGLang's metrics page, on with `--enable-metrics`.

Names: https://docs.sglang.ai/references/production_metrics.html and srt/observability/metrics_collector.py.
`realtime_tokens_total` grows while requests run; the other token counters grow when they end, and are only read where
it is missing. Every pipeline stage, and on demand every tensor rank, repeats the scheduler's series: of each the one of
the lowest ranks is read, once per data-parallel rank. With priority scheduling, gauges stand once per priority, and
`priority=""` is their total. `sglang:utilization` is stuck at zero and is not read.
"""

from collections.abc import Iterable, Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import (
    QUEUE,
    TPOT,
    TTFT,
    Count,
    Engine,
    EnginePage,
    gauge_mean,
    gauge_share,
    gauge_sum,
    histogram,
    only_label,
)

LIVE = "sglang:realtime_tokens_total"
PROMPT = "sglang:prompt_tokens_total"
CACHED = "sglang:cached_tokens_total"
OUTPUT = "sglang:generation_tokens_total"
FINISHED = "sglang:num_requests_total"
ALWAYS = {
    FINISHED: Count.FINISHED,
    "sglang:scheduler_idle_seconds_total": Count.IDLE_SECONDS,
    **histogram("sglang:time_to_first_token_seconds", TTFT),
    **histogram("sglang:inter_token_latency_seconds", TPOT),
    **histogram("sglang:queue_time_seconds", QUEUE),
}
"""Read whatever else a page has."""
RUNNING = "sglang:num_running_reqs"
WAITING = "sglang:num_queue_reqs"
KV_CACHE = "sglang:token_usage"
STARTED = "process_start_time_seconds"

LIVE_MODES = {"prefill_compute": Count.INPUT, "prefill_cache": Count.CACHE_READ, "decode": Count.OUTPUT}
SETTLED = {PROMPT: Count.PROMPT, CACHED: Count.CACHE_READ, OUTPUT: Count.OUTPUT}
LEFT_TO_THE_OTHER = {"decode": (Count.INPUT, Count.PROMPT, Count.CACHE_READ), "prefill": (Count.OUTPUT,)}
"""By `engine_type`: what a half of a divided engine reports and the other half has done."""
RANKS = ("pp_rank", "tp_rank", "moe_ep_rank")


def normalise(samples: Sequence[Sample]) -> EnginePage:
    """Read the samples of one page, each token once."""
    once = _lowest_ranks(samples)
    live = any(sample.name == LIVE for sample in once)
    split = any(sample.name == CACHED and sample.labels.get("cache_source", "total") != "total" for sample in once)
    gauges = [sample for sample in once if not sample.labels.get("priority")]
    return EnginePage(
        model=only_label(samples, "model_name"),
        counts={
            (count, sample.name, _without_ranks(sample)): sample.value
            for sample in once
            if (count := _count(sample, live=live, split=split)) is not None
        },
        running=gauge_sum(gauges, RUNNING),
        waiting=gauge_sum(gauges, WAITING),
        kv_cache_used=gauge_share(gauges, (KV_CACHE,)),
        started_s=gauge_mean(samples, STARTED),
    )


def _count(sample: Sample, *, live: bool, split: bool) -> Count | None:
    """What a sample counts: `live` where the page has live counters, `split` where it tells caches apart."""
    if sample.name in ALWAYS:
        return ALWAYS[sample.name]
    count = LIVE_MODES.get(sample.labels.get("mode", "")) if sample.name == LIVE else None
    if not live:
        count = SETTLED.get(sample.name)
    if split and sample.name == CACHED and sample.labels.get("cache_source", "total") == "total":
        return None
    return None if count in LEFT_TO_THE_OTHER.get(sample.labels.get("engine_type", ""), ()) else count


def _lowest_ranks(samples: Iterable[Sample]) -> list[Sample]:
    """Of series that only differ by ranks the first; data-parallel ranks have tensor ranks of their own."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], Sample] = {}
    for sample in samples:
        labels = _without_ranks(sample)
        known = found.setdefault((sample.name, labels), sample)
        if _ranks(sample) < _ranks(known):
            found[sample.name, labels] = sample
    return list(found.values())


def _without_ranks(sample: Sample) -> frozenset[tuple[str, str]]:
    """The labels that tell series apart, whichever rank of several is read."""
    return frozenset((key, value) for key, value in sample.labels.items() if key not in RANKS)


def _ranks(sample: Sample) -> tuple[int, ...]:
    said = (sample.labels.get(rank, "") for rank in RANKS)
    return tuple(int(rank) if rank.isascii() and rank.isdigit() and len(rank) < 10 else 0 for rank in said)


SGLANG = Engine(
    kind="sglang",
    prefix="sglang:",
    metrics=frozenset({LIVE, *SETTLED, *ALWAYS, RUNNING, WAITING, KV_CACHE, STARTED}),
    normalise=normalise,
)

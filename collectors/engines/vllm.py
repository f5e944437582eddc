"""vLLM's metrics page.

Names: https://docs.vllm.ai/en/latest/usage/metrics/, as scraped (counters end in `_total`). The label `engine` is the
index of a data-parallel engine: counts add up over it, cache usage is averaged. `vllm:iteration_tokens_total` is a
histogram and `..._created` are times; neither is read. `vllm:gpu_prefix_cache_hits_total` of the first V1 releases
counted blocks, not tokens, and is not read either: there the prompt is taken as a whole.
"""

from collections.abc import Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import (
    QUEUE,
    TPOT,
    TTFT,
    Count,
    Engine,
    EnginePage,
    first_exposed,
    gauge_mean,
    gauge_sum,
    histogram,
    only_label,
)

BY_SOURCE = "vllm:prompt_tokens_by_source_total"
PROMPT = "vllm:prompt_tokens_total"
CACHED = "vllm:prompt_tokens_cached_total"
PREFIX_HITS = "vllm:prefix_cache_hits_total"
OUTPUT = "vllm:generation_tokens_total"
FINISHED = "vllm:request_success_total"
RUNNING = "vllm:num_requests_running"
WAITING = "vllm:num_requests_waiting"
KV_CACHE = ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc")
"""A share 0..1 despite its name; the second is what it was called before 0.9."""
TIMED = {
    **histogram("vllm:time_to_first_token_seconds", TTFT),
    **histogram("vllm:request_queue_time_seconds", QUEUE),
}
PER_TOKEN = ("vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds")
"""Each measured once per token; the second is what it was called in older releases."""
STARTED = "process_start_time_seconds"

COUNTED_SOURCES = {"local_compute": Count.INPUT, "local_cache_hit": Count.CACHE_READ}
"""Of BY_SOURCE. `external_kv_transfer` is left out: another engine computed those, and counts them itself."""


def normalise(samples: Sequence[Sample]) -> EnginePage:
    """Read the samples of one page, from the newest names it has."""
    counted = _counted({sample.name for sample in samples})
    return EnginePage(
        model=only_label(samples, "model_name"),
        counts={
            (count, sample.name, frozenset(sample.labels.items())): sample.value
            for sample in samples
            if (count := counted.get((sample.name, sample.labels.get("source")))) is not None
        },
        running=gauge_sum(samples, RUNNING),
        waiting=gauge_sum(samples, WAITING),
        kv_cache_used=next((used for name in KV_CACHE if (used := gauge_mean(samples, name)) is not None), None),
        started_s=gauge_mean(samples, STARTED),
    )


def _counted(exposed: set[str]) -> dict[tuple[str, str | None], Count]:
    """What each (metric, `source` label) counts, where a page exposes these metrics: each token in one way only."""
    family = first_exposed(PER_TOKEN, exposed)
    plain = {OUTPUT: Count.OUTPUT, FINISHED: Count.FINISHED, **TIMED, **(histogram(family, TPOT) if family else {})}
    always: dict[tuple[str, str | None], Count] = {(name, None): count for name, count in plain.items()}
    if BY_SOURCE in exposed:
        return always | {(BY_SOURCE, source): count for source, count in COUNTED_SOURCES.items()}
    cached = CACHED if CACHED in exposed else PREFIX_HITS
    return always | {(PROMPT, None): Count.PROMPT, (cached, None): Count.CACHE_READ}


VLLM = Engine(
    kind="vllm",
    prefix="vllm:",
    metrics=frozenset({
        BY_SOURCE, PROMPT, CACHED, PREFIX_HITS, OUTPUT, FINISHED, RUNNING, WAITING, *KV_CACHE, STARTED, *TIMED,
        *(name for family in PER_TOKEN for name in histogram(family, TPOT)),
    }),
    normalise=normalise,
)  # fmt: skip

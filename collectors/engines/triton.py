"""Triton's metrics page: load, and no tokens.

Names: https://github.com/triton-inference-server/tensorrtllm_backend, "Triton Metrics". All `nv_trt_llm_*` are gauges of
the current iteration. The label `model` is a step of a pipeline, such as `tensorrt_llm`, and requests are counted at
each step; neither is read.
"""

from collections.abc import Sequence

from collectors.engines.exposition import Sample
from collectors.engines.page import Engine, EnginePage, gauge_share, gauge_sum

REQUESTS = "nv_trt_llm_request_metrics"
KV_BLOCKS = "nv_trt_llm_kv_cache_block_metrics"


def normalise(samples: Sequence[Sample]) -> EnginePage:
    """Read the load of one page; its counts are empty."""
    return EnginePage(
        running=gauge_sum(_of(samples, "request_type", "scheduled"), REQUESTS),
        running_limit=gauge_sum(_of(samples, "request_type", "max"), REQUESTS),
        waiting=gauge_sum(_of(samples, "request_type", "waiting"), REQUESTS),
        kv_cache_used=gauge_share(_of(samples, "kv_cache_block_type", "fraction"), (KV_BLOCKS,)),
    )


def _of(samples: Sequence[Sample], label: str, value: str) -> list[Sample]:
    return [sample for sample in samples if sample.labels.get(label) == value]


TRITON = Engine(
    kind="triton",
    prefix="nv_",
    metrics=frozenset({REQUESTS, KV_BLOCKS}),
    normalise=normalise,
    remark="Triton counts no tokens: they are known from the gateway's log only",
)

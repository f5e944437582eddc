"""The metrics page of TensorRT-LLM's own server, `/prometheus/metrics`.

Names: https://github.com/NVIDIA/TensorRT-LLM, metrics/collector.py. Tokens are counted when a request ends, and only
with `return_perf_metrics: true`; the gauges want `enable_iter_perf_stats: true`. The prompt is taken to include cached
tokens. Dynamo 0.7 wrote the same names with a colon.
"""

from collectors.engines.page import Count, Engine
from collectors.engines.plain import plain_engine


def _trtllm(prefix: str) -> Engine:
    return plain_engine(
        "tensorrt-llm",
        prefix,
        counts={
            f"{prefix}prompt_tokens_total": Count.PROMPT,
            f"{prefix}prompt_cached_tokens_total": Count.CACHE_READ,
            f"{prefix}generation_tokens_total": Count.OUTPUT,
            f"{prefix}request_success_total": Count.FINISHED,
        },
        running=f"{prefix}num_requests_running",
        waiting=f"{prefix}num_requests_waiting",
        running_limit=f"{prefix}max_num_active_requests",
        kv_cache=(f"{prefix}kv_cache_utilization",),
        ttft=f"{prefix}time_to_first_token_seconds",
        tpot=(f"{prefix}time_per_output_token_seconds",),
        queue=f"{prefix}request_queue_time_seconds",
        in_lumps=True,
    )


TRTLLM = _trtllm("trtllm_")
TRTLLM_COLON = _trtllm("trtllm:")

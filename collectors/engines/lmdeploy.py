"""LMDeploy's metrics page.

Names: https://github.com/InternLM/lmdeploy, metrics/loggers.py. The prompt is taken to include cached tokens, which are
counted when a request ends: until then they count as fresh, and are set off afterwards. `iteration_tokens_total` is a
histogram, and the numbers of finished requests are gauges; none of them is read.
"""

from collectors.engines.page import Count
from collectors.engines.plain import plain_engine

LMDEPLOY = plain_engine(
    "lmdeploy",
    "lmdeploy:",
    counts={
        "lmdeploy:prompt_tokens_total": Count.PROMPT,
        "lmdeploy:cached_tokens_total": Count.CACHE_READ,
        "lmdeploy:generation_tokens_total": Count.OUTPUT,
    },
    running="lmdeploy:num_requests_running",
    waiting="lmdeploy:num_requests_waiting",
    kv_cache=("lmdeploy:gpu_cache_usage_perc",),
    ttft="lmdeploy:time_to_first_token_seconds",
    tpot=("lmdeploy:iter_token_latency", "lmdeploy:time_per_output_token_seconds"),
    queue="lmdeploy:request_queue_time_seconds",
)

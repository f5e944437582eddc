"""The metrics page of NVIDIA NIM for LLMs, `/v1/metrics`.

Names: https://docs.nvidia.com/nim/large-language-models/latest/observability.html. They have no prefix, so a page is
only taken for NIM's when several of them stand on it and no family of another engine does: newer releases pass the
names of the engine inside through, and are read as that engine.
"""

from collectors.engines.page import Count
from collectors.engines.plain import plain_engine

NIM = plain_engine(
    "nim",
    "",
    counts={
        "prompt_tokens_total": Count.PROMPT,
        "generation_tokens_total": Count.OUTPUT,
        "request_finish_total": Count.FINISHED,
    },
    running="num_requests_running",
    waiting="num_requests_waiting",
    running_limit="num_request_max",
    kv_cache=("gpu_cache_usage_perc",),
    ttft="time_to_first_token_seconds",
    tpot=("time_per_output_token_seconds",),
    families=("num_requests_running", "prompt_tokens_total", "generation_tokens_total"),
)

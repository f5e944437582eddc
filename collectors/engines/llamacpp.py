"""The metrics page of llama.cpp's server, on with `--metrics`.

Names: https://github.com/ggml-org/llama.cpp/tree/master/tools/server, GET /metrics. Prompt tokens leave cached ones
out, which have a counter of their own in newer builds. Generated tokens are counted when a request ends, so they come
in lumps; the seconds that they took stand beside them, and give the time per token. From a million on, counters are written with six digits. The page names no model. `prompt_tokens_seconds` and
`predicted_tokens_seconds` are averages since whoever asked last, and `n_tokens_max` is no counter: none is read.
"""

from collectors.engines.page import Count
from collectors.engines.plain import plain_engine

LLAMACPP = plain_engine(
    "llama.cpp",
    "llamacpp:",
    counts={
        "llamacpp:prompt_tokens_total": Count.INPUT,
        "llamacpp:prompt_tokens_cached_total": Count.CACHE_READ,
        "llamacpp:tokens_predicted_total": Count.OUTPUT,
        "llamacpp:tokens_predicted_seconds_total": Count.TPOT_SECONDS,
    },
    running="llamacpp:requests_processing",
    waiting="llamacpp:requests_deferred",
    kv_cache=("llamacpp:kv_cache_usage_ratio",),
    in_lumps=True,
)

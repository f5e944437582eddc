"""The metrics page of Text Generation Inference, on its main port.

Names: https://huggingface.co/docs/text-generation-inference/reference/metrics. It has no token counters; the sums of
its histograms grow like some. Prompt tokens are counted when a request is accepted, also for one that fails later, and
generated ones when it ends. Nothing tells cached tokens apart, and the page names no model.
Time per token is a mean per request.
"""

from collectors.engines.page import Count
from collectors.engines.plain import plain_engine

TGI = plain_engine(
    "tgi",
    "tgi_",
    counts={
        "tgi_request_input_length_sum": Count.PROMPT,
        "tgi_request_generated_tokens_sum": Count.OUTPUT,
        "tgi_request_success": Count.FINISHED,
    },
    running="tgi_batch_current_size",
    waiting="tgi_queue_size",
    tpot=("tgi_request_mean_time_per_token_duration",),
    queue="tgi_request_queue_duration",
    in_lumps=True,
)

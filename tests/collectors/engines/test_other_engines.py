"""TGI, TensorRT-LLM, LMDeploy, NIM, Triton and Ray: their documented names in the words of every engine."""

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from collectors.engines.engine import EngineSource
from collectors.engines.lmdeploy import LMDEPLOY
from collectors.engines.nim import NIM
from collectors.engines.page import Count, Engine, EnginePage
from collectors.engines.ray import RAY_SGLANG, RAY_VLLM
from collectors.engines.tgi import TGI
from collectors.engines.triton import TRITON
from collectors.engines.trtllm import TRTLLM, TRTLLM_COLON
from tests.fakes.pages import NOW_MS, polled, read_page, sums


def test_tgi_is_read_from_the_sums_of_its_histograms() -> None:
    registry = CollectorRegistry()
    prompt = Histogram("tgi_request_input_length", "Prompt.", registry=registry)
    output = Histogram("tgi_request_generated_tokens", "Output.", registry=registry)
    queue = Gauge("tgi_queue_size", "Waiting.", registry=registry)
    batch = Gauge("tgi_batch_current_size", "Running.", registry=registry)
    pages = [generate_latest(registry).decode()]
    for size in (100, 150):
        prompt.observe(size)
        output.observe(size // 10)
    queue.set(7)
    batch.set(2)
    pages.append(generate_latest(registry).decode())
    second = polled(pages, model="mistral")[1]

    assert (second.kind, second.model) == ("tgi", "mistral")
    assert (second.input_tokens, second.cache_read_tokens, second.output_tokens) == (250, None, 25)
    assert (second.running, second.waiting, second.requests_finished) == (2, 7, None)


def test_tgi_counts_answered_requests_under_a_name_without_suffix() -> None:
    page = read_page(TGI, "tgi_request_success 12", "tgi_request_count 20", 'tgi_request_failure{err="validation"} 8')
    assert sums(page) == {Count.FINISHED: 12}


@pytest.mark.parametrize(("engine", "prefix"), [(TRTLLM, "trtllm_"), (TRTLLM_COLON, "trtllm:")])
def test_tensorrt_llm_is_read_under_both_spellings(engine: Engine, prefix: str) -> None:
    labels = 'model_name="nemo",engine_type="trtllm"'
    page = read_page(
        engine,
        f"{prefix}prompt_tokens_total{{{labels}}} 1000",
        f"{prefix}prompt_cached_tokens_total{{{labels}}} 400",
        f'{prefix}prompt_cache_hit_tokens_total{{{labels},cache_level="0",cache_tier="gpu"}} 400',
        f"{prefix}generation_tokens_total{{{labels}}} 90",
        f'{prefix}request_success_total{{{labels},finished_reason="stop"}} 3',
        f'{prefix}request_success_total{{{labels},finished_reason="length"}} 2',
        f"{prefix}num_requests_running{{{labels}}} 8",
        f"{prefix}num_requests_waiting{{{labels}}} 1",
        f"{prefix}kv_cache_utilization{{{labels}}} 0.5",
    )
    assert sums(page) == {Count.PROMPT: 1000, Count.CACHE_READ: 400, Count.OUTPUT: 90, Count.FINISHED: 5}
    assert (page.model, page.running, page.waiting, page.kv_cache_used) == ("nemo", 8, 1, 0.5)


def test_tensorrt_llm_without_its_options_shows_no_tokens_and_none_are_made_up() -> None:
    second = polled(["trtllm_request_success_total 3\n", "trtllm_request_success_total 5\n"])[1]
    assert (second.input_tokens, second.output_tokens, second.requests_finished) == (None, None, 2)


def test_lmdeploy_s_cached_tokens_are_set_off_when_their_request_ends() -> None:
    text = (
        'lmdeploy:prompt_tokens_total{{model_name="i",engine="0"}} {}\n'
        'lmdeploy:cached_tokens_total{{model_name="i",engine="0"}} {}\n'
        'lmdeploy:generation_tokens_total{{model_name="i",engine="0"}} {}\n'
    )
    steps = [(0, 0, 0), (100, 0, 5), (150, 80, 9), (250, 80, 12)]
    readings = polled([text.format(*step) for step in steps])

    assert [reading.input_tokens for reading in readings] == [None, 100, 0, 70]
    assert sum(reading.input_tokens or 0 for reading in readings) == 250 - 80
    assert [reading.output_tokens for reading in readings] == [None, 5, 4, 3]


def test_lmdeploy_s_gauges_of_finished_requests_and_its_histogram_are_no_counters() -> None:
    page = read_page(
        LMDEPLOY,
        "lmdeploy:num_requests_succeeded 9",
        "lmdeploy:iteration_tokens_total_sum 500",
        "lmdeploy:gpu_cache_usage_perc 0.3",
        "lmdeploy:num_requests_running 2",
    )
    assert page == EnginePage(running=2, kv_cache_used=0.3)


def test_nim_is_read_from_names_without_a_prefix() -> None:
    registry = CollectorRegistry()
    labels = ["model_name"]
    Gauge("num_requests_running", "Running.", labels, registry=registry).labels("meta/llama").set(4)
    Gauge("num_requests_waiting", "Waiting.", labels, registry=registry).labels("meta/llama").set(1)
    Gauge("gpu_cache_usage_perc", "Cache.", labels, registry=registry).labels("meta/llama").set(0.25)
    prompt = Counter("prompt_tokens", "Prompt.", labels, registry=registry).labels("meta/llama")
    output = Counter("generation_tokens", "Output.", labels, registry=registry).labels("meta/llama")
    first = generate_latest(registry).decode()
    prompt.inc(120)
    output.inc(30)
    second = polled([first, generate_latest(registry).decode()])[1]

    assert (second.kind, second.model) == ("nim", "meta/llama")
    assert (second.input_tokens, second.cache_read_tokens, second.output_tokens) == (120, None, 30)
    assert (second.running, second.waiting, second.kv_cache_used) == (4, 1, 0.25)


def test_nim_whose_label_of_the_model_has_another_name_takes_the_source_s() -> None:
    page = 'num_requests_running{model="x"} 1\nprompt_tokens_total{model="x"} 1\ngeneration_tokens_total{model="x"} 1\n'
    assert polled([page], model="mine")[0].model == "mine"
    assert polled([page])[0].model is None


def test_a_share_in_another_unit_is_not_guessed_at() -> None:
    assert read_page(NIM, "gpu_cache_usage_perc 25").kv_cache_used is None


TRITON_PAGE = """
nv_inference_request_success{model="tensorrt_llm",version="1"} 5
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="waiting",version="1"} 3
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="scheduled",version="1"} 2
nv_trt_llm_request_metrics{model="tensorrt_llm",request_type="max",version="1"} 512
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="fraction",model="tensorrt_llm",version="1"} 0.25
nv_trt_llm_kv_cache_block_metrics{kv_cache_block_type="used",model="tensorrt_llm",version="1"} 9
nv_trt_llm_inflight_batcher_metrics{inflight_batcher_specific_metric="total_context_tokens",model="tensorrt_llm"} 70
"""


async def test_triton_shows_its_load_and_says_that_it_counts_no_tokens() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(TRITON_PAGE.encode())))
    async with httpx.AsyncClient(transport=transport) as client:
        source = EngineSource("a", "http://triton.test/metrics", client, model="nemo")
        await source.poll(NOW_MS)
        poll = await source.poll(NOW_MS + 2_000)

    (reading,) = poll.engines
    assert (reading.kind, reading.model) == ("triton", "nemo")
    assert (reading.running, reading.waiting, reading.kv_cache_used) == (2, 3, 0.25)
    assert (reading.running_limit, reading.ttft) == (512, None)
    assert (reading.input_tokens, reading.output_tokens, reading.requests_finished) == (None, None, None)
    assert "counts no tokens" in poll.detail


def test_a_triton_without_that_backend_shows_nothing_that_is_known() -> None:
    assert read_page(TRITON, 'nv_inference_request_success{model="onnx"} 5') == EnginePage()


def test_vllm_behind_ray_is_vllm_and_its_workers_add_up() -> None:
    page = read_page(
        RAY_VLLM,
        'ray_vllm_prompt_tokens_total{model_name="m",WorkerId="a"} 1000.0',
        'ray_vllm_prompt_tokens_total{model_name="m",WorkerId="b"} 500.0',
        'ray_vllm_prefix_cache_hits_total{model_name="m",WorkerId="a"} 300.0',
        'ray_vllm_generation_tokens_total{model_name="m",WorkerId="a"} 90.0',
        'ray_vllm_num_requests_running{model_name="m",WorkerId="a"} 3.0',
        'ray_vllm_kv_cache_usage_perc{model_name="m",WorkerId="a"} 0.5',
    )
    assert sums(page) == {Count.PROMPT: 1500, Count.CACHE_READ: 300, Count.OUTPUT: 90}
    assert (page.model, page.running, page.kv_cache_used) == ("m", 3, 0.5)


def test_sglang_behind_ray_is_sglang() -> None:
    page = read_page(
        RAY_SGLANG,
        'ray_sglang_realtime_tokens_total{model_name="m",mode="decode",tp_rank="0"} 90.0',
        'ray_sglang_realtime_tokens_total{model_name="m",mode="decode",tp_rank="1"} 90.0',
    )
    assert sums(page) == {Count.OUTPUT: 90}


def test_the_start_of_ray_s_agent_is_not_the_engine_s() -> None:
    text = "process_start_time_seconds {0}\nray_process_start_time_seconds {0}\nray_vllm_generation_tokens_total {1}\n"
    readings = polled([text.format(NOW_MS / 1000 - 60, 100), text.format(NOW_MS / 1000 + 1, 150)])
    assert readings[1].output_tokens == 50


@pytest.mark.parametrize(
    ("engine", "ttft", "tpot", "queue"),
    [
        (TGI, None, "tgi_request_mean_time_per_token_duration", "tgi_request_queue_duration"),
        (
            TRTLLM,
            "trtllm_time_to_first_token_seconds",
            "trtllm_time_per_output_token_seconds",
            "trtllm_request_queue_time_seconds",
        ),
        (
            LMDEPLOY,
            "lmdeploy:time_to_first_token_seconds",
            "lmdeploy:time_per_output_token_seconds",
            "lmdeploy:request_queue_time_seconds",
        ),
        (NIM, "time_to_first_token_seconds", "time_per_output_token_seconds", None),
        (
            RAY_VLLM,
            "ray_vllm_time_to_first_token_seconds",
            "ray_vllm_inter_token_latency_seconds",
            "ray_vllm_request_queue_time_seconds",
        ),
    ],
)
def test_latencies_are_the_sums_and_counts_of_their_histograms(
    engine: Engine, ttft: str | None, tpot: str, queue: str | None
) -> None:
    families = [family for family in (ttft, tpot, queue) if family]
    page = read_page(
        engine, *(f"{family}_{what} {value}" for family in families for what, value in (("sum", 3), ("count", 4)))
    )
    known = {Count.TPOT_SECONDS: 3, Count.TPOTS: 4}
    known |= {Count.TTFT_SECONDS: 3, Count.TTFTS: 4} if ttft else {}
    known |= {Count.QUEUE_SECONDS: 3, Count.QUEUED: 4} if queue else {}
    assert sums(page) == known


def test_of_two_names_for_the_time_per_token_one_is_read() -> None:
    newer, older = "lmdeploy:iter_token_latency", "lmdeploy:time_per_output_token_seconds"
    lines = [f"{family}_{what} {value}" for family, value in ((newer, 5), (older, 9)) for what in ("sum", "count")]
    assert sums(read_page(LMDEPLOY, *lines)) == {Count.TPOT_SECONDS: 5, Count.TPOTS: 5}


@pytest.mark.parametrize(("engine", "name"), [(TRTLLM, "trtllm_max_num_active_requests"), (NIM, "num_request_max")])
def test_how_many_requests_can_run_at_once_is_read_where_it_is_said(engine: Engine, name: str) -> None:
    assert read_page(engine, f"{name} 256").running_limit == 256
    assert read_page(engine, "x 1").running_limit is None

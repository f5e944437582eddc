"""All engines alike: each page is its own engine's, and what was done between pages comes out once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.discovery import discover
from collectors.engines import ENGINES, recognise
from collectors.machine import COMMANDS, ServingProcess
from tests.fakes.pages import polled

PAGES = {
    "vllm": "vllm:prompt_tokens_total {prompt}\nvllm:prefix_cache_hits_total {cached}\nvllm:generation_tokens_total {output}\n",
    "sglang": (
        'sglang:realtime_tokens_total{{mode="prefill_compute",tp_rank="0"}} {computed}\n'
        'sglang:realtime_tokens_total{{mode="prefill_compute",tp_rank="1"}} {computed}\n'
        'sglang:realtime_tokens_total{{mode="prefill_cache",tp_rank="0"}} {cached}\n'
        'sglang:realtime_tokens_total{{mode="decode",tp_rank="0"}} {output}\n'
        "sglang:prompt_tokens_total {prompt}\n"
    ),
    "sglang settled": (
        "sglang:prompt_tokens_total {prompt}\nsglang:cached_tokens_total {cached}\nsglang:generation_tokens_total {output}\n"
    ),
    "llama.cpp": (
        "llamacpp:prompt_tokens_total {computed}\nllamacpp:prompt_tokens_cached_total {cached}\n"
        "llamacpp:tokens_predicted_total {output}\n"
    ),
    "tgi": "tgi_request_input_length_sum {prompt}\ntgi_request_generated_tokens_sum {output}\n",
    "tensorrt-llm": (
        "trtllm_prompt_tokens_total {prompt}\ntrtllm_prompt_cached_tokens_total {cached}\n"
        "trtllm_generation_tokens_total {output}\n"
    ),
    "lmdeploy": (
        "lmdeploy:prompt_tokens_total {prompt}\nlmdeploy:cached_tokens_total {cached}\n"
        "lmdeploy:generation_tokens_total {output}\n"
    ),
    "nim": "num_requests_running 1\nprompt_tokens_total {prompt}\ngeneration_tokens_total {output}\n",
    "vllm ray": (
        "ray_vllm_prompt_tokens_total {prompt}\nray_vllm_prompt_tokens_cached_total {cached}\n"
        "ray_vllm_generation_tokens_total {output}\n"
    ),
}
"""The pages of engines that did so much; `prompt` is `computed` and `cached` together."""
NOT_TOLD_APART = ("tgi", "nim")

Work = tuple[int, int, int]
"""Computed prompt tokens, cached ones, and output."""
WORK = st.tuples(*[st.integers(0, 400_000)] * 3)


def page(kind: str, done: Work) -> str:
    return PAGES[kind].format(computed=done[0], cached=done[1], prompt=done[0] + done[1], output=done[2])


@pytest.mark.parametrize("kind", PAGES)
@given(lives=st.lists(st.lists(WORK, max_size=4), min_size=1, max_size=4))
def test_what_was_done_over_any_number_of_restarts_comes_out_once(kind: str, lives: list[list[Work]]) -> None:
    """Each life begins with a page of zeros, so that every restart can be seen."""
    pages, done = [], (0, 0, 0)
    for life in lives:
        total = (0, 0, 0)
        pages.append(page(kind, total))
        for work in life:
            total = (total[0] + work[0], total[1] + work[1], total[2] + work[2])
            done = (done[0] + work[0], done[1] + work[1], done[2] + work[2])
            pages.append(page(kind, total))
    readings = polled(pages)

    gained = (
        sum(reading.input_tokens or 0 for reading in readings),
        sum(reading.cache_read_tokens or 0 for reading in readings),
        sum(reading.output_tokens or 0 for reading in readings),
    )
    assert gained == ((done[0] + done[1], 0, done[2]) if kind in NOT_TOLD_APART else done)


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_its_own_engine_s_and_nobody_else_s(kind: str) -> None:
    text = page(kind, (1, 2, 3))
    for served in (text, "python_info 1\n" + text, "# HELP " + text):
        found = recognise(served.encode())
        assert found is not None
        assert found.kind == kind.partition(" ")[0]


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_read_of_a_page_that_only_tells_about_itself(kind: str) -> None:
    found = recognise(page(kind, (1, 2, 3)).encode())
    assert found is not None
    empty = found.normalise([])
    assert not empty.counts
    assert (empty.model, empty.running, empty.waiting, empty.kv_cache_used, empty.started_s) == (None,) * 5


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("nv_inference_request_success 1\nvllm:generation_tokens_total 2\n", "vllm"),
        ("nv_gpu_utilization 0.5\n", "triton"),
        ("dynamo_component_requests_total 1\ntrtllm_generation_tokens_total 2\n", "tensorrt-llm"),
        ("ray_node_cpu_utilization 1\nray_sglang_generation_tokens_total 2\n", "sglang"),
        ("num_requests_running 1\nprompt_tokens_total 2\ngeneration_tokens_total 3\nvllm:x 1\n", "vllm"),
    ],
)
def test_a_page_that_passes_another_s_names_through_is_read_as_the_one_inside(text: str, kind: str) -> None:
    found = recognise(text.encode())
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "prompt_tokens_total 1\n",
        "generation_tokens_total 1\nnum_requests_running_now 2\nprompt_tokens_total 1\n",
        "my_num_requests_running 1\nprompt_tokens_total 1\ngeneration_tokens_total 2\n",
        "nvme_reads_total 1\n",
        "nv_something 1\n",
        "ray_tasks 1\n",
        "tgis 1\n",
        "dynamo_component_requests_total 1\n",
    ],
)
def test_a_page_with_names_that_are_only_alike_is_nobody_s(text: str) -> None:
    assert recognise(text.encode()) is None


def test_every_engine_that_is_found_running_is_read_save_the_one_without_a_page() -> None:
    assert set(COMMANDS.values()) - {engine.kind for engine in ENGINES} == {"ollama"}


@pytest.mark.parametrize(("kind", "path"), [("tensorrt-llm", "/prometheus/metrics"), ("sglang", "/metrics")])
def test_an_engine_is_asked_where_its_page_is(kind: str, path: str) -> None:
    process = ServingProcess(pid=7, kind=kind, summary=kind, listens=(), stated_port=8000, pids=(7,))
    (found,) = discover(environment={}, places=(), processes=[process]).engines
    assert found.url == f"http://127.0.0.1:8000{path}"

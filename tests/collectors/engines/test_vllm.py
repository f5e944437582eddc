"""vLLM's page in the words of every engine, from the names of its newest and its older releases."""

import math

import pytest

from collectors.engines import recognise
from collectors.engines.exposition import scan
from collectors.engines.page import Count, EnginePage
from collectors.engines.vllm import VLLM, normalise
from store.facts import Timed
from store.hosts.latency import Bucket
from tests.fakes.pages import polled

MODEL = 'model_name="llama",engine="0"'


def _page(*lines: str) -> EnginePage:
    return normalise(scan("\n".join(lines).encode(), VLLM.metrics).samples)


def _sums(page: EnginePage) -> dict[Count, float]:
    sums: dict[Count, float] = {}
    for (count, _, _), value in page.counts.items():
        sums[count] = sums.get(count, 0.0) + value
    return sums


def test_tokens_by_source_are_told_apart_and_transferred_ones_left_out() -> None:
    page = _page(
        f'vllm:prompt_tokens_by_source_total{{{MODEL},source="local_compute"}} 700',
        f'vllm:prompt_tokens_by_source_total{{{MODEL},source="local_cache_hit"}} 250',
        f'vllm:prompt_tokens_by_source_total{{{MODEL},source="external_kv_transfer"}} 50',
        f"vllm:prompt_tokens_total{{{MODEL}}} 1000",
        f"vllm:prompt_tokens_cached_total{{{MODEL}}} 300",
        f"vllm:prefix_cache_hits_total{{{MODEL}}} 310",
        f"vllm:generation_tokens_total{{{MODEL}}} 90",
    )
    assert _sums(page) == {Count.INPUT: 700, Count.CACHE_READ: 250, Count.OUTPUT: 90}


@pytest.mark.parametrize(
    ("cache_lines", "cached"),
    [
        (["vllm:prefix_cache_hits_total{%s} 310"], 310),
        (["vllm:prompt_tokens_cached_total{%s} 300", "vllm:prefix_cache_hits_total{%s} 310"], 300),
    ],
)
def test_older_pages_have_the_whole_prompt_and_its_cached_part(cache_lines: list[str], cached: int) -> None:
    page = _page(f"vllm:prompt_tokens_total{{{MODEL}}} 1000", *(line % MODEL for line in cache_lines))
    assert _sums(page) == {Count.PROMPT: 1000, Count.CACHE_READ: cached}


def test_hits_that_were_counted_in_blocks_are_not_taken_for_tokens() -> None:
    page = _page(f"vllm:prompt_tokens_total{{{MODEL}}} 1000", f"vllm:gpu_prefix_cache_hits_total{{{MODEL}}} 12")
    assert _sums(page) == {Count.PROMPT: 1000}


def test_times_and_histograms_are_not_counters() -> None:
    page = _page(
        f"vllm:generation_tokens_created{{{MODEL}}} 1.7e9",
        f"vllm:iteration_tokens_total_sum{{{MODEL}}} 5000",
        f"vllm:iteration_tokens_total_count{{{MODEL}}} 50",
        f'vllm:iteration_tokens_total_bucket{{{MODEL},le="1.0"}} 3',
        f"vllm:iteration_tokens_total{{{MODEL}}} 9",
    )
    assert page.counts == {}


def test_data_parallel_engines_add_up_and_their_cache_use_is_averaged() -> None:
    page = _page(
        'vllm:generation_tokens_total{model_name="llama",engine="0"} 90',
        'vllm:generation_tokens_total{model_name="llama",engine="1"} 10',
        'vllm:num_requests_running{model_name="llama",engine="0"} 3.0',
        'vllm:num_requests_running{model_name="llama",engine="1"} 4.0',
        'vllm:num_requests_waiting{model_name="llama",engine="0"} 0.0',
        'vllm:num_requests_waiting_by_reason{model_name="llama",engine="0",reason="capacity"} 8.0',
        'vllm:kv_cache_usage_perc{model_name="llama",engine="0"} 0.2',
        'vllm:kv_cache_usage_perc{model_name="llama",engine="1"} 0.6',
    )
    assert len(page.counts) == 2
    assert _sums(page) == {Count.OUTPUT: 100}
    assert (page.running, page.waiting) == (7, 0)
    assert page.kv_cache_used == pytest.approx(0.4)


def test_finished_requests_count_whatever_their_reason() -> None:
    page = _page(
        f'vllm:request_success_total{{{MODEL},finished_reason="stop"}} 5',
        f'vllm:request_success_total{{{MODEL},finished_reason="abort"}} 2',
    )
    assert _sums(page) == {Count.FINISHED: 7}


def test_the_old_name_of_the_cache_gauge_is_known_and_the_new_one_wins() -> None:
    old = f"vllm:gpu_cache_usage_perc{{{MODEL}}} 0.25"
    assert _page(old).kv_cache_used == 0.25
    assert _page(old, f"vllm:kv_cache_usage_perc{{{MODEL}}} 0.75").kv_cache_used == 0.75


def test_what_is_not_exposed_is_unknown_and_not_zero() -> None:
    page = _page("process_start_time_seconds 1.7e+09", f"vllm:num_requests_running{{{MODEL}}} NaN")
    assert page == EnginePage(model="llama", started_s=1.7e9)
    assert page.running is page.waiting is page.kv_cache_used is None


def test_two_models_on_one_page_have_no_single_name() -> None:
    page = _page('vllm:num_requests_running{model_name="a"} 1', 'vllm:num_requests_running{model_name="b"} 1')
    assert page.model is None


@pytest.mark.parametrize(
    "page",
    [
        b"vllm:generation_tokens_total 1\n",
        b"python_info 1\n# HELP vllm:num_requests_running Running.\n",
    ],
)
def test_vllm_is_recognised_by_its_families(page: bytes) -> None:
    assert recognise(page) is VLLM


@pytest.mark.parametrize("page", [b"", b"python_info 1\n", b'x{a="\\nvllm:b"} 1\n', b"my_vllm: 1\n"])
def test_a_page_of_something_else_is_nobodys(page: bytes) -> None:
    assert recognise(page) is None


def test_a_histogram_begins_anew_as_a_whole_though_most_of_its_series_stand_higher_than_before() -> None:
    def page(*values: float) -> str:
        name = "vllm:time_to_first_token_seconds"
        names = [f'{name}_bucket{{le="{bound}"}}' for bound in ("0.1", "1.0", "+Inf")] + [
            f"{name}_sum",
            f"{name}_count",
        ]
        return "".join(f"{series} {value}\n" for series, value in zip(names, values, strict=True))

    _, before, after = polled([page(0, 0, 0, 0, 0), page(5, 5, 5, 0.3, 5), page(1, 6, 8, 9.5, 8)])
    assert before.ttft == Timed(0.3, 5, (Bucket(0.0, 0.1, 5),))
    assert after.ttft == Timed(9.5, 8, (Bucket(0.0, 0.1, 1), Bucket(0.1, 1.0, 5), Bucket(1.0, math.inf, 2)))


def test_a_bucket_without_a_bound_is_left_out_and_one_that_was_written_late_gains_nothing() -> None:
    name = "vllm:time_to_first_token_seconds"
    lines = [f"{name}_sum {{}}", f"{name}_count {{}}", f'{name}_bucket{{{{le="often"}}}} {{}}', f"{name}_bucket {{}}"]
    first, second = ("\n".join(lines).format(*values) for values in ((0, 0, 0, 0), (1, 1, 7, 7)))
    late = f'\n{name}_bucket{{le="0.5"}} %d\n{name}_bucket{{le="1.0"}} %d\n'
    assert polled([first + late % (0, 0), second + late % (3, 2)])[1].ttft == Timed(1.0, 1, (Bucket(0.0, 0.5, 3),))

"""SGLang's page: live counters before settled ones, and every token once whatever repeats it."""

from collections.abc import Iterator

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from collectors.engines.engine import EngineSource
from collectors.engines.page import Count, EnginePage
from collectors.engines.sglang import SGLANG
from tests.fakes.pages import NOW_MS, polled, read_page, sums

MODEL = 'model_name="glm",engine_type="unified"'
RANK = MODEL + ',tp_rank="0",pp_rank="0",moe_ep_rank="0"'


def page(*lines: str) -> EnginePage:
    return read_page(SGLANG, *lines)


def test_live_counters_are_read_and_the_settled_ones_beside_them_are_not() -> None:
    found = page(
        f'sglang:realtime_tokens_total{{{RANK},mode="prefill_compute"}} 700',
        f'sglang:realtime_tokens_total{{{RANK},mode="prefill_cache"}} 300',
        f'sglang:realtime_tokens_total{{{RANK},mode="decode"}} 90',
        f'sglang:realtime_tokens_total{{{RANK},mode="something_new"}} 5',
        f"sglang:prompt_tokens_total{{{MODEL}}} 900",
        f'sglang:cached_tokens_total{{{MODEL},cache_source="device"}} 250',
        f"sglang:generation_tokens_total{{{MODEL}}} 60",
        f'sglang:num_requests_total{{{MODEL},is_streaming="True"}} 4',
    )
    assert sums(found) == {Count.INPUT: 700, Count.CACHE_READ: 300, Count.OUTPUT: 90, Count.FINISHED: 4}
    assert found.model == "glm"


def test_an_older_release_is_read_when_its_requests_end() -> None:
    found = page(
        f'sglang:prompt_tokens_total{{{MODEL},is_streaming="True"}} 600',
        f'sglang:prompt_tokens_total{{{MODEL},is_streaming="False"}} 300',
        f"sglang:cached_tokens_total{{{MODEL}}} 250",
        f'sglang:generation_tokens_total{{{MODEL},is_streaming="True"}} 60',
    )
    assert sums(found) == {Count.PROMPT: 900, Count.CACHE_READ: 250, Count.OUTPUT: 60}


def test_cached_tokens_of_all_stores_add_up_without_their_total() -> None:
    lines = [
        f'sglang:cached_tokens_total{{{MODEL},cache_source="{source}"}} {count}'
        for source, count in [("device", 1000), ("host", 200), ("storage_hf3fs", 40), ("total", 1241)]
    ]
    assert sums(page(*lines)) == {Count.CACHE_READ: 1240}, "and not the total, which was read a moment later"
    assert sums(page(lines[3])) == {Count.CACHE_READ: 1241}, "alone it is all there is"


@pytest.mark.parametrize("repeated", ['tp_rank="1",pp_rank="0"', 'tp_rank="0",pp_rank="1"', 'tp_rank="3",pp_rank="2"'])
def test_ranks_that_repeat_each_other_count_once(repeated: str) -> None:
    found = page(
        f'sglang:realtime_tokens_total{{{MODEL},{repeated},mode="decode"}} 91',
        f'sglang:realtime_tokens_total{{{MODEL},tp_rank="0",pp_rank="0",mode="decode"}} 90',
        f"sglang:num_running_reqs{{{MODEL},{repeated}}} 3",
        f'sglang:num_running_reqs{{{MODEL},tp_rank="0",pp_rank="0"}} 3',
    )
    assert sums(found) == {Count.OUTPUT: 90}
    assert found.running == 3


def test_data_parallel_ranks_add_up_though_their_tensor_ranks_do_not_begin_at_zero() -> None:
    ranks = [(0, 0, 100), (0, 1, 100), (1, 2, 30), (1, 3, 30)]
    found = page(
        *(
            f'sglang:realtime_tokens_total{{{MODEL},dp_rank="{dp}",tp_rank="{tp}",mode="decode"}} {count}'
            for dp, tp, count in ranks
        ),
        f'sglang:token_usage{{{MODEL},dp_rank="0",tp_rank="0"}} 0.1',
        f'sglang:token_usage{{{MODEL},dp_rank="1",tp_rank="2"}} 0.3',
    )
    assert sums(found) == {Count.OUTPUT: 130}
    assert found.kv_cache_used == pytest.approx(0.2)


def test_with_priorities_the_load_is_their_total() -> None:
    found = page(
        f'sglang:num_running_reqs{{{RANK},priority=""}} 5',
        f'sglang:num_running_reqs{{{RANK},priority="1"}} 2',
        f'sglang:num_running_reqs{{{RANK},priority="9"}} 3',
        f'sglang:num_queue_reqs{{{RANK},priority=""}} 0',
        f'sglang:num_queue_reqs{{{RANK},priority="1"}} 0',
    )
    assert (found.running, found.waiting) == (5, 0)


@pytest.mark.parametrize(
    ("half", "counted"),
    [("prefill", {Count.PROMPT: 900, Count.CACHE_READ: 250}), ("decode", {Count.OUTPUT: 60})],
)
def test_a_divided_engine_counts_each_token_in_the_half_that_made_it(half: str, counted: dict[Count, float]) -> None:
    labels = f'model_name="glm",engine_type="{half}"'
    found = page(
        f"sglang:prompt_tokens_total{{{labels}}} 900",
        f"sglang:cached_tokens_total{{{labels}}} 250",
        f"sglang:generation_tokens_total{{{labels}}} 60",
    )
    assert sums(found) == counted


def test_what_is_not_exposed_is_unknown_and_a_gauge_that_is_stuck_is_not_read() -> None:
    found = page(
        f"sglang:utilization{{{RANK}}} 0.0", f"sglang:gen_throughput{{{RANK}}} 9", f"sglang:cache_hit_rate{{{RANK}}} 0"
    )
    assert found == EnginePage()


def test_a_rank_that_is_no_number_is_read_like_any_other() -> None:
    assert sums(page('sglang:generation_tokens_total{tp_rank="²"} 7')) == {Count.OUTPUT: 7}


def test_fresh_tokens_are_the_prompt_without_what_was_cached() -> None:
    text = "sglang:prompt_tokens_total {}\nsglang:cached_tokens_total {}\nsglang:generation_tokens_total {}\n"
    second = polled([text.format(1_000, 400, 50), text.format(1_900, 650, 110)])[1]
    assert (second.input_tokens, second.cache_read_tokens, second.output_tokens) == (650, 250, 60)


def test_tokens_that_settled_before_the_live_counters_appeared_are_not_counted_again() -> None:
    settled = "sglang:prompt_tokens_total {0}\nsglang:generation_tokens_total {0}\n"
    live = settled + 'sglang:realtime_tokens_total{{mode="decode"}} {1}\n'
    readings = polled([settled.format(0), settled.format(60), live.format(60, 90), live.format(60, 100)])
    assert [reading.output_tokens for reading in readings] == [None, 60, None, 10]


def test_live_counters_that_begin_with_the_first_token_lose_none() -> None:
    idle = f"sglang:num_running_reqs{{{RANK}}} 0\n"
    busy = idle + f'sglang:realtime_tokens_total{{{RANK},mode="decode"}} 40\n'
    assert [reading.output_tokens for reading in polled([idle, busy])] == [None, 40]


def test_a_lower_rank_that_appears_later_counts_nothing_twice() -> None:
    one = f'sglang:realtime_tokens_total{{{MODEL},tp_rank="1",mode="decode"}} 90\n'
    both = one + f'sglang:realtime_tokens_total{{{MODEL},tp_rank="0",mode="decode"}} 95\n'
    assert [reading.output_tokens for reading in polled([one, both])] == [None, 5]


def test_ranks_that_idle_side_by_side_idle_no_longer_than_the_clock() -> None:
    def idled(*seconds: int) -> str:
        lines = (f'sglang:scheduler_idle_seconds_total{{dp_rank="{rank}"}} {s}' for rank, s in enumerate(seconds))
        return "\n".join(lines) + "\n"

    assert polled([idled(10, 10), idled(12, 11)])[1].idle_seconds == 1.5


class Sglang:
    """The metrics of a small SGLang under its documented names, two tensor ranks, served by prometheus_client."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ["model_name", "engine_type", "tp_rank", "pp_rank"]
        tokens = Counter("sglang:realtime_tokens", "Tokens.", [*labels, "mode"], registry=self.registry)
        running = Gauge("sglang:num_running_reqs", "Running.", labels, registry=self.registry)
        self.decoded = [tokens.labels("glm", "unified", rank, "0", "decode") for rank in "01"]
        self.computed = [tokens.labels("glm", "unified", rank, "0", "prefill_compute") for rank in "01"]
        self.running = [running.labels("glm", "unified", rank, "0") for rank in "01"]


@pytest.fixture
def sglang() -> Sglang:
    return Sglang()


@pytest.fixture
def url(sglang: Sglang) -> Iterator[str]:
    server, thread = start_http_server(0, addr="127.0.0.1", registry=sglang.registry)
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_a_served_page_is_read_from_the_wire(sglang: Sglang, url: str, client: httpx.AsyncClient) -> None:
    source = EngineSource("a", url, client)
    await source.scrape(NOW_MS)
    for rank in (0, 1):
        sglang.decoded[rank].inc(90)
        sglang.computed[rank].inc(700)
        sglang.running[rank].set(2)
    reading = await source.scrape(NOW_MS + 2_000)

    assert (reading.kind, reading.model, reading.running) == ("sglang", "glm", 2)
    assert (reading.input_tokens, reading.output_tokens, reading.cache_read_tokens) == (700, 90, None)

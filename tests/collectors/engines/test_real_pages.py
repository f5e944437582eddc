"""Pages that vLLM 0.33.0 and SGLang 0.5.23 wrote themselves.

The metrics code of the published packages was run as it is (its configuration, and what it imports beside
prometheus_client, replaced by stand-ins) and told of the few events that stand in each test. So names, labels and what
counts where are theirs; the numbers of events are ours.
"""

import gzip
from pathlib import Path

import pytest

from collectors.engines import ENGINES, recognise
from collectors.engines.exposition import scan
from collectors.engines.page import Engine
from collectors.engines.sglang import LIVE, SGLANG
from collectors.engines.vllm import VLLM
from store.hosts.latency import Bucket, Quantile, quantile
from tests.fakes.pages import polled, told

DATA = Path(__file__).parents[2] / "data" / "engines"
BUILDS = ("vllm_0.33.0", "sglang_0.5.23")


def real(name: str) -> str:
    with gzip.open(DATA / f"{name}.txt.gz", "rt") as file:
        return file.read()


def test_vllm_s_own_page_says_what_it_was_told() -> None:
    """Two data-parallel engines; 1,000 + 100 prompt tokens computed, 250 from cache, 50 from another engine; 9 generated.

    First tokens after 0.2, 0.4 and 0.6 s, then 6 tokens in 0.1 s; two requests ended after 0.05 and 0.15 s in the queue.
    """
    _, busy = polled([real("vllm_0.33.0_idle"), real("vllm_0.33.0_busy")])

    assert (busy.kind, busy.model) == ("vllm", "org/model-7b")
    assert (busy.input_tokens, busy.cache_read_tokens, busy.output_tokens) == (1_100, 250, 9)
    assert (told(busy.ttft), told(busy.tpot)) == ((1.2, 3), (0.1, 6))
    assert (told(busy.queue), busy.requests_finished) == ((0.2, 2), 2)
    assert busy.ttft is not None
    assert busy.ttft.buckets == (Bucket(0.1, 0.25, 1), Bucket(0.25, 0.5, 1), Bucket(0.5, 0.75, 1)), "over both engines"
    assert quantile(busy.ttft.buckets, 0.5) == Quantile(0.25 + 0.25 * 0.5)
    p95 = quantile(busy.ttft.buckets, 0.95)
    assert p95 is not None
    assert p95.seconds == pytest.approx(0.5 + 0.25 * 0.85)
    assert (busy.running, busy.waiting) == (3, 2)
    assert busy.kv_cache_used == pytest.approx(0.25)
    assert (busy.idle_seconds, busy.running_limit) == (None, None), "not exposed"


def test_sglang_s_own_page_says_what_it_was_told_though_its_series_begin_with_their_first_event() -> None:
    """1,100 prompt tokens computed, 250 from cache, 9 generated while it runs; of these one request of 800 and 5 ended.

    First tokens after 0.2 and 0.4 s, then 6 tokens in 0.1 s; 0.05 and 0.15 s in the queue, and half a second of idling.
    """
    assert not any(sample.name == LIVE for sample in scan(real("sglang_0.5.23_idle").encode(), SGLANG.metrics).samples)
    _, busy = polled([real("sglang_0.5.23_idle"), real("sglang_0.5.23_busy")])

    assert (busy.kind, busy.model) == ("sglang", "org/model-7b")
    assert (busy.input_tokens, busy.cache_read_tokens, busy.output_tokens) == (1_100, 250, 9)
    assert (told(busy.ttft), told(busy.tpot)) == ((0.6, 2), (0.1, 6))
    assert (told(busy.queue), busy.requests_finished) == ((0.2, 2), 1)
    assert (busy.running, busy.waiting, busy.kv_cache_used) == (3, 2, 0.4)
    assert busy.idle_seconds == 0.5


@pytest.mark.parametrize("build", BUILDS)
def test_a_page_read_twice_counts_nothing_twice(build: str) -> None:
    readings = polled([real(f"{build}_busy")] * 3)
    assert [reading.output_tokens for reading in readings] == [None, 0, 0]
    assert told(readings[2].ttft) == (0.0, 0)


@pytest.mark.parametrize("build", BUILDS)
def test_a_restart_counts_the_latencies_of_the_new_process_alone(build: str) -> None:
    page = real(f"{build}_busy")
    _, restarted = polled([_grown(page), page])

    assert restarted.output_tokens == 9
    assert restarted.ttft == polled([real(f"{build}_idle"), page])[1].ttft


def _grown(page: str) -> str:
    """The same page of a process that has counted ten times as much."""
    lines = []
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        is_count = not line.startswith("#") and "_created" not in name and "start_time" not in name
        lines.append(f"{name} {float(value) * 10}" if is_count else line)
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("engine", "build", "older"),
    [
        # What older releases called the same.
        (VLLM, "vllm_0.33.0", {"gpu_cache_usage_perc", "time_per_output_token_seconds_sum",
                               "time_per_output_token_seconds_count", "time_per_output_token_seconds_bucket"}),
        (SGLANG, "sglang_0.5.23", set()),
    ],
)  # fmt: skip
def test_every_name_that_is_read_stands_on_a_real_page(engine: Engine, build: str, older: set[str]) -> None:
    exposed = {line.split("{")[0].split(" ")[0] for line in real(f"{build}_busy").splitlines()}
    unknown = {name.removeprefix(engine.prefix) for name in engine.metrics if name not in exposed}
    assert unknown - {"process_start_time_seconds"} == older


@pytest.mark.parametrize("build", BUILDS)
def test_an_idle_page_is_recognised_before_its_first_request(build: str) -> None:
    found = recognise(real(f"{build}_idle").encode())
    assert found in ENGINES
    assert found is not None
    assert found.kind == build.partition("_")[0]

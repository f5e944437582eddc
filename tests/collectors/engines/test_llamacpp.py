"""llama.cpp's server: pages of a real one, against what its clients counted."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.engines.llamacpp import LLAMACPP
from collectors.engines.page import Count
from store.facts import EngineReading
from tests.fakes.pages import Shown, polled, read_page, sums
from tests.fakes.pages import told as timed

DATA = Path(__file__).parents[2] / "data" / "engines"


def real(name: str) -> str:
    return (DATA / f"llamacpp_{name}.txt").read_text()


@pytest.fixture
def ledger() -> dict[str, Any]:
    """What the clients were told of each run."""
    told: dict[str, Any] = json.loads((DATA / "llamacpp_ledger.json").read_text())
    return told


def tokens(reading: EngineReading) -> tuple[int | None, int | None, int | None]:
    return reading.input_tokens, reading.cache_read_tokens, reading.output_tokens


def told(run: dict[str, int]) -> tuple[int, int, int]:
    return run["prompt_tokens"] - run["cached_tokens"], run["cached_tokens"], run["completion_tokens"]


def test_a_run_between_two_pages_is_what_its_clients_were_told(ledger: dict[str, Any]) -> None:
    readings = polled([real("idle"), real("after_short_run"), real("after_long_run")])

    assert tokens(readings[0]) == (None, None, None)
    assert tokens(readings[1]) == told(ledger["short_run_client_ledger"])
    assert tokens(readings[2]) == told(ledger["long_run_client_ledger"])


def test_pages_in_the_midst_of_a_run_share_it_out_and_lose_nothing(ledger: dict[str, Any]) -> None:
    pages = [real(name) for name in ("after_short_run", "busy_1", "busy_2", "busy_3", "after_long_run")]
    gained = [tokens(reading) for reading in polled(pages)][1:]

    assert tuple(sum(filter(None, column)) for column in zip(*gained, strict=True)) == told(
        ledger["long_run_client_ledger"]
    )


def test_after_a_restart_its_few_tokens_are_all_new() -> None:
    readings = polled([real("after_long_run"), real("after_restart")])
    assert tokens(readings[1]) == (29, 0, 20)


def test_a_busy_server_says_how_many_run_and_wait() -> None:
    page = read_page(LLAMACPP, *real("busy_1").splitlines())
    assert (page.running, page.waiting) == (4, 23)
    assert page.kv_cache_used is None
    assert page.model is None


def test_rates_that_the_last_asker_reset_and_high_water_marks_are_not_read() -> None:
    page = read_page(LLAMACPP, *real("busy_1").splitlines())
    assert sums(page) == {Count.INPUT: 807, Count.CACHE_READ: 5463, Count.OUTPUT: 8010, Count.TPOT_SECONDS: 10.2362}


def test_the_time_per_token_is_that_of_the_tokens_counted_in_the_same_time() -> None:
    """Between its pages after the short and after the long run: 43,810 - 5,080 tokens in 73.6562 - 5.59939 seconds."""
    long_run = polled([real("after_short_run"), real("after_long_run")])[1]

    assert timed(long_run.tpot) == (68.05681, 38_730)
    assert (long_run.ttft, long_run.queue, long_run.idle_seconds) == (None, None, None), "not exposed"


def test_an_older_build_without_a_counter_of_cached_tokens_does_not_say_them() -> None:
    page = "llamacpp:prompt_tokens_total {}\nllamacpp:tokens_predicted_total 5\nllamacpp:kv_cache_usage_ratio 0.25\n"
    second = polled([page.format(100), page.format(130)])[1]

    assert tokens(second) == (30, None, 0)
    assert second.requests_finished is None
    assert second.kv_cache_used == 0.25


def test_the_model_is_the_one_that_the_source_names() -> None:
    assert polled([real("idle")])[0].model is None
    assert polled([real("idle")], model="tiny")[0].model == "tiny"


def test_another_process_is_known_by_its_header_also_when_it_outran_the_old_one() -> None:
    def shown(count: int, life: str) -> Shown:
        return Shown(f"llamacpp:tokens_predicted_total {count}\n", {"Process-Start-Time-Unix": life})

    outputs = [
        reading.output_tokens
        for reading in polled([shown(100, "51"), shown(500, "51"), shown(900, "77"), shown(950, "77")])
    ]
    assert outputs == [None, 400, 900, 50]


def test_counters_from_a_million_on_are_read_as_they_are_written() -> None:
    page = read_page(LLAMACPP, "llamacpp:tokens_predicted_total 3.21457e+06")
    assert sums(page) == {Count.OUTPUT: 3_214_570}

"""K learned from a store of minutes: only under evidence, dated, and never for the time before."""

from pathlib import Path
from typing import Any

import pytest

from collectors.engines.learning import Learning
from store.facts import CapacityFact, EngineReading, HostFact, SaturationFact
from store.hosts.capacity import saturations
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, batch

MINUTE_MS = 60_000


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def minute(writer: Writer, number: int, output_per_second: int, *, waiting: int = 0, **said: Any) -> None:
    """A whole minute of an engine, in two scrapes, from AT_MS on."""
    for half in (1, 2):
        reading = EngineReading(
            at_ms=AT_MS + number * MINUTE_MS + half * 30_000 - 1_000, engine="vllm-a", host="h", model="llama",
            seconds=30.0, output_tokens=output_per_second * 30, waiting=waiting, **said,
        )  # fmt: skip
        writer.write(batch(source="vllm-a", kind="engine", at_ms=reading.at_ms, engines=[reading]))


def learned(writer: Writer) -> list[SaturationFact]:
    return saturations(Reader(writer.path).ask)


def after(learning: Learning, writer: Writer, minutes: int) -> None:
    learning.step(writer, AT_MS + minutes * MINUTE_MS + 5_000)


def test_k_is_learned_from_minutes_with_a_queue(writer: Writer) -> None:
    for number, rate in enumerate((100, 120, 110)):
        minute(writer, number, rate, waiting=3)
    after(Learning(), writer, 3)

    (fact,) = learned(writer)
    assert (fact.engine, fact.model, fact.how, fact.minutes) == ("vllm-a", "llama", "learned", 3)
    assert (fact.work_per_second, fact.decode_weight) == (600.0, 5.0), "120 output tokens per second at weight 5"
    assert fact.since_ms == AT_MS + 3 * MINUTE_MS, "in force from when it was known"


def test_a_nearly_full_kv_cache_is_evidence_too(writer: Writer) -> None:
    for number in range(3):
        minute(writer, number, 100, kv_cache_used=0.95)
    after(Learning(), writer, 3)
    assert [fact.work_per_second for fact in learned(writer)] == [500.0]


def test_without_evidence_a_peak_is_no_saturation(writer: Writer) -> None:
    for number in range(5):
        minute(writer, number, 1_000, kv_cache_used=0.9)
    after(Learning(), writer, 5)
    assert learned(writer) == []


def test_what_exceeds_a_learned_k_raises_it_from_that_minute_on(writer: Writer) -> None:
    learning = Learning()
    for number in range(3):
        minute(writer, number, 100, waiting=1)
    after(learning, writer, 3)
    minute(writer, 3, 90)
    minute(writer, 4, 140)
    after(learning, writer, 5)

    first, second = learned(writer)
    assert (first.how, first.work_per_second) == ("learned", 500.0)
    assert (second.how, second.work_per_second, second.since_ms) == ("raised", 700.0, AT_MS + 4 * MINUTE_MS)


def test_what_exceeds_a_configured_k_raises_it_with_its_own_weights(writer: Writer) -> None:
    writer.set_hosts(
        [HostFact(name="h", usd_per_hour_nano=10**9, since_ms=0, prefill_tokens_per_second=400, decode_tokens_per_second=100)],
        0,
    )  # fmt: skip
    minute(writer, 0, 150)
    minute(writer, 1, 250)
    after(Learning(), writer, 2)

    (fact,) = learned(writer)
    assert (fact.how, fact.work_per_second, fact.decode_weight) == ("raised", 1000.0, 4.0), "250 x 4 is over 800"


def test_an_engine_s_own_capacity_wins_over_its_part_of_the_host_s(writer: Writer) -> None:
    writer.set_hosts(
        [HostFact(name="h", usd_per_hour_nano=10**9, since_ms=0, prefill_tokens_per_second=400, decode_tokens_per_second=100)],
        0,
    )  # fmt: skip
    own = CapacityFact(name="vllm-a", prefill_tokens_per_second=4_000, decode_tokens_per_second=1_000, since_ms=0)
    writer.set_capacities([own], 0)
    minute(writer, 0, 250)
    after(Learning(), writer, 1)
    assert learned(writer) == []


def test_a_minute_is_looked_at_once_and_a_restart_changes_nothing(writer: Writer) -> None:
    learning = Learning()
    for number in range(3):
        minute(writer, number, 100, waiting=1)
    after(learning, writer, 3)
    minute(writer, 3, 140)
    after(learning, writer, 4)
    before = learned(writer)
    after(learning, writer, 4)
    after(Learning(), writer, 4)
    assert learned(writer) == before


def test_a_minute_that_is_not_over_is_not_looked_at(writer: Writer) -> None:
    for number in range(3):
        minute(writer, number, 100, waiting=1)
    Learning().step(writer, AT_MS + 3 * MINUTE_MS + 4_999)
    assert learned(writer) == []


def test_a_minute_that_holds_the_work_of_several_raises_nothing(writer: Writer) -> None:
    """Three quiet minutes, then the requests of all four end: 400 output tokens a second, and 100 over the time they took."""
    writer.set_capacities(
        [CapacityFact(name="vllm-a", prefill_tokens_per_second=300, decode_tokens_per_second=60, since_ms=0)], 0
    )
    for number, rate in enumerate((100, 0, 0, 0, 400)):
        minute(writer, number, rate, kind="llama.cpp")
    after(Learning(), writer, 5)
    assert learned(writer) == [], "100 x 5 is less than 600"

    minute(writer, 5, 400, kind="llama.cpp")
    after(Learning(), writer, 6)
    assert [fact.work_per_second for fact in learned(writer)] == [800.0], "five minutes with 800 output tokens in all"


def test_what_such_an_engine_can_do_is_learned_over_five_minutes_with_a_queue(writer: Writer) -> None:
    for number in range(7):
        minute(writer, number, 500 if number % 5 == 4 else 0, kind="tgi", waiting=2)
    after(Learning(), writer, 7)
    assert [(fact.how, fact.work_per_second) for fact in learned(writer)] == [("learned", 500.0)]

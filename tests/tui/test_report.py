"""The report: its agreed keys, its sums, and its harmless text."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pricing.card import CACHED, HOSTED, UNUSED, unpriced
from pricing.filters import parse_filter
from pricing.usage import Usage
from store.facts import EngineReading, HostFact, Outcome, Reject
from store.reader import Reader
from store.retention import Retention
from store.tables import DIMENSIONS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main
from tui.reading.report import Report, instant_text, report

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
CARDS = [CARD, CACHED, HOSTED, UNUSED, unpriced(1_000)]
MEASURES = {
    "requests", "errors", "retries", "unpriced_requests", "metered_usd", "committed_usd", "usd", "usd_per_hour",
    "reported_usd", "tokens", "served_from_cache", "usd_per_million_tokens", "usd_per_request", "cache_hit_ratio",
}  # fmt: skip
"""The keys that were agreed; others say more."""

SAID_MORE = {"partial_requests", "usage_missing_requests", "bought_nothing", "lower_bound", "units"}


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def read(writer: Writer, *by: str, wanted: str = "") -> Report:
    filters = parse_filter(wanted, DIMENSIONS)
    return report(Reader(writer.path), AT_MS, AT_MS + HOUR_MS, by, filters, AT_MS + HOUR_MS)


def test_a_report_over_forgotten_minutes_is_of_its_whole_hours_and_says_so(writer: Writer) -> None:
    day_ms = AT_MS // DAY_MS * DAY_MS
    seen = [priced(f"r-{n}", ended_at_ms=day_ms + n * HOUR_MS // 2) for n in range(8)]
    writer.write(batch(seen, at_ms=day_ms + DAY_MS), CARDS)
    writer.prune(Retention(), day_ms + 40 * DAY_MS)
    found = report(
        Reader(writer.path),
        day_ms + HOUR_MS // 2,
        day_ms + 4 * HOUR_MS,
        (),
        parse_filter("", DIMENSIONS),
        day_ms + 40 * DAY_MS,
    )

    assert found.as_json()["window"] == {
        "since": "2026-05-16T01:00:00Z",
        "until": "2026-05-16T04:00:00Z",
        "seconds": 10_800,
    }
    assert found.total.requests == 6
    assert any("no longer kept" in doubt for doubt in found.doubts)


def test_the_document_has_the_agreed_keys(writer: Writer) -> None:
    writer.write(batch([priced("a")], rejects=[Reject(reason="x", count=2, example="")]), CARDS)
    document = read(writer, "model", "tenant").as_json()

    assert set(document) == {"schema", "as_of", "window", "total", "groups", "sources"}
    assert document["schema"] == 1
    assert document["window"] == {"since": "2026-05-16T14:23:00Z", "until": "2026-05-16T15:23:00Z", "seconds": 3600}
    assert set(document["total"]) == MEASURES | SAID_MORE
    (group,) = document["groups"]
    assert set(group) == {"key"} | MEASURES | SAID_MORE
    assert group["key"] == {"model": "gpt-4o", "tenant": "acme"}
    assert set(group["tokens"]) == {"input", "cache_read", "cache_write", "output", "reasoning"}
    assert set(group["served_from_cache"]) == {"requests", "tokens", "saved_usd", "lower_bound"}
    assert document["sources"] == [
        {"name": "gateway", "state": "late", "watermark": "2026-05-16T14:23:00Z", "events": 1, "rejected": 2}
    ]


def test_money_is_a_decimal_string_and_unknown_is_null(writer: Writer) -> None:
    empty = read(writer).as_json()["total"]
    assert (empty["usd"], empty["usd_per_million_tokens"], empty["usd_per_request"]) == ("0", None, None)
    assert empty["cache_hit_ratio"] is None

    writer.write(batch([priced("a", nano_usd=1, reported_nano_usd=2_000_000_000)]), CARDS)
    total = read(writer).as_json()["total"]
    assert (total["usd"], total["metered_usd"], total["reported_usd"]) == ("0.000000001", "0.000000001", "2")
    assert total["usd_per_hour"] == "0.000000001"


def test_each_record_is_in_requests_and_what_a_cache_served_is_in_no_token_count(writer: Writer) -> None:
    failed = priced("e", outcome=Outcome.ERROR, usage=Usage(), nano_usd=0, card=UNUSED, call_id="call")
    events = [
        failed,
        priced("a", call_id="call", usage=Usage(1, 2, 3, 4, 5, 6, 7, 80, 9)),
        priced("b", outcome=Outcome.CACHE, card=CACHED, nano_usd=0),
        priced("c", nano_usd=None, card=unpriced(1_000)),
    ]
    writer.write(batch(events), CARDS)
    total = read(writer).as_json()["total"]

    assert (total["requests"], total["errors"], total["retries"], total["unpriced_requests"]) == (4, 1, 1, 1)
    assert total["tokens"] == {"input": 1_001, "cache_read": 2, "cache_write": 25, "output": 180, "reasoning": 9}
    assert total["served_from_cache"] == {
        "requests": 1, "tokens": 1_100, "saved_usd": None, "lower_bound": True,
    }  # fmt: skip
    assert total["lower_bound"] is True
    assert total["cache_hit_ratio"] == pytest.approx(2 / 1_028, abs=1e-6)


def test_groups_and_rests_add_up_to_the_total(writer: Writer) -> None:
    hosted: dict[str, Any] = {"model": "llama", "card": HOSTED, "nano_usd": 0}
    writer.write(batch([priced("a"), priced("b", tenant="acme", **hosted), priced("c", tenant=None, **hosted)]), CARDS)
    writer.set_hosts(
        [HostFact(name="h", usd_per_hour_nano=20 * 10**9 + 1, since_ms=AT_MS, prefill_tokens_per_second=7,
                  decode_tokens_per_second=3)], AT_MS,
    )  # fmt: skip
    engine = EngineReading(
        at_ms=AT_MS + 2_000, engine="vllm", host="h", model="llama", seconds=3_600.0, input_tokens=3_001
    )
    writer.write(batch(source="vllm", kind="engine", engines=[engine]))
    document = read(writer, "tenant").as_json()

    asides = {group["key"]["tenant"] for group in document["groups"] if group.get("aside")}
    assert asides == {"(idle)", "(not in any log)"}
    assert sum(Decimal(group["usd"]) for group in document["groups"]) == Decimal(document["total"]["usd"])
    assert Decimal(document["total"]["committed_usd"]) == Decimal("20.000000001")
    assert sum(group["requests"] for group in document["groups"]) == 3


def test_a_filter_leaves_out_others_and_the_rests(writer: Writer) -> None:
    writer.write(batch([priced("a"), priced("b", tenant="globex")]), CARDS)
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=10**9, since_ms=AT_MS)], AT_MS)
    found = read(writer, "tenant", wanted="tenant=acme")

    assert [dict(group.key) for group in found.groups] == [{"tenant": "acme"}]
    assert (found.total.requests, found.total.allocated_nano_usd, found.rests) == (1, 0, {})
    assert [rest.label for rest in read(writer, "tenant").rests] == ["(hosts without an engine)"]


def test_without_a_dimension_there_is_one_group_and_the_total(writer: Writer) -> None:
    writer.write(batch([priced("a"), priced("b", model="claude")]), CARDS)
    found = read(writer)

    assert [group.totals.requests for group in found.groups] == [2]
    assert found.total.requests == 2


def test_the_window_begins_at_a_whole_minute_and_says_so(writer: Writer) -> None:
    writer.write(batch([priced("a")]), CARDS)
    found = report(
        Reader(writer.path), AT_MS + 59_000, AT_MS + 61_000, (), parse_filter("", DIMENSIONS), AT_MS + HOUR_MS
    )
    assert found.at.since_ms == AT_MS
    assert found.total.requests == 1


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(AT_MS, "2026-05-16T14:23:00Z"), (AT_MS + 7, "2026-05-16T14:23:00.007Z"), (0, "1970-01-01T00:00:00Z")],
)
def test_an_instant_is_written_in_utc(at_ms: int, text: str) -> None:
    assert instant_text(at_ms) == text


def test_a_host_that_came_in_the_middle_of_the_window_costs_per_hour_what_it_costs_per_hour(writer: Writer) -> None:
    writer.write(batch([priced("a", nano_usd=2 * 10**9)]), CARDS)
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=3 * 10**9, since_ms=AT_MS + HOUR_MS * 9 // 10)], AT_MS)

    total = read(writer).as_json()["total"]
    assert (total["committed_usd"], total["usd_per_hour"]) == ("0.3", "5")
    assert read(writer, wanted="provider=nobody").as_json()["total"]["usd_per_hour"] == "0"


def test_columns_stay_apart_however_large_their_numbers_are(
    writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = Usage(input_tokens=4_000_000_000, cache_read_tokens=4_100_000_000, output_tokens=4_200_000_000)
    writer.write(batch([priced("a", usage=large)]), CARDS)
    monkeypatch.setenv("USDTOP_STORE", str(writer.path))

    assert main(["report", "--since", instant_text(AT_MS - DAY_MS)]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()

    for line in lines[:2]:
        assert line.split()[1:6] == ["1", "0", "4,000,000,000", "4,100,000,000", "4,200,000,000"]
        assert [len(part) for part in (heading, line)] == [len(heading)] * 2


def test_parts_of_the_tokens_are_told_from_what_stands_beside_them(
    writer: Writer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    units = (("input_audio_tokens", 30), ("input_image_tokens", 258), ("web_searches", 2))
    writer.write(batch([priced("a", usage=Usage(input_tokens=326, units=units))]), CARDS)
    monkeypatch.setenv("USDTOP_STORE", str(writer.path))

    assert main(["report", "--since", instant_text(AT_MS - DAY_MS)]) == 0
    said = capsys.readouterr().out

    assert "Of these tokens: 258 input_image_tokens\nBeside tokens: 30 input_audio_tokens, 2 web_searches\n" in said

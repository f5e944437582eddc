"""Home-made logs by a field map: nothing is guessed, and a map that cannot be right is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.formats.fieldmap import TARGETS, FieldMap, checked, outcome_of
from collectors.formats.format import NotUsageError
from collectors.formats.generic import CSV, JSON_LINES, mapped_format
from collectors.formats.lines import LineReader
from collectors.logs.files import FileSource
from collectors.settings.config import ConfigError, from_mapping
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

MAP: dict[str, Any] = {
    "id": "request_id", "ended": "ts", "duration_seconds": "took", "model": "upstream.model", "provider": "=openai",
    "tenant": "team", "key": "key.alias", "user": "user", "tags": "tags", "outcome": "status",
    "input_tokens": "usage.prompt_tokens", "cache_read_tokens": "usage.cached", "output_tokens": "usage.completion_tokens",
    "reasoning_tokens": "usage.reasoning", "reported_usd": "cost",
}  # fmt: skip
RECORD: dict[str, Any] = {
    "request_id": "r-1", "ts": "2026-11-22T08:15:34.5Z", "took": "4.500", "upstream": {"model": "gpt-5"}, "team": "acme",
    "key": {"alias": "search"}, "user": "ana", "tags": ["rag", "env:prod"], "status": 200, "cost": "0.0061",
    "usage": {"prompt_tokens": 1_500, "cached": 1_024, "completion_tokens": 420, "reasoning": 300},
}  # fmt: skip


def read(fields: FieldMap, record: dict[str, Any]) -> UsageEvent:
    (event,) = mapped_format(JSON_LINES, fields).parse(json.dumps(record).encode())
    return event


def changed(**changes: Any) -> UsageEvent:
    return read(MAP, {**RECORD, **changes})


def test_a_record_is_read_as_the_map_says() -> None:
    assert changed() == UsageEvent(
        id="r-1",
        ended_at_ms=1_795_335_334_500,
        duration_ms=4_500,
        provider="openai",
        model="gpt-5",
        tenant="acme",
        key="search",
        usage=Usage(input_tokens=476, cache_read_tokens=1_024, output_tokens=420, reasoning_tokens=300),
        reported_nano_usd=6_100_000,
        user="ana",
        tags=("rag", "env:prod"),
    )


@pytest.mark.parametrize(
    ("said", "ms"),
    [
        (1764000000, 1_764_000_000_000),
        (1764000000.123, 1_764_000_000_123),
        ("1764000000.123", 1_764_000_000_123),
        (1764000000123, 1_764_000_000_123),
        ("1764000000123000", 1_764_000_000_123),
        ("2025-11-24T16:00:00.123+00:00", 1_764_000_000_123),
        ("2025-11-24T17:00:00.123+01:00", 1_764_000_000_123),
        ("2025-11-24 16:00:00.123", 1_764_000_000_123),
        ("24/Nov/2025:16:00:00 +0000", 1_764_000_000_000),
        ("[24/Nov/2025:17:00:00 +0100]", 1_764_000_000_000),
    ],
)
def test_every_usual_way_of_writing_an_instant_is_read(said: Any, ms: int) -> None:
    assert changed(ts=said).ended_at_ms == ms


def test_a_time_without_a_zone_is_in_the_zone_of_the_map_else_utc() -> None:
    fields = {**MAP, "time_zone": "=Europe/Berlin"}
    assert read(fields, {**RECORD, "ts": "2025-11-24 17:00:00"}).ended_at_ms == 1_764_000_000_000
    assert read(fields, {**RECORD, "ts": "2025-11-24T16:00:00Z"}).ended_at_ms == 1_764_000_000_000


def test_a_beginning_and_a_duration_make_an_end_and_two_instants_a_duration() -> None:
    begun = {"started": "ts", "duration_ms": "ms", "input_tokens": "n"}
    assert read(begun, {"ts": 1764000000, "ms": 250, "n": 1}).ended_at_ms == 1_764_000_000_250
    both = {"started": "a", "ended": "b", "input_tokens": "n"}
    assert read(both, {"a": 1764000000, "b": 1764000002.5, "n": 1}).duration_ms == 2_500


@pytest.mark.parametrize("said", ["yesterday", "", "-", None, 5, "nan", "inf", {}, [], [1], True, "24/Nov/2025"])
def test_a_record_without_an_instant_is_refused(said: Any) -> None:
    with pytest.raises((ValueError, NotUsageError), match=r"no instant|no time"):
        changed(ts=said)


@pytest.mark.parametrize("said", [None, "", "-", "NaN"])
def test_what_is_not_said_is_missing_and_not_zero(said: Any) -> None:
    event = changed(usage={"prompt_tokens": said, "completion_tokens": said}, cost=said if said != "NaN" else None)
    assert (event.usage, event.usage_missing, event.reported_nano_usd) == (NOTHING, True, None)
    assert changed(team=said if said != "NaN" else None).tenant is None


@pytest.mark.parametrize("said", [-1, 1.5, "x", True, [], {}, 2**40, 1e300])
def test_a_count_that_no_request_can_have_is_rejected_and_the_next_line_is_read(said: Any) -> None:
    bad, good = {**RECORD, "usage": {"prompt_tokens": said}}, {**RECORD, "request_id": "good"}
    reader = LineReader(JSON_LINES, mapped_format(JSON_LINES, MAP))
    parsed = reader.read([json.dumps(bad).encode(), b"not JSON", json.dumps(good).encode()])

    assert [event.id for event in parsed.events] == ["good"]
    assert sum(reject.count for reject in parsed.rejects) == 2


@pytest.mark.parametrize("raw", [b'{"ts":1e999999999,"cost":1}', b'{"ts":1764000000,"cost":1e999999}', b"[]", b"5"])
def test_numbers_without_bounds_are_rejected(raw: bytes) -> None:
    fields = {"ended": "ts", "reported_usd": "cost", "duration_seconds": "cost"}
    parsed = LineReader(JSON_LINES, mapped_format(JSON_LINES, fields)).read([raw])
    assert (parsed.events, [reject.count for reject in parsed.rejects]) == ([], [1])


def test_conventions_of_the_counts_are_chosen_by_the_map() -> None:
    counts = {"usage": {"prompt_tokens": 200, "cached": 4_000, "completion_tokens": 410, "reasoning": 120}}
    beside = {**MAP, "cache_in_input": False, "reasoning_in_output": False}
    assert read(beside, {**RECORD, **counts}).usage == Usage(200, 4_000, output_tokens=530, reasoning_tokens=120)


def test_lifetimes_of_writes_have_their_own_keys() -> None:
    fields = {**MAP, "cache_write_5m_tokens": "w.a", "cache_write_1h_tokens": "w.b", "cache_write_tokens": "w.c"}
    event = read(fields, {**RECORD, "w": {"a": 1, "b": 2, "c": 3}})
    assert event.usage == Usage(470, 1_024, 1, 2, 0, 0, 3, 420, 300)


def test_a_field_whose_own_name_has_dots_wins_over_the_way_down() -> None:
    fields = {"ended": "ts", "input_tokens": "a.b", "output_tokens": "list.1.n"}
    record = {"ts": 1764000000, "a.b": 5, "a": {"b": 6}, "list": [{"n": 7}, {"n": 8}]}
    assert read(fields, record).usage == Usage(input_tokens=5, output_tokens=8)


def test_cents_are_hundredths_of_dollars() -> None:
    assert read({"ended": "ts", "reported_cents": "c"}, {"ts": 1764000000, "c": 1.25}).reported_nano_usd == 12_500_000


FAILED, WORKED = (404, "404", "500", "error", "FAILED", False), (200, "200", "success", None, "", "0")


@pytest.mark.parametrize(
    ("said", "outcome"), [*((said, Outcome.ERROR) for said in FAILED), *((said, Outcome.OK) for said in WORKED)]
)
def test_a_status_tells_whether_a_request_failed(said: Any, outcome: Outcome) -> None:
    assert outcome_of({"s": said}, "s") is outcome


def test_a_table_tells_what_a_word_means() -> None:
    table = {"from": "s", "HIT": "cache", "499": "cut", "404": "ok"}
    found = [outcome_of({"s": said}, table) for said in ("HIT", 499, 404, 500, "MISS")]
    assert found == [Outcome.CACHE, Outcome.CUT, Outcome.OK, Outcome.ERROR, Outcome.OK]


def test_without_an_id_equal_lines_are_one_request() -> None:
    bare = {name: path for name, path in MAP.items() if name != "id"}
    assert read(bare, RECORD).id == read(bare, RECORD).id != read(bare, {**RECORD, "user": "bo"}).id


def source(**changes: Any) -> dict[str, Any]:
    return {"source": [{"type": "file", "path": "x", "format": JSON_LINES, "fields": MAP, **changes}]}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"ended": "ts", "input_token": "n"}, "unknown key `input_token`.*did you mean `input_tokens`"),
        ({"ended": "ts", "zzz": "n"}, "unknown key `zzz`.*known are ended"),
        ({"input_tokens": "n"}, "need `ended` or `started`"),
        ({"ended": "ts"}, "need a count .* or a cost"),
        ({"ended": "ts", "input_tokens": ""}, "`input_tokens`.*name of a field"),
        ({"ended": "ts", "input_tokens": "="}, "`input_tokens`.*name of a field"),
        ({"ended": "ts", "input_tokens": True}, "`input_tokens`.*name of a field"),
        ({"ended": "ts", "input_tokens": "n", "cache_in_input": "no"}, "`cache_in_input`.*true or false"),
        ({"ended": "ts", "input_tokens": "n", "outcome": {"HIT": "cache"}}, "needs `from`"),
        ({"ended": "ts", "input_tokens": "n", "outcome": {"from": "s", "HIT": "cached"}}, "`cached`.*none of ok"),
        ({"ended": "ts", "input_tokens": "n", "time_zone": "=Europe/Atlantis"}, "`Europe/Atlantis` is not known"),
        ({}, "need `ended` or `started`"),
    ],
)
def test_a_map_that_cannot_be_right_is_a_configuration_error_that_says_what_to_write(
    fields: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError, match=sentence):
        from_mapping(source(fields=fields), None)


def test_a_map_needs_a_format_that_reads_by_it() -> None:
    with pytest.raises(ConfigError, match="need `format"):
        from_mapping(source(format="litellm.slp"), None)
    assert from_mapping(source(), None).source[0].fields == MAP
    assert from_mapping(source(format=CSV), None).source[0].format == CSV


def test_every_target_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "sources.md").read_text()
    assert [target for target in TARGETS if f"`{target}`" not in page] == []


def test_the_documented_maps_can_be_used() -> None:
    checked(MAP)


COLUMNS = {"id": "id", "ended": "time", "model": "model", "input_tokens": "in", "output_tokens": "out", "tenant": "who"}
HEADER = b"id,time,who,model,in,out"
ROW = b'r-%d,2026-11-22T08:15:30Z,"Acme, Inc.",gpt-5,1500,420'


def test_csv_is_read_by_the_names_in_its_header() -> None:
    parsed = LineReader(CSV, mapped_format(CSV, COLUMNS)).read(
        [b"\xef\xbb\xbf" + HEADER + b"\r", ROW % 1 + b"\r", ROW % 2]
    )

    assert [(event.id, event.tenant) for event in parsed.events] == [("r-1", "Acme, Inc."), ("r-2", "Acme, Inc.")]
    assert parsed.events[0].usage == Usage(input_tokens=1_500, output_tokens=420)
    assert parsed.rejects == ()


def test_a_new_header_changes_the_order_and_an_empty_cell_is_unknown() -> None:
    again = [HEADER, ROW % 1, b"out,in,model,who,time,id", b",7,gpt-5,,2026-11-22T08:15:30Z,r-2"]
    parsed = LineReader(CSV, mapped_format(CSV, COLUMNS)).read(again)

    assert [event.usage for event in parsed.events] == [Usage(1_500, output_tokens=420), Usage(7)]
    assert parsed.events[1].tenant is None


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([ROW % 1], "no header line"),
        ([b"id,time,who,model,in", ROW % 1], "no header line"),
        ([HEADER, b"a,b"], "another number of cells"),
        ([HEADER, b'"open,' + ROW % 1], "not CSV"),
    ],
)
def test_csv_that_cannot_be_read_is_rejected_with_its_reason(lines: list[bytes], reason: str) -> None:
    parsed = LineReader(CSV, mapped_format(CSV, COLUMNS)).read(lines)
    assert parsed.events == []
    assert any(reason in reject.reason for reject in parsed.rejects)


def test_csv_is_read_on_from_its_middle_after_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "usage.csv"
    log.write_bytes(HEADER + b"\n" + ROW % 1 + b"\n")
    first = FileSource("csv", str(log), [], format_name=CSV, fields=COLUMNS).read()
    with log.open("ab") as file:
        file.write(ROW % 2 + b"\n")
    second = FileSource("csv", str(log), first.positions, format_name=CSV, fields=COLUMNS).read()

    assert [event.id for event in (*first.events, *second.events)] == ["r-1", "r-2"]


def test_csv_that_is_read_from_its_end_knows_its_header(tmp_path: Path) -> None:
    log = tmp_path / "usage.csv"
    log.write_bytes(HEADER + b"\n" + ROW % 1 + b"\n")
    reading = FileSource("csv", str(log), [], format_name=CSV, fields=COLUMNS, from_end=True)
    assert reading.read().events == []
    with log.open("ab") as file:
        file.write(ROW % 2 + b"\n")

    assert [event.id for event in reading.read().events] == ["r-2"]


def test_json_lines_by_a_map_are_read_from_a_file(tmp_path: Path) -> None:
    log = tmp_path / "usage.jsonl"
    log.write_text(json.dumps(RECORD) + "\n")
    (event,) = FileSource("home", str(log), [], format_name=JSON_LINES, fields=MAP).read().events
    assert event == changed()

"""A line tells its own format by its keys: each documented record is recognised as itself among all formats."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.formats import lines
from collectors.formats.lines import MOST_REASONS, LineReader
from collectors.formats.registry import FORMATS
from pricing.usage import Usage
from tests.fakes.gateway_lines import RECORDS, line
from tests.fakes.payloads import payload

CALL = Usage(input_tokens=200, cache_read_tokens=4_000, cache_write_5m_tokens=1_000, output_tokens=410)
"""The call to Claude that most of the records tell of."""
UNSAID = Usage(input_tokens=200, cache_read_tokens=4_000, cache_write_tokens=1_000, output_tokens=410)
"""The same where a format does not say for how long the cache was written."""
OTHER = Usage(input_tokens=1_500, output_tokens=420)

USAGES = {
    "bedrock.invocation": UNSAID,
    "kong.ai": OTHER,
    "envoy.access": OTHER,
    "litellm.spendlogs": CALL._replace(reasoning_tokens=120),
    "claude_code.jsonl": CALL._replace(reasoning_tokens=120),
    "azure.diag": Usage(),
    "langfuse.observation": CALL._replace(reasoning_tokens=120),
    "langsmith.run": UNSAID._replace(reasoning_tokens=120),
    "helicone.request": UNSAID,
    "cloudflare.aig": OTHER,
    "portkey.export": OTHER,
    "tensorzero.clickhouse": UNSAID,
    "bifrost.logs": CALL._replace(reasoning_tokens=120),
    "vercel.generation": UNSAID._replace(reasoning_tokens=120),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_is_recognised_as_itself_among_all_formats(name: str) -> None:
    parsed = LineReader().read([line(name)])

    assert (parsed.format_name, parsed.rejects, len(parsed.events)) == (name, (), 1)


@pytest.mark.parametrize("name", RECORDS)
def test_only_one_format_of_a_gateway_claims_a_record(name: str) -> None:
    keys = frozenset(RECORDS[name])
    assert [known.name for known in FORMATS if known.recognises(keys)] == [name]


@pytest.mark.parametrize("name", RECORDS)
def test_one_call_has_the_same_disjoint_classes_whoever_logs_it(name: str) -> None:
    (event,) = LineReader(name).read([line(name)]).events
    assert event.usage == USAGES[name]


def test_every_record_of_a_file_of_many_formats_is_told_apart() -> None:
    lines = [line(name) for name in RECORDS for _ in range(2)]
    parsed = LineReader().read(lines)

    assert len(parsed.events) == len(lines)
    assert parsed.rejects == ()


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_inside_an_array_is_recognised_too(name: str) -> None:
    parsed = LineReader().read([json.dumps([RECORDS[name]]).encode()])
    assert (parsed.format_name, len(parsed.events)) == (name, 1)


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("odd", [-1, 2**40, 1.5, [], {}, True], ids=repr)
def test_a_number_that_cannot_be_is_refused_wherever_it_stands_and_nothing_stops(name: str, odd: object) -> None:
    reader = LineReader()
    for field in RECORDS[name]:
        parsed = reader.read([line(name, **{field: odd}), line(name)])
        assert parsed.events, field
        for event in parsed.events:
            assert min(event.usage[:9]) >= 0
            assert all(type(amount) is int for amount in event.usage[:9])


@given(st.sampled_from(sorted(RECORDS)), st.data())
def test_a_damaged_record_never_stops_the_reading(name: str, data: st.DataObject) -> None:
    damaged = bytearray(line(name))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        if data.draw(st.booleans()):
            damaged[at] = data.draw(st.integers(0, 255))
        else:
            damaged[at:at] = data.draw(st.sampled_from([b"\x00", b'"', b"{", b"]", b"1e999", b"-", b"null", b"9" * 40]))
    parsed = LineReader().read([line(name), bytes(damaged), line(name)])

    assert len(parsed.events) >= 2
    assert all(reject.reason.isprintable() for reject in parsed.rejects)


def test_reasons_for_what_is_refused_are_few_whatever_comes() -> None:
    reader = LineReader()
    damaged = [payload("a").replace(b"gpt-4o", b"x" * number + b"\xff") for number in range(500)]
    keys = [b'{"x' + b"x" * number + b'\xff": 1}' for number in range(500)]
    not_utf8 = reader.read([*damaged, *keys]).rejects
    assert (len(not_utf8), sum(reject.count for reject in not_utf8)) == (1, 1_000)

    strange = [
        json.dumps(
            {"type": "assistant", "sessionId": "s", "timestamp": "now", "message": {"usage": {f"k{n}": 1}, "id": n}}
        ).encode()
        for n in range(300)
    ]
    odd = [json.dumps({"resourceSpans": {"k" * n: 1}}).encode() for n in range(300)]
    refused = reader.read([*strange, *odd]).rejects
    assert sum(reject.count for reject in refused) == 600
    assert len(refused) <= MOST_REASONS + 1


def test_beyond_so_many_reasons_they_are_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_REASONS", 2)
    reader = LineReader()
    refused = reader.read(
        [b"not JSON", b'{"a": 1}', b"\xff", b'{"level":"x","message":"m","timestamp":"t"}', b"not JSON"]
    ).rejects
    assert [(reject.reason.partition(":")[0], reject.count) for reject in refused] == [
        ("not JSON", 3), ("unrecognised", 1), ("something else", 1),
    ]  # fmt: skip

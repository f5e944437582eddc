"""Lines of any known format become events; everything else is counted by reason, and nothing stops."""

import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.door import MAX_NAME, cut, milliseconds, visible
from collectors.formats.lines import LineReader, Parsed
from store.facts import UsageEvent
from tests.fakes.gateway_lines import line
from tests.fakes.payloads import payload
from tests.fakes.samples import whole_lines

OPERATIONAL = b'{"message": "LiteLLM: started", "level": "INFO", "timestamp": "2026-11-22T10:00:00", "component": "x"}'
WHOLE = whole_lines()


def ids(parsed: Parsed) -> list[str]:
    return [event.id for event in parsed.events]


def test_the_format_is_recognised_from_the_keys_of_a_line() -> None:
    parsed = LineReader().read([payload("a")])

    assert (ids(parsed), parsed.rejects, parsed.format_name) == (["a"], (), "litellm.slp")


def test_a_named_format_needs_no_recognising() -> None:
    bare = b'{"id": "x", "status": "success", "startTime": 1764000000.0}'

    assert ids(LineReader("litellm.slp").read([bare])) == ["x"]
    assert LineReader().read([bare]).events == [], "too little to be recognised by"


@pytest.mark.parametrize(
    "line",
    [
        b'{"standard_logging_object": %s}' % payload("a"),
        b"[%s]" % payload("a"),
        b"  [ %s ]  " % payload("a"),
        b'{"records": [%s]}' % payload("a"),
        b'{"Records": %s}' % payload("a"),
    ],
)
def test_a_wrapped_record_is_the_record(line: bytes) -> None:
    for reader in (LineReader(), LineReader("litellm.slp")):
        parsed = reader.read([line])
        assert (ids(parsed), parsed.rejects) == (["a"], ())


def test_an_array_holds_many_requests() -> None:
    parsed = LineReader().read([b"[%s,%s]" % (payload("a"), payload("b")), payload("c")])
    assert ids(parsed) == ["a", "b", "c"]


def test_one_bad_record_in_an_array_does_not_take_the_good_ones_after_it() -> None:
    parsed = LineReader().read([b'[%s,{"bad": 1},%s]' % (payload("a"), payload("b"))])

    assert ids(parsed) == ["a", "b"]
    assert [reject.count for reject in parsed.rejects] == [1]


def test_operational_lines_are_no_source_of_costs_and_say_so() -> None:
    parsed = LineReader().read([OPERATIONAL, payload("a"), OPERATIONAL])

    assert ids(parsed) == ["a"]
    (reject,) = parsed.rejects
    assert "operational log line" in reject.reason
    assert reject.count == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"plain text", "not JSON"),
        (b'{"id": "cut o', "not JSON"),
        (b"", "not JSON"),
        (b"42", "a field is not as expected"),
        (b'"text"', "a field is not as expected"),
        (b"null", "a field is not as expected"),
        (b"{}", "unrecognised"),
        (b'{"some": "object"}', "unrecognised"),
        (payload("a", prompt_tokens=-1), "a field is not as expected"),
        (payload("a", response_cost=1e9), "no single request can have"),
        (payload("a", endTime=3), "no instant"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"\xff\xfe\x00\x01", "not JSON"),
    ],
)
@pytest.mark.parametrize("format_name", [None, "litellm.slp"])
def test_garbage_is_counted_by_reason(line: bytes, reason: str, format_name: str | None) -> None:
    parsed = LineReader(format_name).read([line, payload("good"), line])

    assert ids(parsed) == ["good"]
    (reject,) = parsed.rejects
    assert reject.count == 2
    assert reason in reject.reason or "nested too deeply" in reject.reason


def test_examples_of_rejects_are_short_and_harmless_to_a_terminal() -> None:
    (reject,) = LineReader().read([b"\x1b]0;pwned\x07\x1b[2J\xe2\x80\xae" + b"x" * 10_000]).rejects

    assert len(reject.example) <= 160
    assert reject.example.isprintable()
    assert reject.example.startswith("\\x1b]0;pwned\\x07\\x1b[2J\\x202e"[:20])


def test_reasons_made_from_a_line_s_content_are_harmless_too() -> None:
    hostile = msgspec.json.encode(
        {**json.loads(payload("a")), "metadata": {"usage_object": {"\x1b[2J": 1}}, "model": ["\x1b"]}
    )
    (reject,) = LineReader().read([hostile]).rejects

    assert reject.reason.isprintable()


garbage = st.binary(max_size=60) | st.sampled_from([OPERATIONAL, b"[]", b"{}", b"[[]]", b'{"records": []}'])


@given(st.lists(garbage, max_size=8))
def test_good_lines_between_garbage_are_all_counted(lines: list[bytes]) -> None:
    mixed = [payload("first")]
    for number, strange in enumerate(lines):
        mixed += [strange, payload(f"r-{number}")]
    parsed = LineReader().read(mixed)

    assert ids(parsed) == ["first", *(f"r-{number}" for number in range(len(lines)))]


@settings(max_examples=150)
@given(st.sampled_from(WHOLE), st.data())
def test_a_damaged_line_of_a_real_log_never_stops_the_reading(line: bytes, data: st.DataObject) -> None:
    damaged = bytearray(line)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(damaged) - 1))
        kind = data.draw(st.sampled_from(("flip", "cut", "double", "insert")))
        if kind == "flip":
            damaged[at] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del damaged[at : at + data.draw(st.integers(1, 200))]
        elif kind == "double":
            damaged[at:at] = damaged[at : at + data.draw(st.integers(1, 200))]
        else:
            damaged[at:at] = data.draw(st.sampled_from([b"\x00", b'"', b"{", b"]", b"1e999", b"-", b"null", b"\xff"]))
        if not damaged:
            damaged += b"x"
    parsed = LineReader().read([payload("before"), bytes(damaged), payload("after")])

    assert ids(parsed)[0] == "before"
    assert ids(parsed)[-1] == "after"
    assert len(parsed.events) + sum(reject.count for reject in parsed.rejects) == 3
    assert all(reject.reason.isprintable() and reject.example.isprintable() for reject in parsed.rejects)


@pytest.mark.parametrize(
    "epoch", [1_764_000_004.5, 1_764_000_004_500, 1_764_000_004_500_000, 1_764_000_004_500_000_000]
)
def test_an_instant_s_unit_is_told_by_its_size(epoch: float) -> None:
    assert milliseconds(epoch) == 1_764_000_004_500


@pytest.mark.parametrize("epoch", [0, -1, 99_999_999, float("nan"), float("inf")])
def test_what_is_no_instant_is_refused(epoch: float) -> None:
    with pytest.raises(ValueError, match="no instant"):
        milliseconds(epoch)


@given(st.text(max_size=600))
def test_a_name_has_a_bounded_length_and_an_empty_one_is_not_said(name: str) -> None:
    found = cut(name)
    if not name:
        assert found is None
    else:
        assert found is not None
        assert len(found) <= MAX_NAME
        assert found == name or (len(name) > MAX_NAME and found == name[: MAX_NAME - 1] + "…")


@given(st.binary(max_size=1_000))
def test_shown_input_is_printable_and_bounded(raw: bytes) -> None:
    shown = visible(raw)
    assert len(shown) <= 160
    assert shown == "" or shown.isprintable()


def test_a_bug_in_a_format_costs_the_one_line_that_meets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = LineReader("kong.ai")
    lines = [line("kong.ai", request={"id": str(number)}) for number in range(3)]
    known = reader._format
    assert known is not None

    def broken(raw: bytes) -> Sequence[UsageEvent]:
        if raw == lines[1]:
            raise KeyError("a bug")
        return known.parse(raw)

    monkeypatch.setattr("collectors.formats.lines.FORMATS", (known._replace(parse=broken),))
    parsed = LineReader("kong.ai").read(lines)
    assert [event.id for event in parsed.events] == ["0", "2"]
    assert [(reject.reason, reject.count) for reject in parsed.rejects] == [("unexpected: KeyError('a bug')", 1)]

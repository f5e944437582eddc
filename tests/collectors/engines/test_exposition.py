"""Prometheus pages: what is wanted is read as the reference parser reads it, the rest is not read at all."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from collectors.engines.exposition import Sample, scan


def _reference(page: str, wanted: set[str]) -> list[Sample]:
    return [
        Sample(sample.name, sample.labels, float(sample.value))
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name in wanted
    ]


def _comparable(samples: list[Sample]) -> list[tuple[str, dict[str, str], float | str]]:
    """NaN is unlike itself, so it is compared by name."""
    return [(sample.name, sample.labels, "NaN" if math.isnan(sample.value) else sample.value) for sample in samples]


NAMES = st.from_regex(r"[a-zA-Z_:][a-zA-Z0-9_:]{0,8}", fullmatch=True)
LABEL_NAMES = st.from_regex(r"[a-z][a-zA-Z0-9_]{0,5}", fullmatch=True)
LABEL_VALUES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text('\\"n\n{},=# ', max_size=8)
VALUES = st.one_of(
    st.integers(-(2**40), 2**40).map(str),
    st.floats().map(repr),
    st.sampled_from(["NaN", "+Inf", "-Inf", "1e+06", "5e-324", "0"]),
)
SPACE = st.sampled_from([" ", "  ", "\t"])
GAP = st.sampled_from(["", " "])


@st.composite
def _lines(draw: st.DrawFn) -> str:
    name, value, space, gap = draw(NAMES), draw(VALUES), draw(SPACE), draw(GAP)
    labels = draw(st.none() | st.dictionaries(LABEL_NAMES, LABEL_VALUES, max_size=4))
    timestamp = draw(st.sampled_from(["", " 1700000000000", " -5"]))
    if labels is None:
        return f"{name}{space}{value}{timestamp}"
    pairs = (f'{gap}{key}{gap}={gap}"{_escaped(text)}"{gap}' for key, text in labels.items())
    trailing = draw(st.sampled_from(["", ","])) if labels else ""
    return f"{name}{gap}{{{','.join(pairs)}{trailing}}}{space}{value}{timestamp}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


COMMENTS = st.sampled_from(["", "# a remark", "# EOF", "   "])


@given(st.lists(_lines() | COMMENTS, max_size=12), st.data())
def test_a_page_is_read_as_the_reference_parser_reads_it(lines: list[str], data: st.DataObject) -> None:
    page = "\n".join(lines) + data.draw(st.sampled_from(["", "\n"]))
    names = sorted({sample.name for family in text_string_to_metric_families(page) for sample in family.samples})
    wanted = set(data.draw(st.lists(st.sampled_from(names), unique=True))) if names else set()

    found = scan(page.encode(), wanted)
    assert _comparable(found.samples) == _comparable(_reference(page, wanted))
    assert found.malformed == 0


@given(LABEL_VALUES)
@example('a\\nb"c\n')
def test_a_label_survives_the_reference_writer(text: str) -> None:
    registry = CollectorRegistry()
    Gauge("busy", "", ["model"], registry=registry).labels(text).set(1)

    assert scan(generate_latest(registry), {"busy"}).samples == [Sample("busy", {"model": text}, 1.0)]


def test_a_page_of_the_reference_writer_is_read_whole() -> None:
    registry = CollectorRegistry()
    Counter("tokens", "", ["model"], registry=registry).labels("a").inc(5)
    Histogram("seconds", "", registry=registry, buckets=(1.0,)).observe(0.5)

    found = scan(generate_latest(registry), {"tokens_total", "seconds_bucket", "seconds_count"})
    assert found.samples == [
        Sample("tokens_total", {"model": "a"}, 5.0),
        Sample("seconds_bucket", {"le": "1.0"}, 1.0),
        Sample("seconds_bucket", {"le": "+Inf"}, 1.0),
        Sample("seconds_count", {}, 1.0),
    ]


def test_only_the_whole_name_counts() -> None:
    page = b"tokens_total 1\ntokens 2\ntokens_total_created 3\nmy_tokens 4\n"
    assert scan(page, {"tokens"}).samples == [Sample("tokens", {}, 2.0)]


@pytest.mark.parametrize(
    "line",
    [
        "tokens",
        "tokens{",
        'tokens{a="1"}',
        'tokens{a="1} 5',
        "tokens{a=1} 5",
        'tokens{a="1" b="2"} 5',
        'tokens{a="1",a="2"} 5',
        'tokens{="1"} 5',
        "tokens five",
        "tokens 1_000",
        "tokens-5",
        "tokens 5 soon",
        'tokens{a="1"} 5 6 7',
    ],
)
def test_a_malformed_line_is_counted_and_costs_only_itself(line: str) -> None:
    found = scan(f"tokens 1\n{line}\nother{{ 5\ntokens 2\n".encode(), {"tokens"})

    assert [sample.value for sample in found.samples] == [1.0, 2.0]
    assert (found.malformed, found.example) == (1, line.encode())


def test_an_exemplar_and_a_carriage_return_do_not_disturb() -> None:
    page = b'tokens{a="x"} 5 # {trace_id="KOO"} 0.67 1.5\r\ntokens 6\r\n'
    assert scan(page, {"tokens"}).samples == [Sample("tokens", {"a": "x"}, 5.0), Sample("tokens", {}, 6.0)]


def test_bytes_that_are_not_utf8_lose_nothing_else() -> None:
    assert scan(b'tokens{a="\xff"} 5\n', {"tokens"}).samples == [Sample("tokens", {"a": "\ufffd"}, 5.0)]


def test_a_hostile_line_is_refused_in_one_pass() -> None:
    """Of 2 MB without an end, on which a matcher that tries again would not come back."""
    for hostile in (
        'tokens{a="' + "\\x" * 1_000_000,
        "tokens{" + 'a="",' * 400_000 + "!",
        "tokens " + "\t" * 2_000_000,
    ):
        assert scan(hostile.encode(), {"tokens"}).malformed == 1

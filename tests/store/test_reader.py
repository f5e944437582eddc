"""A window is read from minutes, hours and days, and holds each minute exactly once."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.card import CACHED, HOSTED, RateCard, unpriced
from pricing.usage import Usage
from store.facts import Outcome, SourceHealth, SourceState
from store.reader import Reader
from store.sums import group, total
from store.tables import ROLLUPS, StoreError
from store.windows import pieces
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE, USAGE_NANO_USD, batch, priced

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000

instants = st.integers(AT_MS - 3 * DAY_MS, AT_MS + 3 * DAY_MS)


@given(instants, instants)
def test_the_pieces_of_a_window_cover_each_of_its_minutes_once(since_ms: int, until_ms: int) -> None:
    covered: list[int] = []
    for table, begins, ends in pieces(since_ms, until_ms):
        width = ROLLUPS[table]
        assert begins < ends
        assert begins % width == ends % width == 0
        covered += range(begins, ends, 60)

    first, last = since_ms // MINUTE_MS * 60, -(-until_ms // MINUTE_MS) * 60
    assert sorted(covered) == list(range(first, last, 60))


def test_a_long_window_is_read_from_few_wide_pieces() -> None:
    month = list(pieces(AT_MS - 30 * DAY_MS, AT_MS))

    assert [table for table, _, _ in month] == [
        "rollup_minute", "rollup_hour", "rollup_day", "rollup_hour", "rollup_minute",
    ]  # fmt: skip


@settings(max_examples=25)
@given(st.lists(instants, max_size=30, unique=True), st.lists(st.tuples(instants, instants), min_size=1, max_size=8))
def test_the_sums_of_any_window_equal_those_of_its_rows(ends: list[int], windows: list[tuple[int, int]]) -> None:
    events = [priced(f"r-{at}", ended_at_ms=at, nano_usd=at % 1_000) for at in ends]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        with closing(Writer(path)) as writer, closing(Reader(path)) as reader:
            writer.write(batch(events), [CARD])
            for since_ms, until_ms in windows:
                first, last = since_ms // MINUTE_MS * MINUTE_MS, -(-until_ms // MINUTE_MS) * MINUTE_MS
                inside = [at for at in ends if first <= at < last]
                found = total(reader.sums(since_ms, until_ms))
                assert found.requests == len(inside)
                assert found.metered_nano_usd == sum(at % 1_000 for at in inside)
                assert found.tokens.total_tokens == len(inside) * USAGE.total_tokens


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def test_what_a_gateway_s_cache_served_stands_apart_from_the_tokens(path: Path) -> None:
    events = [
        priced("a", reported_nano_usd=7),
        priced("b", nano_usd=0, card=CACHED, outcome=Outcome.CACHE),
        priced("c", nano_usd=None, card=unpriced(1_000)),
        priced("d", nano_usd=0, card=HOSTED),
        priced("e", outcome=Outcome.ERROR, partial=True),
    ]
    Writer(path).write(batch(events), [CARD, CACHED, HOSTED, unpriced(1_000)])
    found = total(Reader(path).sums(AT_MS, AT_MS + 1))

    each = USAGE.total_tokens
    assert (found.requests, found.errors, found.cached_requests) == (5, 1, 1)
    assert (found.tokens.total_tokens, found.cached_tokens) == (4 * each, each)
    assert (found.unpriced_requests, found.unknown_tokens, found.hosted_tokens) == (1, each, each)
    assert (found.metered_nano_usd, found.partial_requests) == (2 * USAGE_NANO_USD, 1)
    assert (found.reported_nano_usd, found.reported_requests) == (7, 1)


def test_a_request_comes_back_as_it_was_seen(path: Path) -> None:
    usage = Usage(1, 2, 3, 4, 5, 6, 7, 80, 9, (("images", 3), ("web_searches", 1)))
    one = priced(
        "2f6c0e0e-6f3a-4a53-9a4c-0b7e5f1d0a11", usage=usage, duration_ms=0, first_token_ms=None, deployment="d1",
        call_type="acompletion", reported_nano_usd=0, error="Timeout", outcome=Outcome.CUT, partial=True,
    )  # fmt: skip
    Writer(path).write(batch([one]), [CARD])
    reader = Reader(path)
    (record,) = reader.newest_requests()

    assert record.record_id == one.event.id
    assert record.usage == usage
    assert (record.duration_ms, record.first_token_ms, record.reported_nano_usd) == (0, None, 0)
    assert (record.nano_usd, record.partial, record.error) == (USAGE_NANO_USD, True, "Timeout")
    mine = record.dimensions
    assert (mine.source, mine.provider, mine.model, mine.tenant) == ("gateway", "openai", "gpt-4o", "acme")
    assert (mine.key, mine.deployment, mine.call_type, mine.outcome) == ("search", "d1", "acompletion", Outcome.CUT)
    assert reader.request(record.id) == record
    assert reader.request(record.id + 1) is None


def test_requests_come_newest_stored_first_and_in_pages(path: Path) -> None:
    Writer(path).write(batch([priced(f"r-{n}", ended_at_ms=AT_MS - n) for n in range(5)]), [CARD])
    reader = Reader(path)
    first = reader.newest_requests(limit=2)
    rest = reader.newest_requests(before_id=first[-1].id)

    assert [record.record_id for record in (*first, *rest)] == ["r-4", "r-3", "r-2", "r-1", "r-0"]


def test_series_and_cards_that_came_after_the_first_question_are_found(path: Path) -> None:
    writer, reader = Writer(path), Reader(path)
    writer.write(batch([priced("a")]), [CARD])
    assert total(reader.sums(AT_MS, AT_MS + 1)).requests == 1
    other = RateCard(book="test", record="other", status=CARD.status, rates=CARD.rates)
    writer.write(batch([priced("b", tenant="globex", card=other)]), [other])

    found = group(reader.sums(AT_MS, AT_MS + 1), lambda key: (key.value("tenant"), key.value("priced_as")))
    assert set(found) == {("acme", "gpt-4o"), ("globex", "other")}


def test_questions_about_one_picture_are_answered_from_one_instant(path: Path) -> None:
    with closing(Writer(path)) as writer, closing(Reader(path)) as reader:
        writer.write(batch([priced("a")]), [CARD])
        with reader.at_one_instant():
            first = total(reader.sums(AT_MS, AT_MS + 60_000))
            writer.write(batch([priced("b")]), [CARD])
            with reader.at_one_instant():
                assert total(reader.sums(AT_MS, AT_MS + 60_000)) == first
            assert total(reader.sums(AT_MS, AT_MS + 60_000)) == first
        assert total(reader.sums(AT_MS, AT_MS + 60_000)).requests == 2


def test_sums_can_be_limited_to_sources(path: Path) -> None:
    writer = Writer(path)
    for source in ("one", "two"):
        writer.write(batch([priced(source)], source=source), [CARD])

    assert total(Reader(path).sums(AT_MS, AT_MS + 1, ["two"])).requests == 1
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 2


def test_a_source_s_health_comes_back_as_it_was_said(path: Path) -> None:
    said = SourceHealth(
        name="gateway", kind="file", state=SourceState.FAILING, detail="permission denied", polled_ms=AT_MS,
        watermark_ms=None, poll_every_ms=500, backlog_bytes=12,
    )  # fmt: skip
    Writer(path).write(batch(state=said.state, detail=said.detail, watermark_ms=None, backlog_bytes=12))

    assert [record.health for record in Reader(path).sources()] == [said]


def test_an_empty_store_answers_every_question_with_nothing(path: Path) -> None:
    Writer(path)
    reader = Reader(path)

    assert reader.sums(0, AT_MS) == []
    assert reader.sums(AT_MS, AT_MS) == []
    assert reader.steps(0, AT_MS) == []
    assert reader.newest_bucket_ms() is None
    assert reader.kept_since_ms() is None
    assert [*reader.sources(), *reader.newest_requests(), *reader.hosts(), *reader.budgets(0)] == []
    assert [*reader.gpus(0, AT_MS), *reader.engines(0, AT_MS)] == []


def test_a_reader_never_writes_and_says_when_there_is_nothing_to_read(path: Path) -> None:
    with pytest.raises(StoreError, match="cannot read the store"):
        Reader(path)
    assert not path.exists()


def test_an_empty_file_is_a_store_in_which_nothing_is_recorded_yet(path: Path) -> None:
    path.touch()
    with pytest.raises(StoreError, match=r"nothing is recorded in .* yet"):
        Reader(path)


def test_a_store_of_an_older_version_is_brought_up_to_date_by_a_collector(path: Path) -> None:
    Writer(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreError, match="run `usdtop collect` once"):
        Reader(path)


def test_a_path_with_odd_characters_is_still_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a?mode=rwc&b#c %41" / "usdtop.db"
    Writer(path).write(batch([priced("a")]), [CARD])

    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 1

"""What is asked for page by page comes whole, whatever clocks do and however pages are answered."""

import asyncio
import json
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.errors import CollectorError, KeyRefusedError, PausedError
from collectors.gateways.polled import DEEP_EVERY_MS, FIRST_LOOK_MS, Page, PolledSource, Window, utc_text
from collectors.source import Poll

NOW_MS = 1_795_335_400_000
MINUTE_MS, HOUR_MS = 60_000, 3_600_000
LAG_MS = 15_000


class Row(NamedTuple):
    """A call: when it began, how long it took, and when its row was written."""

    name: str
    began_ms: int
    took_ms: int = 1_000

    @property
    def written_ms(self) -> int:
        return self.began_ms + self.took_ms + LAG_MS

    def json(self) -> bytes:
        said = {
            "request_id": self.name, "startTime": utc_text(self.began_ms), "endTime": utc_text(self.began_ms + self.took_ms),
            "model": "gpt-4o", "call_type": "acompletion", "prompt_tokens": 10, "completion_tokens": 1, "spend": 0.1,
        }  # fmt: skip
        return json.dumps(said).encode()


class Book:
    """Keeps rows by a clock of its own, and answers a few at a time."""

    kind, format_name = "litellm", "litellm.spendlogs"
    overlap_ms, lag_ms, poll_seconds = 15 * MINUTE_MS, 20_000, 15.0

    def __init__(self, *rows: Row, most: int = 1_000) -> None:
        self.rows, self.most = list(rows), most
        self.now_ms = NOW_MS
        self.asked: list[Window] = []
        self.before: list[CollectorError] = []
        self.next_of: Callable[[str | None], str | None] = lambda following: following

    async def page(self, window: Window, place: str | None, _now_ms: int) -> Page:
        self.asked.append(window)
        if self.before:
            raise self.before.pop(0)
        found = [row for row in self.rows if window.since_ms <= row.began_ms <= window.until_ms]
        found = sorted((row for row in found if row.written_ms <= self.now_ms), key=lambda row: row.began_ms)
        begin = int(place or 0)
        following = str(begin + self.most) if begin + self.most < len(found) else None
        return Page([row.json() for row in found[begin : begin + self.most]], self.next_of(following))


async def polled(source: PolledSource, now_ms: int) -> list[Poll]:
    polls = [await source.poll(now_ms)]
    while polls[-1].more:
        polls.append(await source.poll(now_ms))
    return polls


def names(polls: list[Poll]) -> list[str]:
    return [event.id for poll in polls for event in poll.events]


async def followed(book: Book, source: PolledSource, minutes: int, ahead_ms: int = 0) -> list[str]:
    """What is read in so many minutes by a clock that is so much ahead of the keeper's."""
    found: list[str] = []
    for _ in range(minutes * 4):
        found += names(await polled(source, book.now_ms + ahead_ms))
        book.now_ms += 15_000
    return found


def calls(minutes: int) -> list[Row]:
    """One each twenty seconds, each tenth of ten minutes."""
    return [
        Row(f"r-{at}", NOW_MS + at * 20_000, 10 * MINUTE_MS if at % 10 == 0 else 2_000) for at in range(minutes * 3)
    ]


@pytest.mark.parametrize("ahead_ms", [20 * MINUTE_MS, 5 * HOUR_MS, 365 * 24 * HOUR_MS])
async def test_a_clock_that_is_ahead_for_an_hour_and_then_right_again_costs_no_row(ahead_ms: int) -> None:
    book = Book(*calls(90))
    source = PolledSource("keeper", book)
    found = await followed(book, source, 20)
    found += await followed(book, source, 60, ahead_ms)
    found += await followed(book, source, 30)
    assert set(found) == {row.name for row in book.rows}


@pytest.mark.parametrize("ahead_ms", [3 * MINUTE_MS, 40 * MINUTE_MS, 6 * HOUR_MS])
async def test_a_clock_that_is_always_ahead_costs_no_row(ahead_ms: int) -> None:
    book = Book(*calls(60))
    assert set(await followed(book, PolledSource("keeper", book), 75, ahead_ms)) == {row.name for row in book.rows}


async def test_a_clock_that_is_behind_reads_late_and_loses_nothing() -> None:
    book = Book(*calls(60))
    source = PolledSource("keeper", book)
    found = await followed(book, source, 45, -40 * MINUTE_MS)
    found += await followed(book, source, 30)
    assert sorted(found) == sorted({row.name for row in book.rows})


async def test_a_watermark_of_a_time_that_has_not_come_begins_where_a_first_look_does() -> None:
    book = Book(*calls(10))
    source = PolledSource("keeper", book, since_ms=NOW_MS + 30 * 24 * HOUR_MS)
    await polled(source, NOW_MS)
    assert book.asked[0].since_ms == NOW_MS - FIRST_LOOK_MS


@settings(max_examples=25, deadline=None)
@given(
    clocks=st.lists(
        st.tuples(st.integers(1, 25), st.sampled_from([-3 * HOUR_MS, -90_000, 0, 90_000, 10 * MINUTE_MS, 7 * HOUR_MS])),
        max_size=4,
    )
)
def test_whatever_a_clock_does_every_row_is_read_once_it_is_right_again(clocks: list[tuple[int, int]]) -> None:
    book = Book(*calls(20 + sum(minutes for minutes, _ in clocks)), most=40)
    source = PolledSource("keeper", book)

    async def all_of_it() -> set[str]:
        found: list[str] = []
        for minutes, ahead_ms in [(5, 0), *clocks, (30, 0)]:
            found += await followed(book, source, minutes, ahead_ms)
        return set(found)

    assert asyncio.run(all_of_it()) == {row.name for row in book.rows}


async def test_what_begins_at_the_end_never_reads_what_stood_there_before() -> None:
    book = Book(*[Row(f"old-{at}", NOW_MS - at * 20_000) for at in range(1, 100)], Row("new", NOW_MS + 30_000))
    source = PolledSource("keeper", book, since_ms=NOW_MS + Book.overlap_ms)
    assert await followed(book, source, 5) == ["new"]


async def test_pages_that_lead_back_end_the_reading_are_told_and_lose_no_row() -> None:
    book = Book(*[Row(f"r-{at}", NOW_MS - HOUR_MS + at * 1_000) for at in range(50)], most=10)
    source = PolledSource("keeper", book)
    book.next_of = lambda following: "20" if following == "40" else following
    polls = [await source.poll(NOW_MS) for _ in range(4)]
    assert [poll.more for poll in polls] == [True, True, True, False]
    assert "lead back" in (polls[-1].late or "")
    assert polls[-1].watermark_ms is None
    book.next_of = lambda following: following
    polls += await polled(source, NOW_MS + 15_000)
    assert sorted(set(names(polls))) == sorted(row.name for row in book.rows)


@pytest.mark.parametrize("why", [PausedError("wait"), KeyRefusedError("no")])
async def test_a_server_that_wants_a_long_pause_in_the_middle_is_not_begun_anew(why: CollectorError) -> None:
    book = Book(*[Row(f"r-{at}", NOW_MS - HOUR_MS + at * 1_000) for at in range(30)], most=10)
    source = PolledSource("keeper", book)
    first = await source.poll(NOW_MS)
    book.before = [why] * 10
    for again in range(10):
        with pytest.raises(CollectorError):
            await source.poll(NOW_MS + again * 30_000)
    found = names([first, *await polled(source, NOW_MS + HOUR_MS // 2)])
    assert found == [row.name for row in book.rows]


async def test_rows_that_tell_of_no_call_are_not_asked_for_over_and_over() -> None:
    book = Book()

    async def strange(window: Window, _place: str | None, _now_ms: int) -> Page:
        book.asked.append(window)
        return Page([b'{"request_id": 1}'], None)

    book.page = strange  # type: ignore[assignment,method-assign]
    source = PolledSource("keeper", book)
    for later in range(4):
        await polled(source, NOW_MS + later * DEEP_EVERY_MS)
    assert [round((window.until_ms - window.since_ms) / MINUTE_MS) for window in book.asked] == [1445, 21, 21, 21]

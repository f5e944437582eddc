"""Curves of providers that no log covers: as much in all steps as in the sum, each in its time, nothing that is not known."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.providers.steps import LiveSteps, live_steps
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.live_provider import NANO_PER_TOKEN, SOURCE, billed, counted, tell

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
UNTIL = AT_MS // HOUR_MS * HOUR_MS
SINCE = UNTIL - HOUR_MS


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path / "usdtop.db")) as opened:
        yield opened


def live(
    writer: Writer, *, seconds: int = 60, since_ms: int = SINCE, until_ms: int = UNTIL, lagging: bool = False
) -> list[LiveSteps]:
    with closing(Reader(writer.path)) as reader:
        return live_steps(reader, since_ms, until_ms, seconds, lagging=lagging)


def spent(found: list[LiveSteps], seconds: int = 60, since_ms: int = SINCE) -> dict[int, int]:
    """Nano-dollars by step, counted from the first."""
    sums: dict[int, int] = {}
    for begins, _, nano_usd, _ in (step for one in found for step in one.steps):
        place = (begins - since_ms // 1_000) // seconds
        sums[place] = sums.get(place, 0) + nano_usd
    return {place: nano_usd for place, nano_usd in sums.items() if nano_usd}


def test_minutes_stand_where_they_were(writer: Writer) -> None:
    tell(writer, counted(SINCE, 1_000), counted(SINCE + 30 * MINUTE_MS, 2_000), watermark_ms=UNTIL)
    (found,) = live(writer)
    assert spent([found]) == {0: 1_000 * NANO_PER_TOKEN, 30: 2_000 * NANO_PER_TOKEN}
    assert (found.source, found.since_ms, found.until_ms) == (SOURCE, SINCE, UNTIL)
    assert [step[3] for step in found.steps] == [1_000, 2_000]


def test_what_is_not_complete_yet_is_left_out(writer: Writer) -> None:
    tell(writer, counted(SINCE, 1_000), counted(UNTIL - 5 * MINUTE_MS, 9), watermark_ms=UNTIL - 10 * MINUTE_MS)
    (found,) = live(writer)
    assert (spent([found]), found.until_ms) == ({0: 1_000 * NANO_PER_TOKEN}, UNTIL - 10 * MINUTE_MS)


def test_beside_a_rate_the_last_complete_minute_stands_at_the_end(writer: Writer) -> None:
    late_ms = UNTIL - 10 * MINUTE_MS
    tell(writer, counted(late_ms - MINUTE_MS, 1_000), counted(late_ms, 9), watermark_ms=late_ms)
    assert spent(live(writer, lagging=True)) == {59: 1_000 * NANO_PER_TOKEN}


def test_beside_a_rate_a_minute_that_is_not_over_has_its_part_of_one(writer: Writer) -> None:
    late_ms = UNTIL - 10 * MINUTE_MS
    tell(writer, counted(late_ms - MINUTE_MS, 6_000), counted(late_ms - 2 * MINUTE_MS, 6_000), watermark_ms=late_ms)
    found = spent(live(writer, until_ms=UNTIL + 19_000, lagging=True))
    assert found == {n: tokens * NANO_PER_TOKEN for n, tokens in ((58, 4_100), (59, 6_000), (60, 1_900))}


def test_what_is_hours_behind_says_nothing_of_now(writer: Writer) -> None:
    tell(writer, counted(UNTIL - 5 * HOUR_MS, 1_000), watermark_ms=UNTIL - 4 * HOUR_MS)
    assert live(writer, lagging=True) == []


def test_a_covered_provider_and_a_judge_are_no_curve_of_their_own(writer: Writer) -> None:
    tell(writer, counted(SINCE, 1_000), watermark_ms=UNTIL)
    writer.write(batch([priced("a", ended_at_ms=SINCE + 1)], at_ms=UNTIL), [CARD])
    assert live(writer) == []


def test_dollars_that_come_with_the_tokens_are_theirs(writer: Writer) -> None:
    tell(writer, counted(SINCE, 1_000), costs=[billed(SINCE, 7_000_000)], watermark_ms=UNTIL)
    assert spent(live(writer)) == {0: 7_000_000}
    tell(writer, counted(SINCE, 1_000), watermark_ms=UNTIL)
    tell(writer, costs=[billed(SINCE, 7_000_000)], watermark_ms=UNTIL, dataset="costs")
    assert spent(live(writer)) == {0: 1_000 * NANO_PER_TOKEN}


def test_without_usage_the_bill_is_the_curve_and_without_a_bill_the_balance(writer: Writer) -> None:
    fallen = [(SINCE, 10), (SINCE + 3 * MINUTE_MS, 8), (SINCE + 5 * MINUTE_MS, 20), (SINCE + 7 * MINUTE_MS, 15)]
    for at_ms, billions in fallen:
        tell(writer, balances=[(at_ms, billions * 10**9)], watermark_ms=UNTIL, dataset="credits")
    found = spent(live(writer))
    assert {place: round(nano / 10**7) for place, nano in found.items()} == {0: 67, 1: 67, 2: 67, 5: 250, 6: 250}
    assert sum(found.values()) == 7 * 10**9, "a rise is a top-up"
    tell(writer, costs=[billed(SINCE + MINUTE_MS, 7_000_000)], watermark_ms=UNTIL, dataset="costs")
    assert spent(live(writer)) == {1: 7_000_000}


def test_an_hour_is_spread_over_its_minutes_and_a_day_over_none_of_its_hours(writer: Writer) -> None:
    tell(writer, counted(SINCE, 3_600, width_seconds=3_600), watermark_ms=UNTIL)
    assert spent(live(writer)) == dict.fromkeys(range(60), 60 * NANO_PER_TOKEN)
    day_ms = AT_MS // DAY_MS * DAY_MS - DAY_MS
    tell(writer, counted(day_ms, 2_400, width_seconds=86_400), watermark_ms=day_ms + DAY_MS)
    assert spent(live(writer, seconds=3_600, since_ms=day_ms)) == {}
    assert spent(live(writer, seconds=86_400, since_ms=day_ms), 86_400, day_ms) == {0: 2_400 * NANO_PER_TOKEN}


buckets = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 10**6)), min_size=1, max_size=6)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hours=buckets, minutes=buckets)
def test_steps_add_up_to_the_sum(writer: Writer, hours: list[tuple[int, int]], minutes: list[tuple[int, int]]) -> None:
    first = UNTIL - 4 * HOUR_MS
    usage = {(hour * 60, 3_600): tokens for hour, tokens in hours} | {(n * 7, 60): tokens for n, tokens in minutes}
    tell(
        writer, *(counted(first + minute * MINUTE_MS, tokens, width_seconds=width) for (minute, width), tokens in usage.items()),
        watermark_ms=UNTIL,
    )  # fmt: skip
    with closing(Reader(writer.path)) as reader:
        whole = sum(one.nano_usd for one in reader.sums(first, UNTIL))
    assert sum(spent(live(writer, since_ms=first), since_ms=first).values()) == whole

"""Hours of a time zone, on some weekdays, over midnight."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.books.hours import DAYS, EVERY_DAY, Hours, clock_range, zone_minutes

MINUTE_MS = 60_000

moments = st.integers(min_value=0, max_value=4 * 10**12)
offsets = st.integers(min_value=-12 * 60, max_value=14 * 60)
minutes = st.integers(min_value=0, max_value=1_439)
some_days = st.frozensets(st.integers(0, 6), min_size=1)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@given(moments, minutes, minutes, some_days, offsets)
def test_hours_are_those_of_a_clock_on_the_wall_of_their_zone(
    at_ms: int, start: int, end: int, days: frozenset[int], offset: int
) -> None:
    wall = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(timezone(timedelta(minutes=offset)))
    minute = wall.hour * 60 + wall.minute
    if start <= end:
        expected = wall.weekday() in days and start <= minute < end
    else:
        began = wall if minute >= start else wall - timedelta(days=1)
        expected = began.weekday() in days and (minute >= start or minute < end)
    assert Hours(start=start, end=end, weekdays=days, offset_minutes=offset).cover(at_ms) is expected


@given(moments, st.lists(minutes, min_size=2, max_size=2, unique=True), some_days, offsets)
def test_a_window_and_what_it_leaves_cover_the_week_once(
    at_ms: int, ends: list[int], days: frozenset[int], offset: int
) -> None:
    start, end = ends
    inside = Hours(start=start, end=end, weekdays=days, offset_minutes=offset)
    rest = [
        Hours(start=end, end=start, offset_minutes=offset),
        *([Hours(start=start, end=end, weekdays=EVERY_DAY - days, offset_minutes=offset)] if len(days) < 7 else []),
    ]
    assert sum(hours.cover(at_ms) for hours in [inside, *rest]) == 1


def test_a_friday_night_lasts_until_saturday_morning() -> None:
    night = Hours(start=22 * 60, end=6 * 60, weekdays=frozenset({4}))
    assert night.cover(ms("2026-11-20T22:00:00Z"))  # a Friday
    assert night.cover(ms("2026-11-21T05:59:59Z"))
    assert not night.cover(ms("2026-11-21T06:00:00Z"))
    assert not night.cover(ms("2026-11-20T05:00:00Z"))
    assert not night.cover(ms("2026-11-21T22:00:00Z"))


def test_a_weekend_in_shanghai_begins_on_friday_afternoon_in_utc() -> None:
    weekend = Hours(start=0, end=1_440, weekdays=frozenset({5, 6}), offset_minutes=480)
    assert not weekend.cover(ms("2026-11-20T15:59:59Z"))
    assert weekend.cover(ms("2026-11-20T16:00:00Z"))
    assert weekend.cover(ms("2026-11-22T15:59:59Z"))
    assert not weekend.cover(ms("2026-11-22T16:00:00Z"))


@pytest.mark.parametrize(
    ("zone", "offset"),
    [
        ("UTC", 0),
        ("Asia/Shanghai", 480),
        ("asia/kolkata", 330),
        ("+08:00", 480),
        ("-0330", -210),
        ("UTC+01:00", 60),
        ("Europe/Berlin", None),  # summer time: no offset says it
        ("+15:00", None),
        ("8", None),
        ("", None),
    ],
)
def test_a_zone_is_an_offset_or_one_without_summer_time(zone: str, offset: int | None) -> None:
    assert zone_minutes(zone) == offset


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("16:30-00:30", (990, 30)),
        ("00:00-24:00", (0, 1_440)),
        ("24:00-01:00", None),
        ("08:00-08:00", None),
        ("8:00-9:00", None),
        ("08:60-09:00", None),
        ("08:00", None),
        ("10:00-24:01", None),
    ],
)
def test_a_range_of_hours_is_read_or_refused(text: str, minutes: tuple[int, int] | None) -> None:
    assert clock_range(text) == minutes


def test_hours_say_when_they_are() -> None:
    assert str(Hours(start=990, end=30)) == "16:30 to 00:30 UTC"
    weekend = Hours(start=0, end=1_440, weekdays=frozenset({6, 5}), offset_minutes=-210)
    assert str(weekend) == "sat, sun 00:00 to 24:00 UTC-03:30"
    assert len(DAYS) == 7

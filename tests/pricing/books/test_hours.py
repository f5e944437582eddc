"""Hours of a time zone, on some weekdays, over midnight."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

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


changing_zones = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "America/St_Johns",
        "Pacific/Apia",
    ]
)
near_changes = st.builds(
    lambda day, second: (day * 86_400 + second) * 1000,
    st.sampled_from([20_541, 20_520, 20_751, 20_758, 15_338]),  # clocks change on or about these days since 1970
    st.integers(-90_000, 90_000),
)


@given(moments | near_changes, minutes, minutes, some_days, changing_zones)
def test_where_clocks_change_the_hours_are_still_those_of_the_clock_on_the_wall(
    at_ms: int, start: int, end: int, days: frozenset[int], zone: str
) -> None:
    wall = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    minute = wall.hour * 60 + wall.minute
    if start <= end:
        expected = wall.weekday() in days and start <= minute < end
    else:
        began = wall if minute >= start else wall - timedelta(days=1)
        expected = began.weekday() in days and (minute >= start or minute < end)
    assert Hours(start=start, end=end, weekdays=days, zone=ZoneInfo(zone)).cover(at_ms) is expected


@given(moments | near_changes, st.lists(minutes, min_size=2, max_size=2, unique=True), some_days, changing_zones)
def test_where_clocks_change_a_window_and_what_it_leaves_still_cover_the_week_once(
    at_ms: int, ends: list[int], days: frozenset[int], zone: str
) -> None:
    start, end = ends
    inside = Hours(start=start, end=end, weekdays=days, zone=ZoneInfo(zone))
    rest = [
        Hours(start=end, end=start, zone=ZoneInfo(zone)),
        *([Hours(start=start, end=end, weekdays=EVERY_DAY - days, zone=ZoneInfo(zone))] if len(days) < 7 else []),
    ]
    assert sum(hours.cover(at_ms) for hours in [inside, *rest]) == 1


@pytest.mark.parametrize(
    ("began", "hours"),
    [
        ("2026-03-28T21:00:00Z", 7),
        ("2026-10-24T20:00:00Z", 9),
        ("2026-07-01T20:00:00Z", 8),
        ("2026-01-01T21:00:00Z", 8),
    ],
    ids=["clocks put forward", "clocks put back", "summer", "winter"],
)
def test_a_night_in_berlin_lasts_as_long_as_it_really_does(began: str, hours: int) -> None:
    night = Hours(start=22 * 60, end=6 * 60, zone=ZoneInfo("Europe/Berlin"))
    begins_ms = ms(began)
    minutes_inside = [minute for minute in range(-120, 900) if night.cover(begins_ms + minute * MINUTE_MS)]
    assert minutes_inside == list(range(hours * 60))


@given(moments | near_changes, st.lists(minutes, min_size=2, max_size=2, unique=True), some_days, offsets)
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
    assert str(Hours(start=990, end=30, zone=ZoneInfo("Europe/Berlin"))) == "16:30 to 00:30 Europe/Berlin"
    weekend = Hours(start=0, end=1_440, weekdays=frozenset({6, 5}), offset_minutes=-210)
    assert str(weekend) == "sat, sun 00:00 to 24:00 UTC-03:30"
    assert len(DAYS) == 7

"""Periods: the calendar's, everywhere, over midnight, month ends, leap days and every change of clocks."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.periods import CALENDAR_PERIODS, Period, local_time, period_at

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # changed clocks at midnight
    "Asia/Beirut",  # likewise
    "America/Havana",  # puts clocks back from 1:00 to 0:00
    "America/St_Johns",  # changed clocks at 0:01
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kathmandu",  # 5:45 ahead
    "Pacific/Apia",  # left out 30 December 2011
    "Africa/Casablanca",  # goes back during Ramadan
    "Antarctica/Troll",  # changes by two hours
)


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "instant", "begins", "ends"),
    [
        ("hour", "2026-05-16T14:23:07", "2026-05-16T14:00:00", "2026-05-16T15:00:00"),
        ("day", "2026-12-31T23:59:59", "2026-12-31T00:00:00", "2027-01-01T00:00:00"),
        ("week", "2026-05-16T14:23:07", "2026-05-11T00:00:00", "2026-05-18T00:00:00"),
        ("week", "2027-01-02T00:00:00", "2026-12-28T00:00:00", "2027-01-04T00:00:00"),
        ("month", "2028-02-29T12:00:00", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
        ("month", "2027-02-28T12:00:00", "2027-02-01T00:00:00", "2027-03-01T00:00:00"),
        ("month", "2026-12-31T23:59:59", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("month", "2026-01-31T00:00:00", "2026-01-01T00:00:00", "2026-02-01T00:00:00"),
        ("day", "2028-02-29T23:59:59", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
    ],
)
def test_a_period_is_the_calendar_s_in_utc(period: str, instant: str, begins: str, ends: str) -> None:
    found = period_at(period, at(instant + "Z"))
    assert found == Period(begins_ms=at(begins + "Z"), ends_ms=at(ends + "Z"))


# Offsets and dates of the changes are those of the IANA time zone database.
@pytest.mark.parametrize(
    ("zone", "period", "instant", "begins", "ends"),
    [
        # A day of 23 hours, one of 25, and the week and month that hold them.
        ("Europe/Berlin", "day", "2026-03-29T12:00+02:00", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("Europe/Berlin", "day", "2026-10-25T12:00+01:00", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("Europe/Berlin", "week", "2026-03-28T12:00+01:00", "2026-03-23T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("Europe/Berlin", "month", "2026-10-31T23:59+01:00", "2026-10-01T00:00+02:00", "2026-11-01T00:00+01:00"),
        # Just before and just after a midnight far from UTC's.
        ("America/New_York", "day", "2026-07-01T03:59:59Z", "2026-06-30T04:00Z", "2026-07-01T04:00Z"),
        ("America/New_York", "month", "2026-07-01T03:59:59Z", "2026-06-01T04:00Z", "2026-07-01T04:00Z"),
        ("Asia/Kathmandu", "day", "2026-07-01T18:15Z", "2026-07-02T00:00+05:45", "2026-07-03T00:00+05:45"),
        ("Asia/Kathmandu", "hour", "2026-07-01T18:20Z", "2026-07-01T18:15Z", "2026-07-01T19:15Z"),
        # Clocks go from 0:00 to 1:00: the day begins with the jump.
        ("America/Sao_Paulo", "day", "2018-11-04T12:00-02:00", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
        # Clocks go from 0:00 back to 23:00: the old day has 25 hours.
        ("America/Sao_Paulo", "day", "2018-02-17T12:00-02:00", "2018-02-17T02:00Z", "2018-02-18T03:00Z"),
        # Clocks go from 1:00 back to 0:00: the new day has two of its first hours.
        ("America/Havana", "day", "2026-11-01T12:00-05:00", "2026-11-01T04:00Z", "2026-11-02T05:00Z"),
        # The hour that happens twice is two hours.
        ("Europe/Berlin", "hour", "2026-10-25T02:30+02:00", "2026-10-25T00:00Z", "2026-10-25T01:00Z"),
        ("Europe/Berlin", "hour", "2026-10-25T02:30+01:00", "2026-10-25T01:00Z", "2026-10-25T02:00Z"),
        # Clocks change by half an hour: what is left of an hour is an hour of its own.
        ("Australia/Lord_Howe", "hour", "2026-10-04T02:40+11:00", "2026-10-03T15:30Z", "2026-10-03T16:00Z"),
        # Clocks went from 23:30 to 0:30: the day begins with the jump, and not at a midnight that never was.
        ("America/Toronto", "day", "1919-03-31T12:00-04:00", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),
        # Clocks went from 0:01 back to 23:01: the day has begun, and goes on.
        ("America/St_Johns", "day", "2010-11-07T03:00Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z"),
        ("America/St_Johns", "day", "2010-11-07T02:29Z", "2010-11-06T02:30Z", "2010-11-07T02:30Z"),
        # The hour that they broke off has lasted a minute, and what is left of the one before is an hour of its own.
        ("America/St_Johns", "hour", "2010-11-07T02:30:30Z", "2010-11-07T02:30Z", "2010-11-07T02:31Z"),
        ("America/St_Johns", "hour", "2010-11-07T02:40Z", "2010-11-07T02:31Z", "2010-11-07T03:30Z"),
        # A date that never was.
        ("Pacific/Apia", "day", "2011-12-29T12:00-10:00", "2011-12-29T10:00Z", "2011-12-30T10:00Z"),
        ("Pacific/Apia", "day", "2011-12-31T12:00+14:00", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
    ],
)
def test_a_period_is_the_calendar_s_where_the_budget_is_kept(
    zone: str, period: str, instant: str, begins: str, ends: str
) -> None:
    found = period_at(period, at(instant), ZoneInfo(zone))
    assert found == Period(begins_ms=at(begins), ends_ms=at(ends))


# From 1980 on: before, clocks were sometimes changed by minutes and seconds.
instants = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - hypothesis wants naive bounds
    lambda moment: round(moment.replace(tzinfo=UTC).timestamp() * 1000)
)
zones = st.sampled_from(ZONES).map(ZoneInfo)


@st.composite
def near_a_change(draw: st.DrawFn, zone: ZoneInfo) -> int:
    """An instant, often close to one at which clocks change there."""
    start = draw(instants)
    for hours in range(0, 24 * 200, 24):
        here, there = start + hours * HOUR_MS, start + (hours + 24) * HOUR_MS
        if _offset(here, zone) != _offset(there, zone):
            return here + draw(st.integers(0, 48 * HOUR_MS))
    return start


def _offset(at_ms: int, zone: ZoneInfo) -> int:
    return round((local_time(at_ms, zone).replace(tzinfo=UTC).timestamp() * 1000) - at_ms)


@given(st.sampled_from(CALENDAR_PERIODS), zones, st.data())
def test_periods_follow_each_other_without_gap_or_overlap(name: str, zone: ZoneInfo, data: st.DataObject) -> None:
    instant = data.draw(near_a_change(zone))
    period = period_at(name, instant, zone)

    assert period.begins_ms <= instant < period.ends_ms
    assert period_at(name, period.begins_ms, zone) == period
    assert period_at(name, period.ends_ms - 1, zone) == period
    assert period_at(name, period.ends_ms, zone).begins_ms == period.ends_ms
    assert period_at(name, period.begins_ms - 1, zone).ends_ms == period.begins_ms


@given(zones, st.data())
def test_a_day_is_whole_hours_of_its_date(zone: ZoneInfo, data: st.DataObject) -> None:
    day = period_at("day", data.draw(near_a_change(zone)), zone)
    first, last = local_time(day.begins_ms, zone), local_time(day.ends_ms - 1, zone)

    assert first.date() == last.date()
    assert 20 * HOUR_MS <= day.length_ms <= 28 * HOUR_MS


def test_another_word_is_no_period() -> None:
    with pytest.raises(ValueError, match="'fortnight'"):
        period_at("fortnight", 0)


def test_a_share_of_a_period_stays_between_nothing_and_all_of_it() -> None:
    day = Period(begins_ms=0, ends_ms=DAY_MS)
    assert day.elapsed_share(-1) == 0.0
    assert day.elapsed_share(6 * HOUR_MS) == 0.25
    assert day.elapsed_share(DAY_MS + 1) == 1.0
    assert (day.left_ms(-1), day.left_ms(6 * HOUR_MS), day.left_ms(DAY_MS + 1)) == (DAY_MS, 18 * HOUR_MS, 0)

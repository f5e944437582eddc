"""Moving through time: whole minutes, a fifth of the window at a time, and live again where now is reached."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import format as fmt
from tui import travel, zone
from tui.pictures.view import View

MINUTE_MS = 60_000
NEWEST_MS = 1_778_941_387_000
"""2026-05-16T14:23:07Z."""

windows = st.sampled_from([60, 300, 900, 3600, 86_400])


pytestmark = pytest.mark.usefixtures("utc_again")


def at(text: str) -> int:
    return travel.instant(text, NEWEST_MS)


def test_one_step_back_from_now_ends_at_a_whole_minute_before() -> None:
    assert fmt.clock(travel.back(View(), NEWEST_MS).until_ms) == "14:22:00Z"
    assert fmt.clock(travel.back(View(window_seconds=3600), NEWEST_MS).until_ms) == "14:11:00Z"


@given(windows, st.integers(1, 40))
def test_as_many_steps_forth_as_back_return_to_now(window: int, steps: int) -> None:
    view = View(window_seconds=window)
    for _ in range(steps):
        view = travel.back(view, NEWEST_MS)
        assert view.until_ms is not None
        assert view.until_ms % MINUTE_MS == 0
    for _ in range(steps):
        view = travel.forth(view, NEWEST_MS)
    assert view.until_ms is None


def test_the_past_ends_where_time_begins() -> None:
    assert travel.back(View(until_ms=0), NEWEST_MS).until_ms == 0


def test_an_instant_is_shown_with_the_minute_it_is_in() -> None:
    assert (
        travel.until(View(), NEWEST_MS - 5 * MINUTE_MS, NEWEST_MS).until_ms
        == NEWEST_MS // MINUTE_MS * MINUTE_MS - 4 * MINUTE_MS
    )
    assert travel.until(View(), NEWEST_MS - 1000, NEWEST_MS).until_ms is None, "this minute is not over: live"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("14:05", "2026-05-16 14:05Z"),
        ("14:05:30", "2026-05-16 14:05Z"),
        ("15:00", "2026-05-15 15:00Z"),
        ("9:30Z", "2026-05-16 09:30Z"),
        ("20m", "2026-05-16 14:03Z"),
        ("-2h", "2026-05-16 12:23Z"),
        ("2026-05-01", "2026-05-01 00:00Z"),
        ("2026-05-01T10:00:00+02:00", "2026-05-01 08:00Z"),
    ],
)
def test_what_a_person_types_is_the_last_such_time(text: str, drawn: str) -> None:
    assert fmt.moment(at(text), None) == drawn


@pytest.mark.parametrize("text", ["25:00", "12:61", "yesterday", "", "14.05", "2026-05-01T10:00"])
def test_what_is_no_time_is_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        at(text)


def test_a_time_of_day_is_of_the_zone_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        zone.use_local_time(True)
        assert fmt.clock(NEWEST_MS) == "23:23:07"
        assert fmt.clock(at("23:05")) == "23:05:00"
        assert fmt.moment(at("23:30"), None) == "2026-05-15 23:30"
        zone.use_local_time(False)
        assert fmt.clock(NEWEST_MS) == "14:23:07Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_alerts_before_and_after_a_time() -> None:
    alerts = [NEWEST_MS - 30 * MINUTE_MS, NEWEST_MS - 10 * MINUTE_MS]
    here = travel.until(View(), alerts[1], NEWEST_MS).until_ms
    assert here is not None
    assert travel.before(alerts, NEWEST_MS) == alerts[1]
    assert travel.before(alerts, here) == alerts[0]
    assert travel.before(alerts, alerts[0]) is None
    assert travel.after(alerts, here) is None
    assert travel.after(alerts, alerts[0] + MINUTE_MS) == alerts[1]

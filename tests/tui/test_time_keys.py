"""The keys that move through time, on the screen."""

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import NEVER_SECONDS, monitor, press, settle, shown
from tui.acts.marks import SetMark
from tui.app import MonitorApp
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import Point
from tui.pictures.view import View
from tui.screens import section
from tui.widgets.header import HeaderLine
from tui.widgets.prompt import Prompt
from tui.widgets.table import Table

MINUTE_MS = 60_000
WHOLE_MINUTE_MS = pictures.AS_OF_MS // MINUTE_MS * MINUTE_MS


pytestmark = pytest.mark.usefixtures("utc_again")


def as_it_was(view: View) -> BurnPicture:
    """A picture of the time that is asked for."""
    until_ms = view.until_ms or pictures.AS_OF_MS
    header = replace(
        pictures.HEADER, as_of_ms=until_ms, read_at_ms=pictures.AS_OF_MS + 900, past=view.until_ms is not None
    )
    return pictures.burn(by=view.by, path=view.path, header=header)


async def errands(pilot: Pilot[str]) -> None:
    """Wait for what waits for the store."""
    await pilot.app.workers.wait_for_complete()
    await settle(pilot)


async def test_steps_go_back_and_forth_and_the_past_says_so_and_stands_still() -> None:
    feed = FakeFeed(as_it_was)
    app = monitor(feed)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "[")
        assert "PAST 14:22Z (1m ago)" in shown(app)
        assert "sources 4/4" not in shown(app), "sources speak of now"
        asked = len(feed.asked)
        app._tick()
        await settle(pilot)
        assert len(feed.asked) == asked, "the past does not change"
        await press(pilot, "[", "[", "]")
        assert "PAST 14:21Z (2m ago)" in shown(app)
        await press(pilot, "enter")
        assert app.view.until_ms == WHOLE_MINUTE_MS - 2 * MINUTE_MS
        await press(pilot, "]", "]", "escape")
        assert "LIVE 14:23:07Z" in shown(app), "back keeps the time"
        assert app.view == View()


async def test_what_is_looked_at_while_paused_is_of_one_instant() -> None:
    feed = FakeFeed(as_it_was)
    app = monitor(feed)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        assert "PAUSED 14:23:07Z" in shown(app)
        await press(pilot, "t")
        assert feed.views[-1] == View(window_seconds=900, until_ms=WHOLE_MINUTE_MS)
        assert "PAUSED 14:23:00Z" in shown(app)
        await press(pilot, "L")
        assert "LIVE 14:23:07Z" in shown(app)
        assert feed.views[-1].until_ms is None


async def test_what_stands_still_says_by_the_clock_how_long_ago_it_was_in_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0]
    monkeypatch.setattr(section, "now_ms", lambda: clock[0])
    feed = FakeFeed(as_it_was)
    app = monitor(feed)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        asked, told = len(feed.asked), []
        # The picture was 0.9 s old when it was read.
        for clock[0] in (9_000, 9_200, 19_000, 38_000, 59_200, 100_000, 3_600_000):
            app._tick()
            await settle(pilot)
            told.append(app.screen.query_one(HeaderLine).text.partition("PAUSED ")[2].partition("    ")[0])
        assert told == [
            "14:23:07Z",
            "14:23:07Z (10 s ago)",
            "14:23:07Z (10 s ago)",
            "14:23:07Z (30 s ago)",
            "14:23:07Z (1m ago)",
            "14:23:07Z (1m ago)",
            "14:23:07Z (1h00m ago)",
        ]
        assert len(feed.asked) == asked, "the store is not read for it"
        await press(pilot, "L", "[")
        assert "PAST 14:22Z (1m ago)" in shown(app)
        clock[0] += 120_000
        app._tick()
        assert "PAST 14:22Z (3m ago)" in shown(app), "the past grows older, too"


async def test_a_copy_grows_no_older(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(section, "now_ms", lambda: pictures.AS_OF_MS)
    app = MonitorApp(FakeFeed(as_it_was), refresh_seconds=NEVER_SECONDS, is_copy=True)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "[")
        monkeypatch.setattr(section, "now_ms", lambda: pictures.AS_OF_MS + 86_400_000)
        app._tick()
        assert "PAST 14:22Z (1m ago)" in shown(app)


async def test_a_typed_time_is_gone_to_and_a_wrong_one_is_a_sentence() -> None:
    app = monitor(FakeFeed(as_it_was))
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "T", *"14:05", "enter")
        assert "PAST 14:05Z (18m ago)" in shown(app)
        assert app.screen.focused is app.screen.query_one(Table)
        await press(pilot, "T", *"noon", "enter")
        assert "noon" in shown(app)
        assert "PAST 14:05Z" in shown(app)
        await press(pilot, "T", "escape")
        assert not app.screen.query(Prompt)
        assert app.screen.focused is app.screen.query_one(Table)


async def test_e_goes_from_alert_to_alert() -> None:
    feed = FakeFeed(as_it_was)
    feed.points = (
        Point(WHOLE_MINUTE_MS - 40 * MINUTE_MS + 1, "first"),
        Point(WHOLE_MINUTE_MS - 10 * MINUTE_MS + 1, "cache hits 71% -> 4%"),
    )
    app = monitor(feed)
    async with app.run_test(size=(140, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "e")
        await errands(pilot)
        assert "PAST 14:14Z" in shown(app)
        assert "alert: cache hits 71% -> 4%" in shown(app)
        await press(pilot, "e")
        await errands(pilot)
        assert "PAST 13:44Z" in shown(app)
        await press(pilot, "e")
        await errands(pilot)
        assert "There is no alert before this time." in shown(app)
        await press(pilot, "E")
        await errands(pilot)
        assert "PAST 14:14Z" in shown(app)


async def test_a_mark_is_set_at_the_time_that_is_shown() -> None:
    feed = FakeFeed(as_it_was)
    app = monitor(feed)
    async with app.run_test(size=(140, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "m", *"deploy", "enter")
        await errands(pilot)
        assert feed.done == [SetMark("deploy")]
        assert "done: SetMark" in shown(app)
        feed.failure = "no mark was set: the store is read-only"
        await press(pilot, "m", "x", "enter")
        await errands(pilot)
        assert "the store is read-only" in shown(app)


async def test_times_are_utc_and_local_by_key(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        app = monitor(FakeFeed(as_it_was))
        async with app.run_test(size=(100, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "z")
            assert "LIVE 23:23:07 " in shown(app)
            await press(pilot, "z")
            assert "LIVE 14:23:07Z" in shown(app)
    finally:
        monkeypatch.undo()
        time.tzset()

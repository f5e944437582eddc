import threading
from decimal import Decimal

import pytest
from msgspec.structs import replace
from textual.command import CommandPalette
from textual.widgets import OptionList

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.app import MonitorApp
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.questions.burn import BurnQuestion
from tui.screens.burn import BurnScreen
from tui.screens.help import HelpScreen
from tui.widgets.footer import Keys
from tui.widgets.table import Table


def costing(usd_per_hour: str, **header: int) -> BurnPicture:
    """A picture whose burn is this."""
    headline = replace(pictures.HEADLINE, usd_per_hour=Decimal(usd_per_hour), lower_bound=False)
    return pictures.burn(headline=headline, header=replace(pictures.HEADER, **header))


async def test_pause_freezes_the_picture_and_the_same_key_goes_on() -> None:
    feed = FakeFeed(costing("1.5"))
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "space")
        assert "PAUSED 14:23:07Z" in shown(app)
        feed.burn_answer = costing("2.5", as_of_ms=pictures.AS_OF_MS + 1000)
        asked = len(feed.asked)
        app._tick()
        await settle(pilot)
        assert len(feed.asked) == asked, "the timer asks for nothing while paused"
        app.ask()
        await settle(pilot)
        assert "$1.500" in shown(app)
        assert "14:23:07Z" in shown(app)
        await press(pilot, "space")
        assert "LIVE 14:23:08Z" in shown(app)
        assert "$2.500" in shown(app)


async def test_a_paused_person_can_still_look_around() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "space", "enter")
        assert "by tenant" in shown(app)
        assert "PAUSED" in shown(app)
        await press(pilot, "2")
        assert "gpu-host-3   4x" in shown(app)


async def test_a_failing_feed_is_a_state_with_the_last_picture_under_it_and_passes() -> None:
    feed = FakeFeed(costing("1.5"))
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        feed.failure = "The store is locked by another program."
        app._tick()
        await settle(pilot)
        assert "! The store is locked by another program." in shown(app)
        assert "STALE 14:23:07Z" in shown(app)
        assert "$1.500" in shown(app)
        feed.failure = None
        app._tick()
        await settle(pilot)
        assert "locked" not in shown(app)
        assert "LIVE" in shown(app)


async def test_a_bug_in_a_read_is_a_state_too() -> None:
    def broken(view: View) -> BurnPicture:
        raise ZeroDivisionError

    app = monitor(FakeFeed(broken))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "this screen failed to read: ZeroDivisionError()" in shown(app)


async def test_data_that_stay_behind_are_not_called_live() -> None:
    feed = FakeFeed(costing("1.5", read_at_ms=pictures.AS_OF_MS + 9_000))
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "LIVE 14:23:07Z  " in shown(app)
        feed.burn_answer = costing("1.5", read_at_ms=pictures.AS_OF_MS + 15_000)
        app._tick()
        await settle(pilot)
        assert "LIVE 14:23:07Z 10 s old" in shown(app)
        feed.burn_answer = costing("1.5", read_at_ms=pictures.AS_OF_MS + 130_000)
        app._tick()
        await settle(pilot)
        assert "STALE 14:23:07Z 2 min old" in shown(app)


async def test_one_read_is_in_flight_at_most_and_a_slow_store_is_said() -> None:
    go_on = threading.Event()
    reads = []

    def slow(view: View) -> BurnPicture:
        reads.append(view)
        go_on.wait(30)
        return replace(costing("1.5"), by=view.by)

    app = monitor(FakeFeed(slow))
    async with app.run_test(size=(80, 24)) as pilot:
        for _ in range(6):
            app._tick()
        await pilot.pause()
        assert len(reads) == 1
        assert "the store does not answer" in shown(app)
        go_on.set()
        await settle(pilot)
        assert "does not answer" not in shown(app)
        assert "$1.500" in shown(app)


async def test_an_answer_to_an_older_question_is_not_shown() -> None:
    go_on = threading.Event()

    def slow(view: View) -> BurnPicture:
        go_on.wait(30)
        return replace(costing("1.5" if view.window_seconds == 300 else "9.5"), by=view.by)

    app = monitor(FakeFeed(slow))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("t")
        go_on.set()
        await settle(pilot)
        assert "$9.500" in shown(app)


@pytest.mark.parametrize("key", ["q", "Q", "ctrl+c"])
async def test_the_keys_that_quit_quit(key: str) -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await pilot.pause()
    assert app.return_value is None
    assert app.return_code == 0
    assert (app.last_frame is not None) == (key == "Q")


async def test_the_last_frame_is_plain_text_of_the_whole_screen() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("Q")
    assert app.last_frame is not None
    lines = app.last_frame.splitlines()
    assert len(lines) == 24
    assert lines[0].startswith("usdtop gpu-host-3")
    assert all(line.isprintable() for line in lines)


async def test_q_goes_back_before_it_quits() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "q")
        assert isinstance(app.screen, BurnScreen)
        await press(pilot, "enter", "q")
        assert app.view == View()
        assert app.is_running


async def test_help_lists_the_keys_of_the_screen_it_was_called_from() -> None:
    app = monitor()
    async with app.run_test(size=(80, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        burn_help = shown(app)
        for key, meaning in [
            ("enter", "open the row"),
            ("b", "group by"),
            ("s", "sort by"),
            ("space", "freeze"),
            ("Q", "quit, leave"),
        ]:
            assert any(
                line.split()[:1] == [key.rstrip(",")] or line.strip().startswith(f"{key},")
                for line in burn_help.splitlines()
                if meaning in line
            ), key
        assert "1 unpriced model" in burn_help
        assert "demo" not in burn_help
        await press(pilot, "escape", "6", "question_mark")
        assert "group" not in shown(app)
        await press(pilot, "q")
        assert not isinstance(app.screen, HelpScreen)


async def test_the_palette_runs_actions_and_jumps_to_what_is_on_screen() -> None:
    app = monitor()
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        assert isinstance(app.screen, CommandPalette)
        labels = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        for label in (
            "Open model gpt-4o",
            "Open model (no model)",
            "Quit at once (ctrl+q)",
            "Group by another dimension (b)",
        ):
            assert label in labels
        assert not any("(idle)" in label for label in labels)
        await press(pilot, *"gpt-4o", "down", "enter")
        await settle(pilot)
        assert app.view.path == (("model", "gpt-4o"),)


async def test_no_key_that_a_person_may_press_by_mistake_ends_the_app() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *"90xruhlo", "tab", "delete", "backspace", "f1", "ctrl+d", "ctrl+z")
        assert app.is_running
        assert isinstance(app.screen, BurnScreen)
        assert app.screen.query_one(Table).has_focus


async def test_a_resized_terminal_draws_again() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.resize_terminal(50, 15)
        await settle(pilot)
        assert "small terminal 50x15" in shown(app)
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        assert "RETRY" in shown(app)
        assert "small terminal" not in shown(app)


async def test_the_same_picture_again_sends_nothing_to_the_terminal() -> None:
    class Counted(MonitorApp):
        updates = 0

        def post_display_hook(self) -> None:
            """Every write to the terminal ends here."""
            self.updates += 1

    app = Counted(FakeFeed(), refresh_seconds=3600)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        before = app.updates
        for _ in range(3):
            app._tick()
            await settle(pilot)
        assert len([one for one in app.feed.asked if isinstance(one, BurnQuestion)]) >= 4  # type: ignore[attr-defined]  # FakeFeed
        assert app.updates == before


async def test_the_way_back_to_now_is_always_among_the_keys() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for key in "1234567":
            await press(pilot, key)
            assert "1-7 screens" in app.screen.query_one(Keys).text
            assert "? help" in app.screen.query_one(Keys).text
            await press(pilot, "space")
            assert "L live" in app.screen.query_one(Keys).text
            await press(pilot, "L")

"""A screen that comes to the front, and one in which much changes, is sent in one piece."""

from typing import Any

import pytest
from msgspec.structs import replace
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.pilot import Pilot
from textual.screen import Screen

from tests.fakes import alerts, pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import NEVER_SECONDS, rest, settle, shown
from tui.app import MonitorApp
from tui.screens.explain import ExplainScreen
from tui.screens.help import HelpScreen
from tui.sending import CellsUpdate
from tui.widgets.table import Table


class Sender(MonitorApp):
    """Keeps what it sends, and waits on slow machines, too."""

    LONGEST_HOLD_S = 60.0

    def __init__(self, feed: FakeFeed) -> None:
        super().__init__(feed, refresh_seconds=NEVER_SECONDS)
        self.sent: list[object] = []

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        if renderable is not None and not self._batch_count:
            self.sent.append(renderable)
        super()._display(screen, renderable)


async def press(pilot: Pilot[str], *keys: str) -> None:
    """Press keys one by one, each when all is sent that the one before led to."""
    for key in keys:
        await pilot.press(key)
        await rest(pilot)


@pytest.mark.parametrize(("opens", "leaves"), [("?", "q"), ("b", "escape"), ("i", "i")])
async def test_a_page_over_a_section_is_sent_once_and_so_is_the_section_when_it_is_left(
    opens: str, leaves: str
) -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(200, 50)) as pilot:
        await rest(pilot)
        for key in (opens, leaves, opens, leaves):
            app.sent.clear()
            await press(pilot, key)
            assert [type(one) for one in app.sent] == [LayoutUpdate], key


async def test_a_section_is_sent_whole_once_and_then_only_what_was_read_for_it() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(200, 50)) as pilot:
        await rest(pilot)
        for key in "234567":
            app.sent.clear()
            await press(pilot, key)
            assert [type(one) for one in app.sent].count(LayoutUpdate) == 1, key
        for key in "1234567":
            app.sent.clear()
            await press(pilot, key)
            assert [type(one) for one in app.sent] == [LayoutUpdate], key


async def test_the_section_under_a_place_that_is_left_for_good_is_sent_once() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(200, 50)) as pilot:
        await rest(pilot)
        await press(pilot, "3", "enter")
        app.sent.clear()
        await press(pilot, "escape")
        assert [type(one) for one in app.sent] == [LayoutUpdate]


async def test_a_line_that_opens_or_closes_sends_only_what_it_moves() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(200, 50)) as pilot:
        await rest(pilot)
        above = app.screen.query_one(Table).region.y
        for key in ("slash", "enter", "T", "escape"):
            app.sent.clear()
            await press(pilot, key)
            assert sum(isinstance(one, ChopsUpdate) for one in app.sent) == 1, key
            assert min(y for one in app.sent for y in lines_of(one)) >= above, key


def lines_of(sent: object) -> list[int]:
    """Of the terminal, in which something was sent."""
    if isinstance(sent, ChopsUpdate):
        return [y for y, _, _ in sent.spans]
    assert isinstance(sent, CellsUpdate)
    return [y for _, y, _ in sent.stretches]


async def test_an_alert_that_appears_under_the_table_is_sent_once() -> None:
    feed = FakeFeed()
    app = Sender(feed)
    async with app.run_test(size=(200, 50)) as pilot:
        await rest(pilot)
        app.sent.clear()
        feed.burn_answer = replace(pictures.burn(), alerts=(alerts.BURN,))
        app.ask()
        await rest(pilot)
        assert "! " in shown(app)
        assert len(app.sent) == 1


async def test_a_page_that_was_kept_tells_of_the_screen_it_is_called_from() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "?")
        first = app.screen
        assert "group by another dimension" in shown(app)
        await press(pilot, "G", "q", "6", "?")
        assert app.screen is first
        assert isinstance(first, HelpScreen)
        assert shown(app).lstrip().startswith("KEYS HERE")
        assert "group by another dimension" not in shown(app)


async def test_figures_are_explained_from_the_first_each_time() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "i", "n", "q", "i")
        page = app.screen
        assert isinstance(page, ExplainScreen)
        assert page.shown is page.explanations[0]


async def test_a_page_that_was_kept_takes_the_colours_chosen_meanwhile() -> None:
    app = Sender(FakeFeed())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "?")
        page, former = app.screen, app.screen.styles.background
        await press(pilot, "q")
        app.theme = "nord"
        await press(pilot, "?")
        assert app.screen is page
        assert page.styles.background == app.screen_stack[0].styles.background != former

from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.pictures.burn import Headline
from tui.pictures.view import View
from tui.questions.burn import BurnQuestion
from tui.widgets.table import Table


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_three_figures_stand_top_left(size: tuple[int, int]) -> None:
    app = monitor()
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        lines = shown(app).splitlines()
        assert lines[1].lstrip().startswith("$/HOUR")
        assert [text in lines[2] for text in ("≥$412.6", "≥$1.840", "$1,204 left of $5,000")] == [True] * 3
        assert "metered   ≥332.6" in lines[3]
        assert "out 17:18Z in 2h54m" in lines[3]
        assert "full 0.310, 51% used" in lines[4] or "own at full load 0.310, engines 51% used" in lines[4]
        assert "all hosts idle $39.20/h" in lines[5]
        assert "pace 1.4x   76% spent" in lines[5]


@pytest.mark.parametrize("size", [(40, 12), (79, 24), (80, 20), (30, 10)])
async def test_a_small_terminal_still_shows_the_three_figures_and_says_that_it_is_small(size: tuple[int, int]) -> None:
    app = monitor(FakeFeed(pictures.burn(doubts=())))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        text = shown(app)
        assert "≥$412.6/h" in text
        assert "≥$1.840/M tokens" in text
        assert "$1,204 left" in text
        assert f"small terminal {size[0]}x{size[1]}" in text


async def test_what_is_unknown_is_a_dash_and_never_zero() -> None:
    app = monitor(FakeFeed(replace(pictures.burn(pictures.group("m", None)), headline=Headline())))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        lines = shown(app).splitlines()
        assert lines[2].split() == ["--", "--", "--"]
        assert "none configured" in lines[3]
        row = app.screen.query_one(Table).rows[0]
        assert row.cells[1:3] == ("--", "--")


async def test_a_group_with_an_unknown_price_is_a_lower_bound() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        line = next(line for line in shown(app).splitlines() if "support-tuned-7b" in line)
        assert "≥41.70" in line
        assert "≥$" not in line


async def test_an_empty_machine_has_two_ways_to_begin() -> None:
    app = monitor(FakeFeed(pictures.NOTHING))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        said = " ".join(shown(app).split())
        assert "Press d for the demo" in said
        assert "usdtop doctor says what is missing" in said
        assert "1-7 screens" in said


async def test_rows_are_in_the_order_of_the_column_sorted_by_with_asides_last() -> None:
    rows = [pictures.group("b", "1"), pictures.group("(idle)", "99", aside=True), pictures.group("a", "2")]
    app = monitor(FakeFeed(pictures.burn(*rows)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert _names(app.screen.query_one(Table)) == ["a", "b", "(idle)"]
        await press(pilot, "S")
        assert _names(app.screen.query_one(Table)) == ["b", "a", "(idle)"]
        assert "sorted by $/H reversed" in shown(app)
        await press(pilot, "s")
        assert "sorted by SHARE" in shown(app)


def _names(table: Table) -> list[str]:
    return [row.cells[0] for row in table.rows]


async def test_the_window_key_steps_through_the_windows() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "t", "t", "t", "t", "t")
        asked = [view.window_seconds for view in feed.views]
        assert list(dict.fromkeys(asked)) == [300, 900, 3600, 86_400, 60]
        assert app.view.window_seconds == 300


async def test_another_dimension_is_picked_from_a_list() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "b")
        assert "> model" in shown(app)
        await press(pilot, "j", "enter")
        assert app.view.by == "tenant"
        assert feed.asked[-1] == BurnQuestion(View(by="tenant"))
        await press(pilot, "b", "escape")
        assert app.view.by == "tenant"


async def test_the_filter_filters_as_it_is_typed_stays_recalls_and_clears() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", "g", "p", "t")
        assert app.view.filter == "gpt"
        assert [view.filter for view in feed.views][-1] == "gpt"
        await press(pilot, "enter")
        assert "filter gpt" in shown(app)
        await press(pilot, "slash", "escape")
        assert app.view.filter == ""
        await press(pilot, "slash")
        assert app.view.filter == "gpt"
        await press(pilot, "enter", "j")
        assert app.screen.focused is app.screen.query_one(Table)


async def test_a_wrong_filter_says_so_and_keeps_the_last_picture() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        feed.failure = 'There is no dimension "modell"; did you mean "model"?'
        await press(pilot, "slash", "x")
        assert 'did you mean "model"?' in shown(app)
        assert "gpt-4o" in shown(app)
        feed.failure = None
        await press(pilot, "escape")
        assert "did you mean" not in shown(app)


async def test_when_nothing_is_found_the_demo_is_one_key_away() -> None:
    app = monitor(FakeFeed(pictures.NOTHING))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "Nothing to watch was found on this machine." in shown(app)
        assert "Press d for the demo" in shown(app)
        await pilot.press("d")
    assert app.return_value == "demo"


async def test_the_demo_is_not_offered_while_there_is_something_to_see() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "d")
        assert "demo" not in shown(app)
    assert app.return_value is None


async def test_an_overspent_budget_says_so() -> None:
    assert pictures.HEADLINE.budget is not None
    budget = replace(pictures.HEADLINE.budget, spent_usd=Decimal(5012), runs_out_ms=None)
    app = monitor(FakeFeed(pictures.burn(headline=replace(pictures.HEADLINE, budget=budget))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "-$12.00 left of $5,000" in shown(app)
        assert "overspent" in shown(app)


async def test_ascii_terminals_get_ascii_only() -> None:
    app = monitor(ascii_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert shown(app).isascii()
        assert ">41.70" in shown(app)


async def test_the_chart_stands_where_there_is_room_and_behind_a_key_where_there_is_not() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "└──" not in shown(app)
        assert feed.asked == [BurnQuestion(View())], "what is not shown is not read"
        await press(pilot, "v")
        assert "└──" in shown(app)
        assert "4 others" in shown(app)
        assert "> claude-sonnet" in shown(app), "the table stays under it"
        await press(pilot, "v")
        assert "└──" not in shown(app)
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        assert "└──" not in shown(app), "who hid it wants it hidden"
    app = monitor()
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        assert "╎launch" in shown(app)
        await press(pilot, "v")
        for _ in range(2):
            app._tick()
            await settle(pilot)
        assert "╎launch" not in shown(app)


async def test_an_empty_screen_has_its_room_for_what_to_do_next() -> None:
    app = monitor(FakeFeed(pictures.NOTHING))
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        assert "└──" not in shown(app)

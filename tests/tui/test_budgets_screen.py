"""The Budgets screen: what is left, how fast it goes, where it ends, and one budget against its plan."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from store.reader import Reader
from store.writer import Writer
from tests.fakes import budgets as fake
from tests.fakes.feed import FakeFeed
from tests.fakes.pictures import AS_OF_MS as NOW_MS
from tests.fakes.screens import monitor, press, settle, shown
from tui.acts.launches import StartLaunch, StopLaunch
from tui.feed import FeedError
from tui.pictures.burn import Headline
from tui.pictures.chart import Point
from tui.reading.budgets import gone_before
from tui.screens.budgets import COLUMNS, draw_row
from tui.storefeed import StoreFeed
from tui.widgets.budget import budget_details, launch_lines
from tui.widgets.headline import _budget, _since_mark
from tui.widgets.table import Row

TITLES = [column.title for column in COLUMNS]


def cell(row: Row, title: str) -> str:
    return row.cells[TITLES.index(title)]


def details(line_name: str = "launch", width: int = 80, **changes: object) -> str:
    found = next((line for line in fake.BUDGETS.lines if line.name == line_name), fake.line())
    return "\n".join(
        "".join(text for text, _ in line) for line in budget_details(replace(found, **changes), NOW_MS, width)
    )


def test_a_row_shows_what_is_left_how_fast_it_goes_and_when_it_is_gone() -> None:
    row = draw_row(fake.line(), NOW_MS)
    assert [
        cell(row, title) for title in ("LEFT", "OF", "PACE", "5M", "1H", "3D", "AT END", "FROM", "TO", "RUNS OUT")
    ] == [
        "1,204",
        "5,000",
        "1.8x",
        "2.4x",
        "1.9x",
        "--",
        "6,210",
        "5,400",
        "7,900",
        "17:18Z in 2h54m",
    ]


def test_the_bar_has_the_plan_s_mark() -> None:
    # 3796 of 5000 are nine of twelve cells; 42 % is in the sixth.
    assert cell(draw_row(fake.line(), NOW_MS), "SPENT") == "█████│███▒▒▒"


@pytest.mark.parametrize(
    ("spent", "runs_out_ms", "text"),
    [
        (5001, NOW_MS, "overspent"),
        (5000, NOW_MS, "used up"),
        (10, None, "lasts"),
        (10, NOW_MS + 60_000, "14:24Z in 1m"),
        (10, NOW_MS + 26 * 3_600_000, "05-17 16:23Z"),
    ],
)
def test_the_run_out_is_a_time_and_how_long_until_then(spent: int, runs_out_ms: int | None, text: str) -> None:
    row = draw_row(fake.line(spent_usd=Decimal(spent), runs_out_ms=runs_out_ms), NOW_MS)
    assert cell(row, "RUNS OUT") == text
    assert len(text) <= COLUMNS[-1].width


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"runs_out_ms": None}, ""),
        ({}, "warn"),
        ({"runs_out_ms": None, "crossed": "soft"}, "warn"),
        ({"crossed": "hard"}, "bad"),
        ({"spent_usd": Decimal(5000)}, "bad"),
    ],
)
def test_a_budget_is_louder_the_worse_it_is(changes: dict[str, Any], role: str) -> None:
    assert draw_row(fake.line(**changes), NOW_MS).role == role


def test_what_has_no_known_price_bounds_what_is_left_and_what_is_spent() -> None:
    row = draw_row(fake.line(lower_bound=True), NOW_MS)
    assert (cell(row, "LEFT"), cell(row, "AT END")) == ("≤1,204", "≥6,210")
    assert "≤$1,204 of $5,000" in details(lower_bound=True)


def test_the_details_say_on_what_the_projection_rests_and_how_sure_it_is() -> None:
    text = details()
    assert "$6,210  ($5,400 to $7,900)   by the shape of past days" in text
    assert "range 16:36Z to lasts" in text
    assert "straight lines: history too short" in details(basis="line")
    assert "past the hard limit of 100%" in details("acme")
    assert "tenant=acme" in details("acme")
    assert "12 requests have no known price" in details("search")
    assert "committed dollars" in details("hosts")


PREPAID = fake.line(
    "openrouter credits", period="prepaid", counts="prepaid", ends_ms=None, pace=None, burns=(), projected_usd=None,
    low_usd=None, high_usd=None, spent_per_hour=(("1h", Decimal(6)), ("6h", None), ("3d", None)), planned_share=None,
)  # fmt: skip


def test_prepaid_money_has_a_burn_and_a_top_up_and_no_plan() -> None:
    row = draw_row(PREPAID, NOW_MS)
    assert [cell(row, title) for title in ("PERIOD", "LEFT", "PACE", "1H", "AT END", "RUNS OUT")] == [
        "prepaid",
        "1,204",
        "--",
        "--",
        "--",
        "17:18Z in 2h54m",
    ]
    assert "│" not in cell(row, "SPENT")
    text = "\n".join("".join(text for text, _ in line) for line in budget_details(PREPAID, NOW_MS, 80))
    assert "prepaid at a provider" in text
    assert "1h $6.000/h   6h --   3d --" in text
    assert "topped up  05-16 12:09Z   $5,000 then" in text
    assert "pace" not in text


async def test_prepaid_money_is_opened_and_explained() -> None:
    answer = replace(fake.budget(), line=PREPAID, launch=None)
    feed = FakeFeed(budgets=replace(fake.BUDGETS, lines=(PREPAID,), launch=None), budget=lambda _: answer)
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "enter", "i")
        assert "the balance that the provider itself says" in shown(app)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_details_fit_any_width(width: int) -> None:
    bar = details(width=width).splitlines()[1]
    assert len(bar) <= width
    assert bar.endswith("76% spent, plan 42%")


def test_a_launch_shows_its_clock_and_its_plan() -> None:
    first, second = ("".join(text for text, _ in line) for line in launch_lines(fake.LAUNCH, 100))
    assert first.startswith(" LAUNCH launch   T+2h14m of 6h00m")
    assert second == " spent $3,796   plan $2,109 (+$1,687)   now $412.6/h   plan $250.0/h   before $96.40/h"


def test_a_launch_in_the_headline_has_its_clock() -> None:
    (title, _), *_ = _budget(Headline(budget=fake.line()), NOW_MS, 40)
    assert title == "LAUNCH launch T+2h14m"


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"spent_usd": Decimal(5001), "runs_out_ms": None}, "! acme overspent"),
        ({"runs_out_ms": NOW_MS + 60 * 60_000}, "! acme 15:23Z in 1h00m"),
        ({"runs_out_ms": None}, "pace 1.8x   76% spent"),
        ({"runs_out_ms": (fake.line().runs_out_ms or 0) + 1}, "pace 1.8x   76% spent"),
    ],
)
def test_a_budget_that_is_gone_before_the_launch_s_stands_under_it(other: dict[str, Any], said: str) -> None:
    launch, acme = fake.line(), fake.line("acme", **other)
    before = acme if gone_before(acme, launch) else None
    *_, (last, role) = _budget(Headline(budget=launch, gone_before=before), NOW_MS, 26)
    assert last == said
    assert (role == "bad") == (before is not None)


@pytest.mark.parametrize(
    ("change", "is_launch", "text"),
    [
        ("96", False, "+$96.00/h since 14:05"),
        ("190.6", False, "+$190.6/h since 14:05"),
        ("1190.6", True, "+$1,191/h since launch"),
    ],
)
def test_the_change_since_a_mark_keeps_its_time_in_a_narrow_column(change: str, is_launch: bool, text: str) -> None:
    mark = Point(NOW_MS - 1_080_000, "deploy 41")
    headline = Headline(mark=mark, mark_is_launch=is_launch, since_mark_usd_per_hour=Decimal(change))
    assert _since_mark(headline, 24) == text
    assert _since_mark(replace(headline, mark_is_launch=False), 40).endswith("/h since mark 14:05")


async def test_budgets_are_listed_and_opened_and_left_where_they_were() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert "LAUNCH launch   T+2h14m of 6h00m" in shown(app)
        assert "> launch" in shown(app)
        await press(pilot, "j")
        assert "tenant=acme" in shown(app)
        await press(pilot, "enter")
        assert "budgets > acme" in shown(app)
        assert "2 of 5" in shown(app)
        assert "╎deploy 41" in shown(app)
        assert "LAUNCH" not in shown(app)
        await press(pilot, "n")
        assert "budgets > search" in shown(app)
        await press(pilot, "p", "p", "p")
        assert "budgets > launch" in shown(app)
        await press(pilot, "n", "escape")
        assert "> acme" in shown(app)


async def test_a_large_terminal_draws_the_curve_of_the_budget_at_the_cursor() -> None:
    feed = FakeFeed(budget=lambda name: replace(fake.budget(name), curve=replace(fake.CURVE, unit=f"$ {name}")))
    app = monitor(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert "$ launch" in shown(app)
        await press(pilot, "j")
        assert "$ acme" in shown(app)
        assert "$ launch" not in shown(app)
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "$ acme" not in shown(app)


async def test_a_launch_is_begun_from_the_screen() -> None:
    feed = FakeFeed(budgets=replace(fake.BUDGETS, launch=None))
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "l", *"5000", "space", *"6h", "enter")
        await settle(pilot)
        assert feed.done == [StartLaunch("5000 6h")]
        assert "done: StartLaunch" in shown(app)


async def test_a_launch_is_ended_only_by_a_word() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "l", "escape", "l", "x", "enter")
        assert feed.done == []
        assert "The launch goes on." in shown(app)
        await press(pilot, "l", *"end", "enter")
        await settle(pilot)
        assert feed.done == [StopLaunch()]


def test_a_store_begins_and_ends_what_the_screen_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    Writer(path).close()
    feed = StoreFeed(path, clock=lambda: NOW_MS, machine="here")
    for words in ("", "5000", "much 6h", "5000 soon"):
        with pytest.raises(FeedError, match="no launch was begun"):
            feed.do(StartLaunch(words))

    assert feed.do(StartLaunch("$5000 6h rag 1.0")) == "launch rag 1.0 is on until 20:23Z"
    (launch,) = Reader(path).launches()
    assert (launch.name, launch.nano_usd, launch.ends_ms - launch.began_ms) == ("rag 1.0", 5_000 * 10**9, 6 * 3_600_000)
    with pytest.raises(FeedError, match=r"the launch rag 1\.0 is on then"):
        feed.do(StartLaunch("1 1h"))
    assert feed.do(StopLaunch()) == "launch rag 1.0 ended; usdtop launch report writes its story"
    with pytest.raises(FeedError, match="no launch is on"):
        feed.do(StopLaunch())


async def test_without_budgets_it_says_how_to_have_one() -> None:
    app = monitor(FakeFeed(budgets=replace(fake.BUDGETS, lines=(), launch=None, doubts=())))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        assert "press l to begin a launch" in shown(app)
        await press(pilot, "enter", "i", "j", "n")
        assert app.is_running


async def test_a_budget_that_is_no_longer_in_force_says_so_and_stays_as_it_was() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "enter")
        feed = app.feed
        assert isinstance(feed, FakeFeed)
        feed.failure = "This budget is not in force at this time."
        app._tick()
        await settle(pilot)
        assert "! This budget is not in force at this time." in shown(app)
        assert "budgets > launch" in shown(app)

"""Every table can be sorted by any of its columns, in the same way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.command import CommandPalette
from textual.widgets import OptionList

from tests.fakes import alerts as fake_alerts
from tests.fakes import budgets as fake_budgets
from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.app import MonitorApp
from tui.pictures.view import View
from tui.questions.requests import RequestsQuestion
from tui.screens.sorted import SortedScreen
from tui.sorting import Order, Sorting, in_order
from tui.widgets.machineorder import ORDERS, sorted_tree
from tui.widgets.machinerows import COLUMNS as MACHINE_COLUMNS
from tui.widgets.table import Table

TABLES = {
    "burn": (),
    "gpus": ("2",),
    "budgets": ("3",),
    "requests": ("4",),
    "savings": ("5",),
    "other models": ("5", "v"),
    "own engines": ("5", "v", "v"),
    "sources": ("6",),
    "alerts": ("7",),
}
EVERY_TABLE = pytest.mark.parametrize("keys", TABLES.values(), ids=TABLES.keys())
HUGE = (400, 60)
"""A terminal that has room for every column."""


def table(app: MonitorApp) -> Table:
    return app.screen.query_one(Table)


def names(app: MonitorApp, column: int = 0) -> list[str]:
    return [row.cells[column].strip() for row in table(app).rows]


def sorting(app: MonitorApp) -> Sorting[Any]:
    screen = app.screen
    assert isinstance(screen, SortedScreen)
    return screen.sorting


def sort_by(app: MonitorApp, title: str) -> None:
    screen = app.screen
    assert isinstance(screen, SortedScreen)
    screen.sort_by(title)


def marked(app: MonitorApp) -> str:
    """The column that it is sorted by, which alone carries the mark."""
    title, titles = sorting(app).order.title, table(app).text.splitlines()[0]
    assert titles.count("*") == (1 if title else 0)
    assert f"{title}*" in titles or f"*{title}" in titles or not title
    return title


@given(st.lists(st.none() | st.integers(-5, 5)), st.booleans())
def test_what_is_not_known_stands_behind_what_is_and_equal_ones_stay_as_they_came(
    values: list[int | None], turned: bool
) -> None:
    rows = list(enumerate(values))
    ordered = in_order(rows, lambda row: row[1], turned=turned)
    assert sorted(ordered) == rows
    known = [value for _, value in ordered if value is not None]
    assert known == sorted(known, reverse=not turned)
    assert all(value is None for _, value in ordered[len(known) :])
    for value in set(values):
        places = [place for place, one in ordered if one == value]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("values", "turned", "expected"),
    [
        ([1, 3, 2], False, [3, 2, 1]),
        ([1, 3, 2], True, [1, 2, 3]),
        (["b", None, "a"], False, ["a", "b", None]),
        (["b", None, "a"], True, ["b", "a", None]),
    ],
)
def test_figures_come_from_the_largest_and_words_from_a(
    values: Sequence[object], turned: bool, expected: list[object]
) -> None:
    assert in_order(values, lambda value: value, turned=turned) == expected


def test_an_order_by_a_column_that_is_gone_waits_until_it_is_back() -> None:
    order = Sorting([Order[int]("$/H", lambda one: one), Order[int]("SINCE MARK", lambda one: -one)])
    order.sort_by("SINCE MARK")
    order.keep_to(["$/H"])
    assert order.said == "sorted by $/H"
    assert order.of([1, 2]) == [2, 1]
    order.keep_to(["$/H", "SINCE MARK"])
    assert order.of([2, 1]) == [1, 2]


@EVERY_TABLE
async def test_one_key_goes_through_every_column_and_marks_it(keys: tuple[str, ...]) -> None:
    app = monitor()
    async with app.run_test(size=HUGE) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        wanted = set(table(app).titles_shown)
        assert wanted == set(table(app).titles)
        assert len(wanted) > 1
        seen = set()
        for _ in range(len(wanted) + 1):
            await press(pilot, "s")
            seen.add(marked(app))
            assert sorting(app).said in shown(app)
        assert seen - {""} == wanted


@EVERY_TABLE
async def test_only_columns_that_are_shown_are_gone_through_and_the_palette_has_all(keys: tuple[str, ...]) -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        for _ in range(4):
            await press(pilot, "s")
            assert marked(app) in ("", *table(app).titles_shown)
        titles = {title for title in table(app).titles if title}
        await press(pilot, "colon")
        assert isinstance(app.screen, CommandPalette)
        labels = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        for title in titles:
            assert any(label == f"Sort by {title}" or label.startswith(f"Sort by {title}:") for label in labels), title
        await press(pilot, "escape", "question_mark")
        assert "sort by the next column" in shown(app) or "newest first, dearest first" in shown(app)
        assert "turn the order around" in shown(app)


@EVERY_TABLE
async def test_a_row_that_was_chosen_stays_chosen_and_without_a_choice_the_first_one_is(keys: tuple[str, ...]) -> None:
    app = monitor()
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys, "S")
        rows = table(app).rows
        assert table(app).cursor_key == rows[0].key
        if len(rows) > 1:
            await press(pilot, "j")
            chosen = table(app).cursor_key
            await press(pilot, "S")
            assert table(app).cursor_key == chosen
            assert chosen in [row.key for row in table(app).rows]


async def test_sources_are_sorted_by_how_far_they_are_behind() -> None:
    app = monitor()
    lags = {row.name: row.lag_ms for row in pictures.SOURCES.rows}
    known = sorted((name for name, lag in lags.items() if lag is not None), key=lambda name: -(lags[name] or 0))
    unknown = [name for name, lag in lags.items() if lag is None]
    assert unknown
    assert len(known) > 1
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        sort_by(app, "BEHIND")
        await settle(pilot)
        assert names(app) == [*known, *unknown]
        assert "sorted by BEHIND" in shown(app)


async def test_budgets_are_sorted_by_what_is_left_and_the_curve_is_of_the_one_at_the_cursor() -> None:
    lines = tuple(
        fake_budgets.line(name, spent_usd=Decimal(spent)) for name, spent in (("a", "4000"), ("b", "100"), ("c", "900"))
    )
    app = monitor(FakeFeed(budgets=replace(fake_budgets.BUDGETS, lines=lines)))
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        sort_by(app, "LEFT")
        await settle(pilot)
        assert names(app) == ["b", "c", "a"]
        assert app.screen.picture.curve_of == "b"  # type: ignore[attr-defined]  # a MonitorScreen
        await press(pilot, "enter", "n", "escape")
        assert table(app).cursor_key == "c", "neighbours are those of the table"


async def test_alerts_are_sorted_by_their_effect_and_unknown_effects_come_last() -> None:
    dear, cheap = Decimal(90), Decimal(-2)
    effects = {1: cheap, 2: None, 3: dear}
    rows = tuple(fake_alerts.alert(number, effect_usd_per_hour=effect) for number, effect in effects.items())
    app = monitor(FakeFeed(alerts=replace(fake_alerts.ALERTS, rows=rows)))
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        sort_by(app, "EFFECT")
        await settle(pilot)
        assert [row.key for row in table(app).rows] == [3, 1, 2]
        await press(pilot, "S")
        assert [row.key for row in table(app).rows] == [1, 3, 2]


async def test_requests_are_sorted_by_what_they_took() -> None:
    took = [300, None, 20, 4_000, 50]
    rows = tuple(replace(row, duration_ms=ms) for row, ms in zip(pictures.REQUESTS.rows, took, strict=True))
    feed = FakeFeed(requests=replace(pictures.REQUESTS, rows=rows))
    app = monitor(feed)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        sort_by(app, "TOOK")
        await settle(pilot)
        durations: dict[object, int | None] = {row.id: row.duration_ms for row in rows}
        assert [durations[row.key] for row in table(app).rows] == [4_000, 300, 50, 20, None]
        await press(pilot, "S")
        assert [durations[row.key] for row in table(app).rows] == [20, 50, 300, 4_000, None]
        assert feed.asked[-1] == RequestsQuestion(View(), dearest=False)


@pytest.mark.parametrize("title", [column.title for column in MACHINE_COLUMNS])
@pytest.mark.parametrize("turned", [False, True])
def test_a_sorted_tree_has_the_same_parts_under_the_same_hosts(title: str, turned: bool) -> None:
    order = Sorting(ORDERS)
    order.sort_by(title)
    if turned:
        order.turn()
    hosts = {host.name: host for host in sorted_tree(pictures.MACHINES.hosts, order)}
    for host in pictures.MACHINES.hosts:
        assert sorted(gpu.uuid for gpu in hosts[host.name].gpus) == sorted(gpu.uuid for gpu in host.gpus)
        assert sorted(one.source for one in hosts[host.name].engines) == sorted(one.source for one in host.engines)


def test_gpus_of_a_host_are_sorted_by_their_watts_with_lost_ones_last() -> None:
    gpus = tuple(
        pictures.gpu(index, power_watts=watts, lost=lost)
        for index, (watts, lost) in enumerate([(70.0, None), (500.0, None), (900.0, "lost"), (300.0, None)])
    )
    (host,) = pictures.MACHINES.hosts[:1]
    order = Sorting(ORDERS)
    order.sort_by("WATTS")
    (ordered,) = sorted_tree([replace(host, gpus=gpus)], order)
    assert [gpu.index for gpu in ordered.gpus] == [1, 3, 0, 2]

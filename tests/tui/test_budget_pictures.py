"""How the Budgets screens look, at the size of a small terminal and of two large ones."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import budgets as fake
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor
from tests.tui.test_pictures import after

SIZES = [(80, 24), (120, 40), (200, 50)]

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])


def test_budgets_in_a_launch(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("3"))


def test_budgets_overspent(snap_compare: Any, size: tuple[int, int]) -> None:
    feed = FakeFeed(budgets=replace(fake.BUDGETS, launch=None, lines=fake.BUDGETS.lines[1:]))
    assert snap_compare(monitor(feed), terminal_size=size, run_before=after("3"))


def test_budgets_in_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(ascii_only=True), terminal_size=size, run_before=after("3"))


def test_budgets_without_colours(snap_compare: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(monitor(), terminal_size=size, run_before=after("3"))


def test_one_budget_in_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(ascii_only=True), terminal_size=size, run_before=after("3", "enter"))


def test_no_budgets(snap_compare: Any, size: tuple[int, int]) -> None:
    feed = FakeFeed(budgets=replace(fake.BUDGETS, lines=(), launch=None, doubts=()))
    assert snap_compare(monitor(feed), terminal_size=size, run_before=after("3"))


def test_one_budget_against_its_plan(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("3", "enter"))


def test_one_budget_explained(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("3", "i", "n"))

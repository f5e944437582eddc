"""How screens look in a large terminal, and what is drawn only when somebody asks for it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle
from tui.app import MonitorApp

SIZES = [(80, 24), (120, 40), (200, 50)]
LARGE = (200, 50)


pytestmark = pytest.mark.usefixtures("utc_again")


def after(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press these keys, and wait until all is drawn."""

    async def run_before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    return run_before


@pytest.mark.parametrize(
    "keys",
    [(), ("2",), ("3",), ("4",), ("4", "enter"), ("6",), ("7",)],
    ids=["-".join(k) or "1" for k in [(), ("2",), ("3",), ("4",), ("4", "enter"), ("6",), ("7",)]],
)
def test_each_screen_in_a_large_terminal(snap_compare: Any, keys: tuple[str, ...]) -> None:
    assert snap_compare(monitor(), terminal_size=LARGE, run_before=after(*keys))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
@pytest.mark.parametrize("part", ["savings", "models", "engines"])
def test_compare(snap_compare: Any, size: tuple[int, int], part: str) -> None:
    keys = {"savings": ("5",), "models": ("5", "c", "x"), "engines": ("5", "v", "v")}[part]
    assert snap_compare(monitor(), terminal_size=size, run_before=after(*keys))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
def test_an_explanation(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("i"))


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
def test_the_past(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("[", "["))


def test_the_chart_in_a_small_terminal(snap_compare: Any) -> None:
    assert snap_compare(monitor(), terminal_size=(80, 24), run_before=after("v"))


def test_the_chart_in_ascii(snap_compare: Any) -> None:
    assert snap_compare(monitor(ascii_only=True), terminal_size=LARGE, run_before=after())


def test_without_colours(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(monitor(), terminal_size=LARGE, run_before=after())


@pytest.mark.parametrize("theme", ["ansi-light", "colour-blind"])
def test_other_colours(snap_compare: Any, theme: str) -> None:
    app = MonitorApp(FakeFeed(), refresh_seconds=3600, theme=theme)
    assert snap_compare(app, terminal_size=(120, 40), run_before=after())


def test_a_copy_of_a_store(snap_compare: Any) -> None:
    app = MonitorApp(FakeFeed(), refresh_seconds=3600, is_copy=True)
    assert snap_compare(app, terminal_size=(80, 24), run_before=after())


def test_a_question_above_the_keys(snap_compare: Any) -> None:
    assert snap_compare(monitor(), terminal_size=(80, 24), run_before=after("T"))

"""Cells that are sent by themselves leave on the terminal what would stand there if all of it were sent again."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len
from rich.segment import Segment
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.pilot import Pilot
from textual.screen import Screen

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import NEVER_SECONDS, rest, settle
from tui.app import MonitorApp
from tui.pictures.burn import BurnPicture
from tui.sending import CellsUpdate
from tui.widgets.lines import Line, cut, fit

LINES = st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "dim", "bad"])), max_size=5).map(tuple)
MODELS = ("gpt-4o", "模型-大", "claude-sonnet-4-6")


class Terminal(MonitorApp):
    """Draws on a sheet of cells what it sends, after the first time only in stretches."""

    def __init__(self, feed: FakeFeed) -> None:
        super().__init__(feed, refresh_seconds=NEVER_SECONDS)
        self.sheet: list[list[str]] = []
        self.stretches = 0

    def whole(self) -> list[list[str]]:
        """What stands there when all of it is sent."""
        return [_cells(strip) for strip in self.screen._compositor.render_strips()]

    def _display(self, screen: Screen[Any], renderable: object) -> None:
        if isinstance(renderable, CellsUpdate) and self.sheet:
            for x, y, segments in renderable.stretches:
                cells = _cells(segments)
                self.sheet[y][x : x + len(cells)] = cells
                self.stretches += 1
        elif isinstance(renderable, ChopsUpdate) and self.sheet:
            now = self.whole()
            for y, begins, ends in renderable.spans:
                self.sheet[y][begins:ends] = now[y][begins:ends]
        elif isinstance(renderable, LayoutUpdate):
            self.sheet = self.whole()
        super()._display(screen, renderable)


def _cells(segments: Iterable[Segment]) -> list[str]:
    """Each cell with its style; the second half of a wide character is as the first."""
    return [f"{char} {one.style}" for one in segments for char in one.text for _ in range(cell_len(char))]


def picture(*figures: int) -> BurnPicture:
    rows = tuple(
        replace(pictures.group(model, str(figure)), trend=(1.0, 2.0, float(figure)))
        for model, figure in zip(MODELS, figures, strict=True)
    )
    return replace(pictures.burn(), rows=rows)


async def shows(pilot: Pilot[str], feed: FakeFeed, burn: BurnPicture) -> None:
    assert isinstance(pilot.app, MonitorApp)
    feed.burn_answer = burn
    pilot.app.renew()
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_the_terminal_shows_what_it_would_show_if_all_were_sent_again(size: tuple[int, int]) -> None:
    feed = FakeFeed(picture(5, 3, 1))
    app = Terminal(feed)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        app.sheet = app.whole()
        for figures in ((5, 3, 2), (7, 800, 2), (1, 3, 90), (1, 3, 90)):
            await shows(pilot, feed, picture(*figures))
            assert app.sheet == app.whole()
        assert app.stretches > 3, "each picture but the last, which is the one before, and more than one stretch of it"


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_line_that_opens_and_closes_leaves_nothing_of_itself(size: tuple[int, int]) -> None:
    app = Terminal(FakeFeed(picture(5, 3, 1)))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert app.sheet == app.whole()
        for key in [
            "slash",
            "m",
            "enter",
            "v",
            "slash",
            "x",
            "escape",
            "m",
            "escape",
            "b",
            "enter",
            "v",
            "S",
            "slash",
            "enter",
        ]:
            await pilot.press(key)
            await rest(pilot)
            assert app.sheet == app.whole(), key


async def test_what_lies_behind_another_screen_is_not_sent() -> None:
    feed = FakeFeed(picture(5, 3, 1))
    app = Terminal(feed)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        section = app.screen
        await pilot.press("question_mark")
        await settle(pilot)
        assert app.screen is not section
        app.sheet = app.whole()
        section.picture = picture(9, 9, 9)  # type: ignore[attr-defined]  # a section's
        await settle(pilot)
        assert app.stretches == 0
        await pilot.press("escape")
        await settle(pilot)
        app.sheet = app.whole()
        await shows(pilot, feed, picture(9, 9, 8))
        assert app.sheet == app.whole()


@given(LINES, st.integers(0, 40), st.integers(0, 40))
def test_a_stretch_of_a_line_has_its_cells_and_no_half_of_a_character(line: Line, one: int, other: int) -> None:
    fitted, (start, end) = fit(line, 40), sorted((one, other))
    cells = [(char, role) for text, role in fitted for char in text for _ in range(cell_len(char))]
    found = [(char, role) for text, role in cut(fitted, start, end, 40) for char in text for _ in range(cell_len(char))]
    assert len(found) == end - start
    assert found[1:-1] == cells[start:end][1:-1]
    assert all(now in (was, (" ", was[1])) for was, now in zip(cells[start:end], found, strict=True))

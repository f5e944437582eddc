from collections.abc import Hashable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from tui.widgets.columns import Column, fit_columns
from tui.widgets.lines import Line, changed_spans, fit
from tui.widgets.table import Row, Table

COLUMNS = (
    Column(title="NAME", width=10, right=False, grows_to=20),
    Column(title="$/H", width=8),
    Column(title="TREND", width=6, rank=1, right=False, keeps_end=True),
)


class CountedTable(Table):
    """Remembers every refresh that was asked for."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self.refreshed: list[tuple[Region, ...]] = []
        super().__init__(tuple(columns))

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> "CountedTable":
        """Count, then do it."""
        self.refreshed.append(regions)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)


class TableApp(App[None]):
    """One table and the messages it sent."""

    def __init__(self) -> None:
        super().__init__()
        self.table = CountedTable(COLUMNS)
        self.chosen: list[Hashable] = []

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table

    def on_table_chosen(self, message: Table.Chosen) -> None:
        """Remember."""
        self.chosen.append(message.key)


def cursor(app: TableApp) -> Hashable:
    return app.table.cursor_key


def rows(**usd: str) -> list[Row]:
    return [Row(key=name, cells=(name, amount, "▁▂▃▄▅▆▇█")) for name, amount in usd.items()]


async def test_the_same_rows_again_send_nothing() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show(rows(acme="1.00", globex="2.00"))
        await pilot.pause()
        app.table.refreshed.clear()
        app.table.show(rows(acme="1.00", globex="2.00"))
        assert app.table.refreshed == []


async def test_a_changed_figure_refreshes_its_cells_only() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show(rows(acme="1.00", globex="2.00"))
        await pilot.pause()
        app.table.refreshed.clear()
        app.table.show(rows(acme="1.00", globex="2.70"))
        (regions,) = app.table.refreshed
        (region,) = regions
        assert (region.y, region.height, region.width) == (2, 1, 1)
        line = app.table.text.splitlines()[2]
        assert line[region.x] == "7"


async def test_the_cursor_stays_on_its_row_when_rows_come_go_and_change_places() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show(rows(acme="1", globex="2", initech="3"))
        await pilot.press("j")
        assert cursor(app) == "globex"
        app.table.show(rows(umbrella="9", initech="3", acme="1", globex="2"))
        assert cursor(app) == "globex"
        assert "> globex" in app.table.text
        app.table.show(rows(umbrella="9", initech="3"))
        assert cursor(app) == "initech"
        app.table.show([])
        assert cursor(app) is None


async def test_a_cursor_that_nobody_moved_does_not_stay_on_what_does_not_open() -> None:
    app = TableApp()
    idle = Row(key="idle", cells=("(idle)", "9", ""), opens=False)
    async with app.run_test(size=(40, 8)) as pilot:
        app.table.show([idle])
        app.table.show([*rows(acme="1", globex="2"), idle])
        assert cursor(app) == "acme"
        app.table.show([*rows(globex="2", acme="1"), idle])
        assert cursor(app) == "acme", "on a row that opens it stays"
        await pilot.press("G")
        app.table.show([*rows(globex="2", acme="1"), idle])
        assert cursor(app) == "idle", "who put it there wants it there"


async def test_a_row_to_return_to_may_come_later() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 8)):
        app.table.show(rows(acme="1", globex="2"))
        app.table.go_to("initech")
        assert cursor(app) == "acme"
        app.table.show(rows(globex="2", initech="3", acme="1"))
        assert cursor(app) == "initech"


async def test_keys_move_the_cursor_and_keep_it_in_sight() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.show(rows(**{f"row{number:02}": "1" for number in range(30)}))
        for key, name in [("G", "row29"), ("k", "row28"), ("pageup", "row24"), ("g", "row00"), ("down", "row01")]:
            await pilot.press(key)
            assert cursor(app) == name
            assert f"> {name}" in app.table.text


async def test_a_row_opens_unless_it_does_not() -> None:
    app = TableApp()
    async with app.run_test(size=(40, 6)) as pilot:
        app.table.show([*rows(acme="1"), Row(key="idle", cells=("(idle)", "2", ""), opens=False)])
        await pilot.press("enter", "right", "j", "enter")
        assert app.chosen == ["acme", "acme"]


async def test_an_empty_table_says_why() -> None:
    app = TableApp()
    async with app.run_test(size=(30, 6)):
        app.table.show([], empty=["Nothing was found on this machine at all."])
        assert app.table.text.split() == ["Nothing", "was", "found", "on", "this", "machine", "at", "all."]


async def test_a_narrow_table_leaves_out_the_least_important_columns() -> None:
    app = TableApp()
    async with app.run_test(size=(24, 6)) as pilot:
        app.table.show(rows(acme="1.00"))
        assert "TREND" not in app.table.text
        assert "$/H" in app.table.text
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert "TREND" in app.table.text
        assert "▃▄▅▆▇█" in app.table.text


@given(
    st.integers(min_value=0, max_value=300),
    st.lists(st.integers(min_value=1, max_value=20), max_size=8),
    st.integers(1, 2),
)
def test_chosen_columns_never_take_more_than_the_width(width: int, widths: list[int], gap: int) -> None:
    columns = [Column(title="C", width=each, rank=place % 3, grows_to=2 * each) for place, each in enumerate(widths)]
    chosen = fit_columns(tuple(columns), width, gap)
    assert sum(each + gap for _, each in chosen) - gap <= max(width, 0)
    assert all(each >= columns[place].width for place, each in chosen)


def test_columns_that_grow_share_the_spare_room_evenly() -> None:
    columns = (
        Column(title="NAME", width=10, grows_to=40),
        Column(title="$/H", width=8),
        Column(title="ERROR", width=10, grows_to=14),
    )
    assert dict(fit_columns(columns, 10 + 8 + 10 + 2 * 2 + 6, 2)) == {0: 13, 1: 8, 2: 13}
    assert dict(fit_columns(columns, 10 + 8 + 10 + 2 * 2 + 12, 2)) == {0: 18, 1: 8, 2: 14}
    assert dict(fit_columns(columns, 200, 2)) == {0: 40, 1: 8, 2: 14}


LINES = st.lists(st.tuples(st.text(max_size=12), st.sampled_from(["", "dim", "bad"])), max_size=5).map(tuple)


@given(LINES, st.integers(min_value=0, max_value=60))
def test_a_fitted_line_is_harmless_and_has_the_width(line: Line, width: int) -> None:
    fitted = fit(line, width)
    assert sum(cell_len(text) for text, _ in fitted) == width
    assert all(text.isprintable() for text, _ in fitted)


@given(LINES, LINES)
def test_cells_outside_the_changed_stretches_look_the_same(old: Line, new: Line) -> None:
    before, after = _cells(fit(old, 40)), _cells(fit(new, 40))
    changed: set[int] = set()
    for start, end in changed_spans(fit(old, 40), fit(new, 40), 40):
        assert 0 <= start < end <= 40
        changed.update(range(start, end))
    assert all(before[x] == after[x] for x in range(40) if x not in changed)
    assert bool(changed) == (before != after)


def _cells(line: Line) -> list[Any]:
    cells: list[Any] = []
    for text, role in line:
        for character in text:
            cells += [(character, role), ("", role)][: cell_len(character)]
    return cells


@pytest.mark.parametrize("width", [0, 1, 2])
async def test_a_table_without_room_draws_nothing_wrong(width: int) -> None:
    app = TableApp()
    async with app.run_test(size=(max(width, 1), 2)):
        app.table.show(rows(acme="1.00"))
        assert len(app.table.text.splitlines()) <= 2


@pytest.mark.parametrize("keys", [(), ("G",), ("G", "k", "k"), ("G", "g", "j")])
async def test_the_row_at_the_cursor_is_seen_wherever_texts_fall_under_rows(keys: tuple[str, ...]) -> None:
    app = TableApp()
    app.table = CountedTable((*COLUMNS[:2], Column(title="WHY", width=40, rank=1, right=False, falls=True)))
    async with app.run_test(size=(30, 9)) as pilot:
        named = [f"row-{number}" for number in range(12)]
        app.table.show(
            Row(key=name, cells=(name, "1", f"why {name}"), role="dim" if name == "row-4" else "") for name in named
        )
        app.table.focus()
        await pilot.press(*keys)
        await pilot.pause()
        lines = app.table.text.splitlines()
        assert len(lines) == 9
        assert all(lines), "no line stays empty while rows wait above or below"
        place = next(number for number, line in enumerate(lines) if line.startswith("> "))
        assert str(cursor(app)) in lines[place]
        assert lines[place + 1 : place + 2] == [f"{'':11}why {cursor(app)}"]


async def test_a_terminal_that_grows_shows_the_rows_above_too() -> None:
    app = TableApp()
    app.table = CountedTable((*COLUMNS[:2], Column(title="WHY", width=40, rank=1, right=False, falls=True)))
    async with app.run_test(size=(30, 7)) as pilot:
        app.table.show(Row(key=name, cells=(name, "1", f"why {name}")) for name in "abcdef")
        app.table.focus()
        await pilot.press("G")
        await pilot.pause()
        assert app.table.text.splitlines()[1].startswith("  d")
        await pilot.resize_terminal(30, 11)
        await pilot.pause()
        assert app.table.text.splitlines()[1].startswith("  b")


async def test_a_click_on_a_text_that_fell_under_its_row_is_a_click_on_the_row() -> None:
    app = TableApp()
    app.table = CountedTable((*COLUMNS[:2], Column(title="WHY", width=40, rank=1, right=False, falls=True)))
    async with app.run_test(size=(30, 8)) as pilot:
        app.table.show(Row(key=name, cells=(name, "1", f"why {name}")) for name in ("a", "b", "c"))
        await pilot.pause()
        await pilot.click(app.table, offset=(12, 4))
        assert cursor(app) == "b"

"""A chart over time: bands stacked upon each other, or one curve beside its plan, with axes, marks and alerts."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from rich.cells import cell_len
from textual.geometry import Size

from tui import format as fmt
from tui import zone
from tui.pictures.chart import ChartPicture, Series
from tui.widgets.canvas import Dots, Grid, blank, line_of, pattern, pattern_column, stack_column
from tui.widgets.lines import SERIES_ROLES, Line, Lines, Piece
from tui.widgets.scale import round_top, ticks, time_labels

_AXIS_CELLS = 8
_LEGEND_CELLS, _MOST_LEGEND_CELLS, _LEGEND_FROM_CELLS = 24, 44, 70
_LEAST_ROWS = 3


class TimeChart(Lines):
    """Draws one `ChartPicture`; several series are stacked, one is a curve."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 (Textual's own name)
        super().__init__(id=id)
        self._chart: ChartPicture | None = None
        self._empty = ""
        self._made: tuple[object, list[Line]] = (None, [])
        """The lines drawn last, and all that they depend on: a chart changes once a minute and is asked for every second."""

    def show(self, chart: ChartPicture | None, *, empty: str = "") -> None:
        """Take another chart, or the sentence that stands in its place."""
        self._chart, self._empty = chart, empty
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """The chart from its title to the times under its axis."""
        chart = self._chart
        if chart is None or not any(value is not None for one in chart.series for value in one.values):
            return [((f"  {self._empty}", "dim"),)] if self._empty else []
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        plain = ascii_only or bool(getattr(self.app, "colourless", False))
        wanted = (chart, size, plain, ascii_only, zone.is_local())
        if self._made[0] != wanted:
            self._made = wanted, list(chart_lines(chart, size.width, size.height, plain=plain, ascii_only=ascii_only))
        return self._made[1]


def chart_lines(
    chart: ChartPicture, width: int, height: int, *, plain: bool = False, ascii_only: bool = False
) -> Iterator[Line]:
    """The chart in so many cells; `plain` tells bands apart by their fill instead of their colour."""
    rows = max(_LEAST_ROWS, height - 3)
    legend = width >= _LEGEND_FROM_CELLS and (len(chart.series) > 1 or bool(chart.plan))
    room = width - _AXIS_CELLS - (_LEGEND_CELLS if legend else 1)
    frame = _Frame(chart, max(8, room))
    stacked = len(chart.series) > 1
    top = round_top(max(frame.highest(stacked=stacked), max(filter(None, chart.plan), default=0.0)))
    grid = blank(frame.cells, rows)
    if stacked:
        _draw_bands(grid, frame, top, plain=plain, ascii_only=ascii_only)
    else:
        _draw_curve(grid, frame, top, ascii_only=ascii_only)
    _draw_points(grid, frame)
    spare = width - _AXIS_CELLS - frame.cells
    keys = list(_legend(chart, spare, plain=plain, ascii_only=ascii_only)) if legend else []
    labels = dict(ticks(top, rows))
    yield _title(frame, width)
    for number, cells in enumerate(grid):
        label = labels.get(rows - 1 - number, "")
        axis: Piece = (f"{label:>{_AXIS_CELLS - 2}} {'┤' if label else '│'}", "dim")
        key = keys[number] if number < len(keys) else ()
        yield (axis, *line_of(cells), *key)
    yield ((f"{'0':>{_AXIS_CELLS - 2}} └", "dim"), *_foot(frame))
    yield ((" " * _AXIS_CELLS + _times(frame), "dim"),)


class _Frame:
    """How the values of a chart fall into cells: each cell is the mean of some values, or each value has some cells."""

    def __init__(self, chart: ChartPicture, room: int) -> None:
        self.chart = chart
        self.values_per_cell = max(1, -(-chart.steps // room) if chart.steps > room * 1.34 else 1)
        self.cells_per_value = max(1, room // chart.steps) if self.values_per_cell == 1 else 1
        shown = min(chart.steps, room * self.values_per_cell // self.cells_per_value)
        self.first = chart.steps - shown // self.values_per_cell * self.values_per_cell
        self.columns = (chart.steps - self.first) // self.values_per_cell
        self.cells = self.columns * self.cells_per_value

    @property
    def begins_ms(self) -> int:
        """The time at the left edge."""
        return self.chart.begins_ms + self.first * self.chart.step_ms

    @property
    def ms_per_cell(self) -> float:
        """Time in one cell."""
        return self.chart.step_ms * self.values_per_cell / self.cells_per_value

    def cell(self, at_ms: int) -> int | None:
        """The cell of an instant, or None outside the picture."""
        cell = int((at_ms - self.begins_ms) / self.ms_per_cell)
        return cell if at_ms >= self.begins_ms and cell < self.cells else None

    def column(self, values: Sequence[float | None], column: int) -> float | None:
        """The mean of the values in one column; None where all of them are gaps."""
        start = self.first + column * self.values_per_cell
        known = [value for value in values[start : start + self.values_per_cell] if value is not None]
        return sum(known) / len(known) if known else None

    def columns_of(self, values: Sequence[float | None]) -> list[float | None]:
        """Every column of one series."""
        return [self.column(values, column) for column in range(self.columns)]

    def highest(self, *, stacked: bool) -> float:
        """The highest value drawn."""
        columns = [[value or 0.0 for value in self.columns_of(one.values)] for one in self.chart.series]
        heights = [sum(values) if stacked else max(values) for values in zip(*columns, strict=True)]
        return max(heights, default=0.0)


def roles(series: Sequence[Series]) -> list[str]:
    """The role of each series: members by their place, what is no member apart."""
    members = 0
    named = []
    for one in series:
        if one.aside:
            named.append("series-rest" if members else "series-aside")
            continue
        named.append(SERIES_ROLES[members % len(SERIES_ROLES)])
        members += 1
    return named


def _draw_bands(grid: Grid, frame: _Frame, top: float, *, plain: bool, ascii_only: bool) -> None:
    rows, series = len(grid), frame.chart.series
    by_series = [frame.columns_of(one.values) for one in series]
    names = roles(series)
    for column in range(frame.columns):
        values = [one[column] for one in by_series]
        if all(value is None for value in values):
            continue
        sums = list(accumulate(value or 0.0 for value in values))
        levels = [min(rows * 8, round(total / top * rows * 8)) for total in sums]
        if sums[-1] > 0 and not levels[-1]:
            levels[-1] = 1
        cells = list(
            pattern_column(levels, rows, ascii_only=ascii_only) if plain else stack_column(levels, rows, names)
        )
        if not levels[-1]:
            cells[0] = ("▁", "dim")
        for row, cell in enumerate(cells):
            start = column * frame.cells_per_value
            grid[rows - 1 - row][start : start + frame.cells_per_value] = [cell] * frame.cells_per_value


def _draw_curve(grid: Grid, frame: _Frame, top: float, *, ascii_only: bool) -> None:
    drawn = [(frame.chart.plan, "dim", ".")] if frame.chart.plan else []
    drawn += [(one.values, "series-1", "*") for one in frame.chart.series]
    for values, role, sign in drawn:
        dots = Dots(frame.cells, len(grid))
        dots.curve(frame.columns_of(values), top)
        for row, column, character in dots.cells(ascii_sign=sign if ascii_only else None):
            grid[row][column] = (character, role)


def _draw_points(grid: Grid, frame: _Frame) -> None:
    """A stroke at each mark, down to the bands and past a curve."""
    for mark in frame.chart.marks:
        cell = frame.cell(mark.at_ms)
        for row in grid:
            if cell is not None and row[cell][0] == " ":
                row[cell] = ("╎", "strong")


def _title(frame: _Frame, width: int) -> Line:
    """The unit, and what each mark says, above its stroke."""
    left = f"{frame.chart.unit:>{_AXIS_CELLS - 2}}  "
    text = ""
    for mark in sorted(frame.chart.marks, key=lambda mark: mark.at_ms):
        cell = frame.cell(mark.at_ms)
        label = fmt.safe(f"╎{mark.text}", 20)
        if cell is not None and cell >= cell_len(text) and cell + _AXIS_CELLS + cell_len(label) <= width:
            text = fmt.pad(text, cell) + label + " "
    return (left, "dim"), (text, "strong")


def _foot(frame: _Frame) -> Iterator[Piece]:
    """The axis, with a `!` where an alert fired and a gap where nothing is known and nothing planned."""
    alerts = {frame.cell(alert.at_ms) for alert in frame.chart.alerts}
    drawn = [one.values for one in frame.chart.series] + [plan for plan in (frame.chart.plan,) if plan]
    gaps = [all(value is None for value in values) for values in zip(*map(frame.columns_of, drawn), strict=True)]
    for cell in range(frame.cells):
        if cell in alerts:
            yield "!", "bad"
        else:
            is_gap = bool(gaps) and gaps[cell // frame.cells_per_value]
            yield (" " if is_gap else "─"), "dim"


def _times(frame: _Frame) -> str:
    text = ""
    for cell, label in time_labels(frame.begins_ms, frame.ms_per_cell, frame.cells):
        text = text.ljust(cell) + label
    return text


def _legend(chart: ChartPicture, width: int, *, plain: bool, ascii_only: bool) -> Iterator[Line]:
    """Names from the top band to the bottom one, each with its fill and its newest value."""
    names = roles(chart.series)
    name_cells = max(_LEGEND_CELLS, min(width, _MOST_LEGEND_CELLS)) - 11
    if len(chart.series) == 1:
        yield ("  ━ ", "series-1"), (fmt.safe(chart.series[0].name, name_cells + 7), "")
        yield ("  ┄ ", "dim"), ("plan", "dim")
        return
    for place, one in reversed(list(enumerate(chart.series))):
        fill = pattern(place, ascii_only=ascii_only) if plain else "█"
        newest = next((value for value in reversed(one.values) if value is not None), None)
        name = fmt.pad(fmt.shorten(one.name, name_cells), name_cells)
        yield (f"  {fill} ", names[place]), (f"{name} {fmt.axis_value(newest):>6}", "")

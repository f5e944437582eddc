"""The time chart: heights are to scale, gaps are gaps, names from outside are data."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from tests.fakes import pictures
from tui.pictures.chart import ChartPicture, Point, Series
from tui.widgets.lines import Line
from tui.widgets.scale import round_top, ticks, time_labels
from tui.widgets.timechart import chart_lines

MINUTE_MS = 60_000
AXIS = 8


def chart(*series: Series, **changes: object) -> ChartPicture:
    """A chart of these series that begins at midnight."""
    return replace(ChartPicture(begins_ms=20_000 * 86_400_000, step_ms=MINUTE_MS, unit="$/h", series=series), **changes)


def text(line: Line) -> str:
    return "".join(part for part, _ in line)


def plot(picture: ChartPicture, width: int = 60, height: int = 13, *, plain: bool = False) -> list[str]:
    """The rows between the title and the axis, without their labels and legend."""
    lines = [text(line) for line in chart_lines(picture, width, height, plain=plain)]
    return [line[AXIS:] for line in lines[1:-2]]


def height_of(rows: list[str], column: int) -> int:
    """Eighths of a cell that a column reaches up to."""
    eighths = " ▁▂▃▄▅▆▇█"
    return max(
        (i * 8 + eighths.index(row[column]) for i, row in enumerate(reversed(rows)) if row[column] != " "), default=0
    )


def test_a_column_is_as_high_as_the_sum_of_its_bands_on_the_axis() -> None:
    rows = plot(chart(Series("a", (30.0, 10.0)), Series("b", (50.0, 10.0))), width=30)
    # The axis ends at 80; ten rows of eight eighths stand for it.
    assert height_of(rows, 0) == 80
    assert height_of(rows, len(rows[-1].rstrip()) - 1) == 20


@given(st.lists(st.floats(0.01, 1e6), min_size=2, max_size=40))
def test_a_higher_sum_is_never_drawn_lower(values: list[float]) -> None:
    rows = plot(chart(Series("a", tuple(values)), Series("b", (0.0,) * len(values))), width=60)
    heights = [height_of(rows, column * (51 // len(values))) for column in range(len(values))]
    for (low, high), (lower, higher) in zip(
        pairwise(sorted(values)), pairwise(x for _, x in sorted(zip(values, heights, strict=True))), strict=True
    ):
        assert lower <= higher or low == high
    assert all(heights), "what is not zero is never drawn as nothing"


def test_a_gap_is_blank_down_to_the_axis_and_zero_is_not() -> None:
    lines = [
        text(line) for line in chart_lines(chart(Series("a", (5.0, None, 0.0)), Series("b", (1.0, None, 0.0))), 30, 8)
    ]
    third = (len(lines[-2]) - AXIS) // 3
    middle, last = AXIS + third + third // 2, AXIS + 2 * third + third // 2
    assert {line[middle] if len(line) > middle else " " for line in lines[1:-1]} == {" "}
    assert (lines[-3][last], lines[-2][last]) == ("▁", "─")


def test_without_colours_each_band_has_a_fill_of_its_own() -> None:
    rows = plot(chart(*(Series(f"m{n}", (10.0,) * 60) for n in range(5))), width=90, height=18, plain=True)
    assert "".join(dict.fromkeys(row[30] for row in reversed(rows))).strip() == "█▓▒░╱"
    assert "╱ m4" in rows[0]
    assert "█ m0" in rows[4]


def test_ascii_terminals_get_ascii_alone() -> None:
    from tui.widgets.lines import fit

    for series in (pictures.CHART.series, pictures.CHART.series[1:2]):
        lines = chart_lines(
            replace(pictures.CHART, series=series, plan=series[0].values), 80, 12, plain=True, ascii_only=True
        )
        assert all(text(fit(line, 80, ascii_only=True)).isascii() for line in lines)


@pytest.mark.parametrize(("width", "height"), [(80, 9), (120, 12), (200, 16), (30, 5), (12, 3)])
@pytest.mark.parametrize("name", ["[/x]", "\x1b[31mred", "模型" * 40, "x" * 10_000, "e\u0301\u0301", ""])
def test_names_and_marks_never_widen_a_line(width: int, height: int, name: str) -> None:
    bands = (Series("a", pictures.rising(1, 2)), Series(name, pictures.rising(3, 2)))
    marks = tuple(Point(pictures.CHART.begins_ms + i * 7 * MINUTE_MS, name) for i in range(9))
    for line in chart_lines(replace(pictures.CHART, series=bands, marks=marks), width, height):
        assert width < 20 or cell_len(text(line)) <= width
        assert text(line).isprintable()


def test_marks_and_alerts_stand_at_their_time() -> None:
    picture = chart(
        Series("a", (1.0,) * 40),
        Series("b", (1.0,) * 40),
        marks=(Point(20_000 * 86_400_000 + 10 * MINUTE_MS, "launch"),),
        alerts=(Point(20_000 * 86_400_000 + 30 * MINUTE_MS, "spike"),),
    )
    lines = [text(line) for line in chart_lines(picture, 60, 9)]
    assert lines[0].index("╎launch") == AXIS + 10
    assert lines[-2].index("!") == AXIS + 30


def test_a_single_series_is_a_curve_beside_its_plan() -> None:
    plan = tuple(float(i) for i in range(40))
    lines = list(chart_lines(chart(Series("spent", plan[:20] + (None,) * 20), plan=plan), 80, 12))
    roles = {role for line in lines for cell, role in line if any("⠀" < c <= "⣿" for c in cell)}
    assert roles == {"series-1", "dim"}
    assert "spent" in text(lines[1])


@given(st.floats(1e-6, 1e12))
def test_the_axis_ends_at_a_round_number_not_far_above(highest: float) -> None:
    top = round_top(highest)
    assert highest <= top * (1 + 1e-9)
    assert top <= highest * 2.01


@pytest.mark.parametrize("rows", [1, 3, 6, 13])
def test_ticks_stand_on_rows_of_their_own_and_the_top_has_one(rows: int) -> None:
    found = list(ticks(150.0, rows))
    assert found[-1] == (rows - 1, "150")
    assert len({row for row, _ in found}) == len(found)


def test_times_under_the_axis_are_round() -> None:
    midnight = 20_000 * 86_400_000
    labels = list(time_labels(midnight + 7 * MINUTE_MS, MINUTE_MS, 60))
    assert labels == [(3, "00:10"), (13, "00:20"), (23, "00:30"), (33, "00:40"), (43, "00:50"), (53, "01:00")]

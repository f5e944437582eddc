"""Dollars per million tokens against utilisation, as lines: the curve, where the engine is now, the other price, the crossing."""

from collections.abc import Iterator

from tui.pictures.machines import EngineRow
from tui.plot import CostPlot
from tui.widgets.lines import Line

_AXIS_CELLS = 12
_LEAST_ROWS, _LEGEND_FROM_ROWS, _MOST_CELLS = 3, 8, 100


def curve_lines(engine: EngineRow, width: int, height: int, *, plain: bool = False) -> Iterator[Line]:
    """The plot in so many cells, its legend first; nothing where the price at saturation is not known."""
    at_full, legend = engine.at_full_usd_per_million, height >= _LEGEND_FROM_ROWS
    rows = height - (3 if legend else 2)
    if not at_full or rows < _LEAST_ROWS:
        return
    rival = engine.rival
    plot = CostPlot(
        at_full=float(at_full),
        used=engine.utilisation or None,
        api=float(rival.usd_per_million) if rival is not None and rival.usd_per_million else None,
        break_even=float(rival.break_even) if rival is not None and rival.break_even else None,
        width=max(20, min(_MOST_CELLS, width - _AXIS_CELLS)),
        height=rows,
        plain=plain,
    )
    if legend:
        yield ((f" $/M against utilisation   {plot.legend()}", "dim"),)
    yield from (((line, ""),) for line in plot.lines())

"""Every budget in force: what is spent and left, how fast it burns, where it ends.

The figures are those of the Budgets screen, of the headline and of `usdtop check`: they are read by one function.
"""

import argparse
import sys
from typing import Any

from collectors.machine import machine_name
from pricing.money import decimal_text
from tui.commands.common import NOTHING_KNOWN, add_json, instant, now_of, plain, print_json, reading, shortened
from tui.pictures.budgets import BudgetLine, BudgetsPicture
from tui.pictures.view import View
from tui.reading.budgets import budgets
from tui.reading.report import instant_text, money


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The instant and the form."""
    parser.add_argument("--at", metavar="T", help="as it was then (default now)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the budgets; 3 when there is none."""
    now = now_of(options)
    until_ms = None if options.at is None else instant(options.at, now)
    with reading(options) as reader:
        picture = budgets(reader, View(until_ms=until_ms), now, machine=machine_name())
    if options.json:
        print_json(budgets_json(picture))
    else:
        _print_text(picture)
    return 0 if picture.lines else NOTHING_KNOWN


def budgets_json(picture: BudgetsPicture) -> dict[str, Any]:
    """The document: money as decimal strings, unknown as null, times in UTC."""
    as_of_ms = picture.header.as_of_ms
    return {
        "schema": 1,
        "as_of": None if as_of_ms is None else instant_text(as_of_ms),
        "budgets": [budget_json(line) for line in picture.lines],
        "doubts": list(picture.doubts),
    }


def budget_json(line: BudgetLine) -> dict[str, Any]:
    """One budget."""
    return {
        "name": line.name,
        "period": {"name": line.period, "begins": instant_text(line.begins_ms), "ends": _instant(line.ends_ms)},
        "filter": line.filter,
        "counts": line.counts,
        "usd": decimal_text(line.limit_usd),
        "spent_usd": decimal_text(line.spent_usd),
        "left_usd": decimal_text(line.left_usd),
        "lower_bound": line.lower_bound,
        "spent_share": round(line.spent_share, 6),
        "planned_share": _rounded(line.mark_share, 6),
        "pace": _rounded(line.pace),
        "usd_per_hour": {window: money(rate) for window, rate in line.spent_per_hour},
        "burn_rates": {window: _rounded(rate) for window, rate in line.burns},
        "projection": {
            "usd": money(line.projected_usd),
            "low_usd": money(line.low_usd),
            "high_usd": money(line.high_usd),
            "basis": line.basis,
        },
        "runs_out": _instant(line.runs_out_ms),
        "runs_out_earliest": _instant(line.earliest_ms),
        "runs_out_latest": _instant(line.latest_ms),
        "soft": line.soft_share,
        "hard": line.hard_share,
        "crossed": line.crossed,
    }


def _rounded(value: float | None, places: int = 4) -> float | None:
    return None if value is None else round(value, places)


def _instant(at_ms: int | None) -> str | None:
    return None if at_ms is None else instant_text(at_ms // 1000 * 1000)


_TEXT = (
    ("period", 7),
    ("spent", 14),
    ("of", 14),
    ("pace", 7),
    ("5m", 6),
    ("1h", 6),
    ("6h", 6),
    ("3d", 6),
    ("at the end", 14),
)


def _print_text(picture: BudgetsPicture) -> None:
    if not picture.lines:
        sys.stdout.write("no budget is in force; write one under [[budget]] in the configuration\n")
    else:
        heading = f"{'budget':<20}" + "".join(f"{title:>{width}}" for title, width in _TEXT) + "  runs out"
        sys.stdout.write("\n".join([heading, *map(_row, picture.lines)]) + "\n")
    for doubt in picture.doubts:
        sys.stdout.write(f"≥ {plain(doubt)}\n")


def _row(line: BudgetLine) -> str:
    bound = "≥" if line.lower_bound else ""
    rates = dict(line.burns)
    cells = (
        line.period,
        f"{bound}{line.spent_usd:.2f}",
        f"{line.limit_usd:.2f}",
        _factor(line.pace),
        *(_factor(rates.get(window)) for window in ("5m", "1h", "6h", "3d")),
        "--" if line.projected_usd is None else f"{bound}{line.projected_usd:.2f}",
    )
    row = "".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, _TEXT, strict=True))
    return f"{shortened(line.name, 19):<20}{row}  {_run_out(line)}"


def _run_out(line: BudgetLine) -> str:
    if line.left_usd <= 0:
        return "used up"
    return _instant(line.runs_out_ms) or "lasts"


def _factor(value: float | None) -> str:
    return "--" if value is None else f"{value:.1f}x"

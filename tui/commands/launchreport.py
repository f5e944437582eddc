"""The story of a launch as Markdown, with its plots as SVG files beside it."""

import argparse
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from collectors.settings.config import ConfigError
from pricing.money import NANO_PER_USD, usd_from_nano
from pricing.totals import Totals
from store.folder import for_owner
from tui.commands.common import now_of, plain, reading, say
from tui.commands.launch import t_plus
from tui.reading.report import Report, instant_text
from tui.reading.sharing import by_label
from tui.reading.story import MarkChange, Story, story
from tui.svgplot import Curve, Plot

_SPECIAL = re.compile(r"([\\`*_{}\[\]|#~!])")
_MOST_ROWS = 10
_PARTS = 12


def run_report(options: argparse.Namespace) -> int:
    """Write the story to a file with its plots, or without them to stdout."""
    with reading(options) as reader:
        told = story(reader, options.name, now_of(options))
    if options.output is None:
        sys.stdout.write(markdown(told))
        say("plots are written with --output FILE.")
        return 0
    output: Path = options.output
    plots = {output.with_name(f"{output.stem}-{name}.svg"): plot for name, plot in plots_of(told).items()}
    try:
        _write(output, markdown(told, [path.name for path in plots]))
        for path, plot in plots.items():
            _write(path, plot.svg())
    except OSError as error:
        raise ConfigError(f"{error.filename}: cannot be written: {error.strerror}.") from None
    say(f"wrote {', '.join(str(path) for path in (output, *plots))}")
    return 0


def _write(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=for_owner) as file:
        file.write(text)


def plots_of(told: Story) -> dict[str, Plot]:
    """Dollars spent, and dollars per hour, each beside its plan."""
    launch, marks = told.launch, [(one.mark.at_ms, plain(one.mark.text)) for one in told.marks]
    steps = range(launch.began_ms, launch.ends_ms + 1, max(1, (launch.ends_ms - launch.began_ms) // 200))
    offsets = sorted({*(at - launch.began_ms for at in steps), *(after for after, _ in told.plan.points)})
    spent = [(launch.began_ms + after, told.plan.spent_by(after) / NANO_PER_USD) for after in offsets]
    rate = [(launch.began_ms + after, told.plan.nano_usd_per_hour(after) / NANO_PER_USD) for after in offsets[:-1]]
    name = plain(launch.name)
    return {
        "spent": Plot(
            title=f"{name}: spent", unit="US dollars", begins_ms=launch.began_ms, ends_ms=launch.ends_ms, marks=marks,
            curves=(Curve("spent", told.curve), Curve("plan", spent, dashed=True)),
        ),
        "rate": Plot(
            title=f"{name}: rate", unit="US dollars per hour", begins_ms=launch.began_ms, ends_ms=launch.ends_ms, marks=marks,
            curves=(Curve("spent", told.rates), Curve("plan", rate, dashed=True)),
        ),
    }  # fmt: skip


def markdown(told: Story, plots: list[str] | None = None) -> str:
    """The whole story; `plots` are the names of picture files to show."""
    parts = [
        *_beginning(told),
        *(f"![{name}]({name.replace(' ', '%20')})\n" for name in plots or ()),
        *_against_plan(told),
        *_marks(told),
        *_groups("Models", "model", told.models, told),
        *_groups("Tenants", "tenant", told.tenants, told),
        *_doubts(told),
    ]
    return "\n".join(parts)


def _beginning(told: Story) -> Iterator[str]:
    launch, bound = told.launch, "≥" if told.is_lower_bound else ""
    spent, planned = usd_from_nano(told.spent_nano_usd), usd_from_nano(told.plan.spent_by(_length(told)))
    yield f"# {_safe(launch.name)}\n"
    if told.is_on:
        yield f"This launch is still on: {t_plus(_length(told))}.\n"
    yield "| | |\n|---|---|"
    yield f"| began | {instant_text(launch.began_ms)} |"
    yield f"| {'so far' if told.is_on else 'ended'} | {instant_text(told.until_ms)}, {t_plus(_length(told))} |"
    yield f"| budget | {_usd(usd_from_nano(launch.nano_usd))} |"
    yield f"| spent | {bound}{_usd(spent)} |"
    yield f"| planned by then | {_usd(planned)} |"
    yield f"| over or under plan | {_signed(spent - planned)} |"
    if told.before_nano_usd is not None:
        yield f"| the same hours before the launch | {_usd(usd_from_nano(told.before_nano_usd))} |"
    yield f"| requests | {told.total.requests:,}, {told.total.errors:,} of them failed |"
    if launch.filter:
        yield f"| about | {_safe(launch.filter)} |"
    yield ""


def _against_plan(told: Story) -> Iterator[str]:
    yield "## Against the plan\n"
    yield "| T | planned | spent | difference |\n|---|--:|--:|--:|"
    curve = told.curve
    for part in range(1, _PARTS + 1):
        after_ms = _length(told) * part // _PARTS
        planned = told.plan.spent_by(after_ms) / NANO_PER_USD
        spent = next((usd for at_ms, usd in curve if at_ms >= told.launch.began_ms + after_ms), curve[-1][1])
        row = (
            _usd(Decimal(str(planned))),
            _usd(Decimal(str(spent))),
            _signed(Decimal(str(spent)) - Decimal(str(planned))),
        )
        yield f"| {t_plus(after_ms)} | {' | '.join(row)} |"
    yield ""


def _marks(told: Story) -> Iterator[str]:
    if not told.marks:
        return
    yield "## Marks\n"
    for one in told.marks:
        at = one.mark.at_ms
        yield f"### {t_plus(at - told.launch.began_ms)} {_safe(one.mark.text)}\n"
        yield f"{instant_text(at)}. {_changed(one)}\n"
        for mover in one.movers:
            name = f"(no {mover.dimension})" if mover.name is None else mover.name
            yield f"- {mover.dimension} {_safe(name)}: {_signed(mover.usd_per_hour)}/h"
        yield ""


def _changed(one: MarkChange) -> str:
    before, after, change = one.before_usd_per_hour, one.after_usd_per_hour, one.change_usd_per_hour
    if before is None or after is None or change is None:
        return "Too close to another mark, or to the end, to compare what was before and after."
    minutes = one.around_ms // 60_000
    return f"{_usd(before)}/h in the {minutes} minutes before, {_usd(after)}/h after: {_signed(change)}/h."


def _groups(title: str, by: str, found: Report, told: Story) -> Iterator[str]:
    if not found.groups:
        return
    yield f"## {title}\n"
    yield f"| {by} | USD | share | requests | tokens | USD per million |\n|---|--:|--:|--:|--:|--:|"
    for group in found.groups[:_MOST_ROWS]:
        name = group.key[by]
        yield f"| {_safe(f'(no {by})' if name is None else name)} | {_group_cells(group.totals, told)} |"
    if len(found.groups) > _MOST_ROWS:
        yield f"| {len(found.groups) - _MOST_ROWS} more | | | | | |"
    for label, nano_usd in by_label({rest: totals.nano_usd for rest, totals in found.rests.items()}).items():
        share = f"{nano_usd / told.total.nano_usd:.0%}" if told.total.nano_usd else "--"
        yield f"| {_safe(label)} | {_usd(usd_from_nano(nano_usd))} | {share} | | | |"
    yield ""


def _group_cells(totals: Totals, told: Story) -> str:
    bound, whole = "≥" if totals.is_lower_bound else "", told.total.nano_usd
    per_million = totals.usd_per_million_tokens
    cells = (
        f"{bound}{_usd(usd_from_nano(totals.nano_usd))}",
        f"{totals.nano_usd / whole:.0%}" if whole else "--",
        f"{totals.requests:,}",
        f"{totals.tokens.total_tokens:,}",
        "--" if per_million is None else f"{bound}{per_million:.3f}",
    )
    return " | ".join(cells)


def _doubts(told: Story) -> Iterator[str]:
    if told.models.doubts:
        yield "## What is not known\n"
        yield from (f"- {_safe(doubt)}" for doubt in told.models.doubts)
        yield ""


def _length(told: Story) -> int:
    return told.until_ms - told.launch.began_ms


def _usd(usd: Decimal) -> str:
    return f"{'-' if usd < 0 else ''}${abs(usd):,.2f}"


def _signed(usd: Decimal) -> str:
    return f"{'-' if usd < 0 else '+'}${abs(usd):,.2f}"


def _safe(text: str) -> str:
    """A name from outside as plain Markdown text."""
    return _SPECIAL.sub(r"\\\1", plain(text)).replace("&", "&amp;").replace("<", "&lt;")

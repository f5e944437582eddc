"""A launch: a window of time with a budget and a plan, on every screen while it is on, and a story of it afterwards.

  usdtop launch start --budget 5000 --for 6h --plan plan.csv --name "1.0"
  usdtop launch status
  usdtop launch stop
  usdtop launch report --output launch.md

A plan is a CSV file: `after,usd` says what will have been spent by then, `after,usd_per_hour` what it costs per hour from
then on, `after` being a duration such as 1h30m. Without a plan the budget is spent evenly.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from collectors.clock import now_ms
from collectors.settings.launching import launch_of
from pricing.budget import BOTH, COUNTS
from pricing.money import usd_from_nano
from store.budgets.launches import start_launch, stop_launch
from tui import format as fmt
from tui.commands.common import (
    NOTHING_KNOWN,
    add_json,
    instant,
    now_of,
    place_to_write,
    plain,
    print_json,
    reading,
    say,
)
from tui.pictures.budgets import LaunchLine
from tui.reading.launch import launch_line
from tui.reading.moment import moment
from tui.reading.report import instant_text, money


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, and with what."""
    what = parser.add_subparsers(dest="what", metavar="start|stop|status|report", required=True)
    start = what.add_parser("start", help="begin a launch")
    start.add_argument("--budget", required=True, metavar="USD", help="what it may cost")
    start.add_argument("--for", dest="length", required=True, metavar="DURATION", help="how long it is planned to last")
    start.add_argument("--plan", type=Path, metavar="FILE", help="CSV: after,usd or after,usd_per_hour")
    start.add_argument("--name", default="launch", help="what it is called (default launch)")
    start.add_argument("--at", metavar="T", help="when it began or begins (default now)")
    start.add_argument("--filter", default="", help="what belongs to it (default everything), e.g. tenant=acme")
    start.add_argument("--counts", choices=COUNTS, default=BOTH, help="which dollars")
    stop = what.add_parser("stop", help="end the launch that is on")
    stop.add_argument("--at", metavar="T", help="when it ended (default now)")
    status = what.add_parser("status", help="how far it is, and its plan beside what happens")
    add_json(status)
    report = what.add_parser("report", help="the story of a launch, as Markdown with plots")
    report.add_argument("--name", help="which launch (default the newest)")
    report.add_argument(
        "--output", type=Path, metavar="FILE", help="write it here, with its plots as SVG files beside it"
    )


def run(options: argparse.Namespace) -> int:
    """Do it; 3 when no launch is known."""
    if options.what == "start":
        return _start(options)
    if options.what == "stop":
        return _stop(options)
    if options.what == "status":
        return _status(options)
    from tui.commands.launchreport import run_report

    return run_report(options)


def _start(options: argparse.Namespace) -> int:
    launch = launch_of(
        options.budget,
        options.length,
        began_ms=now_ms() if options.at is None else instant(options.at),
        name=options.name,
        filter_text=options.filter,
        counts=options.counts,
        plan=options.plan,
    )
    start_launch(place_to_write(options).path, launch)
    say(
        f"launch {launch.name} is on until {instant_text(launch.ends_ms)}: {fmt.usd_whole(usd_from_nano(launch.nano_usd))}; usdtop launch status shows it."
    )
    return 0


def _stop(options: argparse.Namespace) -> int:
    at_ms = now_ms() if options.at is None else instant(options.at)
    launch = stop_launch(place_to_write(options).path, at_ms)
    if launch is None:
        say("no launch is on.")
        return NOTHING_KNOWN
    say(f"launch {launch.name} ended; usdtop launch report writes its story.")
    return 0


def _status(options: argparse.Namespace) -> int:
    from tui.pictures.view import View

    with reading(options) as reader:
        now = now_of(options)
        at_ms = moment(reader, View(), now).until_ms
        line = launch_line(reader, at_ms) or launch_line(reader, now)
    if options.json:
        print_json({"schema": 1, "as_of": instant_text(at_ms), "launch": None if line is None else launch_json(line)})
    elif line is None:
        say("no launch is on; usdtop launch start --budget USD --for DURATION begins one.")
    else:
        sys.stdout.write("".join(f"{text}\n" for text in status_lines(line)))
    return NOTHING_KNOWN if line is None else 0


def launch_json(line: LaunchLine) -> dict[str, Any]:
    """A launch at an instant: money as decimal strings, unknown as null."""
    return {
        "name": line.name,
        "began": instant_text(line.began_ms),
        "ends": instant_text(line.ends_ms),
        "t_plus_seconds": line.t_plus_ms // 1000,
        "usd": money(line.limit_usd),
        "spent_usd": money(line.spent_usd),
        "planned_usd": money(line.planned_usd),
        "usd_per_hour": money(line.usd_per_hour),
        "planned_usd_per_hour": money(line.planned_usd_per_hour),
        "before_usd_per_hour": money(line.before_usd_per_hour),
        "lower_bound": line.lower_bound,
    }


def status_lines(line: LaunchLine) -> list[str]:
    """A launch in a few plain lines."""
    bound = "≥" if line.lower_bound else ""
    over = line.spent_usd - line.planned_usd
    before = "--" if line.before_usd_per_hour is None else f"${line.before_usd_per_hour:,.2f}/h"
    return [
        f"launch {plain(line.name)}  {t_plus(line.t_plus_ms)} of {t_plus(line.ends_ms - line.began_ms)[2:]}",
        f"  spent    {bound}${line.spent_usd:,.2f} of {fmt.usd_whole(line.limit_usd)}",
        f"  plan     ${line.planned_usd:,.2f} by now, {'+' if over >= 0 else '-'}${abs(over):,.2f}",
        f"  now      {bound}${line.usd_per_hour:,.2f}/h, planned ${line.planned_usd_per_hour:,.2f}/h",
        f"  before   {before} at the same time of day",
    ]


def t_plus(milliseconds: int) -> str:
    """A launch's clock: T+02:14:05."""
    minutes, second = divmod(abs(milliseconds) // 1000, 60)
    hours, minute = divmod(minutes, 60)
    return f"T{'-' if milliseconds < 0 else '+'}{hours:02}:{minute:02}:{second:02}"

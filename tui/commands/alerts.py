"""Alerts: what fires, what somebody looks after, and what ended within a day, each with its effect and its cause.

--ack and --snooze act on an open alert by its number, from any process that can write to the store.
"""

import argparse
import sys
from pathlib import Path

from collectors.alerting.messages import alert_json
from collectors.machine import machine_name
from collectors.settings.config import ConfigError
from collectors.settings.written import seconds
from pricing.alerts.names import State
from store.alerts.kept import acknowledge, snooze, unacknowledge
from store.reader import Reader
from tui import format as fmt
from tui.commands.arguments import count
from tui.commands.common import add_json, instant, now_of, place_to_write, plain, print_json, reading, shortened
from tui.person import person
from tui.pictures.alerts import AlertRow, AlertsPicture
from tui.pictures.view import View
from tui.reading.alerts import alerts, last_asked
from tui.reading.report import instant_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How far back, the form, and what to do."""
    parser.add_argument("--since", default="24h", metavar="T", help="show what was open since then (default 24h)")
    add_json(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--ack", type=count, metavar="ID", help="say that somebody looks after it")
    what.add_argument("--unack", type=count, metavar="ID", help="take that, or a snooze, back")
    what.add_argument("--snooze", type=count, metavar="ID", help="keep it quiet for a while")
    parser.add_argument("--for", dest="how_long", default="1h", metavar="D", help="how long to snooze (default 1h)")


def run(options: argparse.Namespace) -> int:
    """Print the alerts, or act on one."""
    at_ms = now_of(options)
    if any(one is not None for one in (options.ack, options.unack, options.snooze)):
        _act(options, place_to_write(options).path, at_ms)
    since_ms = instant(options.since, at_ms)
    with reading(options) as reader:
        if options.json:
            _print_json(reader, since_ms, at_ms)
        else:
            picture = alerts(reader, View(), at_ms, machine=machine_name(), recent_ms=at_ms - since_ms)
            _print_text(picture, at_ms)
    return 0


def _act(options: argparse.Namespace, path: Path, at_ms: int) -> None:
    if options.ack is not None:
        acknowledge(path, options.ack, at_ms=at_ms, by=person())
    elif options.unack is not None:
        unacknowledge(path, options.unack)
    elif options.snooze is not None:
        snooze(path, options.snooze, until_ms=at_ms + _milliseconds(options.how_long), by=person())


def _milliseconds(text: str) -> int:
    try:
        return round(seconds(text) * 1000)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _print_json(reader: Reader, since_ms: int, at_ms: int) -> None:
    asked_ms, waiting = last_asked(reader)
    found = sorted(reader.alerts(since_ms, at_ms), key=lambda record: record.rank(at_ms))
    print_json(
        {
            "schema": 1,
            "as_of": instant_text(at_ms),
            "asked": None if asked_ms is None else instant_text(asked_ms),
            "alerts": [alert_json(record, at_ms) for record in found],
            "waiting": [{"rule": rule, "why": why} for rule, why in waiting.items()],
        }
    )


def _print_text(picture: AlertsPicture, at_ms: int) -> None:
    lines = [line for row in picture.rows for line in _lines(row)] or ["no alert in this time"]
    if picture.asked_ms is None:
        lines.append("the rules have not been asked yet: a collector does that")
    elif at_ms - picture.asked_ms > 120_000:
        lines.append(f"the rules were asked last at {instant_text(picture.asked_ms)}: no collector runs")
    lines += [f"seen too little ({why}): {', '.join(rules)}" for why, rules in picture.waiting_by_reason.items()]
    sys.stdout.write("".join(f"{plain(line)}\n" for line in lines))


def _lines(row: AlertRow) -> list[str]:
    effect = fmt.UNKNOWN if row.effect_usd_per_hour is None else f"{fmt.change(row.effect_usd_per_hour)}/h"
    state = (
        row.state.value if row.by is None or row.state in (State.FIRING, State.RESOLVED) else f"{row.state} by {row.by}"
    )
    lines = [
        f"{row.id:>4}  {instant_text(row.opened_ms)}  {row.severity:<8}  {state}",
        f"      {row.rule}: {shortened(row.subject, 60)}: {shortened(row.title, 100)}  {effect}",
    ]
    if row.resolved_ms is not None:
        lines[0] += f" at {instant_text(row.resolved_ms)}"
    if row.first_cause:
        lines.append(f"      cause: {shortened(row.first_cause, 200)}")
    lines += [f"      {shortened(text, 300)}" for text in row.evidence]
    return lines

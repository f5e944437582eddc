"""Ten minutes of a real gateway's log, and playing them at a launch's pace.

`recording.jsonl.gz` holds 600 lines that a LiteLLM proxy wrote, cut down to the fields that are read; times count from
the recording's start, and names are invented. Each round of the recording gets new ids, because a request counts once.
"""

import gzip
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec

from tui.demo.story import LAUNCH_S, Told, told

PAST_S = 26 * 3600.0
"""How much history the demo begins with: enough to know what is usual at this hour."""

_NIGHT, _QUIET, _LAUNCHED, _RAMP_S = 0.2, 1.5, 6.0, 420.0
_MORNING_S = -1_800.0
_TIMES = ("startTime", "endTime", "completionStartTime")


class Played(NamedTuple):
    """One line to write, and when it is due in seconds after the demo's start (before it: history)."""

    due_s: float
    line: bytes


def load() -> list[dict[str, Any]]:
    """The recorded lines in the order in which they ended."""
    raw = files("tui.demo").joinpath("recording.jsonl.gz").read_bytes()
    return [msgspec.json.decode(line) for line in gzip.decompress(raw).splitlines()]


def speed(at_s: float) -> float:
    """How much faster than recorded the gateway is at an instant: a slow day, half an hour of more, then the launch ramps up."""
    if at_s < _MORNING_S:
        return _NIGHT
    since_launch = min(1.0, max(0.0, (at_s - LAUNCH_S) / _RAMP_S))
    return _QUIET + (_LAUNCHED - _QUIET) * since_launch


def play(started_s: float, recorded: list[dict[str, Any]]) -> Iterator[Played]:
    """The recording over and over, from PAST_S before the start for ever; `started_s` is the epoch of the start."""
    due_s, round_number = -PAST_S, 0
    while True:
        before = 0.0
        for record in recorded:
            due_s += (record["endTime"] - before) / speed(due_s)
            before = record["endTime"]
            for one in told(record, due_s):
                yield Played(due_s, _line(one, started_s + due_s, round_number))
        round_number += 1


def _line(one: Told, ended_s: float, round_number: int) -> bytes:
    """The record as the gateway would write it at that instant, under an id of its own."""
    record, mark = one.record, f"{round_number}.{one.copy}" if one.copy else str(round_number)
    shifted: dict[str, Any] = {name: ended_s - (record["endTime"] - record[name]) for name in _TIMES}
    shifted["id"] = f"{record['id']}-{mark}"
    shifted["litellm_call_id"] = f"{record['litellm_call_id']}-{mark}"
    return msgspec.json.encode({**record, **shifted}) + b"\n"

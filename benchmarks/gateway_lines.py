"""Logs to measure with: lines that a real gateway wrote, under new ids and at new times, as many as are wanted."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_RECORDED = Path(__file__).with_name("data") / "litellm_lines.jsonl.gz"
_IDS = ("id", "litellm_call_id", "trace_id")
_TIMES = ("startTime", "endTime", "completionStartTime")
_LEAST_ID = 16
"""Shorter ids are names that a client gave, such as a session's."""

_FIELDS_READ = (
    *_IDS, *_TIMES, "status", "call_type", "stream", "cache_hit", "custom_llm_provider", "model", "model_group",
    "prompt_tokens", "completion_tokens", "response_cost",
)  # fmt: skip
_SIDES_READ = ("end_user", "request_tags")
_METADATA_READ = ("user_api_key_alias", "user_api_key_team_alias")

REQUESTS_PER_SECOND = 50


class Template:
    """One recorded line, cut at every id and time, so that a new line is one join."""

    def __init__(self, line: bytes) -> None:
        record: dict[str, Any] = json.loads(line)
        self._ids = {record[name].encode() for name in _IDS if len(record[name]) >= _LEAST_ID}
        self._times = {repr(record[name]).encode(): float(record[name]) for name in _TIMES}
        self._ended_s = float(record["endTime"])
        wanted = sorted({*self._ids, *self._times}, key=len, reverse=True)
        self._pieces: list[bytes] = [
            piece or b"" for piece in re.split(b"(" + b"|".join(map(re.escape, wanted)) + b")", line)
        ]

    def line(self, number: int, ended_s: float) -> bytes:
        """The line as the gateway would have written it for another request, with its newline."""
        shift_s = ended_s - self._ended_s
        new = {old: old[:-8] + b"%08x" % number for old in self._ids}
        new |= {old: b"%.6f" % (seconds + shift_s) for old, seconds in self._times.items()}
        return b"".join([new.get(piece, piece) for piece in self._pieces]) + b"\n"


def recorded() -> list[bytes]:
    """The recorded lines, untouched."""
    return gzip.decompress(_RECORDED.read_bytes()).splitlines()


def trimmed(line: bytes, *, sides: bool = False) -> bytes:
    """The same request in the fields that usdtop reads, as a gateway that logs sparsely would write it.

    With `sides`, it says its user, end user and tags as well.
    """
    record = json.loads(line)
    small = {name: record[name] for name in (*_FIELDS_READ, *(_SIDES_READ if sides else ()))}
    wanted = (*_METADATA_READ, "user_api_key_user_id") if sides else _METADATA_READ
    small["metadata"] = {name: record["metadata"].get(name) for name in wanted}
    return json.dumps(small, separators=(",", ":")).encode()


def lines(count: int, began_s: float, *, small: bool = False, sides: bool = False) -> Iterator[bytes]:
    """So many lines with their newlines at 50 requests a second, each of them a request of its own."""
    templates = [Template(trimmed(line, sides=sides) if small else line) for line in recorded()]
    for number in range(count):
        template = templates[number % len(templates)]
        yield template.line(number // len(templates), began_s + number / REQUESTS_PER_SECOND)


def write(path: Path, count: int, began_s: float, *, small: bool = False, sides: bool = False) -> None:
    """A log of so many lines."""
    with path.open("wb", buffering=1 << 20) as log:
        log.writelines(lines(count, began_s, small=small, sides=sides))

"""A map from the fields of a home-made log to what usdtop needs of a request, as a configuration writes it."""

import difflib
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from store.facts import SAID, Outcome

FieldMap: TypeAlias = Mapping[str, str | bool | Mapping[str, str]]
"""Target -> dotted path of a field, or `=` and a constant; a table for `outcome`; true or false for a convention."""

Lookup: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""From a record to the value of one target; None where it has none."""

TIMES = ("ended", "started")
AMOUNTS = (
    "input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "output_tokens", "reasoning_tokens",
)  # fmt: skip
DURATIONS = ("duration_ms", "duration_seconds", "first_token_ms", "first_token_seconds")
MONEY = ("reported_usd", "reported_cents")
NAMES = (
    "id", "call_id", "trace_id", "provider", "model", "deployment", "tenant", "key", "call_type", "variant", "error",
    "user", "end_user", "session",
)  # fmt: skip
CONVENTIONS = {"cache_in_input": True, "reasoning_in_output": True}
"""What a count contains unless the map says otherwise: as OpenAI counts."""

TARGETS = (*TIMES, *AMOUNTS, *DURATIONS, *MONEY, *NAMES, "tags", "outcome", "time_zone", *CONVENTIONS)

_FROM = "from"


def checked(fields: FieldMap) -> None:
    """ValueError for a map that cannot be used, naming what to write instead."""
    for target, path in fields.items():
        if target not in TARGETS:
            near = difflib.get_close_matches(target, TARGETS, n=1, cutoff=0.4)
            hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(TARGETS)}"
            raise ValueError(f"unknown key `{target}` in the fields of a source{hint}")
        _check_kind(target, path)
    if not any(name in fields for name in TIMES):
        raise ValueError("the fields of a source need `ended` or `started`: without a time nothing can be counted")
    if not any(name in fields for name in (*AMOUNTS, *MONEY)):
        raise ValueError("the fields of a source need a count such as `input_tokens`, or a cost such as `reported_usd`")


def columns_of(fields: FieldMap) -> frozenset[str]:
    """The names of fields that a map looks for."""
    mapped = [path for target, path in fields.items() if target != "time_zone"]
    tables = (path.get(_FROM) if isinstance(path, Mapping) else path for path in mapped)
    return frozenset(path for path in tables if isinstance(path, str) and not path.startswith("="))


def _check_kind(target: str, path: str | bool | Mapping[str, str]) -> None:
    if target in CONVENTIONS:
        if not isinstance(path, bool):
            raise ValueError(f"`{target}` in the fields of a source is true or false, without quotes")
    elif target == "outcome" and isinstance(path, Mapping):
        _check_outcomes(path)
    elif not isinstance(path, str) or not path.strip("="):
        raise ValueError(f"`{target}` in the fields of a source is the name of a field, or `=` and a constant")
    elif target == "time_zone":
        zone_of(path)


def _check_outcomes(table: Mapping[str, str]) -> None:
    known = [outcome.value for outcome in SAID]
    if _FROM not in table:
        raise ValueError('`outcome` in the fields of a source needs `from`, the name of a field: { from = "status" }')
    for said, outcome in table.items():
        if said != _FROM and outcome not in known:
            raise ValueError(f"outcome `{outcome}` in the fields of a source is none of {', '.join(known)}")


def zone_of(constant: str) -> ZoneInfo:
    """The zone of times that say none; ValueError for one that is not known."""
    name = constant.removeprefix("=")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"time zone `{name}` is not known; write for example `=Europe/Berlin`") from None


def lookup(path: str) -> Lookup:
    """How to find a path: a constant, a field whose own name has dots, or the way down through objects and lists."""
    if path.startswith("="):
        constant = path[1:]
        return lambda _: constant
    steps = tuple(path.split("."))
    if len(steps) == 1:
        return lambda record: record.get(path)
    return lambda record: record[path] if path in record else _walk(record, steps)


def _walk(found: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
            found = found[int(step)]
        else:
            return None
    return found


def outcome_of(record: Mapping[str, Any], path: str | Mapping[str, str]) -> Outcome:
    """How a request ended: as the table says, else by the number of an HTTP status or a plain word."""
    table = path if isinstance(path, Mapping) else {_FROM: path}
    said = lookup(table[_FROM])(record)
    text = ("" if said is None else str(said)).strip()
    if text in table and text != _FROM:
        return Outcome(table[text])
    if text.isdecimal():
        return Outcome.ERROR if int(text) >= 400 else Outcome.OK
    return Outcome.ERROR if text.lower() in ("error", "failure", "failed", "false") else Outcome.OK

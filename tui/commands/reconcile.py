"""Ours against the providers' bills: where the dollars differ, by how much, and what probably made the difference.

Whole UTC days are compared, from the one that holds --since, and each provider as far as its own figures reach. The live
figure is ours and the bill judges: nothing is added here. Percent is the difference in percent of ours.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from collectors.settings.config import ConfigError
from pricing.drift import Drift
from pricing.money import decimal_text, usd_from_nano, usd_text
from tui.commands.common import NOTHING_KNOWN, add_json, instant, now_of, plain, print_json, reading, shortened
from tui.commands.paragraphs import dollars
from tui.reading.bills import DIMENSIONS, DriftRow, Judged, Reconciliation, reconcile
from tui.reading.report import instant_text

_TENTH = Decimal("0.1")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Window, grouping and form."""
    parser.add_argument("--since", default="7d", metavar="T", help="beginning of the window (default 7d)")
    parser.add_argument("--by", default="provider,model", metavar="DIM,...", help=f"group by: {', '.join(DIMENSIONS)}")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the comparison; 3 where no provider has said anything."""
    at_ms, since_ms, dimensions = now_of(options), instant(options.since, now_of(options)), _dimensions(options.by)
    if since_ms >= at_ms:
        raise ConfigError("--since must be before now.")
    with reading(options) as reader:
        found = reconcile(reader, since_ms, at_ms, dimensions)
    if options.json:
        print_json(_json(found, at_ms))
    else:
        sys.stdout.writelines(f"{line}\n" for line in _text(found))
    return 0 if found.rows else NOTHING_KNOWN


def _dimensions(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in DIMENSIONS:
            raise ConfigError(f"--by: nothing is called {plain(name)!r}; known are {', '.join(DIMENSIONS)}.")
    return names


def _text(found: Reconciliation) -> Iterator[str]:
    if not found.judged:
        yield "No provider's own figures are read: add a [[source]] of its type, see `usdtop doctor`."
        return
    width = max(24, min(44, max((len(_name(row.key)) for row in found.rows), default=0)))
    yield f"{' / '.join(found.dimensions) or 'everything':<{width}}{'ours':>13}{'provider':>13}{'drift':>12}{'%':>8}"
    for row in found.rows:
        yield _line(_name(row.key), row.drift, width)
        yield from (f"  {plain(reason)}" for reason in row.drift.reasons)
    if found.total is not None and found.rows:
        yield _line("total", found.total, width)
    yield from map(_as_of, found.judged)


def _line(name: str, drift: Drift, width: int) -> str:
    judged, mark = drift.judged_nano_usd, ">=" if drift.ours.unknown_tokens else ""
    ours = mark + dollars(usd_from_nano(drift.ours.nano_usd))
    theirs = "--" if judged is None else dollars(usd_from_nano(judged))
    gap = "--" if drift.nano_usd is None else dollars(usd_from_nano(drift.nano_usd), signed=True)
    percent = "--" if drift.percent is None else f"{drift.percent.quantize(_TENTH):+}"
    return f"{shortened(name, width):<{width}}{ours:>13}{theirs:>13}{gap:>12}{percent:>8}"


def _as_of(judged: Judged) -> str:
    if judged.until_ms is None:
        return f"{plain(judged.source)}: has said nothing of these days yet."
    if not judged.rows:
        return f"{plain(judged.source)}: no log holds its traffic, so that its {judged.by} judges nothing."
    return f"{plain(judged.source)}: judged by its {judged.by}, as of {instant_text(judged.until_ms)}."


def _name(key: Mapping[str, str | None]) -> str:
    return " / ".join(_member(name, value) for name, value in key.items()) or "everything"


def _member(dimension: str, value: str | None) -> str:
    if value is None:
        return f"(every {dimension})"
    return instant_text(int(value))[:10] if dimension == "day" else plain(value)


def _json(found: Reconciliation, at_ms: int) -> dict[str, Any]:
    return {
        "schema": 1,
        "as_of": instant_text(at_ms),
        "window": {"since": instant_text(found.since_ms), "until": instant_text(found.until_ms)},
        "total": None if found.total is None else _drift_json(found.total),
        "groups": [_group_json(row) for row in found.rows],
        "sources": [
            {
                "name": judged.source, "provider": judged.provider, "judged_by": judged.by,
                "as_of": None if judged.until_ms is None else instant_text(judged.until_ms),
                **_drift_json(judged.drift),
            }
            for judged in found.judged
        ],
    }  # fmt: skip


def _group_json(row: DriftRow) -> dict[str, Any]:
    key = {
        name: instant_text(int(value))[:10] if name == "day" and value is not None else value
        for name, value in row.key.items()
    }
    return {"key": key, **_drift_json(row.drift), "reasons": list(row.drift.reasons)}


def _drift_json(drift: Drift) -> dict[str, Any]:
    counted = drift.counted
    return {
        "our_usd": usd_text(drift.ours.nano_usd),
        "provider_usd": usd_text(drift.judged_nano_usd),
        "drift_usd": usd_text(drift.nano_usd),
        "drift_percent": None if drift.percent is None else decimal_text(drift.percent.quantize(Decimal("0.0001"))),
        "our_tokens": drift.ours.usage.total_tokens,
        "provider_tokens": None if counted is None else counted.usage.total_tokens,
        "our_requests": drift.ours.requests,
        "provider_requests": None if counted is None else counted.requests,
        "our_unpriced_tokens": drift.ours.unknown_tokens,
    }

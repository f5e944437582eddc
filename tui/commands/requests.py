"""Single requests of a window, newest or dearest first."""

import argparse
import sys
from typing import Any

from collectors.machine import machine_name
from pricing.money import usd_text
from tui.commands.common import add_json, instant, now_of, print_json, reading, say, shortened
from tui.pictures.requests import RequestRow
from tui.pictures.view import View
from tui.reading.report import instant_text
from tui.reading.requests import requests

_COLUMNS = (24, 30, 16, 16, 9, 8, 14)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Window, filter, order and form."""
    parser.add_argument("--since", default="1h", metavar="T", help="beginning of the window (default 1h)")
    parser.add_argument("--until", default=None, metavar="T", help="end of the window (default now)")
    parser.add_argument("--filter", default="", help="e.g. 'model=gpt-* >0.01'")
    parser.add_argument("--dearest", action="store_true", help="dearest first instead of newest")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="at most so many (default 50)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the requests."""
    at_ms = now_of(options)
    until_ms = at_ms if options.until is None else instant(options.until, at_ms)
    window = max(60, (until_ms - instant(options.since, at_ms)) // 1000)
    view = View(window_seconds=window, filter=options.filter, until_ms=until_ms)
    with reading(options) as reader:
        picture = requests(
            reader, view, at_ms, machine=machine_name(), dearest=options.dearest, limit=max(1, options.limit)
        )
    if options.json:
        rows = [_json(row) for row in picture.rows]
        kept = None if picture.kept_since_ms is None else instant_text(picture.kept_since_ms)
        print_json({
            "schema": 1, "as_of": instant_text(at_ms), "kept_since": kept, "looked_at": picture.looked_at,
            "requests": rows,
        })  # fmt: skip
    else:
        heading = ("ended", "model", "tenant", "key", "prompt", "output", "usd")
        sys.stdout.write("".join(_line(cells) for cells in (heading, *map(_cells, picture.rows))))
    if picture.looked_at is not None:
        say(f"{picture.doubts[0]}: --since or --until makes the window narrower.")
    return 0


def _json(row: RequestRow) -> dict[str, Any]:
    return {
        "id": row.record_id, "ended": instant_text(row.ended_at_ms), "duration_ms": row.duration_ms,
        "provider": row.provider, "model": row.model, "tenant": row.tenant, "key": row.key, "outcome": row.outcome,
        "prompt_tokens": row.prompt_tokens, "output_tokens": row.output_tokens, "usd": usd_text(row.nano_usd),
        "status": row.status, "error": row.error, "session": row.session,
    }  # fmt: skip


def _cells(row: RequestRow) -> tuple[str, ...]:
    usd = "unpriced" if row.nano_usd is None else f"{row.nano_usd / 1e9:.6f}"
    if row.outcome != "ok":
        usd = f"{usd} {row.outcome}"
    return (
        instant_text(row.ended_at_ms), row.model or "(no model)", row.tenant or "(no tenant)", row.key or "(no key)",
        str(row.prompt_tokens), str(row.output_tokens), usd,
    )  # fmt: skip


def _line(cells: tuple[str, ...]) -> str:
    texts = [f"{shortened(cell, width):<{width}}" for cell, width in zip(cells, _COLUMNS, strict=True)]
    return f"{' '.join(texts).rstrip()}\n"

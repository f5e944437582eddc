"""Every source: its state, how far behind it is, and what it could not take."""

import argparse
import sys
from typing import Any

from collectors.machine import machine_name
from pricing.money import usd_text
from tui.commands.common import add_json, now_of, plain, print_json, reading, shortened
from tui.pictures.sources import SourceRow
from tui.pictures.view import View
from tui.reading.report import instant_text
from tui.reading.sources import sources


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only the form."""
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the sources."""
    at_ms = now_of(options)
    with reading(options) as reader:
        picture = sources(reader, View(), at_ms, machine=machine_name())
    if options.json:
        print_json({"schema": 1, "as_of": instant_text(at_ms), "sources": [_json(row) for row in picture.rows]})
        return 0
    for row in picture.rows:
        _print(row)
    return 0


def _json(row: SourceRow) -> dict[str, Any]:
    return {
        "name": row.name, "kind": row.kind, "state": row.state, "detail": row.detail,
        "watermark": None if row.watermark_ms is None else instant_text(row.watermark_ms),
        "events": row.events, "events_per_minute": row.events_per_minute, "duplicates": row.duplicates,
        "rejected": row.rejected, "backlog_bytes": row.backlog_bytes, "gap_bytes": row.gap_bytes,
        "poll_ms": None if row.poll_ms is None else round(row.poll_ms, 2),
        "drift_usd": None if row.drift is None else usd_text(row.drift.nano_usd),
        "drift_percent": None if row.drift is None else row.drift.percent,
        "rejects": [
            {"reason": reject.reason, "count": reject.count, "example": reject.example, "taken": reject.taken}
            for reject in row.rejects
        ],
    }  # fmt: skip


def _print(row: SourceRow) -> None:
    lag = "--" if row.lag_ms is None else f"{row.lag_ms / 1000:.0f} s"
    name = shortened(row.name, 32)
    sys.stdout.write(f"{name:<32} {row.kind:<8} {row.state:<8} lag {lag:>8}  {row.events:>10,} events\n")
    if row.detail:
        sys.stdout.write(f"  {plain(row.detail)}\n")
    if row.drift is not None:
        of_ours = "" if row.drift.percent is None else f" ({row.drift.percent:+.1f} % of ours)"
        sys.stdout.write(f"  drift of 7 days by its {row.drift.by}: ${row.drift.nano_usd / 1e9:+,.4f}{of_ours}\n")
    if row.gap_bytes:
        sys.stdout.write(f"  {row.gap_bytes:,} bytes vanished before they could be read\n")
    for reject in row.rejects[:5]:
        how = "taken in doubt" if reject.taken else "rejected"
        example = f": {shortened(reject.example, 100)}" if reject.example else ""
        sys.stdout.write(f"  {how} {reject.count:,} x {plain(reject.reason)}{example}\n")

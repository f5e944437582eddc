"""Bytes of database per request, indexes and rollups included, at 50 requests a second."""

import tempfile
from argparse import Namespace
from pathlib import Path

from benchmarks.child import in_child
from benchmarks.figure import Figure
from benchmarks.ingest import log_of

GOAL_BYTES = 150


def measure(options: Namespace) -> list[Figure]:
    """Half an hour and more of requests over some eighty series and cards, checkpointed and closed."""
    count = options.lines or 100_000
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        log, store = log_of(folder, count, small=True), folder / "store.db"
        measured = in_child("ingest", "ours", str(log), str(store))
        size = sum(path.stat().st_size for path in folder.glob("store.db*"))
    return [
        Figure(
            name=f"store of {count:,} requests",
            ours=f"{size / 1e6:.1f} MB",
            reference="none: bytes per request",
            value=size / count,
            goal=GOAL_BYTES,
            unit="B",
            peak_mb=measured.peak_mb,
        )
    ]

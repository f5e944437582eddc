"""Bytes of database per request, indexes and rollups included, at 50 requests a second."""

import tempfile
from argparse import Namespace
from pathlib import Path

from benchmarks.child import in_child
from benchmarks.figure import Figure
from benchmarks.ingest import log_of

GOAL_BYTES = 150
SIDES_GOAL_BYTES = 220


def measure(options: Namespace) -> list[Figure]:
    """Half an hour and more of requests over some eighty series and cards, without users and tags and with them."""
    count = options.lines or 100_000
    return [_figure(count, sides=False), _figure(count, sides=True)]


def _figure(count: int, *, sides: bool) -> Figure:
    """One store, checkpointed and closed."""
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        log, store = log_of(folder, count, small=True, sides=sides), folder / "store.db"
        measured = in_child("ingest", "ours", str(log), str(store))
        size = sum(path.stat().st_size for path in folder.glob("store.db*"))
    return Figure(
        name=f"store of {count:,} requests" + (" with users and tags" if sides else ""),
        ours=f"{size / 1e6:.1f} MB",
        reference="none: bytes per request",
        value=size / count,
        goal=SIDES_GOAL_BYTES if sides else GOAL_BYTES,
        unit="B",
        peak_mb=measured.peak_mb,
    )

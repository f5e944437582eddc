"""What the live screen asks of the store, over a short history and over ten million requests."""

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from benchmarks.child import in_child
from benchmarks.figure import ROUNDS, Figure
from benchmarks.history import make_store

GOAL = 1.2
GOAL_LIVE_MS = 10.0
GOAL_MONTH_MS = 20.0
_SHORT, _LONG = 100_000, 10_000_000
_READS = 60


def live_p95_ms(store: str, at_ms: int) -> float:
    """95th percentile of reading the Burn picture over five minutes, milliseconds."""
    from store.reader import Reader
    from tui.pictures.view import View
    from tui.reading.burn import burn

    reader, view = Reader(Path(store)), View(window_seconds=300)
    return _p95_ms(lambda: burn(reader, view, at_ms, machine="bench"))


def month_p95_ms(store: str, at_ms: int) -> float:
    """95th percentile of summing the month to date, milliseconds."""
    from store.reader import Reader
    from store.sums import total

    reader = Reader(Path(store))
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    began_ms = int(datetime(at.year, at.month, 1, tzinfo=UTC).timestamp() * 1000)
    return _p95_ms(lambda: total(reader.sums(began_ms, at_ms)))


def measure(_options: Namespace) -> list[Figure]:
    """The live picture against itself on a short history, and both times as they are."""
    # A fixed instant late in a month: the month to date is then as long as the history.
    at_ms = int(datetime(2026, 10, 30, 17, 42, 30, tzinfo=UTC).timestamp() * 1000)
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        short, long = Path(name) / "short.db", Path(name) / "long.db"
        make_store(short, _SHORT, at_ms)
        make_store(long, _LONG, at_ms)
        rounds = [
            (
                in_child("queries", "live_p95_ms", str(short), at_ms),
                in_child("queries", "live_p95_ms", str(long), at_ms),
            )
            for _ in range(ROUNDS)
        ]
        month_ms = median(in_child("queries", "month_p95_ms", str(long), at_ms).value for _ in range(ROUNDS))
    short_ms, long_ms = (median(column) for column in zip(*((a.value, b.value) for a, b in rounds), strict=True))
    peak_mb = max(measured.peak_mb for pair in rounds for measured in pair)
    shown, theirs = f"p95 {long_ms:.2f} ms", f"the same over {_SHORT:,}: {short_ms:.2f} ms"
    ratio = median(b.value / a.value for a, b in rounds)
    alone = "none: a time of its own"
    return [
        Figure(name=f"live picture over {_LONG:,} requests", ours=shown, reference=theirs, value=ratio, goal=GOAL),
        Figure(
            name="live picture, p95", ours=shown, reference=alone, value=long_ms, goal=GOAL_LIVE_MS, unit="ms",
            peak_mb=peak_mb,
        ),
        Figure(
            name="month to date, p95", ours=f"p95 {month_ms:.2f} ms", reference=alone, value=month_ms,
            goal=GOAL_MONTH_MS, unit="ms",
        ),
    ]  # fmt: skip


def _p95_ms(ask: Callable[[], object]) -> float:
    ask()
    times = []
    for _ in range(_READS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1000)
    return quantiles(times, n=20)[-1]

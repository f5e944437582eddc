"""What a wide and long history costs: each refresh beside the same without its past, a status line, the first budgets."""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path
from statistics import median

from benchmarks.child import in_child
from benchmarks.figure import ROUNDS, Figure
from benchmarks.terminal_screen import installed
from benchmarks.wide_history import SUMS, make_wide_store
from collectors.clock import now_ms
from store.facts import BudgetFact
from store.tables import ROLLUPS
from store.writer import Writer

GOAL = 1.2
GOAL_STATUS_MS = 100.0
_REFRESHES = 60
_KEPT_S = 2 * 3_600


def refresh_ms(store: str, at_ms: int) -> float:
    """Median of a second's reading of Burn with its chart while something is written each second, milliseconds."""
    from tui.pictures.view import View
    from tui.questions.burn import BurnQuestion
    from tui.storefeed import StoreFeed

    clock_ms = at_ms
    feed = StoreFeed(Path(store), clock=lambda: clock_ms, machine="bench")
    beside = sqlite3.connect(store, isolation_level=None)
    view, took = View(), []
    for _ in range(_REFRESHES):
        clock_ms += 1_000
        beside.execute("UPDATE sources SET watermark_ms = ?, polled_ms = ?", (clock_ms, clock_ms))
        began = time.perf_counter()
        feed.read(BurnQuestion(view, charted=True))
        took.append((time.perf_counter() - began) * 1000)
    return median(took)


def budgets_ms(store: str, at_ms: int) -> float:
    """The first reading of a month's budget, milliseconds."""
    from tui.pictures.view import View
    from tui.questions.budgets import BudgetsQuestion
    from tui.reading import budgets  # noqa: F401 (what it needs is loaded before)
    from tui.storefeed import StoreFeed

    feed = StoreFeed(Path(store), clock=lambda: at_ms, machine="bench")
    began = time.perf_counter()
    feed.read(BudgetsQuestion(View()))
    return (time.perf_counter() - began) * 1000


def measure(_options: Namespace) -> list[Figure]:
    """The long history first, then the same store without what is older than two hours."""
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        store, at_ms = Path(name) / "wide.db", now_ms()
        make_wide_store(store, at_ms)
        return figures(store, at_ms)


def figures(store: Path, at_ms: int) -> list[Figure]:
    """The same of a store that was made; its past is gone afterwards."""
    _budget(store, at_ms)
    first_ms = in_child("refresh", "budgets_ms", str(store), at_ms).value
    status_ms = median(_status_ms(store) for _ in range(ROUNDS))
    long_ms = _refreshes(store, at_ms)
    _forget(store, at_ms)
    short_ms = _refreshes(store, at_ms)
    return [
        Figure(
            name=f"a refresh over {SUMS:,} sums of 2,000 models",
            ours=f"{long_ms:.1f} ms",
            reference=f"over the last two hours of the same {short_ms:.1f} ms",
            value=long_ms / short_ms,
            goal=GOAL,
        ),
        Figure(
            name=f"usdtop status --line over {SUMS:,} sums",
            ours=f"{status_ms:.0f} ms",
            reference="none",
            value=status_ms,
            goal=GOAL_STATUS_MS,
            unit="ms",
        ),
        Figure(
            name=f"first reading of a month's budget over {SUMS:,} sums",
            ours=f"{first_ms:.0f} ms",
            reference="none",
            value=first_ms,
            goal=None,
            unit="ms",
        ),
    ]


def _refreshes(store: Path, at_ms: int) -> float:
    return median(in_child("refresh", "refresh_ms", str(store), at_ms).value for _ in range(ROUNDS))


def _status_ms(store: Path) -> float:
    command = [sys.executable, "-m", "tui.cli", "--store", str(store), "status", "--line"]
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=installed(os.environ))
    return (time.perf_counter() - began) * 1000


def _budget(store: Path, at_ms: int) -> None:
    writer = Writer(store)
    writer.set_budgets([BudgetFact(name="month", nano_usd=10**15, period="month", since_ms=0)], at_ms)
    writer.close()


def _forget(store: Path, at_ms: int) -> None:
    connection = sqlite3.connect(store, isolation_level=None)
    for table in ROLLUPS:
        connection.execute(f"DELETE FROM {table} WHERE bucket < ?", (at_ms // 1000 - _KEPT_S,))
    connection.execute("VACUUM")
    connection.close()

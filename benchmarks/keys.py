"""From a key press to the first bytes of its answer, against a hello-world Textual app in the same run."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from benchmarks.figure import Figure
from benchmarks.history import make_store
from benchmarks.ingest import log_of
from benchmarks.terminal_screen import COLUMNS, ROWS, TerminalScreen
from benchmarks.wide_history import SUMS, make_wide_store
from collectors.clock import now_ms

PRESSES = 200
GOAL = 2.0
_SETTLING_S = 3.0
_LEAST_PAUSE_S, _MOST_PAUSE_S = 0.02, 0.12
_HELLO = [sys.executable, "-m", "benchmarks.hello"]
_USDTOP = [sys.executable, "-m", "tui.cli"]
_WALK = b"jjjjkkkk?qjjkkbq"
"""Moves, and screens that open and close: each press changes something."""
_OPEN = b"?qbq"
"""The same where the table may have too few rows to move in."""


def measure(_options: Namespace) -> list[Figure]:
    """The same presses on a short history, on a wide one, and while a backlog is read."""
    hello = _answers(_HELLO, b"hello")
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        make_store(folder / "short.db", 100_000, now_ms())
        short = _answers(_watching(folder / "short.db"), b"model-")
        make_wide_store(folder / "wide.db", now_ms())
        wide = _answers(_watching(folder / "wide.db"), b"model-")
        behind = _while_a_backlog_loads(folder)
    return [
        *_figures("a short history", short, hello),
        *_figures(f"{SUMS:,} sums of 2,000 models", wide, hello),
        *_figures("a backlog loading", behind, hello),
    ]


def _watching(store: Path) -> list[str]:
    return [*_USDTOP, "--store", str(store), "--read-only"]


def _while_a_backlog_loads(folder: Path) -> list[float]:
    """The monitor and its collector on a log that takes longer to read than the presses take."""
    log = log_of(folder, 400_000, small=True)
    home = folder / "home"
    config = folder / "config.toml"
    config.write_text(f'[gpu]\nenabled = false\n[[source]]\ntype = "file"\nname = "log"\npath = "{log}"\n')
    command = [*_USDTOP, "--store", str(folder / "behind.db"), "--config", str(config)]
    try:
        return _answers(command, b"model", {"HOME": str(home)}, _OPEN, settling_s=1.0)
    finally:
        subprocess.run(["pkill", "-f", str(folder / "behind.db")], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _answers(
    command: Sequence[str],
    drawn: bytes,
    environment: dict[str, str] | None = None,
    walk: bytes = _WALK,
    settling_s: float = _SETTLING_S,
) -> list[float]:
    """Milliseconds to the answer of each press, at uneven distances, so that no rhythm of the program is met."""
    pauses = random.Random(11)
    with TerminalScreen(command, environment) as screen:
        screen.seconds_until(drawn)
        screen.bytes_during(settling_s)
        times = []
        for number in range(PRESSES):
            time.sleep(pauses.uniform(_LEAST_PAUSE_S, _MOST_PAUSE_S))
            key = walk[number % len(walk) :][:1]
            times.append(screen.seconds_to_answer(key) * 1000)
    return times


def _figures(where: str, ours: Sequence[float], hello: Sequence[float]) -> list[Figure]:
    figures = []
    for name, place in (("p50", 49), ("p95", 94), ("p99", 98)):
        mine, theirs = quantiles(ours, n=100)[place], quantiles(hello, n=100)[place]
        figures.append(
            Figure(
                name=f"key to paint over {where}, {COLUMNS}x{ROWS}, {name}",
                ours=f"{mine:.1f} ms (longest {max(ours):.0f})",
                reference=f"hello-world Textual app {theirs:.1f} ms (longest {max(hello):.0f})",
                value=mine / theirs,
                goal=GOAL,
            )
        )
    return figures

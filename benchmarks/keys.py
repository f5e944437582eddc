"""From a key press to the paint that shows what it did, against hello-world Textual apps in the same run."""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
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
_SHOWS = {b"j": b"> ", b"k": b"> ", b"?": b"KEYS HERE", b"b": b"now by", b"q": b"$/HOUR"}
"""What is painted when a press has done what it does: whatever else is painted meanwhile is no answer to it."""
_GREETS = dict.fromkeys(_SHOWS, b"hello, world")
_TURNS = {**_GREETS, b"?": b"page", b"b": b"page"}


def measure(_options: Namespace) -> list[Figure]:
    """The same presses on a short history, on a wide one, and while a backlog is read."""
    hello = _answers(_HELLO, b"hello", _GREETS)
    pages = _answers([*_HELLO, "pages"], b"hello", _TURNS, _OPEN)
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        make_store(folder / "short.db", 100_000, now_ms())
        short = _answers(_watching(folder / "short.db"), b"model-", _SHOWS)
        make_wide_store(folder / "wide.db", now_ms())
        wide = _answers(_watching(folder / "wide.db"), b"model-", _SHOWS)
        behind = _while_a_backlog_loads(folder)
    return [
        *_figures("a short history", short, hello, pages),
        *_figures(f"{SUMS:,} sums of 2,000 models", wide, hello, pages),
        *_figures("a backlog loading", behind, hello, pages),
        *_longer(wide, short),
    ]


Answers = list[tuple[bytes, float]]
"""Each press, and the milliseconds to its answer."""


def _watching(store: Path) -> list[str]:
    return [*_USDTOP, "--store", str(store), "--read-only"]


def _while_a_backlog_loads(folder: Path) -> Answers:
    """The monitor and its collector on a log that takes longer to read than the presses take."""
    log = log_of(folder, 400_000, small=True)
    home = folder / "home"
    config = folder / "config.toml"
    config.write_text(f'[gpu]\nenabled = false\n[[source]]\ntype = "file"\nname = "log"\npath = "{log}"\n')
    command = [*_USDTOP, "--store", str(folder / "behind.db"), "--config", str(config)]
    try:
        return _answers(command, b"model", _SHOWS, _OPEN, {"HOME": str(home)}, settling_s=1.0)
    finally:
        subprocess.run(["pkill", "-f", str(folder / "behind.db")], check=False)
        shutil.rmtree(home, ignore_errors=True)


def _answers(
    command: Sequence[str],
    drawn: bytes,
    shows: Mapping[bytes, bytes],
    walk: bytes = _WALK,
    environment: Mapping[str, str] | None = None,
    settling_s: float = _SETTLING_S,
) -> Answers:
    """Presses at uneven distances, so that no rhythm of the program is met."""
    pauses = random.Random(11)
    with TerminalScreen(command, environment) as screen:
        screen.seconds_until(drawn)
        screen.bytes_during(settling_s)
        answers = []
        for number in range(PRESSES):
            time.sleep(pauses.uniform(_LEAST_PAUSE_S, _MOST_PAUSE_S))
            key = walk[number % len(walk) :][:1]
            answers.append((key, screen.seconds_to_show(shows[key], key) * 1000))
    return answers


def _figures(where: str, ours: Answers, hello: Answers, pages: Answers) -> list[Figure]:
    """All presses against an app that changes one line, and those that turn a page against one that does so, too."""
    return [
        *_compared(f"key to paint over {where}", ours, hello, "hello-world Textual app", GOAL),
        *_compared(
            f"... of which open or close a screen, {where}", _turning(ours), pages, "one that opens a page", None
        ),
    ]


def _turning(answers: Answers) -> Answers:
    return [pair for pair in answers if pair[0] in _OPEN]


def _longer(long: Answers, short: Answers) -> list[Figure]:
    return _compared("key to paint over the long history", long, short, "over the short one", None)


def _compared(name: str, ours: Answers, theirs: Answers, reference: str, goal: float | None) -> list[Figure]:
    mine, other = [took for _, took in ours], [took for _, took in theirs]
    return [
        Figure(
            name=f"{name}, {COLUMNS}x{ROWS}, p{part}",
            ours=f"{quantiles(mine, n=100)[part - 1]:.1f} ms (longest {max(mine):.0f})",
            reference=f"{reference} {quantiles(other, n=100)[part - 1]:.1f} ms (longest {max(other):.0f})",
            value=quantiles(mine, n=100)[part - 1] / quantiles(other, n=100)[part - 1],
            goal=goal,
        )
        for part in (50, 95, 99)
    ]

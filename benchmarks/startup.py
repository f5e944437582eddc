"""How long a command takes to its first useful output, against the least that its kind of program takes."""

import os
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

from benchmarks.figure import Compared, Figure, alternate
from benchmarks.history import make_store
from benchmarks.terminal_screen import TerminalScreen, installed
from collectors.clock import now_ms

GOAL_HELP = 6.0
GOAL_PAINT = 1.5
GOAL_PRICE = 1.0
_USDTOP = [sys.executable, "-m", "tui.cli"]
_ROUNDS = 7
_MODEL = b"model-1"


def measure(_options: Namespace) -> list[Figure]:
    """Help, the first paint of figures out of a store, and a price."""
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        store = Path(name) / "store.db"
        make_store(store, 100_000, now_ms())
        monitor = [*_USDTOP, "--store", str(store), "--read-only"]
        _painted_ms(monitor, _MODEL)
        paint = alternate(
            lambda: _painted_ms(monitor, _MODEL),
            lambda: _painted_ms([sys.executable, "-m", "benchmarks.hello"], b"hello, world"),
            _ROUNDS,
        )
    blank = [sys.executable, "-c", "pass"]
    help_ = alternate(lambda: _ran_ms([*_USDTOP, "--help"]), lambda: _ran_ms(blank), _ROUNDS)
    asked = [*_USDTOP, "price", "gpt-4o-mini", "--input", "1000"]
    price = alternate(lambda: _ran_ms(asked), lambda: _ran_ms([sys.executable, "-c", "import textual"]), _ROUNDS)
    return [
        _figure("usdtop --help", "python -c pass", help_, GOAL_HELP),
        _figure("first paint of figures", "first paint of a hello-world Textual app", paint, GOAL_PAINT),
        _figure("usdtop price", "import textual", price, GOAL_PRICE),
    ]


def _figure(name: str, reference: str, compared: Compared, goal: float | None) -> Figure:
    return Figure(
        name=name,
        ours=f"{compared.ours:.0f} ms",
        reference=f"{reference} {compared.reference:.0f} ms",
        value=compared.ratio,
        goal=goal,
    )


def _ran_ms(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=installed(os.environ))
    return (time.perf_counter() - began) * 1000


def _painted_ms(command: list[str], wanted: bytes) -> float:
    with TerminalScreen(command) as screen:
        return screen.seconds_until(wanted) * 1000

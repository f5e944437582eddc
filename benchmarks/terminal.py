"""What a monitor sends to its terminal against `top -d 1`, and how much memory it and the collector hold."""

import shutil
import sys
import tempfile
from argparse import Namespace
from pathlib import Path

from benchmarks.child import memory_mb, shared_out_mb
from benchmarks.figure import Figure
from benchmarks.history import make_store
from benchmarks.terminal_screen import COLUMNS, ROWS, TerminalScreen
from collectors.clock import now_ms

SECONDS = 10.0
_SETTLING_S = 4.0
_USDTOP = [sys.executable, "-m", "tui.cli"]
_GOAL_MB = 100
_GOAL_BOTH_MB = 160


def measure(_options: Namespace) -> list[Figure]:
    """A store in which nothing happens, and the demo, which is a gateway, an engine and GPUs at a launch's pace."""
    return [_quiet(), *_live()]


def _quiet() -> Figure:
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        store = Path(name) / "store.db"
        # What was imported has no clock that goes on, and is half an hour from being two hours old: nothing may change.
        make_store(store, 100_000, now_ms() - 5_400_000, kind="import")
        with TerminalScreen([*_USDTOP, "--store", str(store), "--read-only"]) as screen:
            screen.seconds_until(b"model-1")
            screen.bytes_during(_SETTLING_S)
            sent = screen.bytes_during(SECONDS)
    return Figure(
        name=f"quiet store, {COLUMNS}x{ROWS}", ours=f"{sent / SECONDS:.0f} B/s", reference="none: silence",
        value=sent / SECONDS, goal=0, unit="B/s",
    )  # fmt: skip


def _live() -> list[Figure]:
    with TerminalScreen([*_USDTOP, "demo"]) as screen:
        screen.seconds_until(b"gpt")
        screen.bytes_during(_SETTLING_S)
        monitor, collector = _family(screen.process.pid)
        rate = screen.bytes_during(SECONDS) / SECONDS
        parts_mb = [memory_mb(pid, "VmHWM") for pid in monitor]
        collector_mb = memory_mb(collector, "VmHWM")
        shared_mb = sum(map(shared_out_mb, (*monitor, collector)))
        screen.seconds_to_show(b"\x1b[", b"5")
        screen.bytes_during(_SETTLING_S)
        compared_mb = [memory_mb(pid, "VmHWM") for pid in (*monitor, collector)]
        compared_shared_mb = sum(map(shared_out_mb, (*monitor, collector)))
    monitor_mb = sum(parts_mb)
    top = _top_bytes_per_second()
    alone = "none: a figure of its own"
    return [
        Figure(
            name=f"live second, {COLUMNS}x{ROWS}", ours=f"{rate:,.0f} B/s",
            reference="top is not installed" if top is None else f"top -d 1 {top:,.0f} B/s",
            value=None if top is None else rate / top, goal=1.0,
        ),
        Figure(name="memory of the monitor", ours=" and ".join(f"{mb:.0f} MB" for mb in parts_mb), reference=alone,
               value=monitor_mb, goal=_GOAL_MB, unit="MB", peak_mb=monitor_mb),
        Figure(name="memory of the collector", ours=f"{collector_mb:.0f} MB", reference=alone, value=collector_mb,
               goal=_GOAL_MB, unit="MB", peak_mb=collector_mb),
        Figure(name="memory of both", ours=f"{monitor_mb + collector_mb:.0f} MB", reference=alone,
               value=monitor_mb + collector_mb, goal=_GOAL_BOTH_MB, unit="MB"),
        Figure(name="memory of both, shared pages once", ours=f"{shared_mb:.0f} MB", reference=alone,
               value=shared_mb, goal=_GOAL_BOTH_MB, unit="MB"),
        Figure(name="memory once Compare was opened", ours=", ".join(f"{mb:.0f} MB" for mb in compared_mb),
               reference=alone, value=sum(compared_mb), goal=_GOAL_BOTH_MB, unit="MB"),
        Figure(name="memory once Compare was opened, shared pages once", ours=f"{compared_shared_mb:.0f} MB",
               reference=alone, value=compared_shared_mb, goal=_GOAL_BOTH_MB, unit="MB"),
    ]  # fmt: skip


def _top_bytes_per_second() -> float | None:
    if shutil.which("top") is None:
        return None
    with TerminalScreen(["top", "-d", "1"]) as screen:
        screen.bytes_during(_SETTLING_S)
        return screen.bytes_during(SECONDS) / SECONDS


def _family(pid: int) -> tuple[list[int], int]:
    """The processes of a demo's monitor, which are the screen and what reads for it; and the collector."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    stages = [child for child in children if b"tui.demo.stage" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return [pid, *(child for child in children if child not in stages)], stages[0]

"""Whether an hour of ticks leaves each process as large as it was: 3,600 of them, with the clock handed in."""

import asyncio
import sqlite3
import tempfile
from argparse import Namespace
from itertools import count
from pathlib import Path

from benchmarks.child import in_child, memory_mb
from benchmarks.figure import Figure
from benchmarks.gateway_lines import REQUESTS_PER_SECOND
from benchmarks.history import make_store
from benchmarks.ingest import log_of

TICKS = 3_600
_WARM = TICKS // 2
"""Ticks after which everything that is loaded late has been loaded, and caches are full."""
_BEGAN_MS = 1_793_000_000_000
_GOAL_MB = 100
_GOAL_BOTH_MB = 160
_GOAL_GROWTH_MB = 5


def monitor_growth_mb(store: str) -> float:
    """What a monitor grew by in the second half of the ticks, megabytes."""
    return asyncio.run(_monitor(Path(store)))


async def _monitor(store: Path) -> float:
    from tui.app import MonitorApp
    from tui.storefeed import StoreFeed

    now_ms = _BEGAN_MS
    feed = StoreFeed(store, clock=lambda: now_ms, machine="bench")
    app = MonitorApp(feed, refresh_seconds=1e9)
    beside = sqlite3.connect(store, isolation_level=None)
    warm_mb = 0.0
    async with app.run_test(size=(200, 50)) as pilot:
        for tick in range(TICKS):
            now_ms += 1_000
            beside.execute("UPDATE sources SET watermark_ms = ?, polled_ms = ?", (now_ms, now_ms))
            app.ask()
            await app.workers.wait_for_complete()
            await pilot.pause()
            if tick == _WARM:
                warm_mb = memory_mb(field="VmRSS")
    beside.close()
    return memory_mb(field="VmRSS") - warm_mb


def collector_growth_mb(log: str, grown: str, store: str) -> float:
    """What a collector grew by over the same ticks, in each of which fifty lines are written, megabytes."""
    return asyncio.run(_collector(Path(log), Path(grown), Path(store)))


async def _collector(log: Path, grown: Path, store: Path) -> float:
    from collectors.logs.files import FileSource
    from collectors.prices.books import price_book
    from collectors.prices.pricer import Pricer
    from collectors.runner import Runner
    from collectors.settings.config import Config
    from store.writer import Writer

    ticks = count()
    warm_mb = 0.0
    done = asyncio.Event()
    lines = log.open("rb")

    async def next_tick(_seconds: float) -> None:
        nonlocal warm_mb
        tick = next(ticks)
        if tick == _WARM:
            warm_mb = memory_mb(field="VmRSS")
        if tick == TICKS:
            done.set()
            await asyncio.Event().wait()
        with grown.open("ab") as written:
            written.writelines(lines.readline() for _ in range(REQUESTS_PER_SECOND))

    grown.touch()  # noqa: ASYNC240 (before anything runs)
    runner = Runner(
        lambda: Writer(store), Pricer(price_book(Config())), clock=lambda: _BEGAN_MS + 86_400_000, sleep=next_tick
    )
    await runner.start()
    following = asyncio.create_task(runner.follow(FileSource("log", str(grown), [])))
    await done.wait()
    grew_mb = memory_mb(field="VmRSS") - warm_mb
    following.cancel()
    await runner.close()
    lines.close()
    return grew_mb


def measure(_options: Namespace) -> list[Figure]:
    """A monitor on a store of an hour, and a collector on a log of an hour."""
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        make_store(folder / "watched.db", TICKS * REQUESTS_PER_SECOND, _BEGAN_MS + TICKS * 1_000)
        log = log_of(folder, TICKS * REQUESTS_PER_SECOND + 1, small=True)
        monitor = in_child("steady", "monitor_growth_mb", str(folder / "watched.db"))
        collector = in_child(
            "steady", "collector_growth_mb", str(log), str(folder / "grown.jsonl"), str(folder / "written.db")
        )
    both_mb = monitor.peak_mb + collector.peak_mb
    alone = f"none: {TICKS:,} ticks"
    return [
        *(
            Figure(
                name=f"{who}, growth after tick {_WARM:,}", ours=f"{measured.value:+.1f} MB", reference=alone,
                value=measured.value, goal=_GOAL_GROWTH_MB, unit="MB", peak_mb=measured.peak_mb,
            )
            for who, measured in (("monitor", monitor), ("collector", collector))
        ),
        *(
            Figure(
                name=f"{who}, most memory", ours=f"{mb:.0f} MB", reference=alone, value=mb, goal=goal, unit="MB"
            )
            for who, mb, goal in (
                ("monitor", monitor.peak_mb, _GOAL_MB),
                ("collector", collector.peak_mb, _GOAL_MB),
                ("both", both_mb, _GOAL_BOTH_MB),
            )
        ),
    ]  # fmt: skip

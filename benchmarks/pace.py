"""What a monitor and a collector take of a core while a gateway logs 50 requests a second, and an engine serves."""

import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, Popen
from threading import Event, Thread
from time import monotonic, perf_counter
from typing import NamedTuple

from benchmarks.child import cpu_seconds
from benchmarks.figure import ROUNDS, Figure
from benchmarks.gateway_lines import REQUESTS_PER_SECOND, lines
from benchmarks.terminal_screen import COLUMNS, ROWS, TerminalScreen
from collectors.clock import now_ms
from tui.demo.engine import EngineStandIn

SECONDS = 10.0
_SETTLING_S = 4.0
_HISTORY_S = 600
_GOAL_OF_STOCK = 0.3
_GOAL_PERCENT = 4.0
_CONFIGURATION = """
[[source]]
type = "file"
name = "gateway"
path = "{log}"

[[source]]
type = "engine"
name = "vllm-a"
url = "{engine}"
host = "h1"

[[host]]
name = "h1"
usd_per_hour = "20"
gpus = 4
prefill_tokens_per_second = 15000
decode_tokens_per_second = 3000

[[budget]]
name = "everything"
usd = "500"
period = "day"
"""


class Shares(NamedTuple):
    """Shares of a core."""

    monitor: float
    collector: float
    stock: float


def measure(_options: Namespace) -> list[Figure]:
    """The monitor and a stock app on the same store, in turns; each ratio is of neighbours in time."""
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name, _recording(Path(name)) as (store, collector):
        rounds = [_round(store, collector) for _ in range(ROUNDS)]
    monitor, collects, stock = (median(column) for column in zip(*rounds, strict=True))
    return [
        Figure(
            name=f"CPU of the monitor, {COLUMNS}x{ROWS}", ours=f"{monitor:.1%}",
            reference=f"a stock DataTable with the same table {stock:.1%}",
            value=median(one.monitor / one.stock for one in rounds), goal=_GOAL_OF_STOCK,
        ),
        Figure(
            name=f"CPU of monitor and collector, {REQUESTS_PER_SECOND} requests/s",
            ours=f"{monitor:.1%} and {collects:.1%}", reference="none: a figure of its own",
            value=100 * median(one.monitor + one.collector for one in rounds), goal=_GOAL_PERCENT, unit="%",
        ),
    ]  # fmt: skip


def _round(store: Path, collector: int) -> Shares:
    with TerminalScreen([sys.executable, "-m", "benchmarks.stock", str(store)]) as screen:
        (stock,) = _shares(screen, [screen.process.pid])
    with TerminalScreen([sys.executable, "-m", "tui.cli", "--store", str(store)]) as screen:
        screen.seconds_until(b"all > by")
        children = Path(f"/proc/{screen.process.pid}/task/{screen.process.pid}/children").read_text().split()
        monitor, collects = _shares(screen, [screen.process.pid, *map(int, children)], [collector])
    return Shares(monitor, collects, stock)


def _shares(screen: TerminalScreen, *groups: list[int]) -> list[float]:
    screen.bytes_during(_SETTLING_S)
    before, began = [cpu_seconds(*pids) for pids in groups], perf_counter()
    screen.bytes_during(SECONDS)
    passed = perf_counter() - began
    return [(cpu_seconds(*pids) - was) / passed for pids, was in zip(groups, before, strict=True)]


@contextmanager
def _recording(folder: Path) -> Iterator[tuple[Path, int]]:
    """A store, and the process that collects into it; the gateway and the engine are in this process."""
    log, store, began = folder / "gateway.jsonl", folder / "store.db", monotonic()
    engine = EngineStandIn(lambda: monotonic() - began, now_ms() / 1_000)
    (folder / "usdtop.toml").write_text(_CONFIGURATION.format(log=log, engine=engine.url))
    stop, caught_up = Event(), Event()
    gateway = Thread(target=_log, args=(log, stop, caught_up), daemon=True)
    gateway.start()
    caught_up.wait()
    command = [
        sys.executable,
        "-m",
        "tui.cli",
        "--store",
        str(store),
        "--config",
        str(folder / "usdtop.toml"),
        "collect",
    ]
    collector = Popen(command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    try:
        stop.wait(_SETTLING_S)
        yield store, collector.pid
    finally:
        collector.terminate()
        collector.wait()
        stop.set()
        gateway.join()
        engine.close()


def _log(path: Path, stop: Event, caught_up: Event) -> None:
    """Ten minutes of lines at once, and then 50 every second."""
    began_s = now_ms() / 1_000 - _HISTORY_S
    with path.open("wb") as log:
        for number, line in enumerate(lines(10**9, began_s)):
            wait_s = began_s + number / REQUESTS_PER_SECOND - now_ms() / 1_000
            if wait_s > 0:
                log.flush()
                caught_up.set()
                if stop.wait(wait_s):
                    return
            log.write(line)

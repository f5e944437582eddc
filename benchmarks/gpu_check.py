"""Compare what the collector records of a real NVIDIA GPU with nvidia-smi and the energy counter at the same moments.

    python -m benchmarks.gpu_check --out DIR [--plan idle:25,full:50,half:40,idle:45]

A load looks like a serving engine and multiplies matrices by the plan. What was recorded, both sides of each comparison
and the cost of a poll go to DIR. No setting of the card is changed.
"""

import argparse
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import psutil

from benchmarks.gpu_cost import costs
from benchmarks.gpu_load import FLOPS_PER_PRODUCT, phases
from collectors.clock import now_ms
from collectors.machine import machine_name

ROOT = Path(__file__).parent.parent
PLAN = "idle:25,full:50,half:40,idle:45"
PORT = 8123
SETTLING_MS = 4_000
"""After a phase begins: power is a mean over a second, and the driver's samples lag."""
WITHIN = 0.05
LOOK_AFTER = 0.4
"""Of a phase, which share has passed when a person looks."""
FIELDS = ("utilization.gpu", "memory.used", "power.draw", "temperature.gpu", "clocks.sm")


class Window(NamedTuple):
    """The part of a phase that is compared."""

    name: str
    begins_ms: int
    ends_ms: int
    products: int

    @property
    def seconds(self) -> float:
        return (self.ends_ms - self.begins_ms) / 1_000


class Counter:
    """The card's energy counter, read four times a second by nobody's code but the binding's."""

    def __init__(self) -> None:
        self.readings: list[tuple[int, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self) -> None:
        import pynvml

        pynvml.nvmlInit()
        card = pynvml.nvmlDeviceGetHandleByIndex(0)
        while not self._stop.wait(0.25):
            millijoules = pynvml.nvmlDeviceGetTotalEnergyConsumption(card)
            self.readings.append((now_ms(), millijoules))

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def watts(self, window: Window) -> float | None:
        """Mean power by the counter's first and last reading within the window."""
        inside = [one for one in self.readings if window.begins_ms <= one[0] <= window.ends_ms]
        if len(inside) < 2:
            return None
        (begins, before), (ends, after) = inside[0], inside[-1]
        return (after - before) / (ends - begins)


def main() -> int:
    """0 where everything agrees within 5 %."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--plan", default=PLAN)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="usdtop-gpu-") as folder:
        found = run(options.plan, Path(folder), options.out)
    (options.out / "summary.json").write_text(json.dumps(found, indent=1))
    text = summary(found)
    (options.out / "summary.txt").write_text(text)
    print(text)
    return 0 if all(row["agrees"] for row in found["compared"]) else 1


def run(plan: str, folder: Path, out: Path) -> dict[str, Any]:
    """Record while the plan runs, look in every phase, and compare afterwards."""
    store = folder / "usdtop.db"
    looks: dict[str, Any] = {}
    spent: dict[str, float] = {}
    with ExitStack() as ending:
        ending.enter_context(_collector(folder, store, out / "collect.log", spent))
        ending.enter_context(_nvidia_smi(out / "nvidia-smi.csv"))
        counter = Counter()
        ending.callback(counter.stop)
        windows = []
        with _load(folder, plan) as said:
            begins_ms = json.loads(said.readline())["ready_ms"]
            for number, phase in enumerate(phases(plan)):
                _sleep_until(begins_ms + phase.seconds * LOOK_AFTER * 1_000)
                name = f"{number} {phase.name}"
                looks[name] = _look(store, out, phase.name, with_costs=phase.name != "half" and number > 0)
                windows.append(_window(json.loads(said.readline()), name))
                begins_ms += phase.seconds * 1_000
        time.sleep(2)
    shutil.copy(store, out / "usdtop.db")
    samples = list(_smi_samples(out / "nvidia-smi.csv"))
    recorded = [_recorded(store, window) for window in windows]
    return {
        "machine": _about(),
        "compared": [row for w, r in zip(windows, recorded, strict=True) for row in _compared(w, r, samples, counter)],
        "recorded": recorded,
        "tokens": _tokens(store, windows),
        "collector": spent,
        "looks": looks,
    }


@contextmanager
def _collector(folder: Path, store: Path, log: Path, spent: dict[str, float]) -> Iterator[None]:
    """A collector on this store; what it used of a processor stands in `spent` afterwards."""
    config = folder / "config.toml"
    config.write_text(f"""
[[host]]
name = "{machine_name()}"
usd_per_hour = "3"
gpus = 1

[[source]]
type = "engine"
name = "matrix-product"
url = "http://127.0.0.1:{PORT}/metrics"
""")
    command = [sys.executable, "-m", "tui.cli", "--config", str(config), "--store", str(store), "collect"]
    with log.open("w") as said, subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT) as process:
        began, busy = time.monotonic(), psutil.Process(process.pid)
        try:
            yield
        finally:
            times = busy.cpu_times()
            spent |= {"cpu_seconds": times.user + times.system, "seconds": time.monotonic() - began}
            process.terminate()
            process.wait(20)


@contextmanager
def _nvidia_smi(path: Path) -> Iterator[None]:
    query = f"--query-gpu=timestamp,{','.join(FIELDS)}"
    command = ["nvidia-smi", "-i", "0", query, "--format=csv,noheader,nounits", "-lms", "1000"]
    with path.open("w") as file, subprocess.Popen(command, stdout=file) as process:
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def _load(folder: Path, plan: str) -> Iterator[Any]:
    """The load under an engine's name; gives the lines that it says."""
    script = folder / "vllm"
    script.write_text(f"#!{sys.executable}\nfrom benchmarks.gpu_load import main\nmain()\n")
    command = [sys.executable, str(script), "serve", "matrix-product", "--port", str(PORT), "--plan", plan]
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{os.environ.get('PYTHONPATH', '')}"}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=folder
    ) as process:
        try:
            yield process.stdout
        finally:
            process.communicate()


def _look(store: Path, out: Path, kind: str, *, with_costs: bool) -> dict[str, Any]:
    """What a person sees now: the plain twins, the screen, and what a poll costs meanwhile."""
    usdtop = [sys.executable, "-m", "tui.cli", "--store", str(store)]
    drawing = [sys.executable, "-m", "benchmarks.gpu_screen", str(store)]
    picture = str(out / f"{kind}.svg") if kind != "half" else os.devnull
    screens = [_said([*drawing, picture, *size]) for size in (("80", "24"), ("160", "40"))]
    with (out / "screens.txt").open("a") as file:
        file.writelines(f"--- {kind}\n{screen}\n" for screen in screens)
    return {
        "gpus": _json([*usdtop, "gpus", "--json"]),
        "report": _json([*usdtop, "report", "--since", "1m", "--json"]).get("total"),
        "sources": [_without_rejects(one) for one in _json([*usdtop, "sources", "--json"]).get("sources", [])],
        "doctor": _said([*usdtop, "doctor"]) if with_costs else None,
        "costs": costs(20) if with_costs else None,
    }


def _window(said: dict[str, Any], name: str) -> Window:
    return Window(name, said["begins_ms"] + SETTLING_MS, said["ends_ms"] - 500, said["products"])


def _recorded(store: Path, window: Window) -> dict[str, Any]:
    """Means of the raw readings of the first whole card in the window."""
    means = ("busy", "memory_busy", "sm_active", "tensor_active", "dram_active", "memory_used_bytes", "power_watts",
             "temperature_celsius", "sm_clock_mhz")  # fmt: skip
    columns = ", ".join(f"avg(r.{name})" for name in means)
    with sqlite3.connect(store) as connection:
        row = connection.execute(
            f"SELECT count(*), {columns}, sum(r.energy_gained), sum(r.energy_seconds), group_concat(DISTINCT r.pids),"
            " group_concat(DISTINCT r.throttle_reasons) FROM gpu_readings AS r JOIN gpus AS g ON g.id = r.gpu"
            " WHERE g.position = 0 AND g.parent_uuid IS NULL AND r.at_ms > ? AND r.at_ms <= ?",
            (window.begins_ms, window.ends_ms),
        ).fetchone()
        polls = connection.execute("SELECT name, poll_ms FROM sources").fetchall()
    readings, *values, gained, seconds, pids, reasons = row
    return {
        "window": window.name, "readings": readings, "seconds": window.seconds, **dict(zip(means, values, strict=True)),
        "counter_watts": gained / seconds / 1_000 if seconds else None, "pids": pids, "throttle_reasons": reasons,
        "products_per_second": window.products / (window.seconds + (SETTLING_MS + 500) / 1_000),
        "achieved_tflops": window.products * FLOPS_PER_PRODUCT / (window.seconds + (SETTLING_MS + 500) / 1_000) / 1e12,
        "poll_ms": dict(polls),
    }  # fmt: skip


def _compared(
    window: Window, ours: dict[str, Any], samples: Sequence[dict[str, float]], counter: Counter
) -> Iterator[dict[str, Any]]:
    """Ours against theirs over one window; busy time near zero is compared by its points."""
    inside = [one for one in samples if window.begins_ms < one["at_ms"] <= window.ends_ms]

    def theirs(field: str) -> float | None:
        return fmean(one[field] for one in inside) if inside else None

    pairs: list[tuple[str, float | None, float | None, float]] = [
        ("busy, %", _times(ours["busy"], 100), theirs("utilization.gpu"), 2.0),
        ("memory, MiB", _times(ours["memory_used_bytes"], 1 / (1 << 20)), theirs("memory.used"), 1.0),
        ("power, W", ours["power_watts"], theirs("power.draw"), 0.0),
        ("power by the energy counter, W", ours["counter_watts"], counter.watts(window), 0.0),
        ("power by the energy counter against nvidia-smi, W", ours["counter_watts"], theirs("power.draw"), 0.0),
        ("temperature, C", ours["temperature_celsius"], theirs("temperature.gpu"), 1.0),
        ("SM clock, MHz", ours["sm_clock_mhz"], theirs("clocks.sm"), 0.0),
    ]
    for what, mine, other, allowed in pairs:
        known = mine is not None and other is not None
        difference = abs(mine - other) if mine is not None and other is not None else None
        agrees = difference is not None and other is not None and difference <= max(allowed, WITHIN * abs(other))
        yield {
            "window": window.name, "what": what, "usdtop": mine, "other": other, "samples": len(inside),
            "difference": difference / other if known and other and difference is not None else None, "agrees": agrees,
        }  # fmt: skip


def _tokens(store: Path, windows: Sequence[Window]) -> dict[str, Any]:
    with sqlite3.connect(store) as connection:
        output, seconds = connection.execute("SELECT sum(output), sum(seconds) FROM engine_readings").fetchone()
        engines = connection.execute("SELECT name, pid, gpus, gpu_uuids, gpus_from FROM engines").fetchall()
    return {
        "counted": output,
        "made": sum(window.products for window in windows),
        "seconds": seconds,
        "engines": [dict(zip(("name", "pid", "gpus", "gpu_uuids", "gpus_from"), one, strict=True)) for one in engines],
    }


def _smi_samples(path: Path) -> Iterator[dict[str, float]]:
    for row in csv.reader(path.read_text().splitlines()):
        try:
            at = datetime.strptime(row[0].strip(), "%Y/%m/%d %H:%M:%S.%f").astimezone(UTC)
            values = dict(zip(FIELDS, map(float, row[1:]), strict=True))
        except (ValueError, IndexError):
            continue
        yield {"at_ms": at.timestamp() * 1000, **values}


def _sleep_until(at_ms: float) -> None:
    time.sleep(max(0.0, (at_ms - now_ms()) / 1_000))


def _about() -> dict[str, str]:
    fields = "name,driver_version,persistence_mode,mig.mode.current,ecc.mode.current,power.limit,clocks.max.sm"
    card = _said(["nvidia-smi", "-i", "0", f"--query-gpu={fields}", "--format=csv,noheader"])
    return {
        "card": card.strip(),
        "python": sys.version.split()[0],
        "date": datetime.fromtimestamp(now_ms() / 1000, UTC).date().isoformat(),
    }


def _said(command: Sequence[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if not done.returncode else done.stdout + done.stderr


def _json(command: Sequence[str]) -> dict[str, Any]:
    said = _said(command)
    try:
        answer = json.loads(said)
    except ValueError:
        return {"said": said}
    return answer if isinstance(answer, dict) else {"said": said}


def _without_rejects(source: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in source.items() if name != "rejects"}


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def summary(found: dict[str, Any]) -> str:
    """The comparison and the costs as plain text."""
    shown: Callable[[float | None], str] = lambda value: "--" if value is None else f"{value:,.2f}"  # noqa: E731
    lines = [str(found["machine"]), ""]
    for row in found["compared"]:
        difference = "--" if row["difference"] is None else f"{row['difference']:.2%}"
        verdict = "agrees" if row["agrees"] else "DIFFERS"
        lines.append(
            f"{row['window']:<8} {row['what']:<50} {shown(row['usdtop']):>12} {shown(row['other']):>12}"
            f" {difference:>8} {verdict} ({row['samples']} samples)"
        )
    lines += [
        "",
        *(json.dumps(one) for one in found["recorded"]),
        "",
        json.dumps(found["tokens"]),
        json.dumps(found["collector"]),
        "",
    ]
    for name, look in found["looks"].items():
        if look["costs"]:
            lines.append(f"cost of a poll while {name}: {json.dumps(look['costs'])}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

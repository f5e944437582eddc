"""A measure in a process of its own, so that neither side's memory or imports count for the other."""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

_ROOT = Path(__file__).parent.parent


class Measured(NamedTuple):
    """What a child measured, and the most memory that it held."""

    value: float
    peak_mb: float


def in_child(module: str, function: str, *arguments: str | int) -> Measured:
    """Call `benchmarks.<module>.<function>(*arguments)`, which returns a number, in a new interpreter."""
    command = [sys.executable, "-m", "benchmarks.child", module, function, json.dumps(arguments)]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
    value, peak_mb = json.loads(done.stdout.splitlines()[-1])
    return Measured(value, peak_mb)


def memory_mb(pid: int | str = "self", field: str = "VmHWM") -> float:
    """A process's peak (VmHWM) or present (VmRSS) resident memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(*pids: int) -> float:
    """What the living threads of these processes have used so far, to the nanosecond."""
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def shared_out_mb(pid: int) -> float:
    """A process's resident memory in which a page that several processes share counts for its part."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def _main(module: str, function: str, arguments: str) -> None:
    measure = getattr(importlib.import_module(f"benchmarks.{module}"), function)
    value = measure(*json.loads(arguments))
    sys.stdout.write(f"{json.dumps([value, memory_mb()])}\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])

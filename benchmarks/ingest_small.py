"""Reading a million small lines into the store, against GoAccess on as many access-log lines where it is installed."""

import shutil
import subprocess
import tempfile
import time
from argparse import Namespace
from functools import partial
from pathlib import Path

from benchmarks.child import Measured, in_child
from benchmarks.figure import Figure
from benchmarks.ingest import against, log_of

GOAL = 1.0


def goaccess(log: str, count: int) -> float:
    """Lines per second of GoAccess over a combined access log of so many lines, as a JSON report."""
    began = time.perf_counter()
    command = ["goaccess", log, "--log-format=COMBINED", "--no-progress", "-o", f"{log}.json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return count / (time.perf_counter() - began)


def measure(options: Namespace) -> list[Figure]:
    """Lines of some 500 bytes."""
    count = options.lines or (1_000_000 if options.full else 200_000)
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        log = log_of(folder, count, small=True)
        has_goaccess = shutil.which("goaccess") is not None
        if has_goaccess:
            access_log = folder / "access.log"
            _write_access_log(access_log, count)
            reference = partial(in_child, "ingest_small", "goaccess", str(access_log), count)
        else:
            reference = partial[Measured](in_child, "ingest", "orjson_loop", str(log))
        compared, peak_mb = against(folder, reference, log)
        size = log.stat().st_size / count
    said = "GoAccess" if has_goaccess else "GoAccess is not installed; read + orjson.loads"
    return [
        Figure(
            name=f"ingest {count:,} lines of {size:.0f} B",
            ours=f"{compared.ours:,.0f} lines/s",
            reference=f"{said} {compared.reference:,.0f} lines/s",
            value=compared.ratio if has_goaccess else None,
            goal=GOAL,
            at_least=True,
            peak_mb=peak_mb,
        )
    ]


def _write_access_log(path: Path, count: int) -> None:
    with path.open("w") as log:
        log.writelines(
            f"10.0.{number // 250 % 250}.{number % 250} - - [22/Nov/2026:{number // 180_000 % 24:02d}:"
            f'{number // 3_000 % 60:02d}:{number // 50 % 60:02d} +0000] "POST /v1/chat/completions?m={number % 60} '
            f'HTTP/1.1" 200 {500 + number % 9_000} "-" "OpenAI/Python 2.8.1"\n'
            for number in range(count)
        )

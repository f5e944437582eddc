"""Reading a gateway's real lines, the whole way into the store, against a loop that only decodes them with orjson."""

import tempfile
import time
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

from benchmarks.child import Measured, in_child
from benchmarks.figure import Compared, Figure, alternate
from benchmarks.gateway_lines import REQUESTS_PER_SECOND, write
from collectors.clock import now_ms

GOAL = 1.0


def ours(path: str, store: str) -> float:
    """Lines per second of an import: read, decode, price, recognise, add up, commit."""
    from collectors.prices.books import price_book
    from collectors.prices.pricer import Pricer
    from collectors.settings.config import Config
    from store.writer import Writer
    from tui.commands.import_ import Importer

    writer = Writer(Path(store))
    importer = Importer(writer, Pricer(price_book(Config())), quiet=True)
    began = time.perf_counter()
    importer.read(Path(path))
    seconds = time.perf_counter() - began
    writer.close()
    if importer.known or importer.rejected:
        raise RuntimeError(f"{importer.known} lines were known and {importer.rejected} rejected: nothing is measured")
    return importer.new / seconds


def orjson_loop(path: str) -> float:
    """Lines per second of reading and decoding, and nothing else."""
    import orjson

    lines = 0
    began = time.perf_counter()
    with Path(path).open("rb") as log:
        for line in log:
            orjson.loads(line)
            lines += 1
    return lines / (time.perf_counter() - began)


def measure(options: Namespace) -> list[Figure]:
    """Lines of 13.5 KB as the gateway wrote them."""
    count = options.lines or (100_000 if options.full else 60_000)
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        log = log_of(folder, count)
        compared, peak_mb = against(folder, lambda: in_child("ingest", "orjson_loop", str(log)), log)
        size = log.stat().st_size / count / 1e3
    return [
        Figure(
            name=f"ingest {count:,} lines of {size:.1f} KB",
            ours=f"{compared.ours:,.0f} lines/s",
            reference=f"read + orjson.loads {compared.reference:,.0f} lines/s",
            value=compared.ratio,
            goal=GOAL,
            at_least=True,
            peak_mb=peak_mb,
        )
    ]


def log_of(folder: Path, count: int, *, small: bool = False, sides: bool = False) -> Path:
    """A log that ends now."""
    log = folder / "gateway.jsonl"
    write(log, count, now_ms() / 1000 - count / REQUESTS_PER_SECOND, small=small, sides=sides)
    return log


def against(folder: Path, reference: Callable[[], Measured], log: Path) -> tuple[Compared, float]:
    """Imports into new stores and a reference, in turns; and the most memory that an import took."""
    peaks: list[float] = []

    def imported() -> float:
        measured = in_child("ingest", "ours", str(log), str(folder / f"store-{len(peaks)}.db"))
        peaks.append(measured.peak_mb)
        return measured.value

    return alternate(imported, lambda: reference().value), max(peaks)

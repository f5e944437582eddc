"""What was found on this machine, what is missing, and what to do about it; or, with FILE, what a log holds."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.clock import now_ms
from collectors.discovery import discover
from collectors.errors import CollectorError
from collectors.formats.lines import LineReader
from collectors.formats.registry import FORMATS
from collectors.lock import collector_lock
from collectors.machine import Machine, machine_name
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config, default_path
from pricing.money import usd_text
from store.facts import PricedEvent
from store.reader import Reader
from store.tables import StoreError
from tui.commands.common import config_of, existing, place_of, plain, shortened

_FIRST_BYTES = 32 << 20
_KNOWN = ", ".join(known.name for known in FORMATS)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Optionally a log."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a log to look into")


def run(options: argparse.Namespace) -> int:
    """Print what was found."""
    config = config_of(options)
    sentences = _log(existing(options.file), config) if options.file else _machine(options, config)
    found = False
    for mark, sentence in sentences:
        found = found or mark == "ok"
        sys.stdout.write(f"[{mark:<4}] {plain(sentence)}\n")
    return 0 if found else 3


def _machine(options: argparse.Namespace, config: Config) -> Iterator[tuple[str, str]]:
    yield from _configuration(config)
    yield from _store(options)
    yield from _gpus(config)
    yield from _load()
    found = discover()
    yield ("ok" if found.logs or _has(config, "file") else "none"), found.logs_sentence
    yield ("ok" if found.engines or _has(config, "engine") else "none"), found.engines_sentence
    for sentence in found.sentences()[2:]:
        yield "note", sentence
    if not config.host:
        yield (
            "todo",
            'No host has a price: add [[host]] usd_per_hour = "..." so that own GPUs count; `usdtop init` writes a beginning.',
        )
    yield "next", "`usdtop` shows the monitor, `usdtop demo` a recorded launch, `usdtop init` writes a configuration."


def _configuration(config: Config) -> Iterator[tuple[str, str]]:
    if config.path is None:
        yield "none", f"No configuration at {default_path()}; what is found is used as it is."
        return
    counts = f"{len(config.source)} sources, {len(config.host)} hosts, {len(config.budget)} budgets, {len(config.price)} prices"
    yield "ok", f"Configuration {config.path}: {counts}."


def _store(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    place = place_of(options)
    if place.notice:
        yield "warn", place.notice
    if not place.path.exists():
        yield "none", f"No store at {place.path} yet; it is made when something is collected."
        return
    try:
        reader = Reader(place.path)
    except StoreError as error:
        yield "fail", str(error)
        return
    requests = sum(record.events for record in reader.sources())
    reader.close()
    who = "nobody collects into it now" if collector_lock(place.path).is_free() else "a collector is writing it"
    yield "ok", f"Store {place.path}: {place.path.stat().st_size / 1e6:.1f} MB, {requests:,} requests counted; {who}."


def _gpus(config: Config) -> Iterator[tuple[str, str]]:
    if not config.gpu.enabled:
        yield "none", "GPUs are not read: [gpu] enabled = false."
        return
    from collectors.gpus.nvml.gpus import NvmlGpus

    gpus = NvmlGpus(machine_name())
    try:
        readings = gpus.read(now_ms())
    except CollectorError as error:
        yield "none", f"GPUs: {error}."
    else:
        names = ", ".join(f"{reading.index}: {reading.name or 'GPU'}" for reading in readings)
        yield ("ok" if readings else "none"), f"GPUs: {names or 'the driver answers and lists none'}."
    finally:
        gpus.close()


def _load() -> Iterator[tuple[str, str]]:
    load = Machine().load()
    used = f"{load.memory_used_bytes / 1e9:.1f} of {load.memory_total_bytes / 1e9:.1f} GB memory used"
    yield "ok", f"Machine {machine_name()}: {used}."


def _has(config: Config, kind: str) -> bool:
    return any(source.type == kind for source in config.source)


def _log(path: Path, config: Config) -> Iterator[tuple[str, str]]:
    import gzip

    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        try:
            lines = [line for line in file.read(_FIRST_BYTES).split(b"\n") if line.strip()]
        except (OSError, EOFError) as error:
            yield "fail", f"{path}: cannot be read: {error}."
            return
    parsed = LineReader().read(lines)
    if not parsed.events:
        yield "fail", f"{path}: none of {len(lines):,} lines is a usage record; formats known here: {_KNOWN}."
    else:
        yield "ok", f"{path}: format {parsed.format_name}, {len(parsed.events):,} of {len(lines):,} lines understood."
        priced = Pricer(price_book(config)).price(parsed.events, now_ms=now_ms())
        yield from _totals(priced.events)
        yield from _example(max(priced.events, key=lambda one: one.event.usage.total_tokens))
    for reject in parsed.rejects:
        yield "warn", f"{reject.count:,} x {reject.reason}: {reject.example}"


def _totals(events: Sequence[PricedEvent]) -> Iterator[tuple[str, str]]:
    priced = [one for one in events if one.nano_usd is not None]
    usd = usd_text(sum(one.nano_usd or 0 for one in priced))
    yield "ok", f"{len(priced):,} of them have a known cost: ${usd}."


def _example(one: PricedEvent) -> Iterator[tuple[str, str]]:
    event, usage = one.event, one.event.usage
    yield "note", f"The largest: {shortened(event.id, 60)}"
    yield "note", f"  model {event.model}, provider {event.provider}, tenant {event.tenant}, key {event.key}"
    yield (
        "note",
        (
            f"  input {usage.input_tokens:,}, cache read {usage.cache_read_tokens:,}, cache write"
            f" {usage.cache_write_any_tokens:,}, output {usage.output_tokens:,} (reasoning {usage.reasoning_tokens:,})"
        ),
    )
    yield (
        "note",
        f"  cost {usd_text(one.nano_usd) or 'unknown'}, reported {usd_text(event.reported_nano_usd) or 'nothing'}",
    )

"""What was found on this machine, what is missing, and what to do about it; or, with FILE, what a log holds."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from collectors.discovery import discover
from collectors.lock import collector_lock
from collectors.machine import machine_name, memory
from collectors.settings.config import Config, default_path
from store.reader import Reader
from store.tables import StoreError
from tui.commands.common import NOTHING_KNOWN, config_of, existing, place_of, plain
from tui.commands.doctor_gpus import gpu_sentences, processor_sentences
from tui.commands.doctor_providers import key_sentences, provider_sentences
from tui.commands.logsheet import log_sentences


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Optionally a log."""
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="a log to look into")


def run(options: argparse.Namespace) -> int:
    """Print what was found."""
    config = config_of(options)
    sentences = log_sentences(existing(options.file), config) if options.file else _machine(options, config)
    found = False
    for mark, sentence in sentences:
        found = found or mark == "ok"
        sys.stdout.write(f"[{mark:<4}] {plain(sentence)}\n")
    return 0 if found else NOTHING_KNOWN


def _machine(options: argparse.Namespace, config: Config) -> Iterator[tuple[str, str]]:
    yield from _configuration(config)
    yield from _store(options)
    gpus = list(gpu_sentences(config))
    yield from gpus
    yield from _memory()
    yield from processor_sentences()
    found = discover()
    yield ("ok" if found.logs or _has(config, "file") else "none"), found.logs_sentence
    yield ("ok" if found.engines or _has(config, "engine") else "none"), found.engines_sentence
    yield from provider_sentences(config)
    yield from key_sentences(found.keys, config)
    if not config.host and not any(mark == "todo" for mark, _ in gpus):
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


def _memory() -> Iterator[tuple[str, str]]:
    used_bytes, total_bytes = memory()
    yield "ok", f"Machine {machine_name()}: {used_bytes / 1e9:.1f} of {total_bytes / 1e9:.1f} GB memory used."


def _has(config: Config, kind: str) -> bool:
    return any(source.type == kind for source in config.source)

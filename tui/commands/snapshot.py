"""A consistent copy of the store, also while it is being written: for a post-mortem, on another machine.

It opens with `usdtop --store FILE --read-only` anywhere, with its hosts, budgets and prices as they were, and shows the
time at which it was taken. An existing file is never replaced.
"""

import argparse
import sys
from pathlib import Path

from collectors.clock import now_ms
from collectors.machine import machine_name
from collectors.settings.config import ConfigError
from store.snapshot import Snapshot, take_snapshot
from tui.commands.common import place_of, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the copy goes."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the copy; must not exist")


def run(options: argparse.Namespace) -> int:
    """Make the copy."""
    store = place_of(options).path
    if not store.exists():
        raise ConfigError(f"there is no store at {store} yet.")
    take_snapshot(store, options.file, Snapshot(machine_name(), now_ms()), _progress)
    say(f"{options.file.stat().st_size / 1e6:,.1f} MB; look at it with: usdtop --store {options.file} --read-only")
    return 0


def _progress(done: int, pages: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{done / max(1, pages):4.0%} copied" + ("\n" if done >= pages else ""))

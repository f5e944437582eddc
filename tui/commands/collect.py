"""Collect without a screen: polls every source, prices what it reads, and writes the store.

One process collects per store; a second one ends with exit code 2. SIGTERM, SIGINT and SIGHUP end it cleanly.
"""

import argparse
import os
import resource
import sys
from contextlib import suppress

from collectors.clock import now_ms
from collectors.collect import Collection, run_collection
from collectors.gpus.gpu import Gpus
from collectors.lock import collector_lock, monitors_lock
from collectors.logs.stream import StreamSource
from collectors.settings.config import Config
from collectors.settings.places import Place
from store.folder import open_folder
from store.tables import StoreError, StoreGoneError
from tui.commands.common import config_of, place_to_write, say

_LOWER_PRIORITY = 5
_MOST_DESCRIPTORS = 65_536


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is piped in, and what a monitor asks of the collector that it starts."""
    parser.add_argument("--stdin", action="store_true", help="read lines from standard input, too, and end with it")
    parser.add_argument("--for-monitors", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Collect until told to stop."""
    if options.for_monitors and os.getpriority(os.PRIO_PROCESS, 0) < _LOWER_PRIORITY:
        # A backlog must never slow a key press.
        os.nice(_LOWER_PRIORITY)
    try:
        return collect(
            config_of(options), place_to_write(options), for_monitors=options.for_monitors, piped=options.stdin
        )
    except StoreGoneError as error:
        say(f"{error} Recording begins anew, with what still lies in the logs.")
        sys.stdout.flush()
        # The program in place of itself: a connection that is closed in order would remove files of the new store.
        os.execv(sys.executable, [sys.executable, "-m", "tui.cli", *sys.argv[1:]])  # noqa: S606 - our own module


def collect(config: Config, place: Place, *, for_monitors: bool, gpus: Gpus | None = None, piped: bool = False) -> int:
    """Collect into one store; with `for_monitors`, until the last monitor has been gone for ten seconds.

    With `piped`, standard input is read as well, and its end is the end.
    """
    _take_descriptors()
    store = place.path
    if place.notice:
        say(place.notice)
    try:
        open_folder(store, group=config.store.group)
        lock = collector_lock(store)
        if not lock.acquire():
            raise StoreError(f"another collector is already writing {store}; it goes on, this one ends.")
    except (OSError, LookupError) as error:
        raise StoreError(f"cannot use the store {store}: {error}.") from None
    say(f"collecting into {store}")
    watched = monitors_lock(store)
    if piped:
        stream = StreamSource()
        collection = Collection(config, store, clock=now_ms, say=say, gpus=gpus, beside=[stream])
        run_collection(collection, ends_when=lambda: stream.ended, patience_seconds=1)
    else:
        collection = Collection(config, store, clock=now_ms, say=say, gpus=gpus)
        run_collection(collection, ends_when=watched.is_free if for_monitors else None)
    lock.release()
    say("stopped")
    return 0


def _take_descriptors() -> None:
    """As many as this user may have: each pattern keeps up to a hundred logs open, and systems begin at a thousand in all."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_DESCRIPTORS if most == resource.RLIM_INFINITY else min(most, _MOST_DESCRIPTORS)
    if now != resource.RLIM_INFINITY and now < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))

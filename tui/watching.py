"""The screen on a store: who watches, what the header must not hide, and what is left behind."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.clock import now_ms
from collectors.lock import collector_lock, monitors_lock
from collectors.machine import machine_name
from collectors.settings.config import Config, ConfigError
from collectors.settings.places import Place
from collectors.settings.written import seconds
from store.notes import SNAPSHOT
from store.reader import Reader
from store.snapshot import Snapshot, snapshot_of
from store.tables import DIMENSIONS, StoreError
from tui.child import log_beside
from tui.commands.common import say
from tui.feed import Prices
from tui.pictures.view import View
from tui.storefeed import StoreFeed

if TYPE_CHECKING:
    from pricing.books.book import PriceBook
    from pricing.books.catalogue import Catalogue

_HUNG_UP = 129
_SWITCH_S = 0.0005
"""How long a key press waits at most for the thread that reads: Python's own five milliseconds add up over one paint."""
_SECONDS, _SLOW_SECONDS = 1.0, 15.0
"""How often the picture is read."""


def watch(
    config: Config,
    place: Place,
    *,
    ascii_only: bool = False,
    read_only: bool = False,
    demo: bool = False,
    low_bandwidth: bool = False,
) -> bool:
    """Run the screen on a store until it is left; whether the demo was asked for."""
    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise ConfigError("the monitor needs a terminal; `usdtop report` and `usdtop collect` do not.")
    from tui.app import MonitorApp, show
    from tui.keymap import dress

    copied = copy_of(place.path)
    read_only = read_only or copied is not None
    sys.setswitchinterval(_SWITCH_S)
    lock = monitors_lock(place.path)
    notices = _Notices(place, read_only=read_only)
    if not read_only:
        lock.acquire(shared=True)
    clock = now_ms if copied is None else lambda: copied.taken_ms
    machine = machine_name() if copied is None else copied.machine
    feed = StoreFeed(place.path, clock=clock, machine=machine, demo=demo, notices=notices, prices=prices(config))
    slow = low_bandwidth or config.screen.low_bandwidth
    app = MonitorApp(
        feed,
        view=_view(config),
        demo=demo,
        is_copy=copied is not None,
        rings=config.alerts.bell,
        ascii_only=ascii_only or config.screen.ascii or _is_ascii(),
        private_names=config.screen.private,
        low_bandwidth=slow,
        refresh_seconds=_SLOW_SECONDS if slow else _SECONDS,
    )
    dress(app, config.screen)
    try:
        result = show(app, mouse=config.screen.mouse)
    finally:
        feed.close()
        lock.release()
    if app.return_code not in (None, 0, _HUNG_UP):
        say("the screen ended with an error; recording goes on if a collector runs.")
    return result == "demo"


def prices(config: Config) -> Prices:
    """The price books, loaded once and only when a screen asks for them."""

    @cache
    def load() -> "tuple[PriceBook, Catalogue]":
        from collectors.prices.books import price_book
        from collectors.prices.catalogue_file import KeptCatalogue

        return price_book(config), KeptCatalogue().catalogue

    return load


def copy_of(path: Path) -> Snapshot | None:
    """Where and when a store was copied; None for one that is no copy, or cannot be read yet."""
    if not path.exists():
        return None
    try:
        reader = Reader(path)
    except StoreError:
        return None
    try:
        return snapshot_of(reader.note(SNAPSHOT))
    finally:
        reader.close()


class _Notices:
    """Sentences for the header that change while the monitor runs."""

    def __init__(self, place: Place, *, read_only: bool) -> None:
        self._place = place
        self._read_only = read_only
        self._collector = collector_lock(place.path)

    def __call__(self) -> tuple[str, ...]:
        notices = [self._place.notice] if self._place.notice else []
        if self._read_only:
            notices.append("watching only: this monitor starts no collector")
        elif self._collector.path.exists() and self._collector.is_free():
            notices.append(f"no collector runs; see {log_beside(self._place.path)}")
        return tuple(notices)


def _view(config: Config) -> View:
    if config.screen.by not in DIMENSIONS:
        raise ConfigError(f"[screen] by must be one of {', '.join(DIMENSIONS)}.")
    try:
        return View(window_seconds=max(60, round(seconds(config.screen.window))), by=config.screen.by)
    except ValueError as error:
        raise ConfigError(f"[screen] window: {error}.") from None


def _is_ascii() -> bool:
    """Whether the locale names an encoding other than UTF-8."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return "." in locale and "utf8" not in locale.lower().replace("-", "")

"""The screen on a store: what is watched and by which clock, who reads it, and what is left behind."""

import gc
import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from collectors.clock import now_ms
from collectors.lock import collector_lock, monitors_lock
from collectors.settings.places import Place
from store.snapshot import Snapshot
from tui.child import log_beside
from tui.feed import Feed
from tui.forkedfeed import ForkedFeed

if TYPE_CHECKING:
    from collectors.settings.config import Config
    from pricing.books.book import PriceBook
    from pricing.books.catalogue import Catalogue
    from tui.feed import Prices
    from tui.pictures.view import View

_HUNG_UP = 129
_SWITCH_S = 0.0005
"""How long a key press waits at most for the thread that takes a picture in: Python's own five milliseconds add up."""
_LEAST_ROOM_BYTES = 1024 * 1024
_SECONDS, _SLOW_SECONDS = 1.0, 15.0
"""How often the picture is read."""


class Watched(NamedTuple):
    """A store to look at."""

    place: Place
    copied: Snapshot | None = None
    """Where and when it was copied; None for one that is no copy."""
    read_only: bool = False
    demo: bool = False


def reading(watched: Watched, config: "Callable[[], Config]") -> ForkedFeed:
    """What reads the store, in a process of its own that begins at once; the configuration is asked for late, if ever."""
    # Until the first picture is there, nearly everything that is made is kept, and looking for garbage is in vain.
    gc.disable()
    return ForkedFeed(lambda: _feed(watched, config))


def _feed(watched: Watched, config: "Callable[[], Config]") -> Feed:
    from collectors.machine import machine_name
    from tui.reading import burn  # noqa: F401 (what the first picture needs, loaded before it is asked for)
    from tui.storefeed import StoreFeed

    copied = watched.copied
    return StoreFeed(
        watched.place.path,
        clock=now_ms if copied is None else lambda: copied.taken_ms,
        machine=machine_name() if copied is None else copied.machine,
        demo=watched.demo,
        notices=Notices(watched.place, read_only=watched.read_only),
        prices=prices(config),
        read_only=watched.read_only,
    )


def watch(
    feed: ForkedFeed, watched: Watched, config: "Config", *, ascii_only: bool = False, low_bandwidth: bool = False
) -> bool:
    """Run the screen until it is left; whether the demo was asked for."""
    from collectors.settings.config import ConfigError

    # Textual draws on stderr.
    if not (sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()):
        raise ConfigError("the monitor needs a terminal; `usdtop report` and `usdtop collect` do not.")
    view = _view(config)
    _read_ahead(feed, view)
    from tui.app import MonitorApp, show
    from tui.keymap import dress
    from tui.screens.burn import DEMO

    sys.setswitchinterval(_SWITCH_S)
    lock = monitors_lock(watched.place.path)
    if not watched.read_only:
        lock.acquire(shared=True)
    slow = low_bandwidth or config.screen.low_bandwidth
    app = MonitorApp(
        feed,
        view=view,
        demo=watched.demo,
        is_copy=watched.copied is not None,
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
        lock.release()
    if app.return_code not in (None, 0, _HUNG_UP):
        from tui.commands.common import say

        say("the screen ended with an error; recording goes on if a collector runs.")
    return result == DEMO


def _read_ahead(feed: ForkedFeed, view: "View") -> None:
    """The first picture is read while the screen is loaded."""
    from tui.questions.burn import BurnQuestion

    feed.ask_ahead(BurnQuestion(view), BurnQuestion(view, charted=True))


def prices(config: "Callable[[], Config]") -> "Prices":
    """The price books, loaded once and only when a screen asks for them."""

    @cache
    def load() -> "tuple[PriceBook, Catalogue]":
        from collectors.prices.books import price_book
        from collectors.prices.catalogue_file import KeptCatalogue

        kept = KeptCatalogue()
        return price_book(config(), kept), kept.catalogue

    return load


class Notices:
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
            notices.append(f"no collector runs: start usdtop again (why it ended: {log_beside(self._place.path)})")
        if not self._read_only and _is_full(self._place.path):
            notices.append("the store's disk is full: nothing is recorded until there is room")
        return tuple(notices)


def _is_full(store: Path) -> bool:
    """Whether the disk has no room for what is recorded next."""
    try:
        disk = os.statvfs(store.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LEAST_ROOM_BYTES


def _view(config: "Config") -> "View":
    from collectors.settings.config import ConfigError
    from collectors.settings.written import seconds
    from store.tables import DIMENSIONS
    from tui.pictures.view import View

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

"""The window and the filter of a question about traffic."""

import argparse
from dataclasses import dataclass

from collectors.settings.config import ConfigError
from pricing.filters import Filter, FilterError, parse_filter
from store.tables import DIMENSIONS
from tui.commands.common import instant, now_of


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, in epoch milliseconds, and which traffic."""

    since_ms: int
    until_ms: int
    filter: Filter


def add_window(parser: argparse.ArgumentParser) -> None:
    """--since, --until and --filter."""
    parser.add_argument("--since", default="24h", metavar="T", help="beginning of the window (default %(default)s)")
    parser.add_argument("--until", default=None, metavar="T", help="end of the window (default now)")
    parser.add_argument("--filter", default="", help="e.g. 'model=gpt-* tenant!=ci'")


def window_of(options: argparse.Namespace) -> Window:
    """The window that was asked for; raises ConfigError."""
    at_ms = now_of(options)
    until_ms = at_ms if options.until is None else instant(options.until, at_ms)
    since_ms = instant(options.since, at_ms)
    if since_ms >= until_ms:
        raise ConfigError("--since must be before --until.")
    return Window(since_ms, until_ms, series_filter(options.filter, "--filter"))


def series_filter(text: str, option: str) -> Filter:
    """A filter of series; raises ConfigError for one of single requests' dollars."""
    try:
        wanted = parse_filter(text, DIMENSIONS)
    except FilterError as error:
        raise ConfigError(f"{option}: {error}.") from None
    if wanted.above_nano_usd is not None:
        raise ConfigError(f"{option}: an amount of dollars picks single requests; sums have none.")
    return wanted

"""Set a mark that every time chart draws: a deploy, a flag flipped, a launch announced. Without TEXT, list the marks.

A deploy pipeline may call it, from any process that can write to the store: `usdtop mark "deploy 41"`. Setting the same
mark at the same time again changes nothing.
"""

import argparse
import sys

from collectors.clock import now_ms
from collectors.settings.config import ConfigError
from store.alerts.marks import Mark, remove_mark, set_mark
from tui.commands.common import add_json, instant, place_to_write, plain, print_json, reading, say
from tui.reading.report import instant_text

_NOT_FOUND = 3
_LAST_MS = 253_402_300_799_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The text, its time, and the form of the list."""
    parser.add_argument("text", nargs="*", metavar="TEXT", help="what happened")
    parser.add_argument("--at", metavar="T", help="when (default now)")
    parser.add_argument("--remove", action="store_true", help="take the mark with this text (and time) away again")
    parser.add_argument("--since", default="7d", metavar="T", help="list marks from then on (default 7d)")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Set, remove or list; 3 when there was nothing to remove."""
    text = " ".join(options.text)
    if not text.strip():
        if options.at is not None or options.remove:
            raise ConfigError("say what the mark is called, such as: usdtop mark deploy 41")
        return _list(options)
    if options.remove:
        return _remove(options, " ".join(text.split()))
    mark = set_mark(place_to_write(options).path, _instant(options), text)
    if options.json:
        print_json({"schema": 1, "at": instant_text(mark.at_ms), "text": mark.text})
    else:
        say(f"marked {instant_text(mark.at_ms)}: {mark.text}")
    return 0


def _instant(options: argparse.Namespace) -> int:
    """When the mark is; whole seconds, as people and charts say them."""
    at_ms = now_ms() if options.at is None else instant(options.at)
    if not 0 <= at_ms <= _LAST_MS:
        raise ConfigError(f"--at: `{options.at}` is no time of this calendar.")
    return at_ms // 1000 * 1000


def _remove(options: argparse.Namespace, text: str) -> int:
    """Take away the newest mark of this text, or the one at the time named."""
    with reading(options) as reader:
        found = [mark for mark in reader.marks(0, _LAST_MS) if mark.text == text]
    if options.at is not None:
        found = [mark for mark in found if mark.at_ms == _instant(options)]
    if not found or not remove_mark(place_to_write(options).path, found[-1]):
        say(f"there is no mark called {text}.")
        return _NOT_FOUND
    say(f"removed {instant_text(found[-1].at_ms)}: {text}")
    return 0


def _list(options: argparse.Namespace) -> int:
    since_ms = instant(options.since)
    with reading(options) as reader:
        marks = reader.marks(since_ms, _LAST_MS)
    if options.json:
        print_json({"schema": 1, "marks": [_json(mark) for mark in marks]})
    else:
        sys.stdout.write("".join(f"{instant_text(mark.at_ms)}  {plain(mark.text)}\n" for mark in marks))
        if not marks:
            say(f"no marks since {instant_text(since_ms)}.")
    return 0


def _json(mark: Mark) -> dict[str, str]:
    return {"at": instant_text(mark.at_ms), "text": mark.text}

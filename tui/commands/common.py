"""What several commands need: options, the store's place, and windows of time."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collectors.clock import now_ms
from collectors.settings.places import Place, store_place
from store.tables import StoreError

if TYPE_CHECKING:
    from collectors.settings.config import Config
    from store.reader import Reader

NOTHING_KNOWN = 3
"""Exit code of a command that has nothing to tell: unknown is neither done nor wrong."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def config_of(options: argparse.Namespace) -> "Config":
    """The configuration that these options name, or the default one; raises ConfigError."""
    from collectors.settings.config import load

    return load(getattr(options, "config", None))


def now_of(options: argparse.Namespace) -> int:
    """Now, or, in a copy of a store, when it was taken: nothing is newer there."""
    from store.snapshot import copy_of

    copied = copy_of(place_of(options).path)
    return now_ms() if copied is None else copied.taken_ms


def place_to_write(options: argparse.Namespace) -> Place:
    """The store that these options name, for a command that writes into it; raises ConfigError with --read-only."""
    from collectors.settings.config import ConfigError

    if getattr(options, "read_only", False):
        raise ConfigError("this writes into the store; leave --read-only out.")
    return place_of(options)


def place_of(options: argparse.Namespace) -> Place:
    """The store that these options name, or the default one."""
    return store_place(getattr(options, "store", None))


@contextmanager
def reading(options: argparse.Namespace) -> Iterator["Reader"]:
    """A reader of the store as it stands now; raises StoreError with what to do where there is none yet."""
    from store.reader import Reader

    path = place_of(options).path
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet; `usdtop collect` or `usdtop import FILE` begins one.")
    reader = Reader(path)
    try:
        with reader.at_one_instant():
            yield reader
    finally:
        reader.close()


def instant(text: str, at_ms: int | None = None) -> int:
    """An instant given on the command line, as epoch milliseconds; durations are before `at_ms`, or before now.

    Raises ConfigError.
    """
    from collectors.settings.config import ConfigError
    from collectors.settings.written import instant_ms

    try:
        return instant_ms(text, now_ms=now_ms() if at_ms is None else at_ms)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def say(sentence: str) -> None:
    """Narrate on stderr, harmless to the terminal."""
    sys.stderr.write(f"{plain(sentence)}\n")


def plain(text: str) -> str:
    """Text from outside without control characters, for a terminal or a file."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text).replace("\n", " ").replace("\t", " ")


def shortened(text: str, width: int) -> str:
    """Plain text of bounded length, for a column."""
    text = plain(text)
    return text if len(text) <= width else f"{text[: width - 1]}…"


def add_json(form: argparse._ActionsContainer) -> None:
    """--json, for whoever reads by machine."""
    form.add_argument("--json", action="store_true", help="one JSON document")


def print_json(value: Any) -> None:
    """One JSON document on stdout; control characters of names are escaped by JSON itself."""
    json.dump(value, sys.stdout, indent=1, ensure_ascii=True)
    sys.stdout.write("\n")


def existing(path: Path) -> Path:
    """A file that can be read; raises ConfigError."""
    from collectors.settings.config import ConfigError

    if not path.is_file():
        raise ConfigError(f"{path}: there is no such file.")
    return path

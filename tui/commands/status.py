"""How spending stands now: plain sentences, or with --line one short line for tmux status bars and shell prompts.

In ~/.tmux.conf: set -g status-right '#(usdtop status --line)'
"""

import argparse
import sys
from contextlib import closing
from typing import TYPE_CHECKING

from collectors.clock import now_ms
from collectors.settings.places import store_place
from store.budgets.standing import Standing, standing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ALERT_CHARACTERS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The form."""
    parser.add_argument("--line", action="store_true", help="one short line")
    parser.add_argument("--private", action="store_true", help="without whom an alert is about")


def run(options: argparse.Namespace) -> int:
    """Print it."""
    found = status(store_place(getattr(options, "store", None)).path, now_ms())
    if options.private:
        found = found._replace(worst_about=None)
    text = line(found) if options.line else "\n".join(sentences(found))
    sys.stdout.write(f"{text}\n")
    return 0


def status(path: "Path", at_ms: int) -> Standing:
    """How spending stands; what is not so quickly told is read as the Burn screen reads it. Raises StoreError."""
    found = standing(path, at_ms)
    if found.is_whole or found.nano_usd_per_hour is None:
        return found
    from pricing.money import nano_from_usd
    from store.reader import Reader
    from tui.pictures.view import View
    from tui.reading.burn import burn

    with closing(Reader(path)) as reader, reader.at_one_instant():
        headline = burn(reader, View(), found.asked_ms, machine="").headline
    per_hour = None if headline.usd_per_hour is None else nano_from_usd(headline.usd_per_hour)
    return found._replace(nano_usd_per_hour=per_hour, lower_bound=headline.lower_bound)


def line(found: Standing) -> str:
    """The burn, how many alerts fire, and what the gravest says: ≥$412.60/h  !2 acme: cache hits 71% -> 4%."""
    if not found.firing:
        return _burn(found)
    return f"{_burn(found)}  !{found.firing} {_gravest(found)[:_ALERT_CHARACTERS]}".rstrip()


def sentences(found: Standing) -> "Iterator[str]":
    """The same for a person, or a screen reader."""
    if found.nano_usd_per_hour is None:
        yield "Nothing is known of now: no collector has read anything lately."
    else:
        least = "At least " if found.lower_bound else ""
        yield f"{least}{_usd(found.nano_usd_per_hour)} per hour over the last five minutes."
    if found.lower_bound:
        yield "More is spent than is known: something has no price, or a source is behind."
    if found.firing:
        alerts = "alert fires" if found.firing == 1 else "alerts fire"
        yield f"{found.firing} {alerts}; the gravest: {_gravest(found)}."
    else:
        yield "No alert fires."


def _gravest(found: Standing) -> str:
    """Whom the gravest alert is about, where that may be told, and what it says."""
    return _harmless(": ".join(filter(None, (found.worst_about, found.worst))))


def _burn(found: Standing) -> str:
    if found.nano_usd_per_hour is None:
        return "$--/h"
    return f"{'≥' if found.lower_bound else ''}{_usd(found.nano_usd_per_hour)}/h"


def _usd(nano_usd: int) -> str:
    return f"${nano_usd / 1e9:,.2f}" if nano_usd >= 10_000_000 or not nano_usd else "<$0.01"


def _harmless(text: str) -> str:
    """Text from outside for a status bar: nothing that moves a cursor, and no `#` that tmux would run."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text).replace(
        "#", ""
    )

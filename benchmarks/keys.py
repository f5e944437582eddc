"""From a key press to the paint that shows what it did, against hello-world Textual apps in the same run."""

import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from subprocess import DEVNULL

from benchmarks.figure import Figure
from benchmarks.history import make_store
from benchmarks.ingest import log_of
from benchmarks.terminal_screen import COLUMNS, ROWS, TerminalScreen
from benchmarks.wide_history import SUMS, make_wide_store
from collectors.clock import now_ms
from collectors.machine import machine_name

PRESSES = 200
GOAL = 2.0
_SETTLING_S = 3.0
_LEAST_PAUSE_S, _MOST_PAUSE_S = 0.02, 0.12
_HELLO = [sys.executable, "-m", "benchmarks.hello"]
_USDTOP = [sys.executable, "-m", "tui.cli"]
_SHOWS = {b"j": b"> ", b"k": b"> ", b"?": b"KEYS HERE", b"b": b"now by", b"q": b"$/HOUR"}
"""What is painted when a press has done what it does: whatever else is painted meanwhile is no answer to it."""

Walk = Sequence[tuple[bytes, bytes | re.Pattern[bytes]]]
"""Keys that are pressed one after the other, and from the beginning again, and what each of them paints."""


def _walk(keys: bytes) -> Walk:
    return [(key, _SHOWS[key]) for key in (keys[place : place + 1] for place in range(len(keys)))]


_ALL = _walk(b"jjjjkkkk?qjjkkbq")
"""Moves, and screens that open and close: each press changes something."""
_OPENING = _walk(b"?qbq")
"""The same where the table may have too few rows to move in."""
_PAGES: Walk = [(b"?", b"page"), (b"q", b"hello, world"), (b"b", b"page"), (b"q", b"hello, world")]

_TITLE = re.compile(rb"\x1b\[24;")
"""The line over the table: by what it is filtered and sorted."""
_SORT: Walk = [(b"s", _TITLE)]
_BEFORE_WINDOW = len(f"usdtop {machine_name()}    STALE 00:00:00Z 1 h old")
_COLUMNS_OF_WINDOW = b"|".join(b"%d" % at for at in range(_BEFORE_WINDOW, COLUMNS))
_WINDOW: Walk = [(b"t", re.compile(rb"\x1b\[1;(?:%s)H|window \d" % _COLUMNS_OF_WINDOW))]
"""The header says of which window its figures are, to the right of the clock, or in one piece with it."""
_LINE, _KEYS_LINE = re.compile(rb"\x1b\[%d;1H" % (ROWS - 1)), re.compile(rb"\x1b\[%d;" % ROWS)
_TEXT = b"model=model-1"
_TYPED = [*(_TEXT[place : place + 1] for place in range(1, len(_TEXT))), *[b"\x7f"] * (len(_TEXT) - 1)]
"""Into the filter's line, letter by letter, and back to the first, with which it is opened the next time."""
_FILTER: Walk = [(b"/", _LINE), *((key, _LINE) for key in _TYPED), (b"\r", _KEYS_LINE)]
_FILTERED: Walk = [(key, _TITLE) for key in _TYPED]
"""The same until the figures are of the text."""


def measure(_options: Namespace) -> list[Figure]:
    """The same presses on a short history, on a wide one, and while a backlog is read."""
    hello = _answers(_HELLO, b"hello", _greeted(_ALL))
    pages = _answers([*_HELLO, "pages"], b"hello", _PAGES)
    with tempfile.TemporaryDirectory(prefix="usdtop-bench-") as name:
        folder = Path(name)
        make_store(folder / "short.db", 100_000, now_ms())
        short = _answers(_watching(folder / "short.db"), b"model-", _ALL)
        make_wide_store(folder / "wide.db", now_ms())
        wide = _answers(_watching(folder / "wide.db"), b"model-", _ALL)
        looks = look(folder / "wide.db")
        behind, beside = _while_a_backlog_loads(folder), _hello_beside_a_backlog(folder)
    return [
        *_figures("a short history", short, hello, pages),
        *_figures(f"{SUMS:,} sums of 2,000 models", wide, hello, pages),
        *_figures("a backlog loading", behind, beside, pages, "hello-world Textual app beside it"),
        *_longer(wide, short),
        *looks,
    ]


def look(store: Path) -> list[Figure]:
    """The keys that change what is looked at: each until it is seen to do so, and those that need a reading until it is there."""
    command = _watching(store)
    order = _answers(command, b"model-", _SORT)
    line = _answers(command, b"model-", _FILTER, first=b"/m\r")
    filtered = _answers(command, b"model-", _FILTERED, first=b"/m")
    window = _answers(command, b"model-", _WINDOW)
    hello = _answers(_HELLO, b"hello", _greeted(_FILTER))
    typed = _answers([*_HELLO, "lines"], b"hello", [(key, _KEYS_LINE) for key, _ in _FILTER])
    against = "hello-world Textual app"
    return [
        *_compared("s to the table in another order", order, hello, against, GOAL),
        *_compared("/ and letters to the line that is typed", line, typed, "one that opens a line to type in", GOAL),
        *_compared("letters to the figures that they leave", filtered, hello, against, None),
        *_compared("t to the figures of another window", window, hello, against, None),
    ]


Answers = list[tuple[bytes, float]]
"""Each press, and the milliseconds to its answer."""


def _watching(store: Path) -> list[str]:
    return [*_USDTOP, "--store", str(store), "--read-only"]


def _while_a_backlog_loads(folder: Path) -> Answers:
    """The monitor and its collector on a log that takes longer to read than the presses take."""
    environment = {"HOME": str(folder / "home")}
    try:
        return _answers(_behind(folder, "behind.db"), b"model", _OPENING, environment=environment, settling_s=1.0)
    finally:
        subprocess.run(["pkill", "-f", str(folder / "behind.db")], check=False)
        shutil.rmtree(folder / "home", ignore_errors=True)


def _hello_beside_a_backlog(folder: Path) -> Answers:
    """The hello-world app while another program reads the same log."""
    with subprocess.Popen([*_behind(folder, "beside.db"), "collect"], stdout=DEVNULL, stderr=DEVNULL) as collector:
        answers = _answers(_HELLO, b"hello", _greeted(_ALL), settling_s=1.0)
        collector.kill()
    return answers


def _behind(folder: Path, store: str) -> list[str]:
    log, config = log_of(folder, 400_000, small=True), folder / "config.toml"
    config.write_text(f'[gpu]\nenabled = false\n[[source]]\ntype = "file"\nname = "log"\npath = "{log}"\n')
    return [*_USDTOP, "--store", str(folder / store), "--config", str(config)]


def _answers(
    command: Sequence[str],
    drawn: bytes,
    walk: Walk,
    *,
    first: bytes = b"",
    environment: Mapping[str, str] | None = None,
    settling_s: float = _SETTLING_S,
) -> Answers:
    """Presses at uneven distances, so that no rhythm of the program is met; `first` is pressed before."""
    pauses = random.Random(11)
    with TerminalScreen(command, environment) as screen:
        screen.seconds_until(drawn)
        screen.bytes_during(settling_s)
        if first:
            screen.press(first)
            screen.bytes_during(settling_s)
        answers = []
        for key, shows in islice(cycle(walk), PRESSES):
            time.sleep(pauses.uniform(_LEAST_PAUSE_S, _MOST_PAUSE_S))
            answers.append((key, screen.seconds_to_show(shows, key) * 1000))
    return answers


def _greeted(walk: Walk) -> Walk:
    """The same keys, of which each changes the one line of a hello-world app."""
    return [(key, b"hello, world") for key, _ in walk]


def _figures(
    where: str, ours: Answers, hello: Answers, pages: Answers, against: str = "hello-world Textual app"
) -> list[Figure]:
    """All presses against an app that changes one line, and those that turn a page against one that does so, too."""
    return [
        *_compared(f"key to paint over {where}", ours, hello, against, GOAL),
        *_compared(
            f"... of which open or close a screen, {where}", _turning(ours), pages, "one that opens a page", None
        ),
    ]


def _turning(answers: Answers) -> Answers:
    return [pair for pair in answers if pair[0] in b"?bq"]


def _longer(long: Answers, short: Answers) -> list[Figure]:
    return _compared("key to paint over the long history", long, short, "over the short one", None)


def _compared(name: str, ours: Answers, theirs: Answers, reference: str, goal: float | None) -> list[Figure]:
    mine, other = [took for _, took in ours], [took for _, took in theirs]
    return [
        Figure(
            name=f"{name}, {COLUMNS}x{ROWS}, p{part}",
            ours=f"{quantiles(mine, n=100)[part - 1]:.1f} ms (longest {max(mine):.0f})",
            reference=f"{reference} {quantiles(other, n=100)[part - 1]:.1f} ms (longest {max(other):.0f})",
            value=quantiles(mine, n=100)[part - 1] / quantiles(other, n=100)[part - 1],
            goal=goal,
        )
        for part in (50, 95, 99)
    ]

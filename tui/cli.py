"""The command line: finds the command, loads only that one, and turns its errors into sentences."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import NoReturn

COMMANDS = {
    "monitor": "the monitor, and the collector when none runs on this store (what `usdtop` alone does)",
    "demo": "the monitor on a recorded launch, replayed through the real collectors: no key, no GPU, no configuration",
    "collect": "headless collector for systemd or tmux; SIGTERM ends it cleanly",
    "import": "read finished logs, packed ones too; safe to repeat",
    "report": "what was spent, by any dimension, as text, JSON or CSV",
    "gpus": "hosts, GPUs and engines over the last minute",
    "requests": "single requests, newest or dearest first",
    "sources": "every source: state, lag, rejects",
    "status": "how spending stands; --line is for tmux status bars and shell prompts",
    "snapshot": "a consistent copy of the store, for a post-mortem on another machine",
    "price": "one request, line by line, with where each rate comes from",
    "compare": "the same traffic on other models, with switches for cache hits, batches, retries, thinking and routes",
    "savings": "what would cost less, ranked in dollars per hour, with evidence and assumptions",
    "host": "what own GPUs cost per million tokens, now and when full, and from where on they beat a price",
    "prices": "the price book: list it, show a model's prices, bring newer ones, compare two catalogues",
    "reconcile": "ours against the providers' bills: where dollars differ, by how much, and why",
    "reprice": "price stored usage again after a change of the book",
    "alerts": "what fires, since when, what it costs per hour and why; acknowledge or snooze it",
    "check": "for Nagios and CI: exits 0 ok, 1 warning, 2 critical, 3 unknown, with one line on stdout",
    "budgets": "every budget: what is left, how fast it burns, where it ends",
    "launch": "begin, end and watch a launch with a budget and a plan, and write its story",
    "mark": "set a mark (a deploy, a flag flipped) on every time chart; alone: list them",
    "doctor": "what was found on this machine or in a log, what is missing, what to do about it",
    "init": "write a commented configuration from what was found",
}

DONE, WRONG_USE = 0, 2
"""Exit codes: done, and wrong use or configuration; 1 is what `check` finds, 3 what a command says that knows nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    places, rest = _places().parse_known_args(words)
    at = next((place for place, word in enumerate(rest) if not word.startswith("-")), 0)
    if rest and rest[at] in COMMANDS:
        name, rest = rest[at], [*rest[:at], *rest[at + 1 :]]
    elif rest and not rest[0].startswith("-"):
        return _say(f"there is no command `{rest[0]}`; try `usdtop --help`.")
    elif rest and rest[0] in ("-h", "--help"):
        sys.stdout.write(_help())
        return DONE
    elif rest and rest[0] in ("-V", "--version"):
        sys.stdout.write(f"usdtop {_version()}\n")
        return DONE
    else:
        name = "monitor"
    return _run(name, rest, places)


def _command(name: str) -> ModuleType:
    return importlib.import_module(f"tui.commands.{name}_" if name == "import" else f"tui.commands.{name}")


def parser_of(name: str) -> argparse.ArgumentParser:
    """What a command takes: its help is what documentation may promise."""
    command = _command(name)
    parser = _Parser(
        prog=f"usdtop {name}" if name != "monitor" else "usdtop",
        description=command.__doc__,
        parents=[_places()],
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return parser


def _run(name: str, rest: Sequence[str], places: argparse.Namespace) -> int:
    command = _command(name)
    options = parser_of(name).parse_args(rest, namespace=argparse.Namespace(**vars(places)))
    try:
        code: int = command.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if not _is_for_a_person(error):
            raise
        return _say(str(error))
    else:
        return code


def _is_for_a_person(error: Exception) -> bool:
    """Whether an error's text is a sentence that says what to do; what may raise them is loaded by now."""
    from collectors.errors import CollectorError
    from collectors.settings.config import ConfigError
    from store.tables import StoreError
    from tui.feed import FeedError

    return isinstance(error, ConfigError | StoreError | FeedError | CollectorError)


def _places() -> argparse.ArgumentParser:
    """The options that may stand before or after the command."""
    parser = _Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--store", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="the store to use")
    parser.add_argument("--config", type=Path, default=argparse.SUPPRESS, metavar="FILE", help="the configuration")
    parser.add_argument(
        "--read-only",
        action="store_true",
        default=argparse.SUPPRESS,
        help="start no collector, write nothing into the store",
    )
    return parser


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items()]
    return (
        "usage: usdtop [--store FILE] [--config FILE] [--read-only] [COMMAND] ...\n\n"
        "top for inference dollars: what an LLM service burns per hour, what a million tokens really\n"
        "costs at the utilisation the GPUs have now, and when each budget runs out.\n\n"
        "commands:\n" + "\n".join(lines) + "\n\n"
        "`usdtop COMMAND --help` says more. Times are RFC 3339, dates (UTC midnight) or durations (1h, 30m).\n"
        "stdout is data, stderr is narration. Exit codes: 0 done, 1 a finding, 2 wrong use or\n"
        "configuration, 3 nothing known. USDTOP_STORE and USDTOP_CONFIG name the files, too.\n"
        "`usdtop --version` says which one this is.\n"
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("usdtop")
    except PackageNotFoundError:
        return "from a source tree"


def _say(sentence: str) -> int:
    from tui.commands.common import plain

    sys.stderr.write(f"usdtop: {plain(sentence)}\n")
    return WRONG_USE


class _Parser(argparse.ArgumentParser):
    """Repeats what was typed without harm to the terminal."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        sys.exit(_say(message))


if __name__ == "__main__":
    sys.exit(main())

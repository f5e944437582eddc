"""For Nagios, Icinga and CI: 0 ok, 1 warning, 2 critical, 3 unknown, and one line on stdout.

By default the open alerts decide; acknowledged and snoozed ones only with --all. With --budget NAME one budget decides:
1 when its soft share is spent, 2 when the hard one is. What stands after the bar is performance data: dollars per hour,
and the spent share of each budget.
"""

import argparse
import sys

from collectors.clock import now_ms
from collectors.machine import machine_name
from collectors.settings.config import ConfigError
from store.tables import StoreError
from tui.commands.common import plain, reading
from tui.feed import FeedError
from tui.reading.check import UNKNOWN, Verdict, check


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to look at."""
    parser.add_argument("--all", action="store_true", help="count alerts that are acknowledged or snoozed, too")
    parser.add_argument("--budget", metavar="NAME", help="judge one budget alone")


def run(options: argparse.Namespace) -> int:
    """Print the verdict; whatever goes wrong is unknown, never critical."""
    try:
        with reading(options) as reader:
            verdict = check(reader, now_ms(), machine=machine_name(), budget=options.budget, every=options.all)
    except (StoreError, FeedError, ConfigError) as error:
        verdict = Verdict(UNKNOWN, str(error))
    sys.stdout.write(f"{plain(verdict.line)}\n")
    return verdict.code

"""top for inference dollars: what an LLM service burns per hour, live. `usdtop --help` lists the other commands.

Starts a collector for this store when none runs. Keys: ? help, enter drill down, esc back, q quit.
"""

import argparse

from store.tables import StoreError
from tui.child import start_collector
from tui.commands.common import config_of, place_of
from tui.watching import copy_of, watch


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The monitor's own options."""
    parser.add_argument("--read-only", action="store_true", help="watch a store without starting a collector")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--low-bandwidth", action="store_true", help="draw every fifteen seconds, without curves")
    parser.add_argument("--no-collector", dest="read_only", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Show the monitor; with `d` on an empty screen it goes on as the demo."""
    config, place = config_of(options), place_of(options)
    if not options.read_only and copy_of(place.path) is None:
        arguments = ["--config", str(config.path)] if config.path else []
        try:
            start_collector(place.path, arguments, group=config.store.group)
        except (OSError, LookupError) as error:
            raise StoreError(f"cannot use the store {place.path}: {error}.") from None
    wants_demo = watch(
        config, place, ascii_only=options.ascii, read_only=options.read_only, low_bandwidth=options.low_bandwidth
    )
    if not wants_demo:
        return 0
    from tui.commands import demo

    return demo.run(options)

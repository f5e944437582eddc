"""top for inference dollars: what an LLM service burns per hour, live. `usdtop --help` lists the other commands.

Starts a collector for this store when none runs. Keys: ? help, enter drill down, esc back, q quit.
"""

import argparse
from typing import TYPE_CHECKING

from store.snapshot import copy_of
from store.tables import StoreError
from tui.commands.common import config_of, place_of
from tui.watching import Watched, reading, watch

if TYPE_CHECKING:
    from collectors.settings.config import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The monitor's own options."""
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--low-bandwidth", action="store_true", help="draw every fifteen seconds, without curves")
    parser.add_argument(
        "--no-collector", dest="read_only", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )


def run(options: argparse.Namespace) -> int:
    """Show the monitor; with `d` on an empty screen it goes on as the demo."""
    place = place_of(options)
    copied = copy_of(place.path)
    watched = Watched(place, copied, read_only=getattr(options, "read_only", False) or copied is not None)
    with reading(watched, lambda: config_of(options)) as feed:
        config = config_of(options)
        if not watched.read_only:
            _collect(watched, config)
        wants_demo = watch(feed, watched, config, ascii_only=options.ascii, low_bandwidth=options.low_bandwidth)
    if not wants_demo:
        return 0
    from tui.commands import demo

    return demo.run(options)


def _collect(watched: Watched, config: "Config") -> None:
    from tui.child import start_collector

    arguments = ["--config", str(config.path)] if config.path else []
    try:
        start_collector(watched.place.path, arguments, group=config.store.group)
    except (OSError, LookupError) as error:
        raise StoreError(f"cannot use the store {watched.place.path}: {error}.") from None

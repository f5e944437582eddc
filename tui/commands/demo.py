"""The monitor on a recorded launch, replayed through the real collectors in a temporary store of its own.

Needs no key, no GPU and no configuration. Everything is removed when the demo is left.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from collectors.settings.config import Config
from collectors.settings.places import Place
from tui.demo.stage import STORE
from tui.watching import Watched, reading, watch

_PATIENCE_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How it is drawn."""
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII characters only")
    parser.add_argument("--low-bandwidth", action="store_true", help="draw every fifteen seconds, without curves")


def run(options: argparse.Namespace) -> int:
    """Set the stage, watch it, and clear it away."""
    with tempfile.TemporaryDirectory(prefix="usdtop-demo-") as name:
        folder = Path(name)
        watched = Watched(Place(folder / STORE), demo=True)
        with reading(watched, Config) as feed, (folder / "stage.log").open("wb") as log:
            stage = subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
                [sys.executable, "-m", "tui.demo.stage", name],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                watch(feed, watched, Config(), ascii_only=options.ascii, low_bandwidth=options.low_bandwidth)
            finally:
                _end(stage)
    return 0


def _end(stage: "subprocess.Popen[bytes]") -> None:
    stage.terminate()
    with suppress(subprocess.TimeoutExpired):
        stage.wait(_PATIENCE_S)
        return
    stage.kill()
    stage.wait()

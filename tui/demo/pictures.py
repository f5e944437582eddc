"""Pictures of every screen for the manual, taken from the demo as it runs: `python -m tui.demo.pictures FOLDER`."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from collectors.clock import now_ms
from collectors.lock import monitors_lock
from collectors.machine import machine_name
from collectors.settings.config import Config
from tui.app import MonitorApp
from tui.demo.stage import STORE
from tui.storefeed import StoreFeed
from tui.watching import prices

SIZE = (120, 40)
_SETTLE_S = 45.0
"""Until the story's alerts fire: rules are asked every ten seconds, and want to have seen enough."""

SCREENS: dict[str, tuple[str, ...]] = {
    "burn": (),
    "burn-by-tenant": ("b", "j", "enter"),
    "explain": ("i",),
    "gpus": ("escape", "2"),
    "engine": ("j", "enter"),
    "budgets": ("3",),
    "requests": ("4",),
    "bill": ("s", "enter"),
    "compare": ("escape", "5"),
    "sources": ("6",),
    "alerts": ("7",),
    "past": ("1", "left_square_bracket", "left_square_bracket", "left_square_bracket"),
    "help": ("L", "question_mark"),
}
"""Which keys lead from one picture to the next."""


async def take(store: Path, folder: Path) -> None:
    """Press the keys and keep each picture."""
    feed = StoreFeed(store, clock=now_ms, machine=machine_name(), demo=True, prices=prices(Config))
    app = MonitorApp(feed, demo=True)
    async with app.run_test(size=SIZE) as pilot:
        for name, keys in SCREENS.items():
            for key in keys:
                await pilot.press(key)
                await _drawn(pilot, app)
            await _drawn(pilot, app)
            (folder / f"{name}.svg").write_text(app.export_screenshot(title=f"usdtop demo: {name}"), encoding="utf-8")
    feed.close()


async def _drawn(pilot: Pilot[str], app: MonitorApp) -> None:
    """Wait until what was asked for is on the screen."""
    await pilot.pause()
    while app.is_reading:
        await app.workers.wait_for_complete()
        await pilot.pause()


def main(folder: Path) -> int:
    """Play the demo until its story has been told, and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="usdtop-pictures-") as name:
        command = [sys.executable, "-m", "tui.demo.stage", name]
        stage = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 (our own interpreter and module)
        lock = monitors_lock(Path(name) / STORE)
        lock.acquire(shared=True)  # the stage plays as long as somebody watches
        try:
            stage.wait(_SETTLE_S)
        except subprocess.TimeoutExpired:
            asyncio.run(take(Path(name) / STORE, folder))
        finally:
            lock.release()
            stage.terminate()
            stage.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

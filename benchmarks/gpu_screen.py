"""The GPUs screen of a store as a picture and as text, without a terminal."""

import asyncio
import sys
from pathlib import Path

from collectors.clock import now_ms
from collectors.machine import machine_name
from tui.app import MonitorApp
from tui.storefeed import StoreFeed
from tui.widgets.lines import Lines


async def _draw(store: Path, size: tuple[int, int]) -> tuple[str, str]:
    app = MonitorApp(StoreFeed(store, clock=now_ms, machine=machine_name()), refresh_seconds=3600.0)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("2")
        await pilot.pause()
        while app.is_reading:
            await app.workers.wait_for_complete()
            await pilot.pause()
        text = "\n".join(widget.text for widget in app.screen.query(Lines) if widget.display)
        return app.export_screenshot(), text


if __name__ == "__main__":
    picture, text = asyncio.run(_draw(Path(sys.argv[1]), (int(sys.argv[3]), int(sys.argv[4]))))
    Path(sys.argv[2]).write_text(picture)
    sys.stdout.write(f"{text}\n")

"""What tests of the screen share: an app on a fake feed, and waiting until it has drawn."""

from textual.pilot import Pilot

from tests.fakes.feed import FakeFeed
from tui.app import MonitorApp
from tui.pictures.view import View
from tui.widgets.lines import Lines

NEVER_SECONDS = 3600.0
"""A refresh that no test lives to see: reads happen when something asks."""


def monitor(feed: FakeFeed | None = None, *, view: View | None = None, ascii_only: bool = False) -> MonitorApp:
    """The app on this feed; its timer stays silent."""
    return MonitorApp(feed or FakeFeed(), view=view, refresh_seconds=NEVER_SECONDS, ascii_only=ascii_only)


async def settle(pilot: Pilot[str]) -> None:
    """Wait until every read has been drawn, also those that a read leads to."""
    assert isinstance(pilot.app, MonitorApp)
    await pilot.pause()
    while pilot.app.is_running and (pilot.app.is_reading or pilot.app.is_opening):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def rest(pilot: Pilot[str]) -> None:
    """Wait until nothing is left to be sent, also with the frame after the next."""
    await settle(pilot)
    while (screen := pilot.app.screen)._layout_required or screen._dirty_widgets or screen._repaint_required:
        await settle(pilot)


async def press(pilot: Pilot[str], *keys: str) -> None:
    """Press keys one by one, each after the screen has drawn what the one before asked for."""
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


def shown(app: MonitorApp) -> str:
    """All that our widgets of the screen in front show, top down."""
    return "\n".join(widget.text for widget in app.screen.query(Lines) if widget.display)

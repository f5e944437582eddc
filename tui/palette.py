"""The palette: an entry for every action that works now, and jumps to what is on screen."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui import format as fmt
from tui.app import MonitorApp
from tui.pictures.burn import BurnPicture
from tui.screens.burn import BurnScreen
from tui.screens.sorted import SortedScreen
from tui.sorting import Order
from tui.widgets.footer import key_name

_NAME_CELLS = 48
NOT_IN_PALETTE = {"command_palette", "move", "page", "scroll_by", "scroll_below"}
"""Actions that make no sense by name: moving a cursor that the palette hides."""


def sort_label(order: Order[Any]) -> str:
    """What an order is called among the commands."""
    return f"Sort by {order.title or 'no column'}{f': {order.said}' if order.said else ''}"


class MonitorCommands(Provider):
    """Actions of the screen in front, and the rows of its table; every name travels as `Content`, never as markup."""

    async def discover(self) -> Hits:
        """Everything, before anything is typed."""
        for label, command in self._entries():
            yield DiscoveryHit(Content(label), command, text=label)

    async def search(self, query: str) -> Hits:
        """What matches the letters typed."""
        matcher = self.matcher(query)
        for label, command in self._entries():
            score = matcher.match(label)
            if score > 0:
                yield Hit(score, Content(label), command, text=label)

    def _entries(self) -> Iterator[tuple[str, Callable[[], object]]]:
        yield from self._actions()
        yield "Change theme: light, dark, colour-blind ...", self.app.action_change_theme
        if isinstance(self.app, MonitorApp):
            yield "Save a picture of this screen (SVG)", self.app.action_picture
        screen = self.screen
        if isinstance(screen, SortedScreen):
            for order in screen.sorting.usable():
                yield sort_label(order), partial(screen.sort_by, order.title)
        picture = screen.picture if isinstance(screen, BurnScreen) else None
        if isinstance(screen, BurnScreen) and isinstance(picture, BurnPicture):
            for row in picture.rows:
                if not row.aside:
                    label = f"Open {picture.by} {fmt.safe(fmt.member(picture.by, row.key), _NAME_CELLS)}"
                    yield label, partial(screen.open_member, picture, (False, row.key))

    def _actions(self) -> Iterator[tuple[str, Callable[[], object]]]:
        seen = set()
        for active in self.screen.active_bindings.values():
            action, description = active.binding.action, active.binding.tooltip or active.binding.description
            if not description or not active.enabled or action in seen or action.split("(")[0] in NOT_IN_PALETTE:
                continue
            seen.add(action)
            label = description[0].upper() + description[1:]
            app = cast("MonitorApp", self.app)
            yield f"{label} ({key_name(active.binding)})", partial(app.run_action, action, active.node)

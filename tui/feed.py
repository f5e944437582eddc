"""Where pictures come from: a protocol, so that screens are tested without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tui.pictures.alerts import AlertsPicture
    from tui.pictures.budgets import BudgetPicture, BudgetsPicture
    from tui.pictures.burn import BurnPicture
    from tui.pictures.chart import ChartPicture, Point
    from tui.pictures.compare import ComparePicture, Conditions
    from tui.pictures.machines import EnginePicture, GpuPicture, MachinesPicture
    from tui.pictures.requests import BillPicture, RequestsPicture
    from tui.pictures.sources import SourcesPicture
    from tui.pictures.view import View


class FeedError(Exception):
    """The picture cannot be read now; the text is a sentence for the screen."""


class Feed(Protocol):
    """Reads pictures, blocking, from any thread; raises FeedError."""

    def burn(self, view: View) -> BurnPicture:
        """The three figures and the table for this view."""
        ...

    def names(self) -> Mapping[str, Sequence[str]]:
        """Every member of every dimension that was ever seen."""
        ...

    def chart(self, view: View) -> ChartPicture:
        """Dollars per hour over time, by the dimension of this view."""
        ...

    def alerts(self, view: View) -> AlertsPicture:
        """Alerts that are open, and those that ended lately."""
        ...

    def acknowledge(self, alert_id: int, *, undo: bool) -> str:
        """Say that somebody looks after an alert, or take that back; what was done, in a sentence."""
        ...

    def snooze(self, alert_id: int, *, undo: bool) -> str:
        """Keep an alert quiet for an hour, or take that back; what was done, in a sentence."""
        ...

    def alert_points(self, view: View) -> Sequence[Point]:
        """When alerts fired in the last month before the view's end or now, and after it."""
        ...

    def set_mark(self, text: str, at_ms: int | None) -> str:
        """Mark an instant, or now; what was done, in a sentence. FeedError where the store cannot be written."""

    def allow_key(self, provider: str) -> str:
        """Let the collector use the key that it found for a provider; what follows, in a sentence. FeedError as above."""

    def start_launch(self, words: str) -> str:
        """Begin a launch now: a budget, a length and a name; what was done, or FeedError."""
        ...

    def stop_launch(self) -> str:
        """End the launch that is on; what was done, or FeedError."""
        ...

    def budgets(self, view: View) -> BudgetsPicture:
        """Every budget, and the launch that is on."""
        ...

    def budget(self, view: View, name: str) -> BudgetPicture:
        """One budget over its period; FeedError when it is not in force."""
        ...

    def compare(self, view: View, conditions: Conditions) -> ComparePicture:
        """Savings, and the traffic of this view on other models."""
        ...

    def requests(self, view: View, *, dearest: bool = False, limit: int = 200) -> RequestsPicture:
        """Single requests of this view, newest or dearest first."""
        ...

    def bill(self, view: View, request_id: int) -> BillPicture:
        """One request line by line; FeedError when it is no longer kept."""
        ...

    def sources(self, view: View) -> SourcesPicture:
        """Every source and its state."""
        ...

    def machines(self, view: View) -> MachinesPicture:
        """Hosts, GPUs and engines over the last minute."""
        ...

    def engine(self, view: View, source: str, model: str | None) -> EnginePicture:
        """One engine: its figures, who uses it, and its headroom."""
        ...

    def gpu(self, view: View, host: str, uuid: str) -> GpuPicture:
        """One GPU and its history."""
        ...

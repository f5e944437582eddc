"""The keys that move through time: pause, back and forth, to an instant or an alert, live again, and marks."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from tui import travel, zone
from tui.asking import AskingApp
from tui.feed import FeedError
from tui.screens.monitor import MonitorScreen
from tui.screens.page import Page

WINDOWS_SECONDS = (60, 300, 900, 3600, 86_400)
"""What `t` steps through."""


class TimeKeysApp(AskingApp):
    """Looks at any window of time; in the past the picture is as it was and stands still."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "next_window", "window", id="time.window", tooltip="next time window: 1m 5m 15m 1h 24h"),
        Binding("space", "pause", "pause", id="time.pause", tooltip="freeze or go on: the picture, never the recording"),
        Binding("left_square_bracket", "past(-1)", "earlier", id="time.back", show=False, tooltip="one step back in time"),
        Binding("right_square_bracket", "past(1)", "later", id="time.forth", show=False, tooltip="one step forth in time"),
        Binding("L", "live", "live", id="time.live", tooltip="back to now"),
        Binding("T", "jump", "go to a time", id="time.jump", show=False, tooltip="go to an instant: 14:05, 20m, 2026-05-16"),
        Binding("e", "alert(-1)", "earlier alert", id="time.alert_back", show=False, tooltip="the alert before this time"),
        Binding("E", "alert(1)", "later alert", id="time.alert_forth", show=False, tooltip="the alert after this time"),
        Binding("m", "mark", "mark", id="time.mark", show=False, tooltip="set a mark: a launch, a deploy, a flag flipped"),
        Binding("z", "zone", "UTC or local", id="time.zone", show=False, tooltip="times in UTC, or of this machine's zone"),
    ]  # fmt: skip

    _newest_ms: int | None = None
    """Up to when the last live picture was."""

    def picture_taken(self, picture: object) -> None:
        """Remember what now was when it was last seen."""
        super().picture_taken(picture)
        header = self.header
        if header is not None and not header.past and header.as_of_ms is not None:
            self._newest_ms = header.as_of_ms

    def _tick(self) -> None:
        """What stands still says how long ago that was; no store is read for it."""
        super()._tick()
        screen = self.screen
        if not self.is_live and isinstance(screen, MonitorScreen):
            screen.draw_header()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to return to now only from elsewhere, steps only where something was seen, and windows where they count."""
        if action == "live":
            return not self.is_live
        if action == "next_window":
            # The palette lies over the page that it is for.
            return next((page.HAS_WINDOW for page in self.screen_stack[::-1] if isinstance(page, Page)), False)
        if action in ("past", "jump", "alert"):
            return self._newest_ms is not None
        return super().check_action(action, parameters)

    def action_next_window(self) -> None:
        """The next wider time window, then the narrowest again."""
        wider = [seconds for seconds in WINDOWS_SECONDS if seconds > self.view.window_seconds]
        self.look(replace(self.view, window_seconds=wider[0] if wider else WINDOWS_SECONDS[0]))

    def action_pause(self) -> None:
        """Freeze the picture, never the recording; the same key goes on.

        What is looked at while paused is of the last whole minute before, so that all of it is of one instant.
        """
        if not self.is_live:
            self.action_live()
            return
        as_of_ms = self._newest_ms
        self.paused = True
        if as_of_ms is not None:
            self.view = replace(self.view, until_ms=as_of_ms // 60_000 * 60_000)
        self._show_time()

    def action_live(self) -> None:
        """Back to now."""
        self.paused = False
        self.view = replace(self.view, until_ms=None)
        self._show_time()
        self.renew()

    def action_past(self, steps: int) -> None:
        """One step back or forth."""
        if self._newest_ms is not None:
            move = travel.back if steps < 0 else travel.forth
            self._travel(move(self.view, self._newest_ms).until_ms)

    def action_jump(self) -> None:
        """Ask for an instant and go there."""
        self._question("go to, e.g. 14:05, 20m (ago), 2026-05-16T14:05Z   enter go   esc leave it", self._jump)

    def _jump(self, text: str) -> None:
        newest_ms = self._newest_ms or 0
        try:
            at_ms = travel.instant(text, newest_ms)
        except ValueError as error:
            self.say(f"{error}.")
            return
        self._travel(travel.until(self.view, at_ms, newest_ms).until_ms)

    def action_alert(self, steps: int) -> None:
        """Go to the alert before or after the time that is shown."""
        self.errand(lambda: self._to_alert(steps))

    async def _to_alert(self, steps: int) -> None:
        from tui.questions.alerts import FiredQuestion

        newest_ms = self._newest_ms or 0
        here_ms = self.view.until_ms or newest_ms
        alerts = {point.at_ms: point.text for point in await asyncio.to_thread(self.feed.read, FiredQuestion())}
        at_ms = travel.before(alerts, here_ms) if steps < 0 else travel.after(alerts, here_ms)
        if at_ms is None:
            self.say("There is no alert before this time." if steps < 0 else "There is no alert after this time.")
            return
        self._travel(travel.until(self.view, at_ms, newest_ms).until_ms)
        self.say(f"alert: {alerts[at_ms]}")

    def action_mark(self) -> None:
        """Ask what happened, and mark the time that is shown with it."""
        self._question("mark this time as, e.g. deploy 41   enter set   esc leave it", self._mark)

    def _mark(self, text: str) -> None:
        from tui.acts.marks import SetMark

        async def mark() -> None:
            said = await asyncio.to_thread(self.feed.do, SetMark(text, self.view.until_ms))
            self.renew()
            self.say(said)

        self.errand(mark)

    def action_zone(self) -> None:
        """Draw times in UTC, or in this machine's zone."""
        zone.use_local_time(not zone.is_local())
        self.redraw_all()

    def _travel(self, until_ms: int | None) -> None:
        self.paused = False
        if until_ms != self.view.until_ms:
            self.look(replace(self.view, until_ms=until_ms))
        self._show_time()

    def _show_time(self) -> None:
        self.redraw_all()
        self.refresh_bindings()

    def _question(self, question: str, answer: Callable[[str], None]) -> None:
        if isinstance(self.screen, MonitorScreen):
            self.screen.question(question, answer)

    def errand(self, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something that waits for the store; a failure becomes a sentence."""

        async def guarded() -> None:
            try:
                await work()
            except FeedError as error:
                self.say(str(error))

        self.run_worker(guarded(), group="errand")

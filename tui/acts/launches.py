"""Beginning and ending a launch."""

from pathlib import Path
from typing import ClassVar

from store.budgets.launches import start_launch, stop_launch
from tui import format as fmt
from tui.feed import Act, FeedError


class StartLaunch(Act, frozen=True):
    """Begin a launch now: a budget, a length and a name, as they were typed."""

    REFUSED: ClassVar[str] = "no launch was begun: "

    words: str

    def do(self, path: Path, now_ms: int) -> str:
        """Beside no other one."""
        from collectors.settings.config import ConfigError
        from collectors.settings.launching import launch_of

        usd, length, name = [*self.words.split(maxsplit=2), "", "", ""][:3]
        try:
            launch = launch_of(usd.removeprefix("$"), length, began_ms=now_ms, name=name)
        except ConfigError as error:
            raise ValueError(error) from None
        start_launch(path, launch)
        return f"launch {launch.name} is on until {fmt.moment(launch.ends_ms, launch.began_ms)}"


class StopLaunch(Act, frozen=True):
    """End the launch that is on."""

    REFUSED: ClassVar[str] = "no launch was ended: "

    def do(self, path: Path, now_ms: int) -> str:
        """Now."""
        launch = stop_launch(path, now_ms)
        if launch is None:
            raise FeedError("no launch is on")
        return f"launch {launch.name} ended; usdtop launch report writes its story"

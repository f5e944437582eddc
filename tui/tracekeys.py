"""The keys that leave a trace: a line to paste, a file, a picture, the last frame."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui import zone
from tui.screens.monitor import MonitorScreen
from tui.timekeys import TimeKeysApp
from tui.widgets.lines import Lines
from tui.widgets.table import Table


class TraceKeysApp(TimeKeysApp):
    """Hands out what it shows; files go into the folder it was started in, for their owner alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy", id="trace.copy", show=False, tooltip="copy one line that sums this up"),
        Binding("w", "write", "write", id="trace.write", show=False, tooltip="write what is shown: .json or .csv"),
        Binding("Q", "quit_with_frame", "quit, leave this picture", id="app.quit_with_frame", show=False),
    ]

    last_frame: str | None = None
    folder = Path()

    def action_copy(self) -> None:
        """Copy one line for an incident channel."""
        screen = self.screen
        if isinstance(screen, MonitorScreen) and screen.shown is not None:
            from tui import clipboard

            text = screen.summary(screen.shown)
            self._file_away(lambda: f"{clipboard.copy(text, self.write_to_terminal, self.folder)}: {text}")

    def action_write(self) -> None:
        """Ask for a file's name and write what is shown."""
        screen = self.screen
        if isinstance(screen, MonitorScreen) and screen.shown is not None:
            screen.question("file, .json or .csv   enter write   esc leave it", self._write, f"{self._stem()}.json")

    def _write(self, name: str) -> None:
        screen = self.screen
        if isinstance(screen, MonitorScreen) and screen.shown is not None:
            from tui import export

            path = self.folder / Path(name).expanduser()
            stem, suffix = path.stem, path.suffix.removeprefix(".").lower() or "json"
            text = (
                self._table(screen) if suffix == "csv" else export.as_json(self.current_mode, self.view, screen.shown)
            )
            self._file_away(lambda: _written(path.parent, stem, suffix, text))

    def action_picture(self) -> None:
        """Write this screen as an SVG."""
        svg, stem = self.export_screenshot(title="usdtop"), self._stem()
        self._file_away(lambda: _written(self.folder, stem, "svg", svg))

    def action_quit_with_frame(self) -> None:
        """Leave, with this picture in the scrollback."""
        self.last_frame = frame_text(self.screen)
        self.exit()

    def _table(self, screen: MonitorScreen[Any]) -> str:
        tables = screen.query(Table)
        if not tables:
            return "\n".join(frame_text(screen).splitlines()) + "\n"
        from tui import export

        table = tables.first()
        return export.as_csv(table.titles, [row.cells for row in table.rows])

    def _stem(self) -> str:
        header = self.header
        when = "" if header is None or header.as_of_ms is None else f"-{zone.in_zone(header.as_of_ms):%Y%m%dT%H%M%S}"
        return f"usdtop-{self.current_mode}{when}{zone.mark()}"

    def _file_away(self, work: Callable[[], str]) -> None:
        """Do it beside the screen, and say how it went."""

        async def guarded() -> None:
            try:
                self.say(await asyncio.to_thread(work))
            except OSError as error:
                self.say(f"nothing was written: {error.strerror or error}.")

        self.run_worker(guarded(), group="errand")


def _written(folder: Path, stem: str, suffix: str, text: str) -> str:
    from tui import clipboard

    path = clipboard.new_file(folder, stem, suffix)
    path.write_text(text, encoding="utf-8")
    return f"written to {path}"


def frame_text(screen: Screen[Any]) -> str:
    """What the screen shows, as plain text."""
    return "\n".join(widget.text for widget in screen.query(Lines) if widget.display)

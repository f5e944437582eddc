"""How many bytes a second go to the terminal: counted, and shown in the footer, when somebody asks."""

import time

from tui import format as fmt
from tui.terminal import TerminalApp

_RATE_SECONDS = 10.0


class Rate:
    """Bytes per second over stretches of ten seconds, in steps: showing them must not be what is sent."""

    def __init__(self, sent: int) -> None:
        self.per_second: float | None = None
        self._sent, self._since = sent, time.monotonic()

    def measure(self, sent: int) -> bool:
        """Take how much was sent so far; whether the figure changed."""
        seconds = time.monotonic() - self._since
        if seconds < _RATE_SECONDS:
            return False
        before, self.per_second = self.per_second, float(f"{(sent - self._sent) / seconds:.1g}")
        self._sent, self._since = sent, time.monotonic()
        return self.per_second != before


class CountingApp(TerminalApp):
    """An app that can say what it sends."""

    def __init__(self, *, ascii_only: bool = False, theme: str | None = None) -> None:
        super().__init__(ascii_only=ascii_only, theme=theme)
        self.bytes_sent = 0
        self._counts = False
        self._rate: Rate | None = None

    def count_bytes(self) -> None:
        """Count what is sent to the terminal from here on."""
        driver = self._driver
        if driver is not None and not self._counts:
            self._counts = True
            write = driver.write

            def counted(data: str) -> None:
                self.bytes_sent += len(data.encode(errors="replace"))
                write(data)

            driver.write = counted  # type: ignore[method-assign]  # Textual has no hook that sees every byte

    @property
    def rate_text(self) -> str:
        """Bytes per second sent to the terminal lately, when they are asked for."""
        return "" if self._rate is None else f"{fmt.count(self._rate.per_second)} B/s"

    def action_rate(self) -> None:
        """Show what is sent to the terminal, or stop showing it."""
        self.count_bytes()
        self._rate = Rate(self.bytes_sent) if self._rate is None else None
        self.refresh_bindings()

    def measure_rate(self) -> None:
        """Show the rate anew, where it is asked for and has changed."""
        if self._rate is not None and self._rate.measure(self.bytes_sent):
            self.refresh_bindings()

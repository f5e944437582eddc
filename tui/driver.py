"""Waits for keys for as long as there are none: Textual's own driver looks for them ten times a second."""

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from functools import partial

from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.sending import HUNG_UP

_MOST_BYTES = 4096
_UNFINISHED_S = 0.05
"""A key that may be the beginning of a longer sequence is looked at again after this."""


class PatientDriver(LinuxDriver):
    """Textual's driver with another way to wait."""

    def __init__(
        self, app: App[object], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._stops, self._stop = os.pipe()
        os.set_blocking(self._stops, False)
        self._is_stopping = False

    def disable_input(self) -> None:
        """Have the waiting thread end, which Textual joins."""
        self._is_stopping = True
        os.write(self._stop, b"\0")
        super().disable_input()
        os.read(self._stops, _MOST_BYTES)
        self._is_stopping = False

    def run_input_thread(self) -> None:
        """Hand on what is typed until input is disabled."""
        parser, decode = XTermParser(self._debug), getincrementaldecoder("utf-8")("replace").decode
        with selectors.SelectSelector() as waiting:
            waiting.register(self._stops, selectors.EVENT_READ)
            waiting.register(self.fileno, selectors.EVENT_READ)
            while not self._is_stopping:
                unfinished = parser._timeout_time is not None
                ready = {key.fd for key, _ in waiting.select(_UNFINISHED_S if unfinished else None)}
                if self.fileno in ready:
                    typed = self._typed()
                    if typed:
                        self._hand_on(parser.feed(decode(typed)))
                    else:
                        waiting.unregister(self.fileno)
                        self._app.call_later(partial(self._app.exit, return_code=HUNG_UP))
                self._hand_on(parser.tick())

    def _typed(self) -> bytes:
        """What was typed; nothing where the terminal is gone."""
        try:
            return os.read(self.fileno, _MOST_BYTES)
        except OSError:
            return b""

    def _hand_on(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

"""What a real terminal gets, and what happens when it goes away."""

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from tests.fakes.screens import monitor, press, settle
from tui.widgets.sparse import SparseUpdate

ROOT = Path(__file__).parents[2]
PROGRAM = """
from tests.fakes.feed import FakeFeed
from tui.app import MonitorApp, show
app = MonitorApp(FakeFeed(), refresh_seconds=0.05)
show(app)
raise SystemExit(app.return_code)
"""


BUG = """
def crash(app: MonitorApp) -> None:
    tenant = " ".join(("acme", "holding"))
    raise ValueError("a bug")

MonitorApp.action_rate = crash
"""


class Terminal:
    """The app in a process of its own, in a terminal of 80x24."""

    def __init__(self, program: str = PROGRAM, **environment: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLORTERM")}
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**clean, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0) and None,
        )
        os.close(slave)
        self.open = True

    def read_until(self, text: str) -> str:
        """Everything sent up to this text; pytest's own timeout ends a wait in vain."""
        got = b""
        while text.encode() not in got:
            got += os.read(self.master, 65_536)
        return got.decode(errors="replace")

    def rest(self) -> str:
        """Everything sent until the process closes the terminal."""
        got = b""
        while True:
            try:
                part = os.read(self.master, 65_536)
            except OSError:
                return got.decode(errors="replace")
            if not part:
                return got.decode(errors="replace")
            got += part

    def hang_up(self) -> None:
        """The line is cut."""
        if self.open:
            os.close(self.master)
            self.open = False


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    running = Terminal()
    yield running
    running.process.kill()
    running.process.wait()
    running.hang_up()


def test_a_lost_terminal_ends_the_app(terminal: Terminal) -> None:
    terminal.read_until("sorted by")
    terminal.hang_up()
    assert terminal.process.wait(20) is not None


def test_a_hang_up_signal_ends_the_app_without_a_traceback(terminal: Terminal) -> None:
    terminal.read_until("sorted by")
    terminal.process.send_signal(signal.SIGHUP)
    assert "Traceback" not in terminal.rest()
    assert terminal.process.wait(20) == 129


def test_a_termination_signal_restores_the_terminal(terminal: Terminal) -> None:
    terminal.read_until("sorted by")
    terminal.process.send_signal(signal.SIGTERM)
    assert "\x1b[?1049l" in terminal.rest()
    assert terminal.process.wait(20) == 0


def test_the_last_picture_stays_in_the_scrollback_after_the_alternate_screen(terminal: Terminal) -> None:
    assert "\x1b]0;usdtop ≥$413/h\x07" in terminal.read_until("/h\x07")
    os.write(terminal.master, b"Q")
    _, _, after = terminal.rest().partition("\x1b[?1049l")
    assert "claude-sonnet-4-6" in after
    assert "$1,204 left of $5,000" in after
    assert terminal.process.wait(20) == 0


def test_a_bug_ends_the_app_with_where_it_is_and_without_what_it_was_about() -> None:
    running = Terminal(PROGRAM.replace("show(app)", f"{BUG}show(app)"))
    try:
        running.read_until("sorted by")
        os.write(running.master, b"B")
        said = running.rest()
        assert "ValueError: a bug" in re.sub(r"\x1b\[[\d;]*m", "", said)
        assert "acme holding" not in said
        assert running.process.wait(20) == 1
    finally:
        running.process.kill()
        running.process.wait()
        running.hang_up()


def test_colours_are_left_out_on_request() -> None:
    running = Terminal(NO_COLOR="1")
    try:
        painted = running.read_until("LIVE")
        assert "? help" in painted
        styles = {code for sequence in re.findall(r"\x1b\[([\d;]+)m", painted) for code in sequence.split(";")}
        assert styles <= {"0", "1", "2", "7", "39", "49"}
    finally:
        running.process.kill()
        running.process.wait()
        running.hang_up()


async def test_only_the_changed_cells_of_a_line_are_sent() -> None:
    line = {0: Strip([Segment("name         12.50   17.3k")]), 26: Strip([Segment("right")])}
    update = ChopsUpdate([line], [(0, 13, 18), (0, 28, 29)], [[26, 31]])
    app = monitor()
    async with app.run_test():
        written = SparseUpdate(update).render_segments(app.console)
    assert written == "\x1b[1;14H12.50\x1b[1;29Hg"


async def test_a_section_without_a_sheet_of_its_own_has_no_sheet_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    app = monitor()
    async with app.run_test() as pilot:
        await settle(pilot)
        parsed: list[None] = []
        monkeypatch.setattr(app.stylesheet, "reparse", lambda: parsed.append(None))
        await press(pilot, "4", "1")
        assert app.current_mode == "burn"
        assert not parsed

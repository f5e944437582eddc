"""A program in a terminal of 200 by 50 characters, and every byte that it sends there."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

COLUMNS, ROWS = 200, 50


class TerminalScreen:
    """Runs a command on a new pseudo-terminal; nothing is drawn, the bytes are counted and searched."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**installed(os.environ), "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environment or {})},
        )
        os.close(slave)
        self.received = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def seconds_until(self, wanted: bytes, limit_s: float = 30.0) -> float:
        """Seconds from the start until this was drawn; raises TimeoutError."""
        ends = time.perf_counter() + limit_s
        while wanted not in self.received:
            if time.perf_counter() > ends or not self._receive(0.2):
                raise TimeoutError(f"{wanted!r} was not drawn; the last bytes are {bytes(self.received[-400:])!r}")
        return time.perf_counter() - self.began

    def bytes_during(self, seconds: float) -> int:
        """How many bytes arrive in this time."""
        before, ends = len(self.received), time.perf_counter() + seconds
        while (left := ends - time.perf_counter()) > 0:
            self._receive(left)
        return len(self.received) - before

    def seconds_to_show(self, wanted: bytes | re.Pattern[bytes], key: bytes, limit_s: float = 3.0) -> float:
        """Seconds from a key press to this text, painted after it; raises TimeoutError."""
        sought = re.compile(re.escape(wanted)) if isinstance(wanted, bytes) else wanted
        while select.select([self._master], [], [], 0)[0] and self._receive(0):
            pass
        before, pressed = len(self.received), time.perf_counter()
        self.press(key)
        while not sought.search(self.received, before):
            if time.perf_counter() - pressed > limit_s or not self._receive(limit_s):
                raise TimeoutError(f"{sought.pattern!r} was not drawn after {key!r}")
        return time.perf_counter() - pressed

    def press(self, keys: bytes) -> None:
        """Press these, one after the other, and wait for nothing."""
        os.write(self._master, keys)

    def close(self) -> None:
        """End the program and give the terminal back."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        ends = time.perf_counter() + 5
        while self.process.poll() is None and time.perf_counter() < ends:
            self._receive(0.05)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _receive(self, wait_s: float) -> bool:
        """Take what has arrived; whether the program may still send something."""
        if select.select([self._master], [], [], wait_s)[0]:
            try:
                self.received += os.read(self._master, 1 << 16)
            except OSError:
                return False
        return True


def installed(environment: Mapping[str, str]) -> dict[str, str]:
    """The same environment in which bytecode is kept, as it is for an installed program."""
    return {name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"}

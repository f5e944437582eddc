"""A stand-in for NVIDIA's driver library, compiled from C, so that the real binding runs against it."""

import ctypes
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "nvml.c"
LIBRARY = 1000
"""Where a card's index is asked for: the library as a whole."""
WHOLE = -1
"""Where a MIG slot is asked for: the whole card."""


def build(folder: Path, *defines: str) -> Path:
    """The compiled library; skips the test where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here to build the stand-in for the driver's library")
    library = folder / "libnvidia-ml.so.1"
    flags = ["-shared", "-fPIC", "-Wall", "-Wl,-soname,libnvidia-ml.so.1", *defines]
    subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE)], check=True)
    return library


class FakeDriver:
    """The stand-in's own controls."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.library = ctypes.CDLL(str(path))

    def reset(self, cards: int) -> None:
        self.library.fake_reset(cards)

    def fails(self, index: int, function: str, code: int) -> None:
        self.library.fake_error(index, function.encode(), code)

    def works_again(self) -> None:
        self.library.fake_forgive()

    def mig_slots(self, index: int, slots: int) -> None:
        self.library.fake_mig(index, slots)

    def seconds_go_by(self, seconds: float) -> None:
        self.library.fake_seconds(ctypes.c_double(seconds))

    def samples_busy(self, index: int, *, every_ms: int, percents: list[int], from_ms: int = 0) -> None:
        """The driver samples busy time, one value after the other."""
        for number, percent in enumerate(percents, start=1):
            microseconds = (from_ms + number * every_ms) * 1_000
            self.library.fake_sample(index, ctypes.c_ulonglong(microseconds), percent)

    def measures(self, index: int, metric: int, value: float, *, slot: int = WHOLE, code: int = 0) -> None:
        self.library.fake_metric(index, slot, metric, ctypes.c_double(value), code)

    @property
    def samples_out(self) -> int:
        return int(self.library.fake_samples_out())

    def reports_xid(self, index: int, xid: int) -> None:
        self.library.fake_xid(index, ctypes.c_ulonglong(xid))

    def is_held_by(self, index: int, pid: int, used_bytes: int, *, slot: int = WHOLE) -> None:
        self.library.fake_holder(index, slot, pid, ctypes.c_ulonglong(used_bytes))

    @contextmanager
    def hangs(self, function: str) -> Iterator[None]:
        """That function does not come back before the block ends."""
        self.library.fake_hang(function.encode())
        try:
            yield
        finally:
            self.library.fake_hang(b"")

    def calls(self, function: str) -> int:
        return int(self.library.fake_calls(function.encode()))

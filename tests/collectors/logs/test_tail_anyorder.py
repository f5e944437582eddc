"""Following files through any sequence of events: every line exactly once."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.fakes.tailing import Reader


class FollowedWorld(RuleBasedStateMachine):
    """A writer, a rotator and a collector that may die, in any order; nothing may be lost or come twice.

    A rotator either renames or copies and truncates, as each of them is set up once.
    """

    glob = ""

    def __init__(self) -> None:
        super().__init__()
        self.log = Path(tempfile.mkdtemp()) / "x.log"
        self.written: list[bytes] = []
        self.seconds = 1_000_000
        self.half = b""
        self.is_copied = False

    @initialize(copies=st.booleans())
    def begin(self, copies: bool) -> None:
        self.copies = copies
        self.write(b"")
        self.reader = Reader(f"{self.log}{self.glob}")
        self.read_all()

    def write(self, data: bytes, path: Path | None = None) -> None:
        path = path or self.log
        with path.open("ab") as file:
            file.write(data)
        self.touch(path)

    def touch(self, path: Path) -> None:
        """Give the file a time of its own, as if a second passed between any two events."""
        self.seconds += 1
        os.utime(path, (self.seconds, self.seconds))

    def line(self, size: int) -> bytes:
        number = len(self.written)
        line = b"%c%06d" % (ord("#") + number % 90, number) + b"." * size  # even one byte tells two lines apart
        self.written.append(line)
        return line + b"\n"

    def end_half(self) -> None:
        if self.half:
            self.write(self.half)
            self.half = b""

    def shift(self) -> Path:
        """Make room for a new `.1`."""
        self.end_half()
        for number in range(99, 0, -1):
            if (old := Path(f"{self.log}.{number}")).exists():
                old.rename(f"{self.log}.{number + 1}")
        return Path(f"{self.log}.1")

    @precondition(lambda self: not self.is_copied)
    @rule(sizes=st.lists(st.sampled_from([0, 5, 300, 2000]), min_size=1, max_size=4))
    def append(self, sizes: list[int]) -> None:
        self.end_half()
        self.write(b"".join(self.line(size) for size in sizes))

    @precondition(lambda self: not self.is_copied)
    @rule(cut=st.integers(1, 6))
    def append_a_piece(self, cut: int) -> None:
        self.end_half()
        line = self.line(20)
        self.write(line[:cut])
        self.half = line[cut:]

    @precondition(lambda self: not self.copies)
    @rule(late=st.booleans())
    def rotate_by_renaming(self, late: bool) -> None:
        old = self.log.rename(self.shift())
        if late:
            self.write(self.line(10), old)
        self.write(b"")

    @precondition(lambda self: not self.copies)
    @rule()
    def rotate_twice(self) -> None:
        for _ in range(2):
            self.log.rename(self.shift())
            self.write(self.line(10))

    @precondition(lambda self: self.copies and not self.is_copied)
    @rule()
    def copy(self) -> None:
        copy = self.shift()
        shutil.copyfile(self.log, copy)
        self.touch(copy)
        self.is_copied = True

    @precondition(lambda self: self.is_copied)
    @rule()
    def truncate(self) -> None:
        os.truncate(self.log, 0)
        self.touch(self.log)
        self.is_copied = False

    @precondition(lambda self: not self.is_copied)
    @rule()
    def recreate_after_all_was_read(self) -> None:
        self.end_half()
        self.read_all()
        self.log.unlink()
        self.write(b"")

    @rule(limit=st.sampled_from([1, 50, 1000, 1 << 20]))
    def read(self, limit: int) -> None:
        self.reader.commit(self.reader.tail.read(limit))

    @rule()
    def read_all(self) -> None:
        self.reader.read()

    @rule(limit=st.sampled_from([50, 1 << 20]), restart=st.just(True))
    def die_before_the_commit(self, limit: int, restart: bool) -> None:
        self.reader.tail.read(limit)
        self.reader.restart()

    @rule()
    def die(self) -> None:
        self.reader.restart()

    @invariant()
    def nothing_came_twice_or_out_of_order(self) -> None:
        if hasattr(self, "reader"):
            self.check(self.reader.lines, self.written[: len(self.reader.lines)])

    def check(self, lines: list[bytes], written: list[bytes]) -> None:
        assert lines == written

    def teardown(self) -> None:
        try:
            if hasattr(self, "reader"):
                self.end_half()
                if self.is_copied:
                    self.truncate()
                self.reader.read()
                self.check(self.reader.lines, self.written)
                assert self.reader.gap_bytes == 0
                self.reader.tail.close()
        finally:
            shutil.rmtree(self.log.parent)


class GlobbedWorld(FollowedWorld):
    """The same, with a glob that matches the rotated files, too; order then holds within each file."""

    glob = "*"

    def check(self, lines: list[bytes], written: list[bytes]) -> None:
        assert len(set(lines)) == len(lines)
        if len(lines) == len(self.written):
            assert sorted(lines) == sorted(self.written)


IN_ANY_ORDER = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestFollowedWorld = FollowedWorld.TestCase
TestFollowedWorld.settings = IN_ANY_ORDER
TestGlobbedWorld = GlobbedWorld.TestCase
TestGlobbedWorld.settings = IN_ANY_ORDER

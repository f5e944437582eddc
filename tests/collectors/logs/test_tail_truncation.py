"""Following files that are cut short or replaced: no old text is joined with new, and what is lost is told."""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from collectors.logs.logfile import LogFile, open_to_read
from store.facts import Position
from tests.fakes.tailing import Reader, as_bytes, numbered, put


def test_a_truncated_file_is_read_from_its_start_again(log: Path) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    os.truncate(log, 0)
    put(log, "new")
    assert reader.read() == [b"new"]
    assert "truncated" in reader.notes[0]
    assert reader.gap_bytes == 0


@pytest.mark.parametrize("is_running", [True, False])
def test_a_file_that_was_truncated_and_grew_past_its_old_size_is_recognised(log: Path, is_running: bool) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    os.truncate(log, 0)
    put(log, *numbered(100, 180))
    if not is_running:
        reader.restart()
    assert reader.read() == as_bytes(numbered(100, 180))


def test_bytes_that_were_seen_and_truncated_unread_are_a_gap_of_their_size(log: Path) -> None:
    put(log, *numbered(0, 100))
    size = log.stat().st_size
    reader = Reader(log)
    reader.commit(reader.tail.read(limit_bytes=1000))
    offset = next(iter(reader.positions.values())).offset
    os.truncate(log, 0)
    put(log, "new")
    assert reader.read() == [b"new"]
    assert reader.gap_bytes == size - offset


def test_a_truncation_that_is_found_after_a_restart_says_what_had_been_seen_of_the_lost_bytes(log: Path) -> None:
    put(log, *numbered(0, 100))
    size = log.stat().st_size
    reader = Reader(log)
    reader.commit(reader.tail.read(limit_bytes=1000))
    offset = next(iter(reader.positions.values())).offset
    os.truncate(log, 0)
    put(log, "new")
    reader.restart()
    assert reader.read() == [b"new"]
    assert reader.gap_bytes == size - offset
    assert any(f"at least {size - offset} bytes" in note for note in reader.notes)


def test_half_a_line_that_was_truncated_is_never_joined_with_the_new_text(log: Path) -> None:
    log.write_bytes(b"half of an old line")
    reader = Reader(log)
    reader.read()
    os.truncate(log, 0)
    put(log, "a new line that is longer than what stood there")
    assert reader.read() == [b"a new line that is longer than what stood there"]


@pytest.mark.parametrize("is_running", [True, False])
def test_the_copy_of_a_copytruncate_is_finished_first(log: Path, is_running: bool) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    put(log, "b")
    shutil.copyfile(log, f"{log}.1")
    os.truncate(log, 0)
    put(log, "c")
    if not is_running:
        reader.restart()
    assert reader.read() == [b"b", b"c"]
    assert reader.gap_bytes == 0


def test_a_new_file_with_a_reused_inode_is_read_from_its_start(log: Path) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    log.write_bytes(b"".join(line + b"\n" for line in as_bytes(numbered(500, 600))))  # in place: the inode stays
    reader.restart()
    assert reader.read() == as_bytes(numbered(500, 600))


@pytest.mark.parametrize("is_running", [True, False])
def test_a_file_that_was_filled_copied_and_emptied_between_two_reads_is_read_from_its_copy(
    log: Path, is_running: bool
) -> None:
    put(log, at=100)
    reader = Reader(log)
    reader.read()
    put(log, "a", at=200)
    shutil.copyfile(log, f"{log}.1")
    os.utime(f"{log}.1", (200, 200))
    os.truncate(log, 0)
    os.utime(log, (300, 300))
    if not is_running:
        reader.restart()
    assert reader.read() == [b"a"]
    put(log, "b")
    assert reader.read() == [b"b"]


def replace_text(path: Path, text: str) -> None:
    path.write_text(text)


class Disturbed(LogFile):
    """A file with which something happens after each block that is read of it."""

    disturbance: Callable[[], None]

    def _block(self, size_bytes: int) -> bytes:
        block = super()._block(size_bytes)
        self.disturbance()
        return block


def disturbed(log: Path, position: Position | None, disturbance: Callable[[], None]) -> Disturbed:
    file = Disturbed(str(log), open_to_read(str(log)), position, max_line_bytes=1000)
    file.disturbance = disturbance
    return file


@pytest.mark.parametrize("new", [[], numbered(500, 600)])
def test_a_file_that_is_replaced_while_it_is_read_yields_no_mixture(log: Path, new: list[str]) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    (position,) = reader.positions.values()
    put(log, *numbered(30, 40))
    text = "".join(f"{line}\n" for line in new)
    file = disturbed(log, position, partial(replace_text, log, text))
    assert file.read(1 << 20) == []
    assert file.offset == position.offset
    assert not file.is_intact()


def test_a_disk_that_fails_halfway_costs_no_line(log: Path) -> None:
    put(log, *numbered(0, 30_000))
    blocks = iter(range(100))

    def fail_at_the_second() -> None:
        if next(blocks) == 1:
            raise OSError("the disk is ill")

    file = disturbed(log, None, fail_at_the_second)
    first = file.read(1 << 22)
    assert 0 < len(first) < 30_000
    assert first + file.read(1 << 22) == as_bytes(numbered(0, 30_000))

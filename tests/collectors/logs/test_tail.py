"""Following files: every line exactly once, whatever happens to the files and to us."""

import bz2
import gzip
import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from collectors.logs.chunk import Chunk
from collectors.logs.fileid import Key, key_of
from collectors.logs.lines import LineSplitter
from collectors.logs.logfile import LogFile, open_to_read
from collectors.logs.tail import MAX_OPEN_FILES, Tail
from store.facts import Position

NOBODY = 65534
"""The user id of nobody."""


class Reader:
    """A collector in small: keeps lines and positions together, and can die at any moment."""

    def __init__(self, pattern: Path | str, **options: Any) -> None:
        self.pattern, self.options = str(pattern), options
        self.lines: list[bytes] = []
        self.positions: dict[Key, Position] = {}
        self.gap_bytes = self.too_long = 0
        self.notes: list[str] = []
        self.tail = self.new_tail()

    def new_tail(self) -> Tail:
        return Tail(self.pattern, list(self.positions.values()), **self.options)

    def restart(self) -> None:
        self.tail.close()
        self.tail = self.new_tail()

    def commit(self, chunk: Chunk) -> None:
        self.lines += chunk.lines
        self.positions |= {key_of(position): position for position in chunk.positions}
        self.gap_bytes += chunk.gap_bytes
        self.too_long += chunk.too_long
        self.notes += chunk.notes

    def read(self, limit_bytes: int = 1 << 22) -> list[bytes]:
        """Everything that is there; returns what this read added."""
        before = len(self.lines)
        for _ in range(1000):
            chunk = self.tail.read(limit_bytes)
            self.commit(chunk)
            if not chunk.more:
                return self.lines[before:]
        raise AssertionError("reading did not come to an end")

    def finish(self) -> list[bytes]:
        chunk = self.tail.finish()
        self.commit(chunk)
        return chunk.lines


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gateway.jsonl"


def put(path: Path, *lines: str, at: int | None = None) -> None:
    """Append whole lines; `at` sets the file's time, in seconds."""
    with path.open("ab") as file:
        file.writelines(f"{line}\n".encode() for line in lines)
    if at is not None:
        os.utime(path, (at, at))


def numbered(first: int, last: int) -> list[str]:
    """Lines of some length that no other file has."""
    return [f'{{"id": {number}, "pad": "{"x" * 60}"}}' for number in range(first, last)]


def as_bytes(lines: list[str]) -> list[bytes]:
    return [line.encode() for line in lines]


# The ordinary way.


def test_lines_come_once_and_new_ones_when_they_are_written(log: Path) -> None:
    put(log, "a", "b")
    reader = Reader(log)
    assert reader.read() == [b"a", b"b"]
    assert reader.read() == []
    put(log, "c")
    assert reader.read() == [b"c"]


def test_the_stored_position_is_where_a_new_tail_goes_on(log: Path) -> None:
    put(log, *numbered(0, 50))
    reader = Reader(log)
    reader.read()
    put(log, "new")
    reader.restart()
    assert reader.read() == [b"new"]
    (position,) = reader.positions.values()
    assert (position.path, position.offset, position.finished) == (str(log), log.stat().st_size, False)
    assert (position.device, position.inode) == (log.stat().st_dev, log.stat().st_ino)


def test_a_lost_commit_brings_the_same_lines_again(log: Path) -> None:
    put(log, "a", "b")
    reader = Reader(log)
    reader.tail.read()
    reader.restart()
    assert reader.read() == [b"a", b"b"]


def test_an_unchanged_file_yields_no_position(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    chunk = reader.tail.read()
    assert (chunk.positions, chunk.notes, chunk.more, chunk.backlog_bytes) == ([], (), False, 0)


def test_a_last_line_without_newline_waits_for_the_rest(log: Path) -> None:
    log.write_bytes(b"a\n{half")
    reader = Reader(log)
    assert reader.read() == [b"a"]
    assert next(iter(reader.positions.values())).offset == 2
    reader.restart()
    assert reader.read() == []
    with log.open("ab") as file:
        file.write(b"}\n")
    assert reader.read() == [b"{half}"]


def test_finish_returns_the_last_line_without_newline_once(log: Path) -> None:
    log.write_bytes(b"a\nb")
    reader = Reader(log)
    assert reader.read() == [b"a"]
    assert reader.finish() == [b"b"]
    reader.restart()
    assert reader.read() == []
    assert reader.finish() == []


def test_a_small_limit_leaves_a_backlog_that_is_told(log: Path) -> None:
    put(log, *numbered(0, 100))
    chunk = Tail(str(log), []).read(limit_bytes=1000)
    assert chunk.more
    assert chunk.backlog_bytes == log.stat().st_size - 1000
    assert sum(len(line) + 1 for line in chunk.lines) <= 1000


def test_start_at_the_end_leaves_out_what_stands_there_but_not_the_line_being_written(log: Path) -> None:
    log.write_bytes(b"old\nold\nhal")
    reader = Reader(log, start="end")
    assert reader.read() == []
    reader.restart()
    with log.open("ab") as file:
        file.write(b"f\nnew\n")
    assert reader.read() == [b"half", b"new"]


def test_start_at_the_end_reads_files_that_come_later_from_their_start(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "old")
    reader = Reader(tmp_path / "*.jsonl", start="end")
    reader.read()
    put(tmp_path / "b.jsonl", "new")
    assert reader.read() == [b"new"]
    put(tmp_path / "c.jsonl", "newer")
    reader.restart()
    assert reader.read() == [b"newer"]


# What stands in a file.


def test_carriage_returns_blank_lines_and_a_byte_order_mark_are_no_part_of_a_line(log: Path) -> None:
    log.write_bytes(b"\xef\xbb\xbfa\r\n\r\n\n  \t\nb\r\n c \n")
    assert Reader(log).read() == [b"a", b"b", b" c "]


def test_nul_bytes_of_a_crash_are_skipped_and_part_what_stands_around_them(log: Path) -> None:
    log.write_bytes(b"\0\0\0a\n" + b"\0" * 5000 + b"\n" + b"torn\0\0\0b\n")
    assert Reader(log).read() == [b"a", b"torn", b"b"]


def test_a_line_that_is_too_long_is_skipped_and_counted_and_its_neighbours_are_not(log: Path) -> None:
    log.write_bytes(b"a\n" + b"x" * 101 + b"\n" + b"y" * 100 + b"\nb\n" + b"z" * 5000 + b"\nc\n")
    for limit in (1 << 20, 64, 7):
        reader = Reader(log, max_line_bytes=100)
        assert reader.read(limit) == [b"a", b"y" * 100, b"b", b"c"]
        assert reader.too_long == 2


def test_a_line_without_end_is_not_held_in_memory(log: Path) -> None:
    splitter = LineSplitter(1000, at_start=True)
    for _ in range(100):
        splitter.feed(b"x" * 1000)
    assert splitter.pending_bytes == 100_000
    assert len(splitter._held) == 0
    assert splitter.feed(b"\nok\n") == [b"ok"]
    assert splitter.too_long == 1


@given(
    data=st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"bc", b" ", b"\0", b"long" * 4]), max_size=40).map(b"".join),
    cuts=st.lists(st.integers(0, 200), max_size=6),
)
def test_where_blocks_are_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    whole, pieces = LineSplitter(12, at_start=True), LineSplitter(12, at_start=True)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    lines = [line for a, b in itertools.pairwise(edges) for line in pieces.feed(data[a:b])]
    assert lines == whole.feed(data)
    assert (pieces.too_long, pieces.pending_bytes) == (whole.too_long, whole.pending_bytes)
    expected = [
        part
        for line in data.split(b"\n")[:-1]
        if len(line) <= 12
        for part in line.removesuffix(b"\r").split(b"\0")
        if part.strip()
    ]
    assert lines == expected


# Rotation by renaming.


def test_a_renamed_file_is_read_to_its_end_and_then_the_new_one(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    put(log, "b")
    log.rename(f"{log}.1")
    put(log, "c")
    assert reader.read() == [b"b", b"c"]
    assert sorted(p.finished for p in reader.positions.values()) == [False, True]


def test_what_a_slow_writer_adds_to_the_renamed_file_is_read(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    old = log.rename(f"{log}.1")
    put(log, "c")
    reader.read()
    put(old, "b")
    assert reader.read() == [b"b"]


def test_a_renamed_file_that_was_deleted_at_once_is_read_from_its_open_descriptor(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    put(log, "b")
    log.unlink()
    put(log, "c")
    assert reader.read() == [b"b", b"c"]


def test_a_rotation_while_nobody_collected_loses_nothing(log: Path) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(log)
    reader.read()
    put(log, "b")
    log.rename(f"{log}.1")
    put(log, "c")
    reader.restart()
    assert reader.read() == [b"b", b"c"]
    assert reader.notes == []


@pytest.mark.parametrize("names", [("1", "2", "3"), ("20260516", "20260515", "20260514")])
@pytest.mark.parametrize("is_running", [True, False])
def test_many_rotations_between_two_reads_lose_nothing(log: Path, names: tuple[str, ...], is_running: bool) -> None:
    old = Path(f"{log}-20251231" if "2026" in names[0] else f"{log}.9")
    put(old, "history nobody asked for", at=50)
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    put(log, "b", at=200)
    log.rename(f"{log}-{names[2]}" if "2026" in names[0] else f"{log}.3")
    put(Path(f"{log}-{names[1]}" if "2026" in names[0] else f"{log}.2"), "c", at=300)
    put(Path(f"{log}-{names[0]}" if "2026" in names[0] else f"{log}.1"), "d", at=300)
    put(Path(f"{log}-errors"), "another log", at=350)
    put(log, "e", at=400)
    if not is_running:
        reader.restart()
    assert reader.read() == [b"b", b"c", b"d", b"e"]
    reader.restart()
    assert reader.read() == []


def test_history_beside_a_deleted_log_is_not_taken_for_what_was_missed(log: Path) -> None:
    put(Path(f"{log}.1"), "history nobody asked for", at=50)
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    log.unlink()
    put(log, "b", at=200)
    assert reader.read() == [b"b"]


def test_a_crash_before_the_first_line_of_a_rotated_file_loses_nothing(log: Path) -> None:
    put(log, at=100)
    reader = Reader(log)
    reader.read()
    put(log, "a", at=200)
    log.rename(f"{log}.1")
    put(log, "b", at=300)
    reader.commit(reader.tail.read(limit_bytes=1))
    reader.restart()
    assert reader.read() == [b"a", b"b"]


def test_a_rotated_file_with_any_name_is_known_by_its_inode(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    put(log, "b")
    log.rename(log.with_name("archived-under-another-name"))
    put(log, "c")
    reader.restart()
    assert reader.read() == [b"b", b"c"]


def test_a_crash_within_a_rotated_backlog_goes_on_where_it_was_committed(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    put(log, *numbered(0, 20), at=200)
    log.rename(f"{log}.2")
    put(Path(f"{log}.1"), *numbered(20, 40), at=300)
    put(log, *numbered(40, 60), at=400)
    for _ in range(60):
        reader.restart()
        reader.commit(reader.tail.read(limit_bytes=200))
    assert reader.lines == [b"a", *as_bytes(numbered(0, 60))]


def test_a_rotated_file_that_cannot_be_found_is_told(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    log.rename(log.parent.parent / "gone.jsonl")
    put(log, "c")
    reader.restart()
    assert reader.read() == [b"c"]
    (note,) = reader.notes
    assert "may be missing" in note
    assert reader.gap_bytes == 0
    reader.restart()
    reader.read()
    assert len(reader.notes) == 1


def pack(path: Path, name: str) -> None:
    """Compress a file as logrotate does: another file with the time of the first one, which is removed."""
    packed = path.with_name(name)
    ways: dict[str, Callable[[bytes], bytes]] = {
        ".gz": lambda data: gzip.compress(data),
        ".zst": lambda data: zstandard.compress(data),
        ".bz2": lambda data: bz2.compress(data),
    }
    packed.write_bytes(ways[packed.suffix](path.read_bytes()))
    os.utime(packed, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    path.unlink()


def test_a_rotated_file_that_was_compressed_so_that_it_cannot_be_read_is_named(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    put(log, "b", at=200)
    pack(log, f"{log.name}.1.bz2")
    put(log, "c", at=300)
    reader.restart()
    assert reader.read() == [b"c"]
    assert any(f"{log}.1.bz2" in note and "usdtop import" in note for note in reader.notes)


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("{}.3.gz", "{}.2.gz", "{}.1"),
        ("{}.3.zst", "{}.2.zst", "{}.1.zst"),
        ("{}-20261120.gz", "{}-20261121.gz", "{}-20261122"),
        ("{}-2026-11-20.gz", "{}-2026-11-21.gz", "{}-2026-11-22.gz"),
    ],
)
def test_files_that_were_rotated_and_compressed_while_nobody_collected_are_finished_in_their_order(
    log: Path, first: str, second: str, third: str
) -> None:
    put(log, *numbered(0, 5), at=50)
    pack(log, f"{log.name}.9.gz")  # older than all, and never ours to read
    put(log, *numbered(5, 10), at=100)
    reader = Reader(log)
    reader.read()
    for number, name in enumerate((first, second, third), start=1):
        put(log, *numbered(10 * number, 10 * number + 10), at=100 + number)
        name = name.format(log.name)
        if name.endswith((".gz", ".zst")):
            pack(log, name)
        else:
            log.rename(log.with_name(name))
    put(log, *numbered(40, 50), at=200)
    reader.restart()
    assert reader.read() == as_bytes(numbered(10, 50))
    for _ in range(3):
        reader.restart()
        assert reader.read() == []


def test_a_crash_within_a_compressed_rest_goes_on_where_it_was_committed(log: Path) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    put(log, *numbered(10, 40), at=200)
    pack(log, f"{log.name}.1.gz")
    put(log, *numbered(40, 50), at=300)
    for _ in range(60):
        reader.restart()
        reader.commit(reader.tail.read(limit_bytes=200))
    assert reader.lines == as_bytes(numbered(0, 50))
    assert reader.gap_bytes == 0


def test_a_file_that_was_read_to_its_end_is_not_read_again_when_it_is_compressed(log: Path) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.1")
    put(log, *numbered(10, 20), at=200)
    reader.read()
    for is_running in (True, False):
        older = Path(f"{log}.1")
        pack(older, f"{log.name}.{2 + is_running}.gz")
        log.rename(older)
        os.utime(older, (300, 300))
        put(log, f"new {is_running}", at=400)
        if not is_running:
            reader.restart()
        assert reader.read() == [f"new {is_running}".encode()]
    assert reader.gap_bytes == 0


def test_the_unfinished_last_line_of_a_rotated_file_comes_when_the_file_is_let_go(log: Path) -> None:
    log.write_bytes(b"a\nno newline")
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.1")
    put(log, "c")
    assert reader.read() == [b"c"]
    log.rename(f"{log}.2")
    put(log, "d")
    assert sorted(reader.read()) == [b"d", b"no newline"]


# Truncation and replacement.


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


def test_a_file_that_vanished_over_a_restart_is_a_gap_of_what_had_been_seen(log: Path) -> None:
    put(log, *numbered(0, 100))
    size = log.stat().st_size
    reader = Reader(log)
    reader.commit(reader.tail.read(limit_bytes=1000))
    offset = next(iter(reader.positions.values())).offset
    log.rename(log.parent.parent / "gone.jsonl")
    put(log, "new")
    reader.restart()
    assert reader.read() == [b"new"]
    assert reader.gap_bytes == size - offset


def forgotten(log: Path, positions: list[Position], before_ms: int = 2**60) -> list[Key]:
    tail = Tail(str(log), positions)
    tail.read()
    gone = tail.forget_gone(before_ms)
    tail.close()
    return gone


def test_what_is_known_of_a_file_is_forgotten_when_it_is_gone_and_old_and_not_before(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    kept = log.rename(f"{log}.1")
    put(log, "b", at=200)
    reader.restart()
    reader.read()
    positions = list(reader.positions.values())
    old = next(key for key, position in reader.positions.items() if position.modified_ms == 100_000)

    assert forgotten(log, positions) == []  # it lies beside the log, where it would be found again
    kept.rename(log.parent.parent / "elsewhere")
    assert forgotten(log, positions, before_ms=100_000) == []
    assert forgotten(log, positions) == [old]


def test_a_folder_that_is_not_there_is_no_proof_that_its_files_are_gone(log: Path) -> None:
    folder = log.parent / "mounted"
    folder.mkdir()
    put(folder / "gateway.jsonl", "a", at=100)
    reader = Reader(folder / "gateway.jsonl")
    reader.read()
    reader.tail.close()
    folder.rename(log.parent / "unmounted")
    assert forgotten(folder / "gateway.jsonl", list(reader.positions.values())) == []


def test_a_file_that_a_pattern_finds_in_another_folder_is_not_gone(log: Path) -> None:
    for name in ("a", "b"):
        (log.parent / name).mkdir()
    put(log.parent / "a" / "x.jsonl", "a", at=100)
    reader = Reader(log.parent / "*" / "x.jsonl")
    reader.read()
    reader.tail.close()
    (log.parent / "a" / "x.jsonl").rename(log.parent / "b" / "x.jsonl")
    assert forgotten(log.parent / "*" / "x.jsonl", list(reader.positions.values())) == []


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


# Several files.


def test_each_file_of_a_glob_is_followed_and_new_ones_appear(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "a1", at=200)
    put(tmp_path / "b.jsonl", "b1", at=100)
    reader = Reader(tmp_path / "*.jsonl")
    assert reader.read() == [b"b1", b"a1"]
    put(tmp_path / "b.jsonl", "b2")
    put(tmp_path / "c.jsonl", "c1")
    assert sorted(reader.read()) == [b"b2", b"c1"]


def test_a_recursive_glob_goes_on_after_a_restart(tmp_path: Path) -> None:
    deep = tmp_path / "x" / "y"
    deep.mkdir(parents=True)
    put(tmp_path / "top.jsonl", "t1")
    put(deep / "deep.jsonl", "d1")
    reader = Reader(tmp_path / "**" / "*.jsonl")
    assert sorted(reader.read()) == [b"d1", b"t1"]
    (tmp_path / "top.jsonl").rename(tmp_path / "top.jsonl.1")
    put(tmp_path / "top.jsonl.1", "t2")
    put(tmp_path / "top.jsonl", "t3")
    reader.restart()
    assert reader.read() == [b"t2", b"t3"]


def test_a_glob_that_also_matches_rotated_names_reads_nothing_twice(log: Path) -> None:
    reader = Reader(f"{log}*")
    written = []
    for number in range(6):
        for older in range(number, 0, -1):
            source = Path(f"{log}.{older - 1}" if older > 1 else log)
            source.rename(f"{log}.{older}")
        put(log, f"line {number}")
        written.append(f"line {number}".encode())
        reader.read()
        if number % 2:
            reader.restart()
            assert reader.read() == []
    assert reader.lines == written


def test_a_glob_waits_with_a_copy_that_is_being_made(log: Path) -> None:
    put(log, *numbered(0, 100))
    reader = Reader(f"{log}*")
    reader.read()
    content = log.read_bytes()
    copy = Path(f"{log}.1")
    for size in (10, 3000, len(content)):
        copy.write_bytes(content[:size])
        assert reader.read() == []
    os.truncate(log, 0)
    put(log, "new")
    assert reader.read() == [b"new"]


def test_a_file_with_a_long_backlog_does_not_keep_the_others_waiting(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", *numbered(0, 500), at=100)
    put(tmp_path / "b.jsonl", "b", at=200)
    reader = Reader(tmp_path / "*.jsonl")
    for _ in range(3):
        reader.commit(reader.tail.read(limit_bytes=1000))
    assert b"b" in reader.lines


def test_more_files_than_may_be_open_are_all_followed(tmp_path: Path) -> None:
    count = 2 * MAX_OPEN_FILES + 10
    for number in range(count):
        put(tmp_path / f"{number}.jsonl", f"first {number}", at=1000 + number)
    reader = Reader(tmp_path / "*.jsonl")
    assert sorted(reader.read()) == sorted(b"first %d" % number for number in range(count))
    assert len(list(Path("/proc/self/fd").iterdir())) < MAX_OPEN_FILES + 50
    for number in range(count):
        put(tmp_path / f"{number}.jsonl", f"second {number}")
    assert sorted(reader.read()) == sorted(b"second %d" % number for number in range(count))
    reader.restart()
    assert reader.read() == []


def test_last_lines_of_more_files_than_may_be_open_are_all_finished(tmp_path: Path) -> None:
    count = MAX_OPEN_FILES + 20
    for number in range(count):
        (tmp_path / f"{number}.jsonl").write_bytes(b"a\nlast %d" % number)
    reader = Reader(tmp_path / "*.jsonl")
    reader.read()
    assert sorted(reader.finish()) == sorted(b"last %d" % number for number in range(count))


def test_a_symbolic_link_is_followed_to_its_target_and_when_it_turns(tmp_path: Path) -> None:
    put(tmp_path / "one", "a")
    link = tmp_path / "current.jsonl"
    link.symlink_to("one")
    reader = Reader(link)
    assert reader.read() == [b"a"]
    put(tmp_path / "one", "b")
    put(tmp_path / "two", "c")
    link.unlink()
    link.symlink_to("two")
    reader.restart()
    assert reader.read() == [b"b", b"c"]


def test_one_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "a")
    (tmp_path / "latest.jsonl").symlink_to("a.jsonl")
    reader = Reader(tmp_path / "*.jsonl")
    assert reader.read() == [b"a"]
    put(tmp_path / "a.jsonl", "b")
    assert reader.read() == [b"b"]
    reader.restart()
    assert reader.read() == []


def test_a_name_with_brackets_is_a_name_when_the_file_exists(tmp_path: Path) -> None:
    put(tmp_path / "a[1].jsonl", "a")
    assert Reader(tmp_path / "a[1].jsonl").read() == [b"a"]


# What cannot be read.


def test_a_file_that_does_not_exist_is_told_and_read_when_it_comes(log: Path) -> None:
    reader = Reader(log)
    assert reader.read() == []
    assert reader.notes == [f"{log} does not exist."]
    put(log, "a")
    assert reader.read() == [b"a"]


def test_a_file_that_vanishes_is_told_while_the_others_go_on(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "a")
    put(tmp_path / "b.jsonl", "b")
    reader = Reader(tmp_path / "*.jsonl")
    reader.read()
    (tmp_path / "a.jsonl").unlink()
    put(tmp_path / "b.jsonl", "b2")
    assert reader.read() == [b"b2"]
    put(tmp_path / "a.jsonl", "a2")
    assert reader.read() == [b"a2"]


def test_files_that_came_and_went_leave_nothing_in_memory(tmp_path: Path) -> None:
    reader = Reader(tmp_path / "*.jsonl")
    for number in range(20):
        put(tmp_path / f"{number}.jsonl", f"a{number}")
        reader.read()
        (tmp_path / f"{number}.jsonl").unlink()
    reader.read()
    assert len(reader.lines) == 20
    assert (reader.tail._logs, reader.tail._book.known) == ({}, {})


def test_a_directory_or_a_pipe_in_the_place_of_a_file_is_told(log: Path) -> None:
    put(log, "a")
    reader = Reader(log)
    reader.read()
    log.unlink()
    log.mkdir()
    assert reader.read() == []
    assert reader.notes == [f"{log} is not a regular file."]
    log.rmdir()
    os.mkfifo(log)
    assert reader.read() == []
    log.unlink()
    put(log, "b")
    assert reader.read() == [b"b"]


@pytest.fixture
def folder_of_nobody() -> Iterator[Path]:
    """A folder of a user without privileges, whose rights the test has while it runs: root may read everything."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, NOBODY, -1)
        os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


def test_a_file_without_permission_is_told_in_every_chunk(folder_of_nobody: Path) -> None:
    put(folder_of_nobody / "a.jsonl", "a")
    put(folder_of_nobody / "b.jsonl", "b")
    (folder_of_nobody / "a.jsonl").chmod(0)
    reader = Reader(folder_of_nobody / "*.jsonl")
    assert reader.read() == [b"b"]
    assert "Permission denied" in reader.tail.read().notes[0]
    (folder_of_nobody / "a.jsonl").chmod(0o600)
    assert reader.read() == [b"a"]


def test_a_file_that_cannot_be_looked_at_is_told_in_every_chunk(tmp_path: Path) -> None:
    loop = tmp_path / "a.jsonl"
    loop.symlink_to(loop)
    put(tmp_path / "b.jsonl", "b")
    reader = Reader(tmp_path / "*.jsonl")
    assert reader.read() == [b"b"]
    for _ in range(2):
        assert reader.tail.read().notes == (f"{loop} cannot be read: Too many levels of symbolic links.",)


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl")).write_bytes(b"a\n")
    put(tmp_path / "b.jsonl", "b")
    reader = Reader(tmp_path / "*.jsonl")
    assert reader.read() == [b"b"]
    assert "not UTF-8" in reader.notes[0]
    assert reader.notes[0].isascii()


# Compressed files.


def test_a_gzip_file_is_read_once_and_counts_what_was_compressed(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    data = b"".join(line + b"\n" for line in as_bytes(numbered(0, 500)))
    packed.write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]) + gzip.compress(b"last"))
    reader = Reader(packed)
    assert reader.read(limit_bytes=700) == as_bytes(numbered(0, 500))
    assert reader.finish() == [b"last"]
    (position,) = reader.positions.values()
    assert (position.offset, position.finished) == (len(data) + 4, True)
    reader.restart()
    assert (reader.read(), reader.finish()) == ([], [])


def test_a_gzip_file_goes_on_after_a_crash(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    packed.write_bytes(gzip.compress(b"".join(line + b"\n" for line in as_bytes(numbered(0, 500)))))
    reader = Reader(packed)
    for _ in range(200):
        reader.restart()
        reader.commit(reader.tail.read(limit_bytes=1000))
    assert reader.lines == as_bytes(numbered(0, 500))


def test_a_gzip_file_that_breaks_off_yields_what_stands_before_and_the_rest_when_it_comes(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    lines = [b"%05d " % number + os.urandom(30).hex().encode() for number in range(1000)]
    whole = gzip.compress(b"\n".join(lines) + b"\n")
    packed.write_bytes(whole[:-10_000])
    reader = Reader(packed)
    reader.read()
    assert "breaks off" in reader.notes[-1]
    assert 500 < len(reader.lines) < 1000
    assert not any(position.finished for position in reader.positions.values())
    packed.write_bytes(whole)
    reader.read()
    assert reader.lines == lines


def test_a_file_that_is_no_gzip_is_told(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    packed.write_bytes(b"plain text\n")
    reader = Reader(packed)
    assert reader.read() == []
    assert "breaks off" in reader.notes[0]


def test_compressed_files_in_a_plain_glob_are_named_once_and_not_read(log: Path) -> None:
    put(log, "a")
    Path(f"{log}.1.gz").write_bytes(gzip.compress(b"old\n"))
    reader = Reader(f"{log}*")
    assert reader.read() == [b"a"]
    reader.read()
    assert len(reader.notes) == 1
    assert "usdtop import" in reader.notes[0]


# Any sequence of events.


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

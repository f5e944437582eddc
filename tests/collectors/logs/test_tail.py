"""Following files: every line exactly once, as it was written."""

import itertools
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from collectors.logs.lines import LineSplitter
from collectors.logs.tail import Tail
from tests.fakes.tailing import Reader, numbered, put


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

"""Disks that fail, writers that leave holes, folders that vanish: no line is lost or comes twice, and it is said."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from collectors.logs import logfile, rotation
from collectors.logs.fileid import Fingerprint, fingerprint
from collectors.logs.lines import LineSplitter
from tests.fakes.tailing import Reader, as_bytes, numbered, put

NINE_MIB = 9 * 1024 * 1024


def test_a_disk_that_fails_when_it_is_looked_back_at_costs_no_line_and_is_no_truncation(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(log, *numbered(0, 3))
    reader = Reader(log)
    reader.read()
    put(log, *numbered(3, 6))
    asked: list[int] = []

    def failing(descriptor: int, offset: int) -> Fingerprint | None:
        asked.append(offset)
        if len(asked) == 2:  # the first one looks whether it is the same file, the second follows the reading
            raise OSError(errno.EIO, "Input/output error")
        return fingerprint(descriptor, offset)

    monkeypatch.setattr(logfile, "fingerprint", failing)
    chunk = reader.tail.read()
    assert (chunk.lines, chunk.troubles) == ([], (f"{log} cannot be read: Input/output error.",))
    monkeypatch.undo()
    assert reader.read() == as_bytes(numbered(3, 6))
    assert (reader.notes, reader.gap_bytes) == ([], 0)


def test_a_log_that_was_emptied_while_its_writer_went_on_where_it_stood_loses_no_line(log: Path) -> None:
    put(log, *numbered(0, 5))
    reader = Reader(log)
    reader.read()
    os.truncate(log, 0)
    os.truncate(log, NINE_MIB)  # a hole, as a writer that does not append leaves it
    put(log, *numbered(5, 8))
    assert (reader.read(), reader.too_long) == (as_bytes(numbered(5, 8)), 0)


@pytest.mark.parametrize("block_bytes", [1, 7, 64])
def test_nul_bytes_before_a_line_have_no_length_and_those_within_it_do(block_bytes: int) -> None:
    text = b"\0" * 50 + b"first\n" + b"\0" * 50 + b"\0second is too long\n" + b"third\0" + b"\0" * 20 + b"\n"
    splitter = LineSplitter(10, at_start=True)
    lines = [line for at in range(0, len(text), block_bytes) for line in splitter.feed(text[at : at + block_bytes])]
    assert (lines, splitter.too_long, splitter.pending_bytes) == ([b"first"], 2, 0)


def test_half_a_line_that_its_writer_takes_back_is_no_truncation(log: Path) -> None:
    put(log, "a", "b")
    reader = Reader(log)
    with log.open("ab") as file:
        file.write(b"half")
    reader.read()
    os.truncate(log, len(b"a\nb\n"))
    assert (reader.read(), reader.notes) == ([], [])
    put(log, "c")
    assert reader.read() == [b"c"]
    assert (reader.lines, reader.gap_bytes) == ([b"a", b"b", b"c"], 0)


@pytest.mark.parametrize("read", [5, 2_000])
def test_a_short_log_that_is_replaced_between_the_look_and_the_reading_yields_no_mixture(
    log: Path, read: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = "o" * read, ["n" * (read - 1), "the rest of another line, which is whole", "last"]
    put(log, old)
    reader = Reader(log)
    reader.read()
    put(log, "never read, and lost with the copy that nobody made")
    real = logfile.LogFile.read

    def replaced_before(self: logfile.LogFile, limit_bytes: int) -> list[bytes]:
        monkeypatch.undo()
        os.truncate(log, 0)
        put(log, *new)
        return real(self, limit_bytes)

    monkeypatch.setattr(logfile.LogFile, "read", replaced_before)
    reader.read()
    assert reader.read() + reader.lines[1:] == as_bytes(new)


def test_a_folder_that_a_pattern_names_and_that_is_gone_is_told_as_a_trouble_and_healed(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    put(logs / "a.jsonl", "a")
    reader = Reader(logs / "*.jsonl")
    reader.read()
    shutil.move(logs, tmp_path / "elsewhere")
    assert reader.tail.read().troubles == (f"No file matches {logs}/*.jsonl: {logs} does not exist.",)
    shutil.move(tmp_path / "elsewhere", logs)
    put(logs / "a.jsonl", "b")
    chunk = reader.tail.read()
    assert (chunk.lines, chunk.troubles) == ([b"b"], ())


def test_an_empty_folder_is_no_trouble(tmp_path: Path) -> None:
    for pattern in ("*.jsonl", "**/*.jsonl", "*/x/*.jsonl"):
        chunk = Reader(tmp_path / pattern).tail.read()
        assert (chunk.notes, chunk.troubles) == ((f"No file matches {tmp_path / pattern}.",), ())


def test_a_copy_is_left_alone_as_long_as_there_are_no_descriptors_to_know_it_by(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(log, *numbered(0, 30))
    reader = Reader(f"{log}*")
    reader.read()
    shutil.copyfile(log, f"{log}.1")  # and not emptied yet

    def none_left(path: str) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(rotation, "open_to_read", none_left)
    assert reader.read() == []
    monkeypatch.undo()
    os.truncate(log, 0)
    assert reader.read() == []
    assert reader.lines == as_bytes(numbered(0, 30))

"""Following what cannot be read: it is told, and read when it can be."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.tailing import Reader, put

NOBODY = 65534
"""The user id of nobody."""


def test_a_file_that_does_not_exist_is_told_and_read_when_it_comes(log: Path) -> None:
    reader = Reader(log)
    assert reader.read() == []
    assert reader.notes == [f"{log} does not exist."]
    put(log, "a")
    assert reader.read() == [b"a"]


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


def test_a_log_that_was_read_and_cannot_be_reached_any_more_is_a_trouble_under_a_pattern_too(
    folder_of_nobody: Path,
) -> None:
    (folder_of_nobody / "pods" / "a").mkdir(parents=True)
    (folder_of_nobody / "pods" / "b").mkdir()
    put(folder_of_nobody / "pods" / "a" / "x.jsonl", "a")
    put(folder_of_nobody / "pods" / "b" / "x.jsonl", "b")
    reader = Reader(folder_of_nobody / "pods" / "*" / "*.jsonl")
    assert sorted(reader.read()) == [b"a", b"b"]
    (folder_of_nobody / "pods" / "a").chmod(0)
    try:
        for _ in range(2):
            (trouble,) = reader.tail.read().troubles
            assert "a/x.jsonl cannot be read: Permission denied" in trouble
            reader.restart()
        (folder_of_nobody / "pods").chmod(0o300)
        assert any("pods cannot be read: Permission denied" in said for said in reader.tail.read().troubles)
    finally:
        (folder_of_nobody / "pods").chmod(0o700)
        (folder_of_nobody / "pods" / "a").chmod(0o700)
    put(folder_of_nobody / "pods" / "a" / "x.jsonl", "c")
    assert reader.read() == [b"c"]

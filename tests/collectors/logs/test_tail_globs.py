"""Following many files under one pattern, and one file under many names."""

import os
from pathlib import Path

from collectors.logs.tail import MAX_OPEN_FILES
from tests.fakes.tailing import Reader, numbered, put


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

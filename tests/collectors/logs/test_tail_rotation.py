"""Following files that are renamed to make room: nothing is lost, nothing comes twice."""

from pathlib import Path

import pytest

from tests.fakes.tailing import Reader, as_bytes, numbered, put


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

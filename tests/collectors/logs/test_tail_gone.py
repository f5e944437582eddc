"""Following files that vanish: what is told of them, and when they are forgotten."""

from pathlib import Path

from collectors.logs.fileid import Key
from collectors.logs.tail import Tail
from store.facts import Position
from tests.fakes.tailing import Reader, numbered, put


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

"""Following files that vanish: what is told of them, and when they are forgotten."""

from pathlib import Path

import pytest

from collectors.logs.fileid import Key, key_of
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


DAY_MS = 86_400_000


def tidied(
    log: Path, positions: list[Position], now_ms: int, after_ms: int = 7 * DAY_MS
) -> tuple[list[Position], list[Key]]:
    """What a collector keeps that looks once, and what it forgets."""
    tail = Tail(str(log), positions)
    tail.read()
    found = tail.tidy(now_ms, after_ms)
    tail.close()
    changed = {key_of(position): position for position in found.changed}
    return [changed.get(key_of(p), p) for p in positions if key_of(p) not in found.forgotten], list(found.forgotten)


def test_what_is_known_of_a_file_is_forgotten_when_it_has_been_gone_for_a_week_however_old_it_is(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    kept = log.rename(f"{log}.1")
    put(log, "b", at=200)
    reader.restart()
    reader.read()
    positions = list(reader.positions.values())
    old = next(key for key, position in reader.positions.items() if position.modified_ms == 100_000)

    assert tidied(log, positions, now_ms=90 * DAY_MS) == (positions, [])  # it lies beside the log
    elsewhere = kept.rename(log.parent.parent / "elsewhere")
    positions, _ = tidied(log, positions, now_ms=100 * DAY_MS)
    assert {key_of(p): p.gone_ms for p in positions if p.gone_ms} == {old: 100 * DAY_MS}
    assert tidied(log, positions, now_ms=107 * DAY_MS - 1) == (positions, [])

    elsewhere.rename(kept)
    back, _ = tidied(log, positions, now_ms=107 * DAY_MS)
    assert not any(position.gone_ms for position in back), "it came back: the week begins anew"
    kept.rename(elsewhere)
    assert tidied(log, positions, now_ms=107 * DAY_MS)[1] == [old]


def test_a_folder_that_is_not_there_is_no_proof_that_its_files_are_gone(log: Path) -> None:
    folder = log.parent / "mounted"
    folder.mkdir()
    put(folder / "gateway.jsonl", "a", at=100)
    reader = Reader(folder / "gateway.jsonl")
    reader.read()
    reader.tail.close()
    folder.rename(log.parent / "unmounted")
    positions = list(reader.positions.values())
    assert tidied(folder / "gateway.jsonl", positions, now_ms=DAY_MS, after_ms=0) == (positions, [])


def test_a_file_that_a_pattern_finds_in_another_folder_is_not_gone(log: Path) -> None:
    for name in ("a", "b"):
        (log.parent / name).mkdir()
    put(log.parent / "a" / "x.jsonl", "a", at=100)
    reader = Reader(log.parent / "*" / "x.jsonl")
    reader.read()
    reader.tail.close()
    (log.parent / "a" / "x.jsonl").rename(log.parent / "b" / "x.jsonl")
    positions = list(reader.positions.values())
    assert tidied(log.parent / "*" / "x.jsonl", positions, now_ms=DAY_MS, after_ms=0) == (positions, [])


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


def test_files_that_came_and_went_leave_little_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.logs.tail.MAX_KNOWN_FILES", 6)
    reader = Reader(tmp_path / "*.jsonl")
    logs = [tmp_path / f"{number}.jsonl" for number in range(20)]
    for number, log in enumerate(logs):
        put(log, f"a{number}")
    reader.read()
    for log in logs:
        log.unlink()
    for _ in range(2):
        reader.read()
    assert len(reader.lines) == 20
    assert (reader.tail._logs, len(reader.tail._book.known)) == ({}, 3)
    assert not reader.tail._book.parked


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("pattern", ["*.jsonl", "a.jsonl"])
def test_a_file_that_was_moved_away_and_comes_back_is_not_read_again(
    tmp_path: Path, restarts: bool, pattern: str
) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "a.jsonl"
    put(log, *numbered(0, 10))
    reader = Reader(tmp_path / "logs" / pattern)
    reader.read()
    for round_number in range(3):
        log.rename(tmp_path / "elsewhere")
        assert reader.read() == []
        if restarts:
            reader.restart()
            assert reader.read() == []
        (tmp_path / "elsewhere").rename(log)
        put(log, f"round {round_number}")
        assert reader.read() == [f"round {round_number}".encode()]
    assert reader.gap_bytes == 0


def test_an_inode_that_was_given_to_another_log_is_no_truncation_of_the_one_that_was_finished(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    elsewhere = tmp_path / "elsewhere"
    put(tmp_path / "logs" / "a.jsonl", *numbered(0, 10))
    reader = Reader(tmp_path / "logs" / "*.jsonl")
    reader.read()
    (tmp_path / "logs" / "a.jsonl").rename(elsewhere)
    reader.read()
    reader.restart()
    elsewhere.write_bytes(b"of another log\n")
    elsewhere.rename(tmp_path / "logs" / "b.jsonl")
    reader.notes.clear()
    assert reader.read() == [b"of another log"]
    assert (reader.notes, reader.gap_bytes) == ([], 0)

"""A finished log is read to the same events in this process and in one of its own."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from collectors.logs import finished
from collectors.logs.finished import ReadingError, Task, polls
from collectors.source import Poll
from tests.fakes import samples

LARGE, SMALL = finished.LARGE_BYTES, 0


@pytest.fixture
def task(tmp_path: Path) -> Task:
    log = tmp_path / "gateway.jsonl"
    log.write_bytes(b"not JSON\n" + b"\n".join(samples.lines()))
    return Task("import", str(log), ())


def ids(found: list[Poll]) -> list[str]:
    return [event.id for poll in found for event in poll.events]


def test_both_ways_give_every_event_every_reject_and_the_same_positions(
    task: Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    here, apart = list(polls(task, SMALL)), list(polls(task, LARGE))

    assert len(ids(here)) == 600
    assert msgspec.json.encode(apart) == msgspec.json.encode(here)
    assert [poll.more for poll in apart] == [*([True] * (len(apart) - 1)), False]


def test_one_core_reads_in_this_process(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert len(ids(list(polls(task, LARGE)))) == 600


def test_a_reading_process_that_dies_is_a_sentence(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ReadingError, match="ended too early, with code 1; try again"):
        list(polls(task, LARGE))


def test_a_reader_that_is_left_alone_ends(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload]  # passed on as they are
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    reading = polls(task, LARGE)
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # a generator behind its protocol
    assert started[0].returncode is not None

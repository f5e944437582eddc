"""A finished log is read and priced to the same rows in this process and in one of its own."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.gateway_lines import trimmed
from collectors.logs import finished
from collectors.logs.finished import Piece, ReadingError, Task, portions
from collectors.prices.pricer import Pricer
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook
from store.requests.identity import unpack_id
from tests.fakes import samples

LARGE, SMALL = finished.LARGE_BYTES, 0


@pytest.fixture
def task(tmp_path: Path) -> Task:
    log = tmp_path / "gateway.jsonl"
    log.write_bytes(b"not JSON\n" + b"\n".join(samples.lines()))
    return Task("import", str(log), ())


@pytest.fixture
def pricer() -> Pricer:
    return Pricer(PriceBook([Catalogue()]))


def pieces(task: Task, size_bytes: int, pricer: Pricer) -> list[Piece]:
    return [piece for portion in portions(task, size_bytes, pricer) for piece in portion]


def ids(found: list[Piece]) -> list[str]:
    return [unpack_id(row[1]) for piece in found for row in piece.ready.rows]


def cards(found: list[Piece]) -> list[str]:
    return [piece.ready.cards[row[-3]][0] for piece in found for row in piece.ready.rows]


def test_both_ways_give_every_event_every_reject_and_the_same_positions(
    task: Task, pricer: Pricer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    here, apart = pieces(task, SMALL, pricer), pieces(task, LARGE, pricer)

    assert len(ids(here)) == 600
    assert msgspec.json.encode(apart) == msgspec.json.encode(here)
    assert [piece.poll.more for piece in apart] == [*([True] * (len(apart) - 1)), False]


def test_whoever_prices_long_lines_the_rows_are_the_same(
    task: Task, pricer: Pricer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    short = tmp_path / "short.jsonl"
    short.write_bytes(b"\n".join(trimmed(line) for line in samples.lines()))
    of_short = msgspec.structs.replace(task, pattern=str(short))
    for one, priced_there in ((task, False), (of_short, True)):
        sent = [finished._decode(frame) for frame in finished._in_a_process(one)]
        assert any(piece.ready.rows for piece in sent) is priced_there
        assert any(piece.poll.events for piece in sent) is not priced_there
        apart = pieces(one, LARGE, pricer)
        assert not any(piece.poll.events for piece in apart)
        assert msgspec.json.encode(apart) == msgspec.json.encode(pieces(one, SMALL, pricer))


def test_the_reading_process_prices_by_the_configuration_it_is_given(
    task: Task, pricer: Pricer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    log, config = tmp_path / "short.jsonl", tmp_path / "config.toml"
    log.write_bytes(b"\n".join(trimmed(line) for line in samples.lines()))
    config.write_text('[[price]]\nmodel = "*"\ninput = "1"\noutput = "2"\n')
    own = Pricer(PriceBook([UserBook.from_tables([{"model": "*", "input": "1", "output": "2"}])]))
    given = msgspec.structs.replace(task, pattern=str(log), config=str(config))

    priced = cards(pieces(given, LARGE, pricer))
    assert priced == cards(pieces(given, SMALL, own))
    assert any(name.startswith("configuration:") for name in priced)


@pytest.mark.parametrize("size_bytes", [SMALL, LARGE])
def test_a_log_in_which_nothing_is_found_is_handed_over_bit_by_bit_all_the_same(
    task: Task, pricer: Pricer, monkeypatch: pytest.MonkeyPatch, size_bytes: int
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(finished, "_MOST_PIECES", 1)
    Path(task.pattern).write_bytes(b"not JSON\n" * 9 + b"nor this")
    found = [list(portion) for portion in portions(task, size_bytes, pricer)]
    assert [len(portion) for portion in found] == [1, 1]
    assert sum(reject.count for portion in found for piece in portion for reject in piece.poll.rejects) == 10


def test_one_core_reads_in_this_process(task: Task, pricer: Pricer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    monkeypatch.setattr(subprocess, "Popen", None)
    assert len(ids(pieces(task, LARGE, pricer))) == 600


def test_a_reading_process_that_dies_is_a_sentence(task: Task, pricer: Pricer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(ReadingError, match="ended too early, with code 1; try again"):
        pieces(task, LARGE, pricer)


def test_a_reader_that_is_left_alone_ends(task: Task, pricer: Pricer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    started: list[subprocess.Popen[bytes]] = []

    class Watched(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **options: object) -> None:
            super().__init__(*args, **options)  # type: ignore[call-overload]  # passed on as they are
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Watched)
    reading = portions(task, LARGE, pricer)
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # a generator behind its protocol
    assert started[0].returncode is not None

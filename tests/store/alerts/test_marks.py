"""Marks: set from any process, read by every chart."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from store.alerts.marks import MOST_CHARACTERS, Mark, remove_mark, set_mark
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "usdtop.db"
    Writer(path).close()
    return path


def test_marks_are_read_oldest_first_and_only_those_of_the_window(path: Path) -> None:
    for at_ms, text in ((AT_MS + 5, "flag on"), (AT_MS, "deploy 41"), (AT_MS + 9, "rolled back"), (AT_MS - 1, "old")):
        set_mark(path, at_ms, text)

    assert Reader(path).marks(AT_MS, AT_MS + 9) == [
        Mark(at_ms=AT_MS, text="deploy 41"),
        Mark(at_ms=AT_MS + 5, text="flag on"),
    ]


def test_a_pipeline_that_repeats_itself_sets_one_mark(path: Path) -> None:
    for _ in range(3):
        set_mark(path, AT_MS, "deploy 41")
    set_mark(path, AT_MS, "deploy 42")

    assert [mark.text for mark in Reader(path).marks(0, AT_MS + 1)] == ["deploy 41", "deploy 42"]


def test_a_mark_can_be_taken_away_again(path: Path) -> None:
    kept, mistake = set_mark(path, AT_MS, "deploy"), set_mark(path, AT_MS + 1, "deploy")

    assert remove_mark(path, mistake)
    assert not remove_mark(path, mistake)
    assert Reader(path).marks(0, AT_MS + 9) == [kept]


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_a_mark_says_something(path: Path, text: str) -> None:
    with pytest.raises(ValueError, match="needs a text"):
        set_mark(path, AT_MS, text)


def test_a_mark_is_one_short_line(path: Path) -> None:
    assert set_mark(path, AT_MS, " deploy\n 41 ").text == "deploy 41"
    assert set_mark(path, AT_MS, "x" * (MOST_CHARACTERS + 1)).text == "x" * (MOST_CHARACTERS - 1) + "…"
    assert set_mark(path, AT_MS, "x" * MOST_CHARACTERS).text == "x" * MOST_CHARACTERS


def test_marks_are_set_while_a_collector_writes(path: Path) -> None:
    def write() -> None:
        with closing(Writer(path)) as writer:
            for number in range(20):
                writer.write(batch([priced(f"r-{number}", ended_at_ms=AT_MS + number)]), [CARD])

    collector = threading.Thread(target=write)
    collector.start()
    for number in range(20):
        set_mark(path, AT_MS + number, "beside")
    collector.join()

    with closing(sqlite3.connect(path)) as connection:
        requests = connection.execute("SELECT count(*) FROM requests").fetchone()[0]
    assert (len(Reader(path).marks(0, AT_MS + 99)), requests) == (20, 20)


def test_without_a_store_there_is_nothing_to_mark_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store at"):
        set_mark(tmp_path / "none.db", AT_MS, "deploy")
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(("step", "sentence"), [(1, "newer usdtop"), (-1, "older usdtop")])
def test_a_store_of_another_version_is_left_alone(path: Path, step: int, sentence: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute(f"PRAGMA user_version = {version + step}")
    with pytest.raises(StoreError, match=sentence):
        set_mark(path, AT_MS, "deploy")


def test_a_store_that_may_only_be_read_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.brief._connect", lambda p: sqlite3.connect(f"file:{p}?mode=ro", uri=True))
    with pytest.raises(StoreError, match="cannot write to the store"):
        set_mark(path, AT_MS, "deploy")

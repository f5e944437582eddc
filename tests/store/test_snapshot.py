"""A copy of the store: consistent, complete, readable where nothing can be written."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from store.alerts.marks import set_mark
from store.facts import HostFact
from store.reader import Reader
from store.snapshot import Snapshot, copy_of, take_snapshot
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

TAKEN = Snapshot("gpu-host-3", AT_MS + 1000)


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    writer = Writer(tmp_path / "usdtop.db")
    writer.write(batch([priced("a"), priced("b")]), [CARD])
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=20 * 10**9, since_ms=0)], AT_MS)
    return tmp_path / "usdtop.db"


def test_a_copy_holds_what_the_store_holds_and_says_where_it_is_from(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    take_snapshot(store, copy, TAKEN)
    assert Reader(copy).sums(0, AT_MS + 60_000) == Reader(store).sums(0, AT_MS + 60_000)
    assert Reader(copy).hosts() == Reader(store).hosts()
    assert copy_of(copy) == TAKEN
    assert copy_of(store) is None
    assert copy_of(tmp_path / "nothing.db") is None
    assert stat.S_IMODE(copy.stat().st_mode) == 0o400, "what happened is not changed afterwards"


def test_a_copy_tells_how_far_it_is(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.snapshot._PAGES", 10)
    heard: list[tuple[int, int]] = []
    take_snapshot(store, tmp_path / "copy.db", TAKEN, lambda done, pages: heard.append((done, pages)))
    done, pages = zip(*heard, strict=True)
    assert list(done) == [*range(10, pages[0], 10), pages[0]]
    assert set(pages) == {pages[0]}


def test_a_copy_takes_no_mark_whoever_sets_it(store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    take_snapshot(store, copy, TAKEN)
    copy.chmod(0o600)
    with pytest.raises(StoreError, match="is a copy of a store, which nobody changes"):
        set_mark(copy, AT_MS, "deploy 41")
    assert Reader(copy).marks(0, AT_MS + 1) == []
    set_mark(store, AT_MS, "deploy 41")
    assert [mark.text for mark in Reader(store).marks(0, AT_MS + 1)] == ["deploy 41"]


def test_a_copy_is_one_file_that_opens_where_nothing_can_be_written(store: Path, tmp_path: Path) -> None:
    folder = tmp_path / "laptop"
    folder.mkdir()
    take_snapshot(store, folder / "copy.db", TAKEN)
    assert [path.name for path in folder.iterdir()] == ["copy.db"]
    folder.chmod(0o500)
    try:
        assert len(Reader(folder / "copy.db").newest_requests()) == 2
    finally:
        folder.chmod(0o700)


def test_a_copy_taken_while_somebody_writes_is_of_one_instant(store: Path, tmp_path: Path) -> None:
    writer = Writer(store)
    numbers = iter(range(1000))

    def meanwhile(done: int, pages: int) -> None:
        n = next(numbers)
        if n < 3:
            writer.write(batch([priced(f"more-{n}")]), [CARD])

    take_snapshot(store, tmp_path / "copy.db", TAKEN, meanwhile)
    reader = Reader(tmp_path / "copy.db")
    counted = sum(one.measures[0] for one in reader.sums(0, AT_MS + 60_000))
    assert counted == len(reader.newest_requests()) >= 2


def test_a_file_is_never_replaced(store: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(StoreError, match="exists already"):
        take_snapshot(store, tmp_path / "precious", TAKEN)
    assert (tmp_path / "precious").read_text() == "mine"


def test_what_is_no_store_leaves_no_half_copy(tmp_path: Path) -> None:
    (tmp_path / "junk.db").write_bytes(os.urandom(8192))
    with pytest.raises(StoreError):
        take_snapshot(tmp_path / "junk.db", tmp_path / "copy.db", TAKEN)
    assert not (tmp_path / "copy.db").exists()


def test_a_copy_stands_in_rollback_mode(store: Path, tmp_path: Path) -> None:
    take_snapshot(store, tmp_path / "copy.db", TAKEN)
    with sqlite3.connect(tmp_path / "copy.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)

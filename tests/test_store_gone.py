"""A store that is deleted, or replaced, while it is written: recording goes on in a new one, and says so."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from store.tables import StoreGoneError
from store.writer import Writer
from tests.fakes.events import CARD, batch, priced
from tests.fakes.payloads import payload
from tests.fakes.waiting import eventually
from tests.test_exactly_once import PATIENCE_S, collecting

CONFIG = """
[gpu]
enabled = false
[[source]]
type = "file"
name = "gateway"
path = "{log}"
"""


def stored(store: Path) -> set[str]:
    if not store.exists():
        return set()
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return {bytes(row[0]).decode() for row in connection.execute("SELECT record_id FROM requests")}
    except sqlite3.OperationalError:  # it is just being made
        return set()


def write(log: Path, *names: str) -> None:
    with log.open("ab") as file:
        file.writelines(payload(name) + b"\n" for name in names)


def delete(store: Path) -> None:
    for path in list(store.parent.iterdir()):
        path.unlink()


def delete_folder(store: Path) -> None:
    shutil.rmtree(store.parent)


@pytest.mark.parametrize("remove", [delete, delete_folder])
def test_a_collector_goes_on_in_a_new_store_with_all_that_lies_in_the_logs(
    tmp_path: Path, remove: Callable[[Path], None]
) -> None:
    log, store, config, said = (tmp_path / name for name in ("x.jsonl", "store/usdtop.db", "c.toml", "said"))
    config.write_text(CONFIG.format(log=log))
    write(log, "a", "b")
    store.parent.mkdir(mode=0o700)
    with collecting(store, config, said) as process:
        eventually(lambda: stored(store) == {"a", "b"}, PATIENCE_S, "the first store")
        remove(store)
        write(log, "c")
        eventually(lambda: stored(store) == {"a", "b", "c"}, PATIENCE_S, "the new store")
        write(log, "d")
        eventually(lambda: stored(store) == {"a", "b", "c", "d"}, PATIENCE_S, "what comes later")
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    assert "was deleted or replaced while it was written. Recording begins anew" in said.read_text()
    assert stored(store) == {"a", "b", "c", "d"}, "in one piece"


def test_a_writer_whose_store_is_another_one_by_now_writes_nothing_and_says_so(tmp_path: Path) -> None:
    path, other = tmp_path / "usdtop.db", tmp_path / "other.db"
    writer = Writer(path)
    writer.write(batch([priced("a")]), [CARD])
    Writer(other).close()
    other.rename(path)
    with pytest.raises(StoreGoneError, match="was deleted or replaced"):
        writer.write(batch([priced("b")]), [CARD])

"""A store of an older version means the same after it was brought to this one."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from pricing.card import CACHED
from store.facts import Outcome
from store.migrations.requests import m019_saved
from store.migrations.sources import m022_doubts
from store.reader import Reader
from store.schema import _IN_ORDER
from store.sums import total
from store.tables import ROLLUPS, SCHEMA_VERSION, SIDE_ROLLUPS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced


def test_hits_of_a_cache_that_were_stored_before_their_savings_were_known_have_none(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(sqlite3.connect(path)) as connection:
        before = Migrations("usdtop")
        for step in _IN_ORDER:
            if step is not m019_saved:
                before()(step)
        before.apply(Database(connection))
    paid, hit = (
        priced("paid", reported_nano_usd=5),
        priced("hit", outcome=Outcome.CACHE, nano_usd=0, card=CACHED, tags=("x",)),
    )
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")  # what is written now is what was written then
    with closing(Writer(path)) as writer:
        writer.write(batch([paid, hit]), [CARD, CACHED])
    with closing(sqlite3.connect(path)) as connection:
        cached = "card IN (SELECT id FROM cards WHERE status = 'cached')"
        connection.execute(f"UPDATE requests SET reported_nano_usd = 0 WHERE {cached}")
        for table in (*ROLLUPS, *SIDE_ROLLUPS):
            connection.execute(f"UPDATE {table} SET reported = 1 WHERE {cached}")
        connection.execute("PRAGMA user_version = 18")
        connection.commit()
    Writer(path).close()

    reader = Reader(path)
    found = total(reader.sums(AT_MS, AT_MS + 60_000))
    assert (found.cached_requests, found.saved_requests, found.reported_nano_usd, found.reported_requests) == (
        1,
        0,
        5,
        1,
    )
    assert total(reader.side_sums("tag", AT_MS, AT_MS + 60_000)).saved_requests == 0
    assert [r.saved_nano_usd for r in reader.newest_requests()] == [None, None]
    reader.close()


def test_doubts_that_were_stored_among_rejects_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(sqlite3.connect(path)) as connection:
        before = Migrations("usdtop")
        for step in _IN_ORDER:
            if step is not m022_doubts:
                before()(step)
        before.apply(Database(connection))
        connection.execute(
            "INSERT INTO sources (name, kind, state, polled_ms, state_since_ms) VALUES ('gateway', 'file', 'ok', 1, 1)"
        )
        for reason in ("not JSON", "usage_mismatch: the counts do not add up", "more than 5 users: counted as (other)"):
            connection.execute("INSERT INTO rejects VALUES ('gateway', ?, 1, '', 1)", (reason,))
        connection.commit()
    Writer(path).close()
    reader = Reader(path)
    assert [one.reason for one in reader.sources()[0].rejects if not one.taken] == ["not JSON"]
    reader.close()

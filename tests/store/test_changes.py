"""What a reader keeps is given up when what it follows from changes, and not before."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.asking import asking
from store.changes import Changes, note_changed_sums, prune_changes
from store.facts import HostFact
from store.reader import Reader
from store.retention import Retention
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

MINUTE_MS = 60_000
CHANGES_WITH_EVERY_POLL = {
    "arrivals", "engine_minutes", "engine_readings", "gpu_errors", "gpu_minutes", "gpu_readings", "positions",
    "processor_minutes", "rejects", "requests", "sessions", "sources",
}  # fmt: skip
ELSEWHERE = {
    "_sqlite_migrations", "alert_deliveries", "alert_figures", "changed_facts", "changed_sums", "side_values"
}  # fmt: skip
"""No picture that is kept follows from these."""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with closing(Writer(tmp_path / "usdtop.db")) as opened:
        yield opened


@pytest.fixture
def reader(writer: Writer) -> Iterator[Reader]:
    with closing(Reader(writer.path)) as opened:
        yield opened


def stamp(reader: Reader, until_ms: int = AT_MS) -> object:
    with reader.at_one_instant():
        return reader.sums_stamp(until_ms)


def test_a_change_of_a_minute_is_one_of_all_windows_that_hold_it_and_of_no_other(
    writer: Writer, reader: Reader
) -> None:
    before = stamp(reader, AT_MS), stamp(reader, AT_MS + MINUTE_MS)
    writer.write(batch([priced(ended_at_ms=AT_MS + 1)]), [CARD])
    assert stamp(reader, AT_MS) == before[0]
    assert stamp(reader, AT_MS + 1) != before[1]
    assert stamp(reader, AT_MS + MINUTE_MS) != before[1]


def test_a_request_that_was_counted_already_changes_nothing(writer: Writer, reader: Reader) -> None:
    writer.write(batch([priced(ended_at_ms=AT_MS - 1)]), [CARD])
    before = stamp(reader)
    writer.write(batch([priced(ended_at_ms=AT_MS - 1)]), [CARD])
    assert stamp(reader) == before


def test_to_forget_old_minutes_changes_them(writer: Writer, reader: Reader) -> None:
    before = stamp(reader)
    writer.prune(Retention(), AT_MS)
    assert stamp(reader) != before


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), max_size=30), st.integers(0, 10))
def test_a_stamp_stays_exactly_as_long_as_nothing_before_its_instant_changes(
    changes: list[tuple[int, bool]], until: int
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE changed_sums (number INTEGER PRIMARY KEY, since INTEGER)")
        connection.execute("CREATE TABLE changed_facts (name TEXT, changes INTEGER)")
        seen = Changes()
        note_changed_sums(connection, 0)
        seen.look(asking(connection))
        known, is_changed = seen.sums(until * MINUTE_MS), False
        for since, looks in changes:
            note_changed_sums(connection, since * 60)
            is_changed = is_changed or since < until
            if looks:
                seen.look(asking(connection))
                assert (seen.sums(until * MINUTE_MS) != known) == is_changed
                known, is_changed = seen.sums(until * MINUTE_MS), False


def test_whoever_has_not_looked_until_what_he_knew_was_forgotten_keeps_nothing(writer: Writer, reader: Reader) -> None:
    before = stamp(reader)
    with writer.transaction() as connection:
        for _ in range(1_100):
            note_changed_sums(connection, AT_MS // 1_000 + 60)
        prune_changes(connection)
        assert connection.execute("SELECT count(*) FROM changed_sums").fetchone() == (1_000,)
    after = stamp(reader)
    assert after != before
    assert stamp(reader) == after


def test_every_fact_that_changes_is_counted_whoever_changes_it(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    Writer(path).close()
    with closing(sqlite3.connect(path)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        counted = {row[0] for row in connection.execute("SELECT name FROM changed_facts")}
        sums = {name for name in tables if name.startswith(("rollup_", "side_", "unit_"))}
        assert counted == tables - sums - CHANGES_WITH_EVERY_POLL - ELSEWHERE
        triggers = {
            (table, text.split(" AFTER ")[1].split()[0])
            for table, text in connection.execute("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
        }
        assert triggers == {(table, change) for table in counted for change in ("INSERT", "UPDATE", "DELETE")}


def test_facts_are_read_again_when_their_own_table_changes(writer: Writer, reader: Reader) -> None:
    with reader.at_one_instant():
        assert reader.hosts() == []
        hosts, marks = reader.facts_stamp("hosts"), reader.facts_stamp("marks")
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=1, since_ms=0)], AT_MS)
    with reader.at_one_instant():
        assert [one.name for one in reader.hosts()] == ["h"]
        assert reader.facts_stamp("hosts") != hosts
        assert reader.facts_stamp("marks") == marks


def test_what_is_asked_outside_of_an_instant_is_always_read_again(writer: Writer, reader: Reader) -> None:
    assert reader.hosts() == []
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=1, since_ms=0)], AT_MS)
    assert [one.name for one in reader.hosts()] == ["h"]


def test_the_oldest_of_many_answers_of_a_kind_makes_room(writer: Writer, reader: Reader) -> None:
    asked: list[int] = []

    def answer(number: int) -> int:
        asked.append(number)
        return number

    with reader.at_one_instant():
        for number in (1, 2, 1, 3, 2, 1):
            assert reader.kept("numbers", number, 0, partial(answer, number), most=2) == number
    assert asked == [1, 2, 3, 1]

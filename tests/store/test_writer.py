"""A batch becomes rows, sums, positions and health in one transaction, or nothing at all."""

import grp
import os
import sqlite3
import stat
import tempfile
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.card import CACHED, UNUSED, CardStatus, RateCard
from pricing.usage import Usage
from store.facts import Outcome, Position, PricedEvent, Reject, SourceState
from store.reader import Reader
from store.records import RejectRecord
from store.schema import migrate
from store.sums import group, total
from store.tables import MEASURES, ROLLUPS, StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced

MINUTE_MS = 60_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "usdtop.db"


def rows(path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def count(path: Path, table: str) -> object:
    return rows(path, f"SELECT count(*) FROM {table}")[0][0]


def test_a_batch_that_is_written_twice_counts_once(path: Path) -> None:
    writer, seen = Writer(path), batch([priced("a"), priced("b")])

    assert (writer.write(seen, [CARD]).events, writer.write(seen, [CARD]).duplicates) == (2, 2)
    assert count(path, "requests") == 2
    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.metered_nano_usd) == (2, 2 * USAGE_NANO_USD)
    record = Reader(path).sources()[0]
    assert (record.events, record.duplicates) == (2, 2)


def test_two_processes_that_open_a_new_store_at_once_both_have_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads stand for them: each has a connection of its own, and SQLite locks between connections."""
    monkeypatch.setattr("store.schema.migrate", migrate)  # not the pages of another store: see quick_stores
    barrier, failures = Barrier(2), list[StoreError]()

    def begin(name: str) -> None:
        barrier.wait()
        try:
            with closing(Writer(path)) as writer:
                writer.write(batch([priced(name)], source=name), [CARD])
        except StoreError as error:
            failures.append(error)

    for round_ in range(3):
        threads = [Thread(target=begin, args=(f"{round_} {name}",)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert count(path, "requests") == 2
        path.unlink()


def test_an_id_that_stands_twice_in_one_batch_counts_once(path: Path) -> None:
    written = Writer(path).write(batch([priced("a"), priced("a", nano_usd=1)]), [CARD])

    assert (written.events, written.duplicates) == (1, 1)
    assert rows(path, "SELECT nano_usd FROM requests") == [(USAGE_NANO_USD,)]


def test_two_sources_may_use_the_same_id_and_a_call_id_says_when_it_is_one_request(path: Path) -> None:
    writer = Writer(path)
    assert writer.write(batch([priced("a")], source="one"), [CARD]).events == 1
    assert writer.write(batch([priced("a")], source="two"), [CARD]).events == 1
    assert writer.write(batch([priced("b", call_id="call")], source="one"), [CARD]).events == 1
    assert writer.write(batch([priced("b", call_id="call")], source="two"), [CARD]).duplicates == 1


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_a_failed_attempt_and_its_retry_are_two_requests_and_one_retry(path: Path, in_one_batch: bool) -> None:
    writer = Writer(path)
    failed = PricedEvent(
        event=priced("a", call_id="call", outcome=Outcome.ERROR, usage=Usage(), error="Timeout").event,
        card_id=UNUSED.id,
        nano_usd=0,
    )
    retried = priced("b", call_id="call")
    for events in [[failed, retried]] if in_one_batch else [[failed], [retried]]:
        writer.write(batch(events), [CARD, UNUSED])

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.errors, found.retries) == (2, 1, 1)
    newest = Reader(path).newest_requests()[0]
    assert [record.record_id for record in Reader(path).attempts(newest)] == ["a", "b"]


events = st.builds(
    lambda number, minutes, model, tenant, usage, nano, reported, took: priced(
        f"r-{number}",
        nano_usd=nano,
        ended_at_ms=AT_MS + minutes * MINUTE_MS,
        model=model,
        tenant=tenant,
        usage=Usage.of(usage),
        reported_nano_usd=reported,
        duration_ms=took,
        first_token_ms=took,
    ),
    number=st.integers(0, 40),
    minutes=st.integers(-3_000, 3_000),
    model=st.sampled_from(["gpt-4o", "claude", None]),
    tenant=st.sampled_from(["acme", "", None]),
    usage=st.lists(st.integers(0, 10**6), min_size=9, max_size=9),
    nano=st.none() | st.integers(0, 10**9),
    reported=st.none() | st.integers(0, 10**9),
    took=st.none() | st.integers(0, 10**6),
)


_OF_ROWS = (
    "count(*)", "0", "0", "sum(input)", "sum(cache_read)", "sum(cache_write_5m)", "sum(cache_write_1h)",
    "sum(cache_write_30m)", "sum(cache_write_12h)", "sum(cache_write)", "sum(output)", "sum(reasoning)",
    "coalesce(sum(nano_usd), 0)", "coalesce(sum(reported_nano_usd), 0)", "count(reported_nano_usd)",
    "coalesce(sum(duration_ms), 0)", "count(duration_ms)", "coalesce(sum(first_token_ms), 0)", "count(first_token_ms)",
)  # fmt: skip
"""What MEASURES are, asked of single rows."""


@settings(max_examples=40)
@given(st.lists(st.lists(events, max_size=8), min_size=1, max_size=4))
def test_every_rollup_equals_the_sum_of_the_rows(batches: list[list[PricedEvent]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        with closing(Writer(path)) as writer:
            for seen in batches:
                writer.write(batch(seen), [CARD])
        ids = {one.event.id for seen in batches for one in seen}
        assert count(path, "requests") == len(ids)
        of_rows = (
            f"SELECT series, card, {', '.join(_OF_ROWS)} FROM requests GROUP BY {{}}, series, card ORDER BY {{}}, 1, 2"
        )
        sums = ", ".join(f"sum({name})" for name in MEASURES)
        for table, width in ROLLUPS.items():
            bucket = f"ended_at_ms / {width * 1000}"
            of_rollup = f"SELECT series, card, {sums} FROM {table} GROUP BY bucket, series, card ORDER BY bucket, 1, 2"
            assert rows(path, of_rollup) == rows(path, of_rows.format(bucket, bucket)), table


def test_a_full_disk_leaves_nothing_of_a_batch_and_the_batch_can_be_written_again(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("before")]), [CARD])
    with writer.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    many = batch(
        [priced(f"r-{number}", tenant=f"tenant {number}") for number in range(2_000)],
        positions=[Position(path="/log", device=1, inode=2, offset=99)],
        rejects=[Reject(reason="not JSON", count=1, example="x")],
    )
    dump = [rows(path, f"SELECT * FROM {table}") for table in ("requests", "series", "rollup_day", "sources")]
    _limit_pages(writer, pages + 8)
    with pytest.raises(StoreError, match="full; free some space"):
        writer.write(many, [CARD])
    assert [rows(path, f"SELECT * FROM {table}") for table in ("requests", "series", "rollup_day", "sources")] == dump
    assert writer.positions("gateway") == []

    _limit_pages(writer, 1 << 30)
    assert writer.write(many, [CARD]).events == 2_000
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 2_001
    assert [position.offset for position in writer.positions("gateway")] == [99]


def _limit_pages(writer: Writer, pages: int) -> None:
    with writer.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_store_of_a_newer_version_is_refused_in_a_sentence(path: Path) -> None:
    Writer(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 999")
    for opens in (Writer, Reader):
        with pytest.raises(StoreError, match=r"newer usdtop \(schema 999\); please update"):
            opens(path)


def test_a_damaged_store_is_named_in_a_sentence(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but it is long enough to be taken for one" * 40)
    with pytest.raises(StoreError, match=r"is damaged .* move it away"):
        Writer(path)


def test_a_place_that_cannot_be_written_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot use the store"):
        Writer(tmp_path / "file" / "usdtop.db")


def test_a_locked_store_is_named_in_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.writer._BUSY_SECONDS", 0.0)
    writer = Writer(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            writer.write(batch([priced("a")]), [CARD])
        other.execute("ROLLBACK")
    assert writer.write(batch([priced("a")]), [CARD]).events == 1


def test_store_and_folder_are_for_their_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        writer = Writer(path)
        writer.write(batch([priced("a")]), [CARD])
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert set(modes) >= {"usdtop.db", "usdtop.db-wal"}
    assert set(modes.values()) == {0o600}


def test_a_group_that_may_watch_gets_the_store_to_read(path: Path) -> None:
    own_group = grp.getgrgid(os.getgid()).gr_name
    Writer(path, group=own_group).close()

    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2750


def test_somebody_else_s_folder_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Writer(tmp_path / "usdtop.db").close()

    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_what_is_not_said_is_a_series_of_its_own_and_no_empty_name(path: Path) -> None:
    writer = Writer(path)
    for number, tenant in enumerate([None, "", "null", "None", None]):
        writer.write(batch([priced(f"r-{number}", tenant=tenant)]), [CARD])

    found = group(Reader(path).sums(AT_MS, AT_MS + 1), lambda key: key.value("tenant"))
    assert {tenant: totals.requests for tenant, totals in found.items()} == {None: 2, "": 1, "null": 1, "None": 1}


def test_a_card_is_stored_once_and_comes_back_as_it_was(path: Path) -> None:
    other = RateCard(book="test", record="gpt-4o", status=CardStatus.PRICED, rates=(1, *(None,) * 7))
    with closing(Writer(path)) as writer:
        writer.write(batch([priced("a")]), [CARD])
        writer.write(batch([priced("b"), priced("c", card=other)]), [CARD, other])
    with closing(Writer(path)) as again:
        again.write(batch([priced("d"), priced("e", card=CACHED, nano_usd=0)]), [CARD, CACHED])

    assert count(path, "cards") == 3
    reader = Reader(path)
    assert {reader.card(record.card.card_id) for record in reader.newest_requests()} == {CARD, other, CACHED}


def test_names_are_data_and_never_sql(path: Path) -> None:
    name = "'); DROP TABLE requests; --\x00\x1b[2J\u202e"
    writer = Writer(path)
    writer.write(batch([priced(name, tenant=name, model=name, call_id=name)], source=name), [CARD])

    record = Reader(path).newest_requests()[0]
    assert (record.record_id, record.dimensions.tenant, record.dimensions.source) == (name, name, name)


def test_positions_move_with_the_rows_and_belong_to_one_source(path: Path) -> None:
    writer = Writer(path)
    first = Position(path="/log", device=1, inode=2, offset=10, head_digest=b"h", tail_digest=b"t", modified_ms=3)
    moved = msgspec.structs.replace(first, path="/log.1", offset=20, finished=True)
    writer.write(batch(positions=[first]))
    writer.write(batch(positions=[moved]))

    assert writer.positions("gateway") == [moved]
    assert writer.positions("another") == []


def test_rejects_add_up_by_reason_and_keep_the_newest_example(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch(rejects=[Reject(reason="not JSON", count=2, example="old")]))
    writer.write(batch(rejects=[Reject(reason="not JSON", count=3, example="new")], at_ms=AT_MS + 5, gap_bytes=7))

    record = Reader(path).sources()[0]
    assert (record.rejected, record.gap_bytes) == (5, 7)
    assert record.rejects == (RejectRecord("not JSON", 5, "new", AT_MS + 5),)


def test_a_failing_poll_keeps_the_watermark_and_dates_the_change_of_state(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch())
    for later in (1_000, 2_000):
        failing = batch(at_ms=AT_MS + later, state=SourceState.FAILING, watermark_ms=None, detail="refused")
        writer.write(failing)

    record = Reader(path).sources()[0]
    assert (record.health.watermark_ms, record.health.polled_ms) == (AT_MS, AT_MS + 2_000)
    assert (record.health.state, record.state_since_ms) == (SourceState.FAILING, AT_MS + 1_000)


def test_a_position_keeps_the_size_of_its_file_and_what_the_format_remembers(path: Path) -> None:
    kept = Position(path="/log", device=1, inode=2, offset=9, size_bytes=12, modified_ms=3, memory=b'{"model":"gpt-5"}')
    Writer(path).write(batch(positions=[kept]))
    assert Writer(path).positions("gateway") == [kept]


def test_the_positions_of_files_that_are_gone_are_forgotten_for_their_source_alone(path: Path) -> None:
    writer = Writer(path)
    stays, goes = (Position(path="/log", device=1, inode=inode, offset=9) for inode in (2, 3))
    for source in ("gateway", "another"):
        writer.write(batch(positions=[stays, goes], source=source))
    writer.write(batch(gone=[(1, 3)]))
    assert writer.positions("gateway") == [stays]
    assert writer.positions("another") == [stays, goes]


def test_a_doubt_about_a_record_that_was_taken_is_kept_and_is_no_loss(path: Path) -> None:
    doubt = Reject(reason="clock_skew: stored as now", count=2, example="", taken=True)
    Writer(path).write(batch([priced("a")], rejects=[doubt, Reject(reason="not JSON", count=1, example="x")]), [CARD])
    record = Reader(path).sources()[0]
    assert record.rejected == 1
    assert {(one.reason, one.count, one.taken) for one in record.rejects} == {
        ("clock_skew: stored as now", 2, True),
        ("not JSON", 1, False),
    }

"""Whatever a request has or lacks, its row says exactly that."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.identity import RECORD_BITS
from store.inserting import insert_requests
from store.ready import REQUEST_COLUMNS, Row
from store.writer import Writer

COUNTS = st.integers(0, 3)
MAYBE = st.none() | COUNTS
WORDS = st.none() | st.sampled_from(["batch", "RateLimitError"])
REMARKS = {"partial": MAYBE, "units": WORDS, "error": WORDS, "variant": WORDS, "rank": MAYBE, "sides": WORDS}
VALUES = {
    "identity": st.integers(0, 2**30),
    "record_id": st.binary(max_size=3),
    "ended_at_ms": COUNTS,
    "duration_ms": MAYBE,
    "first_token_ms": MAYBE,
    "nano_usd": MAYBE,
    "reported_nano_usd": MAYBE,
    "session": MAYBE,
} | REMARKS
ROWS = st.lists(
    st.tuples(*(VALUES.get(name, COUNTS) for name in REQUEST_COLUMNS)), unique_by=lambda row: row[0], max_size=12
)
PLAIN = dict.fromkeys(REQUEST_COLUMNS, 0) | dict.fromkeys(REMARKS, None)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path: Path = tmp_path_factory.mktemp("inserting") / "usdtop.db"
    Writer(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        yield opened


def kept(connection: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    """The rows as they stand in the table after they were inserted, in the order of their numbers."""
    connection.execute("BEGIN")
    try:
        insert_requests(connection, rows)
        return connection.execute(f"SELECT {', '.join(REQUEST_COLUMNS)} FROM requests ORDER BY id").fetchall()
    finally:
        connection.execute("ROLLBACK")


@given(rows=ROWS)
def test_every_column_of_every_row_is_kept(connection: sqlite3.Connection, rows: list[Row]) -> None:
    assert sorted(kept(connection, rows)) == sorted(rows)


def row(**values: object) -> Row:
    return tuple((PLAIN | {"record_id": b"r"} | values)[name] for name in REQUEST_COLUMNS)


@pytest.mark.parametrize("remark", [*REMARKS, "cache_write_5m", "cache_write"])
def test_records_of_one_call_keep_their_order_also_where_only_the_first_says_something_rare(
    connection: sqlite3.Connection, remark: str
) -> None:
    call = 7 << RECORD_BITS
    rows = [row(identity=call + 2, **{remark: 1}), row(identity=call + 1)]
    assert [one[0] for one in kept(connection, rows)] == [call + 2, call + 1]

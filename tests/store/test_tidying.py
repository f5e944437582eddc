"""What is old is forgotten as time really passes: neither a clock that jumps nor a pause makes everything old at once."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.reader import Reader
from store.retention import Retention
from store.sums import total
from store.tidying import EVERY_MS, WITNESSES, believed_ms
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
YEAR_MS = 365 * DAY_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def kept(path: Path) -> set[str]:
    with closing(Reader(path)) as reader:
        return {record.record_id for record in reader.newest_requests()}


def store(writer: Writer, name: str, at_ms: int) -> None:
    writer.write(batch([priced(name, ended_at_ms=at_ms)], at_ms=at_ms), [CARD])


def test_a_clock_that_runs_on_forgets_what_is_older_than_its_retention(path: Path) -> None:
    with closing(Writer(path)) as writer:
        store(writer, "a", AT_MS)
        for at_ms in range(AT_MS, AT_MS + 8 * HOUR_MS + 1, EVERY_MS):
            writer.tidy(Retention(request_hours=8), at_ms)
        assert kept(path) == {"a"}
        writer.tidy(Retention(request_hours=8), AT_MS + 8 * HOUR_MS + EVERY_MS)
    assert kept(path) == set()


@pytest.mark.parametrize("ahead_ms", [80 * HOUR_MS, YEAR_MS])
def test_a_clock_that_jumps_ahead_and_back_forgets_nothing_and_ages_go_on_after_it(path: Path, ahead_ms: int) -> None:
    with closing(Writer(path)) as writer:
        for hour in range(24):
            store(writer, f"before-{hour}", AT_MS + hour * HOUR_MS)
        now_ms = AT_MS + DAY_MS
        for tidying in range(30):
            writer.tidy(Retention(), now_ms + tidying * EVERY_MS)
        now_ms += 30 * EVERY_MS
        for tidying in range(20):
            store(writer, f"ahead-{tidying}", now_ms + ahead_ms + tidying * EVERY_MS)
            writer.tidy(Retention(), now_ms + ahead_ms + tidying * EVERY_MS)
        now_ms += 20 * EVERY_MS
        writer.tidy(Retention(), now_ms)
        assert len(kept(path)) == 24 + 20
        assert total(Reader(path).sums(AT_MS, AT_MS + DAY_MS)).requests == 24
        store(writer, "after", now_ms)
        for at_ms in range(now_ms, now_ms + 8 * HOUR_MS, EVERY_MS):
            writer.tidy(Retention(request_hours=16), at_ms)
        found = kept(path)
    assert "before-0" not in found, "what was stored while the clock was ahead keeps nothing that came before it"
    assert "after" in found


def test_a_pause_ages_nothing_at_once_and_is_believed_after_some_hours(path: Path) -> None:
    with closing(Writer(path)) as writer:
        for at_ms in range(AT_MS, AT_MS + WITNESSES * EVERY_MS, EVERY_MS):
            writer.tidy(Retention(), at_ms)
        store(writer, "a", AT_MS)
        later_ms = AT_MS + 30 * DAY_MS
        for tidying in range(WITNESSES - 1):
            writer.tidy(Retention(), later_ms + tidying * EVERY_MS)
        assert kept(path) == {"a"}
        writer.tidy(Retention(), later_ms + WITNESSES * EVERY_MS)
    assert kept(path) == set()


@settings(deadline=None)
@given(
    jumps=st.lists(
        st.tuples(
            st.integers(1, WITNESSES // 2), st.sampled_from([-YEAR_MS, -HOUR_MS, HOUR_MS, 80 * HOUR_MS, YEAR_MS])
        ),
        max_size=4,
    )
)
def test_whatever_a_clock_does_for_less_than_three_hours_it_is_never_believed_to_be_later_than_it_is(
    jumps: list[tuple[int, int]],
) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT)")
        now_ms = AT_MS
        for tidyings, wrong_ms in [(0, 0), *jumps]:
            for number in range(tidyings + WITNESSES):
                said_ms = now_ms + (wrong_ms if number < tidyings else 0)
                assert believed_ms(connection, said_ms) <= now_ms
                now_ms += EVERY_MS
        assert believed_ms(connection, now_ms) == now_ms

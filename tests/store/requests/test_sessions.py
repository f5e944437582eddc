"""A kept request knows its session; nothing of a session stays when its requests are gone."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from store.facts import PricedEvent, Rank
from store.reader import Reader
from store.requests.moves import NANO_USD
from store.retention import Retention
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced

DAY_MS = 86_400_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def write(path: Path, *events: PricedEvent, at_ms: int = AT_MS) -> None:
    with closing(Writer(path)) as writer:
        writer.write(batch(events, at_ms=at_ms), [CARD])


def spent(path: Path) -> dict[str | None, int]:
    """Nano-dollars by session."""
    found: dict[str | None, int] = {}
    for one in Reader(path).kept_sums(AT_MS, AT_MS + 1, by_session=True):
        name = dict(one.sides).get("session")
        found[name] = found.get(name, 0) + one.sum.measures[NANO_USD]
    return found


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM sessions ORDER BY id")]


def test_requests_are_told_apart_by_their_session_whoever_wrote_them_and_when(path: Path) -> None:
    write(path, priced("a", session="s-1"), priced("b", session="s-2"), priced("c"))
    write(path, priced("d", session="s-1"), at_ms=AT_MS + DAY_MS)

    assert spent(path) == {"s-1": 2 * USAGE_NANO_USD, "s-2": USAGE_NANO_USD, None: USAGE_NANO_USD}
    assert {one.record_id: one.session for one in Reader(path).newest_requests()} == {
        "a": "s-1", "b": "s-2", "c": None, "d": "s-1",
    }  # fmt: skip


def test_a_session_is_named_once_for_each_day(path: Path) -> None:
    with closing(Writer(path)) as writer:
        for number, days in enumerate((0, 0, 1, 1, 1)):
            writer.write(batch([priced(f"r-{number}", session="s-1")], at_ms=AT_MS + days * DAY_MS), [CARD])
    assert names(path) == ["s-1", "s-1"]


def test_where_nobody_asks_for_sessions_they_do_not_divide_the_sums(path: Path) -> None:
    write(path, priced("a", session="s-1"), priced("b", session="s-2"))
    assert len(Reader(path).kept_sums(AT_MS, AT_MS + 1)) == 1


def test_a_richer_view_that_names_no_session_leaves_the_one_that_was_named(path: Path) -> None:
    write(path, priced("a", call_id="call", session="s-1", rank=Rank.SPAN))
    write(path, priced("a", 7, call_id="call"))
    assert spent(path) == {"s-1": 7}


def test_a_write_that_fails_leaves_no_session_behind_and_the_next_one_names_it_again(path: Path) -> None:
    writer = Writer(path)
    with pytest.raises(KeyError, match="no card"):
        writer.write(batch([priced("a", session="s-1"), priced("b", card=replace(CARD, record="no card"))]), [CARD])
    assert names(path) == []
    writer.write(batch([priced("a", session="s-1")]), [CARD])
    assert spent(path) == {"s-1": USAGE_NANO_USD}


def test_sessions_are_forgotten_with_the_last_day_of_their_requests(path: Path) -> None:
    write(path, priced("a", session="old"), priced("b", session="lasting"))
    write(path, priced("c", session="lasting"), at_ms=AT_MS + 4 * DAY_MS)
    with closing(Writer(path)) as writer:
        writer.prune(Retention(), AT_MS + 4 * DAY_MS)

    assert names(path) == ["lasting"]
    assert spent(path) == {"lasting": USAGE_NANO_USD}

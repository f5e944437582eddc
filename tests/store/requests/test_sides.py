"""Users, end users and tags have sums of their own, which always are those of the requests that say them."""

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.card import CardStatus, RateCard
from pricing.usage import Usage
from store.facts import PricedEvent, Rank, Reject
from store.limits import Limits
from store.reader import Reader
from store.repricing import Asked, Repricing
from store.requests.sides import MAX_TAGS
from store.retention import Retention
from store.sums import group, total
from store.tables import ROLLUPS, SIDE_ROLLUPS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced

MINUTE_MS = 60_000
DAY_MS = 86_400_000
OTHER_CARD = RateCard(book="test", record="dear", status=CardStatus.PRICED, rates=(7_000_000_000, *(None,) * 7))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def ask(path: Path, question: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(question).fetchall()


def spent(path: Path, dimension: str) -> dict[str | None, tuple[int, int]]:
    """(requests, nano-dollars) by member of a side dimension in the minute AT_MS."""
    found = group(Reader(path).side_sums(dimension, AT_MS, AT_MS + 1), lambda key: key.value(dimension))
    return {name: (totals.requests, totals.metered_nano_usd) for name, totals in found.items()}


names = st.sampled_from(["ann", "bob", "(other)", "ünï", None])
events = st.builds(
    lambda number, call, minute, user, end_user, tags, output, rank: priced(
        f"r-{number}", output * 10, call_id=f"call-{call}", ended_at_ms=AT_MS + minute * MINUTE_MS, user=user,
        end_user=end_user, tags=tuple(tags), usage=Usage(output_tokens=output), rank=rank,
    ),
    number=st.integers(0, 3),
    call=st.integers(0, 4),
    minute=st.sampled_from([-1_500, -61, -1, 0]),
    user=names,
    end_user=names,
    tags=st.lists(st.sampled_from(["env:prod", "rag", "ann", ""]), max_size=4),
    output=st.integers(0, 5),
    rank=st.sampled_from(Rank),
)  # fmt: skip


class Dearer:
    """A chooser that puts every request with an even output at another card."""

    def for_request(self, asked: Asked) -> RateCard | None:
        return None if asked.usage.output_tokens % 2 else OTHER_CARD

    def for_sum(self, asked: Asked) -> RateCard | None:
        return None


def of_rows(path: Path, width: int) -> Counter[tuple[Any, ...]]:
    """(bucket, dimension, value, series, card, what) -> amount, request by request."""
    values = {row[0]: (row[1], row[2]) for row in ask(path, "SELECT id, dimension, value FROM side_values")}
    found: Counter[tuple[Any, ...]] = Counter()
    for sides, at_ms, series, card, output, nano in ask(
        path, "SELECT sides, ended_at_ms, series, card, output, nano_usd FROM requests WHERE sides IS NOT NULL"
    ):
        for value in sides.split(","):
            key = (at_ms // 1_000 // width * width, *values[int(value)], series, card)
            found += Counter({(*key, "requests"): 1, (*key, "output"): output, (*key, "nano_usd"): nano})
    return found


def of_rollup(path: Path, table: str) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for *key, requests, output, nano in ask(
        path,
        "SELECT bucket, dimension, v.value, series, card, requests, output, nano_usd"
        f" FROM {table} AS t JOIN side_values AS v ON v.id = t.value",
    ):
        assert requests > 0
        found += Counter({(*key, "requests"): requests, (*key, "output"): output, (*key, "nano_usd"): nano})
    return found


def assert_side_sums_are_those_of_the_rows(path: Path) -> None:
    for table, width in SIDE_ROLLUPS.items():
        assert of_rollup(path, table) == of_rows(path, width), table


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(events, max_size=8), min_size=1, max_size=4))
def test_every_side_sum_is_that_of_its_requests_also_after_richer_views_and_new_prices(
    batches: list[list[PricedEvent]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        for number, seen in enumerate(batches):
            with closing(Writer(path)) as writer:
                writer.write(batch(seen, source=f"source {number % 2}"), [CARD])
        assert_side_sums_are_those_of_the_rows(path)
        richest: dict[tuple[str, str | None], PricedEvent] = {}
        for one in (event for seen in batches for event in seen):
            key = one.event.id, one.event.call_id
            known = richest.get(key)
            if known is None or _says(known) < _says(one):
                richest[key] = one
        expected = Counter(tag for one in richest.values() for tag in set(one.event.tags) if tag)
        at = AT_MS - 2_000 * MINUTE_MS, AT_MS + MINUTE_MS
        found = group(Reader(path).side_sums("tag", *at), lambda key: key.value("tag"))
        assert {name: totals.requests for name, totals in found.items()} == expected

        with closing(Writer(path)) as writer:
            for _ in Repricing(writer, Dearer()).steps():
                pass
        assert_side_sums_are_those_of_the_rows(path)


def _says(one: PricedEvent) -> tuple[int, int]:
    return one.event.rank, one.event.usage.output_tokens


def test_tags_overlap_and_users_do_not(path: Path) -> None:
    seen = [
        priced("a", user="ann", tags=("rag", "env:prod")),
        priced("b", user="bob", tags=("rag", "rag")),
        priced("c", end_user="ann"),
    ]
    Writer(path).write(batch(seen), [CARD])

    assert spent(path, "tag") == {"rag": (2, 2 * USAGE_NANO_USD), "env:prod": (1, USAGE_NANO_USD)}
    assert spent(path, "user") == {"ann": (1, USAGE_NANO_USD), "bob": (1, USAGE_NANO_USD)}
    assert spent(path, "end_user") == {"ann": (1, USAGE_NANO_USD)}
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 3


def test_requests_that_say_no_user_and_no_tag_leave_nothing_beside_their_sums(path: Path) -> None:
    Writer(path).write(batch([priced("a"), priced("b", user="", tags=())]), [CARD])

    assert ask(path, "SELECT sides FROM requests") == [(None,), (None,)]
    for table in (*SIDE_ROLLUPS, "side_values"):
        assert ask(path, f"SELECT count(*) FROM {table}") == [(0,)]


def test_a_retry_is_counted_with_its_user_too(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a", call_id="c", user="ann"), priced("b", call_id="c", user="ann")]), [CARD])
    assert total(Reader(path).side_sums("user", AT_MS, AT_MS + 1)).retries == 1


def notes(path: Path) -> dict[str, int]:
    return {one.reason: one.count for one in Reader(path).sources()[0].rejects}


@pytest.mark.parametrize("in_one_batch", [True, False])
def test_users_beyond_the_limit_are_other_and_the_source_says_how_often(path: Path, in_one_batch: bool) -> None:
    writer = Writer(path, limits=Limits(values_per_dimension=2))
    seen = [priced(f"r-{n}", user=f"user {n}", tags=("rag",)) for n in (0, 1, 2, 3, 0, 3)]
    seen = [priced(f"r-{place}", user=one.event.user, tags=("rag",)) for place, one in enumerate(seen)]
    for part in [seen] if in_one_batch else [[one] for one in seen]:
        writer.write(batch(part), [CARD])

    assert {name: requests for name, (requests, _) in spent(path, "user").items()} == {
        "user 0": 2, "user 1": 1, "(other)": 3,
    }  # fmt: skip
    assert spent(path, "tag") == {"rag": (6, 6 * USAGE_NANO_USD)}
    assert notes(path) == {"more than 2 users: counted as (other)": 3}
    assert Reader(path).sources()[0].rejected == 0, "they were taken under another name"
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 6


def test_series_beyond_the_limit_keep_model_and_dollars_and_give_up_who_asked(path: Path) -> None:
    writer = Writer(path, limits=Limits(series=2))
    tenants = [f"tenant {number}" for number in (0, 1, 2, 3, 1)]
    writer.write(batch(priced(f"r-{n}", tenant=tenant) for n, tenant in enumerate(tenants)), [CARD])

    found = group(Reader(path).sums(AT_MS, AT_MS + 1), lambda key: (key.value("model"), key.value("tenant")))
    assert {name: totals.requests for name, totals in found.items()} == {
        ("gpt-4o", "tenant 0"): 1, ("gpt-4o", "tenant 1"): 2, ("gpt-4o", "(other)"): 2,
    }  # fmt: skip
    assert notes(path) == {"more than 2 series: tenant, key and deployment counted as (other)": 2}
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).metered_nano_usd == 5 * USAGE_NANO_USD


def test_made_up_models_cannot_fill_the_store_either(path: Path) -> None:
    writer = Writer(path, limits=Limits(series=3))
    for number in range(40):
        writer.write(batch([priced(f"r-{number}", model=f"model {number}", provider=f"p {number}")]), [CARD])

    assert ask(path, "SELECT count(*) FROM series")[0][0] <= 2 * 3 + 1
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).requests == 40


def test_a_request_with_more_tags_than_anybody_needs_keeps_the_first_ones(path: Path) -> None:
    tags = tuple(f"tag {number}" for number in range(MAX_TAGS + 5))
    Writer(path).write(batch([priced("a", tags=tags)]), [CARD])

    assert set(spent(path, "tag")) == set(tags[:MAX_TAGS])
    assert notes(path) == {f"tags of one request beyond {MAX_TAGS}, left out": 1}


def test_a_batch_that_was_rolled_back_leaves_no_value_and_can_be_written_again(path: Path) -> None:
    writer = Writer(path)
    unwritable = batch([priced("a", user="ann")], rejects=[Reject(reason="x", count=2**70, example="")])
    with pytest.raises(OverflowError):
        writer.write(unwritable, [CARD])
    assert ask(path, "SELECT count(*) FROM side_values") == [(0,)]

    writer.write(batch([priced("a", user="ann")]), [CARD])
    assert spent(path, "user") == {"ann": (1, USAGE_NANO_USD)}


def test_side_sums_are_forgotten_with_those_of_their_series(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a", user="ann")]), [CARD])
    for days, left in ((36, {"day", "hour"}), (401, {"day"})):
        writer.prune(Retention(), AT_MS + days * DAY_MS)
        for tables in (ROLLUPS, SIDE_ROLLUPS):
            kept: Iterable[str] = (t.partition("_")[2] for t in tables if ask(path, f"SELECT 1 FROM {t}"))
            assert set(kept) == left

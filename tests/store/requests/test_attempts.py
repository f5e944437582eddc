"""Failed attempts are told apart by what came after them in their call, in whatever order they are seen."""

import sqlite3
import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.facts import SAID, Outcome, PricedEvent, Rank
from store.reader import Reader
from store.retention import Retention
from store.sums import group, total
from store.tables import MEASURES, ROLLUPS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

MINUTE_MS = 60_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def failed(record: str, second: int, cost: int = 1_000, **changes: Any) -> PricedEvent:
    return priced(record, cost, outcome=Outcome.ERROR, call_id="c", ended_at_ms=AT_MS + second * 1_000, **changes)


def answered(record: str, second: int, **changes: Any) -> PricedEvent:
    return priced(record, 9_000, call_id="c", ended_at_ms=AT_MS + second * 1_000, **changes)


def outcomes(path: Path) -> dict[str, str]:
    return {r.record_id: r.dimensions.outcome.value for r in Reader(path).newest_requests()}


@pytest.mark.parametrize("pieces", [[[0, 1, 2]], [[0], [1], [2]], [[2], [0], [1]], [[1, 2], [0]], [[2, 1, 0]]])
def test_an_attempt_is_retried_or_left_to_a_fallback_by_what_came_next(path: Path, pieces: list[list[int]]) -> None:
    seen = [
        failed("first", 1, 1_000, deployment="fast"),
        failed("second", 2, 20_000, deployment="fast"),
        answered("third", 3, deployment="careful"),
    ]
    with closing(Writer(path)) as writer:
        for piece in pieces:
            writer.write(batch([seen[number] for number in piece]), [CARD])
    assert outcomes(path) == {"first": "error-retried", "second": "error-fallback", "third": "ok"}
    found = total(Reader(path).sums(AT_MS, AT_MS + MINUTE_MS))
    assert (found.errors, found.failed_nano_usd) == (2, 21_000)
    assert (found.retried_requests, found.retried_nano_usd) == (1, 1_000)
    assert (found.fallback_requests, found.fallback_nano_usd) == (1, 20_000)
    assert (found.given_up_requests, found.given_up_nano_usd) == (0, 0)


def test_a_call_that_nobody_answered_has_one_failure_that_was_given_up(path: Path) -> None:
    Writer(path).write(batch([failed("a", 1), failed("b", 2), failed("c", 3)]), [CARD])
    assert outcomes(path) == {"a": "error-retried", "b": "error-retried", "c": "error"}


def test_where_deployments_are_not_said_the_model_tells_a_fallback(path: Path) -> None:
    same: dict[str, Any] = {"provider": "openai", "model": "gpt-4o"}
    other: dict[str, Any] = {"provider": "azure", "model": "gpt-4o"}
    Writer(path).write(batch([failed("a", 1, **same), failed("b", 2, **same), answered("c", 3, **other)]), [CARD])
    assert outcomes(path) == {"a": "error-retried", "b": "error-fallback", "c": "ok"}


def test_a_failure_in_the_same_millisecond_as_the_answer_came_before_it(path: Path) -> None:
    Writer(path).write(batch([answered("a", 1), failed("b", 1)]), [CARD])
    assert outcomes(path) == {"a": "ok", "b": "error-retried"}


def test_a_failure_after_the_answer_and_one_without_a_call_stay_failures(path: Path) -> None:
    alone = priced("alone", outcome=Outcome.ERROR)
    Writer(path).write(batch([answered("a", 1), failed("b", 2), alone]), [CARD])
    assert outcomes(path) == {"a": "ok", "b": "error", "alone": "error"}


def test_a_richer_view_of_a_retried_attempt_leaves_it_retried(path: Path) -> None:
    with closing(Writer(path)) as writer:
        writer.write(batch([failed("a", 1, rank=Rank.SPAN), answered("b", 2)], source="traces"), [CARD])
        writer.write(batch([failed("a", 1, 5_000, rank=Rank.PAYLOAD)], source="gateway"), [CARD])
    assert outcomes(path) == {"a": "error-retried", "b": "ok"}
    assert total(Reader(path).sums(AT_MS, AT_MS + MINUTE_MS)).retried_nano_usd == 5_000


def test_what_a_tag_or_user_paid_for_retries_is_known_too(path: Path) -> None:
    with closing(Writer(path)) as writer:
        for one in (failed("a", 1, tags=("x",), user="ana"), answered("b", 2, tags=("x",), user="ana")):
            writer.write(batch([one]), [CARD])
    for dimension in ("tag", "user"):
        found = total(Reader(path).side_sums(dimension, AT_MS, AT_MS + MINUTE_MS))
        assert (found.requests, found.retried_nano_usd) == (2, 1_000)


class Seen(NamedTuple):
    """One attempt of one of a few calls."""

    call: int
    attempt: int
    minute: int
    outcome: Outcome
    deployment: str

    @property
    def name(self) -> str:
        return f"{self.call}-{self.attempt}"

    def event(self) -> PricedEvent:
        return priced(
            self.name, 1 << self.attempt, call_id=f"call-{self.call}", ended_at_ms=AT_MS + self.minute * MINUTE_MS,
            outcome=self.outcome, deployment=self.deployment,
        )  # fmt: skip


attempts = st.lists(
    st.builds(
        Seen,
        st.integers(0, 3),
        st.integers(0, 5),
        st.integers(-70, 2),
        st.sampled_from(SAID),
        st.sampled_from(["fast", "careful"]),
    ),
    min_size=1,
    max_size=20,
    unique_by=(lambda seen: (seen.call, seen.attempt), lambda seen: (seen.call, seen.minute)),
)


def expected(seen: list[Seen]) -> dict[str, str]:
    """By hand: the attempts of a call in their order, each failure looks at the next one."""
    found = {}
    for call in {one.call for one in seen}:
        ordered = sorted((one for one in seen if one.call == call), key=lambda one: one.minute)
        for place, one in enumerate(ordered):
            found[one.name] = one.outcome.value
            if one.outcome is Outcome.ERROR and place + 1 < len(ordered):
                same = ordered[place + 1].deployment == one.deployment
                found[one.name] = "error-retried" if same else "error-fallback"
    return found


@settings(max_examples=60, deadline=None)
@given(attempts, st.data())
def test_any_order_and_division_settles_attempts_alike(seen: list[Seen], data: st.DataObject) -> None:
    order = data.draw(st.permutations(seen))
    again = data.draw(st.lists(st.sampled_from(seen), max_size=6))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        with closing(Writer(path)) as writer:
            left = [*order, *again]
            while left:
                size = data.draw(st.integers(1, len(left)))
                piece, left = left[:size], left[size:]
                writer.write(batch([one.event() for one in piece]), [CARD])
        want = expected(seen)
        assert outcomes(path) == want
        reader = Reader(path)
        by_outcome = group(reader.sums(AT_MS - 90 * MINUTE_MS, AT_MS + 3 * MINUTE_MS), lambda k: k.value("outcome"))
        assert {str(name): found.requests for name, found in by_outcome.items()} == Counter(want.values())
        costs: Counter[str] = Counter()
        for one in seen:
            costs[want[one.name]] += 1 << one.attempt
        assert {str(name): found.metered_nano_usd for name, found in by_outcome.items()} == costs
        assert_every_table_holds_the_same(path)


def assert_every_table_holds_the_same(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        sums = ", ".join(f"sum({name})" for name in MEASURES)
        found = [
            connection.execute(f"SELECT series, card, {sums} FROM {table} GROUP BY series, card").fetchall()
            for table in ROLLUPS
        ]
        kept = connection.execute("SELECT series, card, count(*), sum(nano_usd) FROM requests GROUP BY 1, 2").fetchall()
    assert found[0] == found[1] == found[2]
    cost = MEASURES.index("nano_usd")
    assert [(row[0], row[1], row[2], row[2 + cost]) for row in found[0]] == kept


def test_what_was_stored_before_attempts_were_settled_is_settled_once_and_in_steps(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.requests.attempts._STEP", 5)
    with closing(Writer(path)) as writer:
        with monkeypatch.context() as before:
            before.setattr("store.requests.writing.settled_within", lambda _: {})
            before.setattr("store.requests.attempts.Attempts.settle", lambda *_: None)
            for call in range(6):
                one: dict[str, Any] = {"call_id": f"call-{call}", "ended_at_ms": AT_MS + call * MINUTE_MS}
                writer.write(batch([priced(f"f-{call}", 1_000, outcome=Outcome.ERROR, tags=("x",), **one)]), [CARD])
                if call:
                    writer.write(batch([priced(f"o-{call}", 9_000, **one)]), [CARD])
        assert list(outcomes(path).values()).count("error") == 6
        for steps, left in ((1, 4), (2, 1), (3, 1)):
            writer.tidy(Retention(), AT_MS + steps * 300_000)
            assert list(outcomes(path).values()).count("error") == left
        found = total(Reader(path).sums(AT_MS, AT_MS + 6 * MINUTE_MS))
        assert (found.requests, found.retried_requests, found.given_up_requests) == (11, 5, 1)
        assert total(Reader(path).side_sums("tag", AT_MS, AT_MS + 6 * MINUTE_MS)).retried_nano_usd == 5_000
        with closing(sqlite3.connect(path)) as connection:
            asked: list[str] = []
            writer._connection.set_trace_callback(asked.append)
            writer.tidy(Retention(), AT_MS + 1_200_000)
            assert not [said for said in asked if "DISTINCT identity" in said], "it is done"
            for table in ROLLUPS:
                assert connection.execute(f"SELECT sum(requests), min(requests) FROM {table}").fetchone() > (11, 0)

"""One request seen through several sources is counted once, as the view that knows most of it says."""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.card import UNUSED, CardStatus, RateCard
from pricing.usage import Usage
from store.facts import Outcome, PricedEvent, Rank
from store.reader import Reader
from store.sums import group, total
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.sums import ask, assert_sums_are_those_of_the_rows

MINUTE_MS = 60_000
SOURCES = {Rank.PAYLOAD: "gateway", Rank.ROW: "database", Rank.SPAN: "traces"}
OTHER = RateCard(book="test", record="claude", status=CardStatus.PRICED, rates=(1, *(None,) * 7))
CARDS = {"gpt-4o": CARD, "claude": OTHER}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


class View(NamedTuple):
    """One record of one attempt of a call, in one source."""

    call: int
    attempt: int
    rank: Rank
    output_tokens: int
    model: str
    minute: int

    def event(self) -> PricedEvent:
        cost = self.output_tokens * (10 if self.model == "gpt-4o" else 3)
        return priced(
            f"attempt-{self.attempt}", cost, CARDS[self.model], call_id=f"call-{self.call}", rank=self.rank,
            model=self.model, ended_at_ms=AT_MS + self.minute * MINUTE_MS, usage=Usage(output_tokens=self.output_tokens),
        )  # fmt: skip


views = st.builds(
    View,
    st.integers(0, 4),
    st.integers(0, 2),
    st.sampled_from(Rank),
    st.integers(0, 4),
    st.sampled_from(sorted(CARDS)),
    st.sampled_from([-1_500, -61, -1, 0, 1]),
)
distinct = st.lists(views, min_size=1, max_size=24, unique_by=lambda v: (v.call, v.attempt, v.rank, v.output_tokens))
"""Versions of one record differ in what they say, so that one of them says most."""


@settings(max_examples=60, deadline=None)
@given(distinct, st.data())
def test_any_order_and_repetition_of_views_gives_the_totals_of_the_richest_ones(
    seen: list[View], data: st.DataObject
) -> None:
    richest: dict[tuple[int, int], View] = {}
    for view in sorted(seen, key=lambda v: (v.rank, v.output_tokens)):
        richest[view.call, view.attempt] = view
    again = data.draw(st.lists(st.sampled_from(seen), max_size=8))
    order = data.draw(st.permutations([*seen, *again]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        events = duplicates = 0
        with closing(Writer(path)) as writer:
            while order:
                size = data.draw(st.integers(1, len(order)))
                piece, order = order[:size], order[size:]
                for rank, source in SOURCES.items():
                    of_source = [view.event() for view in piece if view.rank is rank]
                    written = writer.write(batch(of_source, source=source), tuple(CARDS.values()))
                    events, duplicates = events + written.events, duplicates + written.duplicates
        assert (events, duplicates) == (len(richest), len(seen) + len(again) - len(richest))
        kept = {(r.identity, r.dimensions.source): r for r in Reader(path).newest_requests()}
        assert len(kept) == len(richest)
        totals = total(Reader(path).sums(AT_MS - 2_000 * MINUTE_MS, AT_MS + 2 * MINUTE_MS))
        assert totals.requests == len(richest)
        assert totals.tokens.output_tokens == sum(view.output_tokens for view in richest.values())
        assert totals.metered_nano_usd == sum(view.event().nano_usd or 0 for view in richest.values())
        by_source = group(
            Reader(path).sums(AT_MS - 2_000 * MINUTE_MS, AT_MS + 2 * MINUTE_MS), lambda k: k.value("source")
        )
        for rank, source in SOURCES.items():
            expected = sum(view.rank is rank for view in richest.values())
            assert (by_source[source].requests if source in by_source else 0) == expected
        assert_sums_are_those_of_the_rows(path)


@settings(max_examples=30, deadline=None)
@given(distinct)
def test_views_of_every_rank_in_one_batch_of_one_source_are_settled_there_too(seen: list[View]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        with closing(Writer(path)) as writer:
            writer.write(batch(view.event() for view in seen), tuple(CARDS.values()))
        best: dict[tuple[int, int], tuple[Rank, int]] = {}
        for view in seen:
            one = view.call, view.attempt
            best[one] = max(best.get(one, (Rank.SPAN, -1)), (view.rank, view.output_tokens))
        assert sorted(row[0] for row in ask(path, "SELECT output FROM requests")) == sorted(o for _, o in best.values())
        assert_sums_are_those_of_the_rows(path)


def test_a_payload_takes_the_place_of_a_span_in_the_minute_and_the_series_it_names(path: Path) -> None:
    writer = Writer(path)
    span = priced("a", 5, CARD, call_id="c", rank=Rank.SPAN, model="gpt-4o", tenant=None, usage=Usage(output_tokens=9))
    payload = priced("a", 3, OTHER, call_id="c", model="claude", ended_at_ms=AT_MS + 61 * MINUTE_MS)
    writer.write(batch([span], source="traces"), [CARD])
    writer.write(batch([payload], source="gateway"), [OTHER])

    assert Reader(path).sums(AT_MS, AT_MS + MINUTE_MS) == []
    (moved,) = Reader(path).sums(AT_MS + 61 * MINUTE_MS, AT_MS + 62 * MINUTE_MS)
    found = total([moved])
    assert (found.requests, found.metered_nano_usd, found.tokens) == (1, 3, payload.event.usage)
    assert (moved.key.value("source"), moved.key.value("tenant"), moved.key.value("model")) == (
        "gateway", "acme", "claude",
    )  # fmt: skip
    assert writer.write(batch([span], source="traces"), [CARD]).duplicates == 1
    assert Reader(path).sums(AT_MS, AT_MS + MINUTE_MS) == []


def test_a_payload_that_knows_no_tokens_still_wins_over_a_span_that_does(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a", 5, call_id="c", rank=Rank.SPAN)], source="traces"), [CARD])
    failed = priced("a", 0, UNUSED, call_id="c", outcome=Outcome.ERROR, usage=Usage(), error="Timeout")
    writer.write(batch([failed]), [UNUSED])

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.errors, found.metered_nano_usd) == (1, 1, 0)


def test_a_stream_that_is_logged_while_it_runs_ends_as_its_last_record_also_without_a_call_id(path: Path) -> None:
    writer = Writer(path)
    for tokens in (1, 40, 7):
        writer.write(batch([priced("a", tokens, usage=Usage(output_tokens=tokens))]), [CARD])

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.tokens.output_tokens, found.metered_nano_usd) == (1, 40, 40)


def test_a_record_that_gets_its_cost_and_duration_later_gets_them_in_every_sum(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a")]), [CARD])
    writer.write(batch([priced("a", duration_ms=900, reported_nano_usd=77)]), [CARD])
    writer.write(batch([priced("a", duration_ms=900, reported_nano_usd=99)]), [CARD])

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.duration_ms, found.reported_nano_usd, found.reported_requests) == (1, 900, 99, 1)
    assert_sums_are_those_of_the_rows(path)


def test_an_answer_from_the_cache_is_one_request_although_only_one_view_says_so_in_its_id(path: Path) -> None:
    writer = Writer(path)
    hit = priced("chatcmpl-1_cache_hit1795371386.099794", 0, call_id="c", outcome=Outcome.CACHE)
    writer.write(batch([priced("chatcmpl-1", call_id="c", rank=Rank.SPAN)], source="traces"), [CARD])
    assert writer.write(batch([hit]), [CARD]).duplicates == 1
    assert ask(path, "SELECT nano_usd FROM requests") == [(0,)]


def test_two_answers_from_the_cache_that_name_no_call_are_two_requests(path: Path) -> None:
    hits = [priced(f"chatcmpl-1_cache_hit179537138{number}.5") for number in range(2)]
    assert Writer(path).write(batch(hits), [CARD]).events == 2


def test_a_payload_takes_one_byte_at_most_for_its_rank_and_a_poorer_view_says_what_it_is(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a"), priced("b", rank=Rank.SPAN), priced("c", rank=Rank.ROW)]), [CARD])
    assert ask(path, "SELECT rank FROM requests ORDER BY id") == [(None,), (1,), (2,)]


def test_views_survive_a_repetition_of_everything_after_the_store_was_opened_again(path: Path) -> None:
    seen = [priced("a", 1, call_id="c", rank=rank) for rank in Rank]
    for _ in range(2):
        with closing(Writer(path)) as writer:
            for view in seen:
                writer.write(batch([view], source=SOURCES[view.event.rank]), [CARD])
    record = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (record.requests, record.metered_nano_usd) == (1, 1)
    assert_sums_are_those_of_the_rows(path)

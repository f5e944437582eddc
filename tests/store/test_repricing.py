"""Stored usage priced again: rows exactly, sums without rows as an estimate, and never a token more or less."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.bill import cost_nano_usd
from pricing.card import CACHED, HOSTED, UNUSED, CardStatus, RateCard, UnitRate, unpriced
from pricing.usage import NOTHING, Usage
from store.facts import Dimensions, Outcome, PricedEvent
from store.reader import Reader
from store.repricing import Asked, Change, Repricing
from store.sums import total
from store.tables import MEASURES, ROLLUPS, UNIT_ROLLUPS, StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.sums import ask, assert_sums_are_those_of_the_rows

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
DOUBLED = RateCard(
    book="test", record="gpt-4o", status=CardStatus.PRICED, rates=(5_000_000_000, *(None,) * 6, 20_000_000_000)
)
SEARCHES = RateCard(
    book="test",
    record="searching",
    status=CardStatus.PRICED,
    rates=(1_000_000_000, *(None,) * 7),
    unit_rates=(UnitRate(unit="web_searches", nano_usd=10_000_000),),
)
DEARER_SEARCHES = RateCard(
    book="test", record="gpt-4o", status=CardStatus.PRICED, rates=DOUBLED.rates,
    unit_rates=(UnitRate(unit="web_searches", nano_usd=25_000_000_000, per=1_000),),
)  # fmt: skip
FREE = RateCard(book="test", record="free", status=CardStatus.FREE, rates=(0,) * 8)
UNPRICED = unpriced(0)
CARDS = (CARD, DOUBLED, SEARCHES, FREE, UNPRICED, unpriced(150_000), HOSTED)
STAYING = Usage(input_tokens=1_000, output_tokens=101)
"""What the chooser of these tests leaves alone."""
_COLUMNS = ", ".join(MEASURES)


class Table:
    """Chooses by model, for requests with an even number of output tokens; a sum gets the same card as an estimate."""

    def __init__(self, cards: Mapping[str | None, RateCard]) -> None:
        self.cards = cards
        self.asked: list[Asked] = []

    def for_request(self, asked: Asked) -> RateCard | None:
        self.asked.append(asked)
        return None if asked.usage.output_tokens % 2 else self.cards.get(asked.model)

    def for_sum(self, asked: Asked) -> RateCard | None:
        found = self.cards.get(asked.model)
        if found is None or found.status is not CardStatus.PRICED:
            return found
        return RateCard(
            book="test", record="sums", status=CardStatus.ESTIMATED, rates=found.rates, unit_rates=found.unit_rates
        )


def reprice(path: Path, cards: Mapping[str | None, RateCard], **options: bool | int) -> dict[str | None, Change]:
    with closing(Writer(path)) as writer, pytest.MonkeyPatch.context() as patch:
        patch.setattr("store.repricing.ROWS_PER_STEP", 3)
        repricing = Repricing(writer, Table(cards), **options)  # type: ignore[arg-type]  # the three options of a pass
        shares = list(repricing.steps())
    assert shares == sorted(shares)
    return repricing.changes


def write(path: Path, events: Sequence[PricedEvent]) -> None:
    with closing(Writer(path)) as writer:
        writer.write(batch(events), (*CARDS, DEARER_SEARCHES, CACHED, UNUSED))


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Each rollup whole, with the name of each card for its number."""
    return {
        table: ask(
            path,
            f"SELECT bucket, series, c.card_id, {_COLUMNS}, stored_day FROM {table} JOIN cards AS c ON c.id = card"
            " ORDER BY 1, 2, 3",
        )
        for table in ("rollup_minute", "rollup_hour", "rollup_day")
    }


def summed(path: Path, table: str, names: Sequence[str] = MEASURES) -> tuple[Any, ...]:
    return ask(path, f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in names)} FROM {table}")[0]


def rows(path: Path) -> list[tuple[Any, ...]]:
    return ask(
        path,
        "SELECT r.id, card_id, nano_usd, partial, identity, input, output FROM requests AS r"
        " JOIN cards AS c ON c.id = r.card ORDER BY r.id",
    )


def _priced(number: int, call: int | None, at: int, model: str, usage: Usage, card: RateCard) -> PricedEvent:
    nano_usd, partial = cost_nano_usd(usage, card)
    return priced(
        f"r-{number}", nano_usd, card, partial=partial, call_id=None if call is None else f"call-{call}",
        ended_at_ms=AT_MS + at * MINUTE_MS, model=model, usage=usage, reported_nano_usd=call, duration_ms=call,
        first_token_ms=number if call is None else None,
    )  # fmt: skip


MODELS = ("gpt-4o", "claude", "llama")
usages = st.builds(
    lambda counts, searches: Usage.of(counts, (("web_searches", searches),) if searches else ()),
    st.lists(st.integers(0, 10**6), min_size=9, max_size=9).map(lambda c: [*c[:8], min(c[7], c[8])]),
    st.integers(0, 3),
)
events = st.builds(
    _priced,
    st.integers(0, 200),
    st.none() | st.integers(0, 6),
    st.sampled_from([-3_000, -61, -1, 0, 0, 0, 1, 59, 3_000]),
    st.sampled_from(MODELS),
    usages,
    st.sampled_from(CARDS),
)
books = st.dictionaries(st.sampled_from(MODELS), st.sampled_from(CARDS))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(events, max_size=8), min_size=1, max_size=3), books, books)
def test_after_any_repricing_every_sum_is_that_of_its_rows_and_only_dollars_have_changed(
    batches: list[list[PricedEvent]], first: dict[str | None, RateCard], second: dict[str | None, RateCard]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        for seen in batches:
            write(path, seen)
        constant = [name for name in MEASURES if name not in ("nano_usd", "partial")]
        before = summed(path, "rollup_day", constant)
        for book in (first, second):
            reprice(path, book)
            assert_sums_are_those_of_the_rows(path)
            assert summed(path, "rollup_day", constant) == before
            for _, card_id, nano_usd, partial, *_ in rows(path):
                assert (nano_usd is None) == (Reader(path).card(str(card_id)).status is CardStatus.UNPRICED)
                assert partial in (None, 1)
        was = everything(path), rows(path)
        assert reprice(path, second) == {}
        assert (everything(path), rows(path)) == was


@settings(max_examples=30, deadline=None)
@given(st.lists(events, min_size=1, max_size=14), books, st.data())
def test_minutes_hours_and_days_agree_after_a_repricing_however_many_rows_are_gone(
    seen: list[PricedEvent], book: dict[str | None, RateCard], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        write(path, seen)
        gone = data.draw(st.integers(0, len(rows(path))))
        ask(path, "DELETE FROM requests WHERE id <= ?", gone)
        constant = [name for name in MEASURES if name not in ("nano_usd", "partial")]
        before = summed(path, "rollup_day", constant)

        reprice(path, book)

        assert summed(path, "rollup_minute") == summed(path, "rollup_hour") == summed(path, "rollup_day")
        assert summed(path, "rollup_day", constant) == before
        assert all(min(row[3:-1]) >= 0 for table in everything(path).values() for row in table)
        was = everything(path), rows(path)
        reprice(path, book)
        assert (everything(path), rows(path)) == was


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def test_a_price_that_appears_prices_the_past_exactly_while_its_rows_are_kept(path: Path) -> None:
    write(path, [priced(f"r-{n}", None, UNPRICED, ended_at_ms=AT_MS + n * HOUR_MS) for n in range(3)])

    changes = reprice(path, {"gpt-4o": CARD})

    assert changes == {"gpt-4o": Change(requests=3, unpriced_before=3, after_nano_usd=3 * 3_500_000)}
    found = total(Reader(path).sums(AT_MS, AT_MS + DAY_MS))
    assert (found.metered_nano_usd, found.unpriced_requests, found.estimated_requests) == (10_500_000, 0, 0)
    assert [row[1:3] for row in rows(path)] == [(CARD.id, 3_500_000)] * 3


def test_a_sum_without_rows_is_priced_from_its_tokens_and_says_that_it_is_an_estimate(path: Path) -> None:
    write(path, [priced("a", None, UNPRICED), priced("b", None, UNPRICED), priced("c", None, UNPRICED)])
    ask(path, "DELETE FROM requests WHERE id <= 2")

    changes = reprice(path, {"gpt-4o": CARD})

    assert changes["gpt-4o"].estimated_requests == 2
    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.metered_nano_usd, found.estimated_requests, found.unpriced_requests) == (10_500_000, 2, 0)


@pytest.mark.parametrize("pruned", [("rollup_minute",), ("rollup_minute", "rollup_hour")])
def test_what_only_wide_sums_still_hold_is_priced_there_and_narrow_sums_are_not_begun_again(
    path: Path, pruned: tuple[str, ...]
) -> None:
    write(path, [priced("a", None, UNPRICED), priced("b", None, UNPRICED, ended_at_ms=AT_MS + 2 * HOUR_MS)])
    ask(path, "DELETE FROM requests WHERE id = 1")
    for table in pruned:
        ask(path, f"DELETE FROM {table}")

    reprice(path, {"gpt-4o": CARD})

    kept = [table for table in ROLLUPS if table not in pruned]
    assert [summed(path, table, ["requests", "nano_usd"]) for table in kept] == [(2, 7_000_000)] * len(kept)
    assert [summed(path, table, ["requests"]) for table in pruned] == [(0,)] * len(pruned)
    assert reprice(path, {"gpt-4o": CARD}) == {}


def test_an_hour_of_which_one_minute_is_gone_is_priced_for_that_minute_alone(path: Path) -> None:
    stays = priced("b", None, UNPRICED, ended_at_ms=AT_MS + MINUTE_MS, usage=STAYING)
    write(path, [priced("a", None, UNPRICED), stays])
    ask(path, "DELETE FROM requests WHERE id = 1")
    ask(path, "DELETE FROM rollup_minute WHERE bucket = ?", AT_MS // 1_000)

    changes = reprice(path, {"gpt-4o": CARD})

    assert (changes["gpt-4o"].requests, changes["gpt-4o"].estimated_requests) == (1, 1)
    assert summed(path, "rollup_minute", ["requests", "nano_usd"]) == (1, 0)
    assert summed(path, "rollup_hour", ["requests", "nano_usd"]) == (2, 3_500_000)


def test_requests_that_are_kept_are_no_part_of_an_estimate_however_many_steps_they_take(path: Path) -> None:
    write(path, [priced(f"gone-{n}", None, UNPRICED) for n in range(2)])
    write(path, [priced(f"kept-{n}", None, UNPRICED, usage=STAYING) for n in range(7)])
    ask(path, "DELETE FROM requests WHERE id <= 2")

    changes = reprice(path, {"gpt-4o": CARD})

    assert (changes["gpt-4o"].requests, changes["gpt-4o"].estimated_requests) == (2, 2)
    assert [row[1] for row in rows(path)] == [UNPRICED.id] * 7


def test_a_retry_goes_with_its_request_and_not_with_the_sum_that_it_leaves(path: Path) -> None:
    first = priced("a", call_id="call", usage=STAYING)
    write(path, [first, priced("b", call_id="call"), priced("c", usage=STAYING)])

    reprice(path, {"gpt-4o": DOUBLED})

    assert_sums_are_those_of_the_rows(path)
    retries = dict(ask(path, "SELECT card_id, retries FROM rollup_minute JOIN cards AS c ON c.id = card"))
    assert retries == {CARD.id: 0, DOUBLED.id: 1}


@pytest.mark.parametrize(
    ("card", "nano_usd", "partial"), [(DEARER_SEARCHES, 5_050_000_000, 0), (DOUBLED, 5_000_000_000, 1)]
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_sum_knows_its_searches_and_they_are_priced_again_with_its_tokens(
    path: Path, card: RateCard, nano_usd: int, partial: int, kept: bool
) -> None:
    usage = Usage(input_tokens=1_000_000, units=(("web_searches", 2),))
    write(path, [priced("a", 1_020_000_000, SEARCHES, usage=usage)])
    if not kept:
        ask(path, "DELETE FROM requests")

    reprice(path, {"gpt-4o": card})

    assert summed(path, "rollup_day", ["nano_usd", "partial"]) == (nano_usd, partial)
    for table in UNIT_ROLLUPS.values():
        found = ask(path, f"SELECT card_id, unit, amount FROM {table} JOIN cards AS c ON c.id = card")
        assert [(unit, amount) for _, unit, amount in found] == [("web_searches", 2)]
        assert (found[0][0] == card.id) is kept


def test_fees_of_sums_from_before_units_were_kept_stay_in_them(path: Path) -> None:
    usage = Usage(input_tokens=1_000_000, units=(("web_searches", 2),))
    write(path, [priced("a", 1_020_000_000, SEARCHES, usage=usage)])
    for table in ("requests", *UNIT_ROLLUPS.values()):
        ask(path, f"DELETE FROM {table}")

    reprice(path, {"gpt-4o": DOUBLED})

    assert summed(path, "rollup_day", ["nano_usd"]) == (5_020_000_000,)


@pytest.mark.parametrize(("outcome", "card"), [(Outcome.CACHE, CACHED), (Outcome.ERROR, UNUSED), (Outcome.OK, HOSTED)])
@pytest.mark.parametrize("kept", [True, False])
def test_what_no_price_concerns_stays_as_it_is(path: Path, outcome: Outcome, card: RateCard, kept: bool) -> None:
    write(path, [priced("a", 0, card, outcome=outcome, usage=NOTHING if card is UNUSED else Usage(input_tokens=5))])
    if not kept:
        ask(path, "DELETE FROM requests")
    was = everything(path)

    assert reprice(path, {"gpt-4o": CARD}) == {}
    assert everything(path) == was


def test_only_what_has_no_price_is_touched_when_that_is_asked(path: Path) -> None:
    write(path, [priced("a"), priced("b", None, UNPRICED), priced("c"), priced("d", None, UNPRICED)])
    ask(path, "DELETE FROM requests WHERE id <= 2")

    reprice(path, {"gpt-4o": DOUBLED}, only_unpriced=True)

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert found.metered_nano_usd == 2 * 3_500_000 + 2 * 7_000_000
    assert [row[1] for row in rows(path)] == [CARD.id, DOUBLED.id]


def test_a_dry_run_counts_the_same_and_writes_nothing(path: Path) -> None:
    write(path, [priced(f"r-{n}", None, UNPRICED, ended_at_ms=AT_MS + n * HOUR_MS) for n in range(4)])
    ask(path, "DELETE FROM requests WHERE id <= 2")
    was = everything(path), rows(path), ask(path, "SELECT * FROM cards")

    foreseen = reprice(path, {"gpt-4o": DOUBLED}, dry_run=True)

    assert (everything(path), rows(path), ask(path, "SELECT * FROM cards")) == was
    assert reprice(path, {"gpt-4o": DOUBLED}) == foreseen
    assert foreseen["gpt-4o"].after_nano_usd == 4 * 7_000_000


def test_nothing_before_the_given_time_is_priced_again(path: Path) -> None:
    hours = range(-3, 3)
    write(path, [priced(f"r-{n}", ended_at_ms=AT_MS + n * HOUR_MS) for n in hours])
    ask(path, "DELETE FROM requests WHERE id IN (1, 2, 4)")

    reprice(path, {"gpt-4o": DOUBLED}, since_ms=AT_MS)

    dollars = dict(ask(path, "SELECT bucket, sum(nano_usd) FROM rollup_minute GROUP BY 1"))
    assert [dollars[AT_MS // 1_000 + n * 3_600] for n in hours] == [3_500_000] * 3 + [7_000_000] * 3


def test_what_a_collector_writes_between_two_steps_keeps_its_card(path: Path) -> None:
    write(path, [priced("a", None, UNPRICED), priced("b", None, UNPRICED)])
    ask(path, "DELETE FROM requests WHERE id = 1")
    with closing(Writer(path)) as writer:
        steps = Repricing(writer, Table({"gpt-4o": CARD})).steps()
        next(steps)
        write(path, [priced("c", card=DOUBLED, nano_usd=7_000_000), priced("d", None, UNPRICED)])
        list(steps)

    assert [row[1] for row in rows(path)] == [CARD.id, DOUBLED.id, UNPRICED.id]
    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.requests, found.unpriced_requests, found.estimated_requests) == (4, 1, 1)
    assert found.metered_nano_usd == 3_500_000 + 3_500_000 + 7_000_000


def test_a_step_that_fails_leaves_rows_and_sums_as_they_were(path: Path) -> None:
    write(path, [priced("a", None, UNPRICED)])
    ask(path, "CREATE TRIGGER full BEFORE INSERT ON rollup_day BEGIN SELECT raise(ABORT, 'disk full'); END")
    was = everything(path), rows(path)
    with pytest.raises(StoreError, match="disk full"):
        reprice(path, {"gpt-4o": CARD})
    assert (everything(path), rows(path)) == was


def test_the_variant_of_a_request_comes_back_for_the_book(path: Path) -> None:
    usage = Usage(input_tokens=7, output_tokens=9, reasoning_tokens=3, units=(("web_searches", 2),))
    write(
        path,
        [
            priced("a", None, UNPRICED, variant="batches", usage=usage),
            priced("b", None, UNPRICED, variant="default"),
            priced("c", None, UNPRICED),
        ],
    )
    table = Table({})
    with closing(Writer(path)) as writer:
        list(Repricing(writer, table).steps())

    assert [asked.variant for asked in table.asked] == ["batch", "", ""]
    said = Dimensions("gateway", "openai", "gpt-4o", tenant="acme", key="search")
    assert table.asked[0] == Asked(said, AT_MS, usage, "batch", UNPRICED)
    assert ask(path, "SELECT variant FROM requests") == [("batch",), (None,), (None,)]


def test_a_retry_whose_first_attempt_is_gone_is_still_a_retry_afterwards(path: Path) -> None:
    write(path, [priced("a", call_id="call"), priced("b", call_id="call", ended_at_ms=AT_MS + MINUTE_MS)])
    ask(path, "DELETE FROM requests WHERE id = 1")

    reprice(path, {"gpt-4o": DOUBLED})

    assert [summed(path, table, ["retries", "requests"]) for table in ROLLUPS] == [(1, 2)] * 3

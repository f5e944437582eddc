"""Buckets of providers: whatever came late, twice or corrected, the figures are those of the last answers."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.usage import Usage
from store.facts import SourceState
from store.provider_facts import (
    BalanceCounts,
    BalanceReading,
    CostBucket,
    PricedBucket,
    PricedReading,
    ProviderReading,
    UsageBucket,
)
from store.reader import Reader
from store.retention import Retention
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MIDNIGHT_MS = AT_MS // DAY_MS * DAY_MS
HOURS = 4
NUMBERS = count()
MODELS = ("gpt-4o", "gpt-4o-mini", None)
KEYS = ("a", None)
CHEAP = dataclasses.replace(CARD, conditions=("off-peak",))


@pytest.fixture(scope="module")
def one_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    """A store that many examples share, each with a source of its own."""
    with closing(Writer(tmp_path_factory.mktemp("store") / "usdtop.db")) as writer:
        yield writer


def write(writer: Writer, *readings: ProviderReading, at_ms: int = AT_MS, source: str = "openai") -> None:
    priced = [
        PricedReading(
            reading=reading,
            usage=[PricedBucket(bucket=one, card_id=CARD.id, nano_usd=one.usage.total_tokens) for one in reading.usage],
        )
        for reading in readings
    ]
    seen = batch(source=source, kind="provider", at_ms=at_ms, state=SourceState.OK)
    writer.write(msgspec.structs.replace(seen, readings=priced), [CARD])


def bucket(hour: int, model: str | None, key: str | None, tokens: int, rest: str = "") -> UsageBucket:
    return UsageBucket(
        begins_ms=MIDNIGHT_MS + hour * HOUR_MS, width_seconds=3_600, provider="openai", model=model, key=key, rest=rest,
        usage=Usage(input_tokens=tokens), requests=1,
    )  # fmt: skip


def cost(hour: int, item: str, nano_usd: int) -> CostBucket:
    begins_ms = MIDNIGHT_MS + hour * HOUR_MS
    return CostBucket(begins_ms=begins_ms, width_seconds=3_600, provider="openai", item=item, nano_usd=nano_usd)


def answer(first: int, end: int, *usage: UsageBucket, costs: Sequence[CostBucket] = ()) -> ProviderReading:
    return ProviderReading(
        dataset="usage", width_seconds=3_600, since_ms=MIDNIGHT_MS + first * HOUR_MS, until_ms=MIDNIGHT_MS + end * HOUR_MS,
        usage=usage, costs=costs,
    )  # fmt: skip


def stored(
    path: Path, since_ms: int = 0, until_ms: int = AT_MS + DAY_MS, source: str = "openai"
) -> dict[tuple[int, str | None, str | None], int]:
    """Tokens by hour, model and key."""
    found: dict[tuple[int, str | None, str | None], int] = {}
    with closing(Reader(path)) as reader:
        for key, record in reader.usage_buckets(since_ms, until_ms):
            if key.dimensions.source != source:
                continue
            place = (record.begins - MIDNIGHT_MS // 1_000) // 3_600, key.dimensions.model, key.dimensions.key
            found[place] = found.get(place, 0) + record.usage.input_tokens
    return found


hours = st.integers(0, HOURS - 1)
answers = st.tuples(
    st.tuples(hours, hours).map(sorted),
    st.dictionaries(st.tuples(hours, st.sampled_from(MODELS), st.sampled_from(KEYS)), st.integers(1, 10**9)),
)


@given(said=st.lists(answers, max_size=8))
def test_any_sequence_of_late_repeated_and_corrected_buckets_ends_in_the_last_answers(
    one_store: Writer, said: list[tuple[list[int], dict[tuple[int, str | None, str | None], int]]]
) -> None:
    source = f"source {next(NUMBERS)}"
    expected: dict[tuple[int, str | None, str | None], int] = {}
    bills: dict[tuple[int, str], int] = {}
    for (first, last), tokens in said:
        within = {place: n for place, n in tokens.items() if first <= place[0] <= last}
        usage = [bucket(*place, n) for place, n in within.items()]
        costs = [cost(hour, f"{model} {key}", n) for (hour, model, key), n in within.items()]
        write(one_store, answer(first, last + 1, *usage, costs=costs), source=source)
        expected = {place: n for place, n in expected.items() if not first <= place[0] <= last} | within
        bills = {place: n for place, n in bills.items() if not first <= place[0] <= last}
        bills |= {(hour, f"{model} {key}"): n for (hour, model, key), n in within.items()}
    assert stored(one_store.path, source=source) == expected
    with closing(Reader(one_store.path)) as reader:
        found = [one for one in reader.cost_buckets(0, AT_MS + DAY_MS) if one.source == source]
    assert {((one.begins - MIDNIGHT_MS // 1_000) // 3_600, one.item): one.nano_usd for one in found} == bills


def test_what_an_answer_no_longer_contains_is_gone_and_what_it_was_not_about_stays(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 3, *(bucket(hour, "gpt-4o", "a", 10) for hour in range(3))))
        write(writer, answer(1, 2))
    assert stored(path) == {(0, "gpt-4o", "a"): 10, (2, "gpt-4o", "a"): 10}


def test_datasets_and_sources_do_not_touch_each_other(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 2, bucket(0, "gpt-4o", "a", 10)))
        write(writer, msgspec.structs.replace(answer(0, 2, bucket(0, "gpt-4o", "a", 5)), dataset="other"))
    assert stored(path) == {(0, "gpt-4o", "a"): 15}


def test_rows_that_differ_in_what_has_no_column_are_two(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 1, bucket(0, "gpt-4o", "a", 10, "eu"), bucket(0, "gpt-4o", "a", 5, "us")))
    assert stored(path) == {(0, "gpt-4o", "a"): 15}


def test_a_bucket_that_only_partly_lies_in_a_window_is_not_in_it(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 3, *(bucket(hour, "gpt-4o", "a", 1 + hour) for hour in range(3))))
    assert stored(path, MIDNIGHT_MS + 1, MIDNIGHT_MS + 3 * HOUR_MS - 1) == {(1, "gpt-4o", "a"): 2}


def test_old_buckets_become_wider_and_lose_no_sum(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    images = bucket(2, "gpt-4o", "a", 7)
    images = msgspec.structs.replace(images, usage=Usage(input_tokens=7, units=(("images", 3),)))
    more = msgspec.structs.replace(bucket(3, "gpt-4o", "a", 1), usage=Usage(input_tokens=1, units=(("images", 2),)))
    costs = [cost(0, "x", 1), cost(1, "x", 2), cost(1, "y", 4)]
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 4, bucket(0, "gpt-4o", "a", 10), images, more, costs=costs))
        writer.prune(Retention(), AT_MS + 34 * DAY_MS)
        assert len(stored(path)) == 3
        writer.prune(Retention(), AT_MS + 37 * DAY_MS)
        writer.prune(Retention(), AT_MS + 38 * DAY_MS)
    with closing(Reader(path)) as reader:
        ((_, record),) = reader.usage_buckets(0, AT_MS + DAY_MS)
        bills = {(one.width, one.item): one.nano_usd for one in reader.cost_buckets(0, AT_MS + DAY_MS)}
    assert (record.width, record.requests) == (86_400, 3)
    assert record.usage == Usage(input_tokens=18, units=(("images", 5),))
    assert bills == {(86_400, "x"): 3, (86_400, "y"): 4}


def test_hours_at_different_prices_of_one_day_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        seen = batch(source="openai", kind="provider", at_ms=AT_MS, state=SourceState.OK)
        usage = [
            PricedBucket(bucket=bucket(hour, "gpt-4o", "a", 1_000), card_id=card.id, nano_usd=nano_usd)
            for hour, card, nano_usd in ((0, CARD, 3_000), (1, CHEAP, 1_000), (2, CARD, 3_000))
        ]
        writer.write(
            msgspec.structs.replace(seen, readings=[PricedReading(reading=answer(0, 3), usage=usage)]), [CARD, CHEAP]
        )
        for days in (37, 38):
            writer.prune(Retention(), AT_MS + days * DAY_MS)
    with closing(Reader(path)) as reader:
        found = [record for _, record in reader.usage_buckets(0, AT_MS + DAY_MS)]
    assert sum(one.usage.input_tokens for one in found) == 3_000
    assert sum(one.nano_usd for one in found) == 7_000


def test_a_late_answer_about_a_part_of_a_day_that_was_added_up_counts_nothing_twice(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 4, *(bucket(hour, "gpt-4o", "a", 10) for hour in range(4))))
        writer.prune(Retention(), AT_MS + 37 * DAY_MS)
        write(writer, answer(2, 4, *(bucket(hour, "gpt-4o", "a", 10) for hour in (2, 3))))
        assert sum(stored(path).values()) == 40
        writer.prune(Retention(), AT_MS + 38 * DAY_MS)
    assert sum(stored(path).values()) == 40


def test_how_far_a_dataset_was_read_is_remembered_and_never_goes_back(tmp_path: Path) -> None:
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        for watermark_ms in (2_000, 1_000):
            write(writer, msgspec.structs.replace(answer(0, 1), watermark_ms=watermark_ms, read_ms=AT_MS))
        assert writer.datasets("openai") == {"usage": (2_000, AT_MS, 3_600)}
        assert writer.datasets("another") == {}


def balance(after_minutes: int, usd: str, counts: BalanceCounts = BalanceCounts.LEFT) -> ProviderReading:
    at_ms = AT_MS + after_minutes * 60_000
    reading = BalanceReading(account="credits", at_ms=at_ms, nano=round(float(usd) * 1e9), counts=counts)
    return ProviderReading(dataset="balance", balances=[reading])


@pytest.mark.parametrize(
    ("counts", "amounts", "spent"),
    [
        (BalanceCounts.LEFT, ("10", "9.5", "9.5", "9"), 1.0),
        (BalanceCounts.LEFT, ("10", "9", "29", "28.5"), 1.5),
        (BalanceCounts.LEFT, ("10", "10", "10", "10"), 0.0),
        (BalanceCounts.SPENT, ("1", "1.5", "1.5", "4"), 3.0),
        (BalanceCounts.SPENT, ("40", "41", "0.25", "0.5"), 1.5),
    ],
    ids=["falls", "top-up", "still", "counter", "new period"],
)
def test_spending_is_told_from_top_ups_and_new_periods(
    counts: BalanceCounts, amounts: tuple[str, ...], spent: float, tmp_path: Path
) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        for minute, usd in enumerate(amounts):
            write(writer, balance(minute, usd, counts))
    with closing(Reader(path)) as reader:
        (found,) = reader.spent_balances(AT_MS, AT_MS + DAY_MS)
        (now,) = reader.balances()
    assert found.nano == round(spent * 1e9)
    assert (now.nano, now.until_ms) == (round(float(amounts[-1]) * 1e9), AT_MS + 3 * 60_000)


def test_windows_that_follow_each_other_share_out_what_was_spent(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        for minute, usd in enumerate(("10", "9", "9", "7", "6.5")):
            write(writer, balance(minute, usd))
    with closing(Reader(path)) as reader:
        spent = [
            sum(one.nano for one in reader.spent_balances(AT_MS + first * 60_000, AT_MS + end * 60_000)) / 1e9
            for first, end in ((0, 1), (1, 3), (3, 4), (4, 9))
        ]
    assert spent == [1.0, 2.0, 0.5, 0.0]


def test_what_went_while_nobody_read_the_balance_is_no_burn_of_the_last_minutes(tmp_path: Path) -> None:
    path, three_days = tmp_path / "usdtop.db", 3 * 24 * 60
    with closing(Writer(path)) as writer:
        for minute, usd in ((0, "100"), (10, "100"), (10 + three_days, "28")):
            write(writer, balance(minute, usd))
    now_ms = AT_MS + (10 + three_days) * 60_000
    with closing(Reader(path)) as reader:
        windows = ((now_ms - HOUR_MS, now_ms), (now_ms - DAY_MS, now_ms), (AT_MS, now_ms), (now_ms, now_ms + DAY_MS))
        spent = [reader.spent_balances(*window)[0].nano / 1e9 for window in windows]
        assert reader.spent_balances(AT_MS - DAY_MS, AT_MS) == [], "an account is not known before it was read"
    assert spent == [1.0, 24.0, 72.0, 0.0]


@given(
    amounts=st.lists(st.integers(0, 20), min_size=2, max_size=40),
    counts=st.sampled_from(BalanceCounts),
    edge=st.integers(0, 40 * 7),
)
def test_old_balances_are_thinned_and_what_was_spent_stays(
    one_store: Writer, amounts: list[int], counts: BalanceCounts, edge: int
) -> None:
    source = f"account {next(NUMBERS)}"

    def spent(since_ms: int, until_ms: int) -> int:
        with closing(Reader(one_store.path)) as reader:
            return sum(one.nano for one in reader.spent_balances(since_ms, until_ms) if one.source == source)

    for place, usd in enumerate(amounts):
        write(one_store, balance(place * 7, str(usd), counts), source=source)
    whole, until_ms = spent(AT_MS, AT_MS + DAY_MS), AT_MS + edge * 60_000
    assert spent(AT_MS, until_ms) + spent(until_ms, AT_MS + DAY_MS) == whole
    one_store.prune(Retention(), AT_MS + 36 * DAY_MS)
    assert spent(AT_MS, AT_MS + DAY_MS) == whole


@given(amounts=st.lists(st.integers(0, 20), min_size=2, max_size=40).map(sorted), counts=st.sampled_from(BalanceCounts))
def test_of_a_balance_that_only_moves_on_one_an_hour_is_kept(
    one_store: Writer, amounts: list[int], counts: BalanceCounts
) -> None:
    source = f"account {next(NUMBERS)}"
    moving_on = reversed(amounts) if counts is BalanceCounts.LEFT else amounts
    for place, usd in enumerate(moving_on):
        write(one_store, balance(place * 7, str(usd), counts), source=source)
    one_store.prune(Retention(), AT_MS + 36 * DAY_MS)
    with one_store.transaction() as connection:
        (kept,) = connection.execute("SELECT count(*) FROM balances WHERE source = ?", (source,)).fetchone()
    assert kept <= 2 + len(amounts) * 7 // 60 + 1


def test_a_balance_that_stands_still_takes_one_row(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(Writer(path)) as writer:
        for minute in range(100):
            write(writer, balance(minute, "10"))
        with writer.transaction() as connection:
            assert connection.execute("SELECT count(*) FROM balances").fetchone() == (1,)


def test_minutes_become_hours_once_nobody_corrects_them_any_more(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    minutes = [
        msgspec.structs.replace(bucket(0, "gpt-4o", "a", 10), begins_ms=MIDNIGHT_MS + minute * 60_000, width_seconds=60)
        for minute in (0, 1, 59, 60)
    ]
    with closing(Writer(path)) as writer:
        write(writer, answer(0, 4, *minutes))
        writer.prune(Retention(), MIDNIGHT_MS + DAY_MS)
        with closing(Reader(path)) as reader:
            assert len(reader.usage_buckets(0, AT_MS + DAY_MS)) == 4
        writer.prune(Retention(), MIDNIGHT_MS + 3 * DAY_MS)
    with closing(Reader(path)) as reader:
        assert [(one.width, one.usage.input_tokens) for _, one in reader.usage_buckets(0, AT_MS + DAY_MS)] == [
            (3_600, 30),
            (3_600, 10),
        ]

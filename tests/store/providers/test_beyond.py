"""What providers count and no log holds: added once, marked, and never beside what a log has counted already."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.card import unpriced
from pricing.usage import Usage
from store.facts import PricedEvent
from store.provider_facts import (
    BalanceCounts,
    BalanceReading,
    CostBucket,
    PricedBucket,
    PricedReading,
    ProviderFact,
    ProviderReading,
    Role,
    UsageBucket,
)
from store.providers.accounts import prepaid_accounts
from store.providers.beyond import NOT_THROUGH
from store.reader import Reader
from store.sums import Sum, total
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
HOUR = AT_MS // HOUR_MS * HOUR_MS
UNTIL = HOUR + HOUR_MS
NUMBERS = count()


def logged(minute: int, input_tokens: int, output_tokens: int, **changes: Any) -> PricedEvent:
    usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
    return priced(
        f"r-{next(NUMBERS)}", usage.input_tokens * 2_500 + usage.output_tokens * 10_000, usage=usage,
        ended_at_ms=HOUR + minute * MINUTE_MS, **changes,
    )  # fmt: skip


def counted(minute: int, input_tokens: int, output_tokens: int, **changes: Any) -> UsageBucket:
    plain = UsageBucket(
        begins_ms=HOUR + minute * MINUTE_MS, width_seconds=60, provider="openai", model="gpt-4o-2024-08-06",
        tenant="proj_1", key="key_1", call_type="completions", requests=1,
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens),
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


class Seen:
    """A store into which a gateway's log and a provider's account write."""

    def __init__(self, path: Path, role: Role = Role.LIVE, covers: str = "") -> None:
        self.writer = Writer(path)
        self.writer.set_providers([ProviderFact(source="openai admin", provider="openai", role=role, covers=covers)])

    def log(self, *events: PricedEvent) -> None:
        self.writer.write(batch(events), [CARD])

    def provider(
        self, *usage: UsageBucket, costs: Sequence[CostBucket] = (), balance: tuple[int, int] | None = None,
        watermark_ms: int = UNTIL, width_seconds: int = 60, dataset: str | None = None,
    ) -> None:  # fmt: skip
        balances = [] if balance is None else [BalanceReading(account="b", at_ms=balance[0], nano=balance[1])]
        reading = ProviderReading(
            dataset=dataset or ("usage" if usage else "bill"), width_seconds=width_seconds, since_ms=HOUR - DAY_MS, until_ms=UNTIL + DAY_MS,
            usage=usage, costs=costs, balances=balances, watermark_ms=watermark_ms,
        )  # fmt: skip
        found = [
            PricedBucket(
                bucket=one, card_id=CARD.id, nano_usd=one.usage.input_tokens * 2_500 + one.usage.output_tokens * 10_000
            )
            for one in usage
        ]
        seen = batch(source="openai admin", kind="provider")
        self.writer.write(msgspec.structs.replace(seen, readings=[PricedReading(reading=reading, usage=found)]), [CARD])

    def sums(self, since_ms: int = HOUR, until_ms: int = UNTIL, *, lagging: bool = False) -> list[Sum]:
        with closing(Reader(self.writer.path)) as reader:
            return reader.sums(since_ms, until_ms, lagging=lagging)

    def total(self, since_ms: int = HOUR, until_ms: int = UNTIL, *, lagging: bool = False) -> tuple[int, int, int]:
        """Input tokens, output tokens and nano-dollars."""
        found = self.sums(since_ms, until_ms, lagging=lagging)
        usages = [one.usage for one in found]
        return (
            sum(usage.prompt_tokens for usage in usages), sum(usage.output_tokens for usage in usages),
            sum(one.measures[_NANO] for one in found),
        )  # fmt: skip


_NANO = 12
"""Where a sum holds its dollars: requests, retries and partial, then nine counts of tokens."""


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    found = Seen(tmp_path / "usdtop.db")
    yield found
    found.writer.close()


def test_a_provider_that_no_log_covers_is_live_with_its_own_projects_and_keys(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), counted(20, 1_000, 100))
    (found,) = {(one.key.dimensions.source, one.key.dimensions.tenant, one.key.dimensions.key) for one in seen.sums()}
    assert found == ("openai admin", "proj_1", "key_1")
    assert seen.total() == (2_000, 200, 7_000_000)


def test_what_the_log_holds_too_is_counted_once(seen: Seen) -> None:
    seen.log(logged(10, 1_000, 100))
    seen.provider(counted(10, 1_000, 100))
    assert seen.total() == (1_000, 100, 3_500_000)


def test_only_what_the_log_lacks_is_added_and_marked(seen: Seen) -> None:
    seen.log(logged(10, 1_000, 100))
    seen.provider(counted(10, 1_000, 100), counted(30, 4_000, 0, key="key_2"))
    assert seen.total() == (5_000, 100, 3_500_000 + 4_000 * 2_500)
    added = [one.key.dimensions for one in seen.sums() if one.key.dimensions.source == "openai admin"]
    assert {(one.tenant, one.key, one.model) for one in added} == {(NOT_THROUGH, NOT_THROUGH, "gpt-4o")}


def test_the_same_tokens_split_otherwise_over_the_cache_add_nothing(seen: Seen) -> None:
    seen.log(logged(10, 10_000, 100))
    seen.provider(counted(10, 0, 0, usage=Usage(input_tokens=1_000, cache_read_tokens=9_000, output_tokens=100)))
    assert seen.total() == (10_000, 100, 10_000 * 2_500 + 100 * 10_000)


def test_a_call_that_stands_on_the_other_side_of_the_windows_edge_is_not_added(seen: Seen) -> None:
    seen.log(logged(-1, 1_000, 100), logged(5, 1_000, 100))
    seen.provider(counted(0, 1_000, 100), counted(5, 1_000, 100))
    assert seen.total() == (1_000, 100, 3_500_000)


def test_another_providers_traffic_covers_nothing(seen: Seen) -> None:
    seen.log(logged(10, 1_000, 100, provider="azure"))
    seen.provider(counted(10, 1_000, 100))
    assert seen.total() == (2_000, 200, 7_000_000)


def test_a_studios_traffic_is_no_part_of_what_a_cloud_counts_of_the_same_model(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "usdtop.db")
    with closing(seen.writer):
        seen.writer.set_providers([ProviderFact(source="openai admin", provider="vertex")])
        seen.log(logged(10, 1_000, 100, provider="gemini"))
        seen.provider(counted(10, 1_000, 100))
        assert seen.total() == (2_000, 200, 7_000_000)
        seen.log(logged(10, 1_000, 100, provider="vertex_ai"))
        assert seen.total() == (2_000, 200, 7_000_000)


@pytest.mark.parametrize(
    ("covers", "expected"), [("tenant=acme", 1_000), ("tenant=umbrella", 2_000), ("provider=none", 2_000)]
)
def test_configuration_says_which_traffic_is_covered(covers: str, expected: int, tmp_path: Path) -> None:
    seen = Seen(tmp_path / "usdtop.db", covers=covers)
    with closing(seen.writer):
        seen.log(logged(10, 1_000, 100))
        seen.provider(counted(10, 1_000, 100))
        assert seen.total()[0] == expected


def test_a_judge_adds_nothing(tmp_path: Path) -> None:
    seen = Seen(tmp_path / "usdtop.db", Role.RECONCILE)
    with closing(seen.writer):
        seen.provider(counted(10, 1_000, 100))
        assert seen.total() == (0, 0, 0)


def bill(nano_usd: int, width_seconds: int = 3_600) -> CostBucket:
    return CostBucket(begins_ms=HOUR, width_seconds=width_seconds, provider="openai", model="gpt-4o", nano_usd=nano_usd)


def test_a_bill_without_usage_counts_only_where_no_log_does(seen: Seen) -> None:
    seen.provider(costs=[bill(5_000_000)])
    assert seen.total() == (0, 0, 5_000_000)
    seen.log(logged(10, 1_000, 100))
    assert seen.total() == (1_000, 100, 3_500_000)


def test_a_bill_beside_usage_never_adds(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100))
    seen.provider(costs=[bill(5_000_000)], width_seconds=3_600)
    assert seen.total() == (1_000, 100, 3_500_000)


def test_usage_that_comes_with_its_dollars_costs_those_where_no_log_counts(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), costs=[bill(5_000_000)])
    assert seen.total() == (1_000, 100, 5_000_000)
    assert not total(seen.sums()).is_lower_bound
    seen.log(logged(10, 1_000, 100))
    assert seen.total() == (1_000, 100, 3_500_000)


def test_usage_that_comes_with_no_dollars_at_all_is_free_and_not_without_a_price(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), costs=[bill(0)])
    assert seen.total() == (1_000, 100, 0)
    assert not total(seen.sums()).is_lower_bound


def test_a_balance_that_falls_for_minutes_which_are_counted_adds_nothing(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), watermark_ms=HOUR + 20 * MINUTE_MS)
    for minute, left in ((5, 10_000_000_000), (11, 9_000_000_000), (23, 8_000_000_000), (40, 7_500_000_000)):
        seen.provider(balance=(HOUR + minute * MINUTE_MS, left), width_seconds=0)
    assert seen.total()[2] == 3_500_000 + 500_000_000, "only the last fall is of later than what is counted"
    assert seen.total(HOUR, HOUR + 20 * MINUTE_MS)[2] == 3_500_000
    assert seen.total(HOUR + 15 * MINUTE_MS, HOUR + 20 * MINUTE_MS, lagging=True)[2] == 0, "no call, no rate"


def test_a_balance_adds_nothing_to_minutes_that_are_counted_before_they_are_complete(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), counted(30, 1_000, 100), watermark_ms=HOUR + 20 * MINUTE_MS)
    for minute, left in ((5, 10_000_000_000), (33, 9_000_000_000), (40, 8_500_000_000)):
        seen.provider(balance=(HOUR + minute * MINUTE_MS, left), width_seconds=0)
    assert seen.total()[2] == 7_000_000 + 500_000_000


def test_a_falling_balance_is_spending_only_where_no_log_counts(seen: Seen) -> None:
    for minute, left in enumerate((10_000_000_000, 9_000_000_000, 29_000_000_000, 28_500_000_000)):
        seen.provider(balance=(HOUR + minute * MINUTE_MS, left), width_seconds=0)
    assert seen.total() == (0, 0, 1_500_000_000)
    seen.log(logged(10, 1_000, 100))
    assert seen.total() == (1_000, 100, 3_500_000)


def test_what_falls_when_a_bill_is_settled_is_no_spending_of_that_minute(seen: Seen) -> None:
    for minute, left in enumerate((10_000_000_000, 9_000_000_000)):
        reading = BalanceReading(
            account="prepaid", at_ms=HOUR + minute * MINUTE_MS, nano=left, counts=BalanceCounts.SETTLED
        )
        found = ProviderReading(dataset="prepaid", balances=[reading], watermark_ms=UNTIL)
        told = batch(source="openai admin", kind="provider")
        seen.writer.write(msgspec.structs.replace(told, readings=[PricedReading(reading=found)]), [])
    assert seen.total() == seen.total(lagging=True) == (0, 0, 0)
    with closing(Reader(seen.writer.path)) as reader:
        (account,) = prepaid_accounts(reader, UNTIL)
    assert (account.name, account.state.left_nano) == ("openai admin prepaid", 9_000_000_000)


def test_a_rate_ends_where_the_providers_figures_are_complete(seen: Seen) -> None:
    seen.provider(*(counted(minute, 100, 0) for minute in range(50)), watermark_ms=HOUR + 50 * MINUTE_MS)
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL)[0] == 0
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL, lagging=True)[0] == 500


def test_what_is_known_only_by_the_day_is_no_rate(seen: Seen) -> None:
    day = AT_MS // DAY_MS * DAY_MS
    seen.provider(
        counted(0, 1_000, 100, begins_ms=day, width_seconds=86_400), width_seconds=86_400, watermark_ms=day + DAY_MS
    )
    assert seen.total(day, day + DAY_MS, lagging=True) == (0, 0, 0)
    assert seen.total(day + HOUR_MS, day + DAY_MS) == (0, 0, 0)
    assert seen.total(day, day + DAY_MS) == (1_000, 100, 3_500_000)


def test_a_provider_that_has_been_silent_for_hours_says_nothing_of_now(seen: Seen) -> None:
    seen.provider(counted(10, 1_000, 100), watermark_ms=HOUR + 20 * MINUTE_MS)
    assert seen.total(HOUR + 10 * MINUTE_MS, HOUR + 20 * MINUTE_MS, lagging=True)[0] == 1_000
    assert seen.total(HOUR + 5 * HOUR_MS, HOUR + 6 * HOUR_MS, lagging=True) == (0, 0, 0)


def test_a_rate_of_what_is_known_by_the_hour_is_that_of_the_last_whole_hour(seen: Seen) -> None:
    hour = counted(0, 12_000, 1_200, width_seconds=3_600)
    seen.provider(hour, width_seconds=3_600)
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL, lagging=True)[:2] == (1_000, 100)
    assert seen.total(UNTIL + 20 * MINUTE_MS, UNTIL + 25 * MINUTE_MS, lagging=True)[:2] == (1_000, 100)


def test_a_bill_by_the_hour_is_a_rate_and_one_by_the_day_is_none(seen: Seen) -> None:
    seen.provider(costs=[bill(12_000_000)], width_seconds=3_600)
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL, lagging=True)[2] == 1_000_000
    seen.provider(costs=[bill(12_000_000, 86_400)], width_seconds=86_400)
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL, lagging=True)[2] == 0


minutes = st.integers(5, 54)
tokens = st.integers(0, 10**6)
models = st.sampled_from(("gpt-4o", "gpt-4o-mini"))
calls = st.lists(st.tuples(minutes, models, tokens, tokens), max_size=6)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("beyond")


@settings(max_examples=40)
@given(in_log=calls, at_provider=calls)
def test_what_the_log_and_the_provider_both_count_is_never_counted_twice(
    folder: Path, in_log: list[tuple[int, str, int, int]], at_provider: list[tuple[int, str, int, int]]
) -> None:
    seen = Seen(folder / f"{next(NUMBERS)}.db")
    buckets = Counter[tuple[int, str, int]]()
    for minute, model, prompt, output in at_provider:
        buckets[minute, model, 0] += prompt
        buckets[minute, model, 1] += output
    with closing(seen.writer):
        seen.log(*(logged(minute, prompt, output, model=model) for minute, model, prompt, output in in_log))
        seen.provider(
            *(
                counted(minute, buckets[minute, model, 0], buckets[minute, model, 1], model=model)
                for minute, model in {(minute, model) for minute, model, _ in buckets}
            )
        )
        found = seen.sums()
    in_both = {call[1] for call in in_log} & {call[1] for call in at_provider}
    for model in ("gpt-4o", "gpt-4o-mini"):
        ours, theirs = _tokens(in_log, model), _tokens(at_provider, model)
        usages = [one.usage for one in found if one.key.dimensions.model == model]
        counts = [sum(usage.prompt_tokens for usage in usages), sum(usage.output_tokens for usage in usages)]
        if not in_log or model in in_both:
            more = sum(theirs) > sum(ours)
            assert counts == ([max(a, b) for a, b in zip(ours, theirs, strict=True)] if more or not in_log else ours)
        elif not sum(theirs):
            assert counts == ours
        else:
            renamed = _tokens([call for call in in_log if call[1] not in in_both], _ANOTHER[model])
            more = sum(theirs) > sum(min(a, b) for a, b in zip(renamed, theirs, strict=True))
            assert counts == ([max(0, b - a) for a, b in zip(renamed, theirs, strict=True)] if more else [0, 0])


_ANOTHER = {"gpt-4o": "gpt-4o-mini", "gpt-4o-mini": "gpt-4o"}


def _tokens(calls: list[tuple[int, str, int, int]], model: str) -> list[int]:
    """Input and output tokens of a model."""
    return [sum(call[2] for call in calls if call[1] == model), sum(call[3] for call in calls if call[1] == model)]


def test_what_the_log_calls_by_the_names_of_deployments_is_counted_once(seen: Seen) -> None:
    seen.log(logged(10, 1_000, 100, model="prod-a"), logged(11, 2_000, 200, model="prod-b"))
    seen.provider(counted(10, 3_000, 300))
    assert seen.total()[:2] == (3_000, 300)
    seen.provider(counted(10, 3_000, 300), counted(20, 500, 0, model="o9"))
    assert seen.total()[:2] == (3_500, 300), "only what is more than all that the log holds is beyond it"


def test_what_has_no_price_makes_a_lower_bound_also_where_nobody_counts_requests(seen: Seen) -> None:
    unknown = unpriced(0)
    bucket = PricedBucket(bucket=counted(10, 1_000, 100, requests=None), card_id=unknown.id, nano_usd=None)
    reading = ProviderReading(dataset="usage", width_seconds=60, since_ms=HOUR, until_ms=UNTIL)
    found = batch(source="openai admin", kind="provider")
    seen.writer.write(
        msgspec.structs.replace(found, readings=[PricedReading(reading=reading, usage=[bucket])]), [unknown]
    )
    assert total(seen.sums()).is_lower_bound


@pytest.mark.parametrize("over_ms", [0, 1, 18_000, 59_999])
def test_a_rate_does_not_fall_where_the_window_cuts_a_bucket(seen: Seen, over_ms: int) -> None:
    seen.provider(*(counted(minute, 6_000, 0) for minute in range(60)))
    tokens, _, nano_usd = seen.total(UNTIL - 5 * MINUTE_MS - over_ms, UNTIL, lagging=True)
    assert tokens == pytest.approx(6_000 * (5 + over_ms / MINUTE_MS), abs=1)
    assert nano_usd == pytest.approx(tokens * 2_500, abs=2_500)


def test_in_a_short_window_the_hour_tells_whether_there_is_anything_beyond_the_log(seen: Seen) -> None:
    seen.log(*(logged(minute, 1_000, 0) for minute in range(60)))
    seen.provider(*(counted(minute, 1_500, 0) for minute in range(60)))
    assert seen.total(UNTIL - 5 * MINUTE_MS, UNTIL, lagging=True)[0] == 7_500


def test_in_a_short_window_calls_that_stand_in_the_next_minute_add_nothing(seen: Seen) -> None:
    seen.log(*(logged(minute, 1_000, 0) for minute in range(55)))
    seen.provider(*(counted(minute + 1, 1_000, 0) for minute in range(55)))
    assert seen.total(HOUR + 50 * MINUTE_MS, HOUR + 56 * MINUTE_MS, lagging=True)[0] == 5_000


def test_what_the_log_holds_of_later_than_the_provider_is_not_held_against_it(seen: Seen) -> None:
    seen.log(*(logged(minute, 1_000, 0) for minute in range(60)))
    seen.provider(*(counted(minute, 1_500, 0) for minute in range(45)), watermark_ms=HOUR + 40 * MINUTE_MS)
    assert seen.total()[0] == 60_000 + 40 * 500

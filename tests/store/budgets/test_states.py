"""Budgets out of a store: what they count, over which period, how fast they burn."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricing.budget import BudgetState
from pricing.card import HOSTED, unpriced
from pricing.usage import Usage
from store.budgets.launches import Launch, start_launch, stop_launch
from store.budgets.spending import Scope, Spending
from store.budgets.states import budget_states
from store.facts import BudgetFact, CommitmentFact, HostFact, PricedEvent
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DAY_MS = 24 * HOUR_MS
USD = 10**9
MIDNIGHT_MS = 1_778_889_600_000
"""2026-05-16T00:00:00Z; AT_MS is 14:23 of that day."""


pytestmark = pytest.mark.usefixtures("closed_stores")


class Books:
    """A store with whatever a test puts into it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = Writer(path)
        self._budgets: list[BudgetFact] = []

    def spent(self, *events: PricedEvent) -> None:
        self.writer.write(batch(events), [CARD, HOSTED, unpriced(1_000)])

    def budget(self, name: str = "all", usd: int = 100, period: str = "day", **changes: Any) -> None:
        self._budgets.append(BudgetFact(name=name, nano_usd=usd * USD, period=period, since_ms=0, **changes))
        self.writer.set_budgets(self._budgets, 0)

    def state(self, at_ms: int = AT_MS, name: str = "all") -> BudgetState:
        (found,) = [one for one in budget_states(Reader(self.path), at_ms) if one.name == name]
        return found


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path / "usdtop.db")


def cost(name: str, usd: int, at_ms: int = AT_MS - 1, **changes: Any) -> PricedEvent:
    return priced(name, nano_usd=usd * USD, ended_at_ms=at_ms, **changes)


def test_a_budget_counts_what_was_spent_since_its_period_began_where_it_is_kept(books: Books) -> None:
    books.spent(
        cost("new york yesterday", 1, MIDNIGHT_MS + 4 * HOUR_MS - 1),
        cost("new york today", 2, MIDNIGHT_MS + 4 * HOUR_MS),
        cost("now", 4),
    )
    books.budget("utc")
    books.budget("new york", timezone="America/New_York")

    assert books.state(name="utc").spent_nano_usd == 7 * USD
    assert books.state(name="new york").spent_nano_usd == 6 * USD
    assert books.state(name="new york").period.begins_ms == MIDNIGHT_MS + 4 * HOUR_MS


@pytest.mark.parametrize(
    ("filter_text", "usd"),
    [
        ("", 31),
        ("provider=anthropic", 2),
        ("model=gpt-4o*", 29),
        ("tenant=acme", 25),
        ("tenant!=acme", 6),
        ("key=search tenant=acme", 17),
        ("globex", 4),
        ("tag=launch", 16),
        ("tag=launch tenant=globex", 0),
        ("user=alice", 16),
    ],
)
def test_a_budget_is_about_whatever_its_filter_lets_through(books: Books, filter_text: str, usd: int) -> None:
    books.spent(
        cost("a", 1),
        cost("b", 2, provider="anthropic", model="claude", tenant=None),
        cost("c", 4, tenant="globex"),
        cost("d", 8, key="batch"),
        cost("e", 16, tags=("launch", "eu"), user="alice"),
    )
    books.budget(filter=filter_text)
    assert books.state().spent_nano_usd == usd * USD


def host(books: Books) -> None:
    books.writer.set_hosts([HostFact(name="h100-1", usd_per_hour_nano=36 * USD, since_ms=AT_MS - HOUR_MS)], AT_MS)
    bought = CommitmentFact(
        name="ptu", usd_per_hour_nano=10 * USD, filter="provider=azure", since_ms=AT_MS - 2 * HOUR_MS
    )
    books.writer.set_commitments([bought], AT_MS)


@pytest.mark.parametrize(
    ("filter_text", "counts", "usd"),
    [
        ("", "both", 57),
        ("", "metered", 1),
        ("", "committed", 56),
        ("host=h100-*", "both", 36),
        ("provider=azure", "both", 20),
        ("provider=openai", "both", 1),
        ("tenant=acme", "both", 1),
        ("tenant=acme", "committed", 0),
    ],
)
def test_committed_dollars_count_where_the_filter_covers_them(
    books: Books, filter_text: str, counts: str, usd: int
) -> None:
    books.spent(cost("a", 1))
    host(books)
    books.budget(filter=filter_text, counts=counts)
    assert books.state().spent_nano_usd == usd * USD


def test_what_has_no_price_makes_the_spent_a_lower_bound(books: Books) -> None:
    books.spent(cost("a", 1), priced("b", nano_usd=None, card=unpriced(1_000), tenant="globex", ended_at_ms=AT_MS - 1))
    for name, text in (("all", ""), ("acme", "tenant=acme"), ("globex", "tenant=globex")):
        books.budget(name, filter=text)
    assert [books.state(name=name).is_lower_bound for name in ("all", "acme", "globex")] == [True, False, True]


def test_own_hosts_requests_are_not_free_to_a_tenant_s_budget(books: Books) -> None:
    books.spent(priced("a", nano_usd=0, card=HOSTED, usage=Usage(output_tokens=9), ended_at_ms=AT_MS - 1))
    host(books)
    books.budget(filter="tenant=acme")
    assert books.state().is_lower_bound, "its share of the host is not counted"


def test_a_burn_rate_is_the_spend_rate_of_its_look_back_over_the_one_that_is_planned(books: Books) -> None:
    books.spent(
        cost("days ago", 1, AT_MS - 4 * DAY_MS),
        cost("3d", 144, AT_MS - 70 * HOUR_MS),
        cost("6h", 36, AT_MS - 5 * HOUR_MS),
        cost("1h", 7, AT_MS - 30 * MINUTE_MS),
        cost("5m", 5, AT_MS - MINUTE_MS),
    )
    books.budget(usd=240)

    # 240 dollars a day are ten an hour.
    rates = {burn.window: burn.rate for burn in books.state().burns}
    assert rates == pytest.approx({"5m": 6.0, "1h": 1.2, "6h": 48 / 60, "3d": 192 / 720})


def test_a_look_back_that_the_history_does_not_fill_is_not_known(books: Books) -> None:
    books.spent(cost("first", 1, AT_MS - 90 * MINUTE_MS))
    books.budget()
    assert [burn.window for burn in books.state().burns if burn.rate is None] == ["6h", "3d"]


def test_two_days_of_history_give_the_projection_a_shape(books: Books) -> None:
    noons = [cost(f"noon {day}", 50, MIDNIGHT_MS - day * DAY_MS + 12 * HOUR_MS) for day in (1, 2, 3)]
    books.spent(cost("first", 0, MIDNIGHT_MS - 3 * DAY_MS), *noons)
    books.budget(usd=100)
    morning = books.state(MIDNIGHT_MS + 6 * HOUR_MS)

    assert morning.projection.basis == "day"
    assert morning.projection.nano_usd == 50 * USD, "noon is still to come"
    assert books.state(MIDNIGHT_MS + 14 * HOUR_MS).projection.nano_usd == 0


def test_the_range_is_that_of_forecasts_from_as_far_back_as_now_s(books: Books) -> None:
    """Ten dollars an hour on Wednesday, twenty on Thursday and Friday; on Saturday two days of the week are left.

    What is usual is 50/3 dollars an hour, and the last six hours are above that by 10/3. A day ago it was 15, and the six
    hours before that were above it by five: the forecast was exactly right. So the most is twenty dollars an hour, and
    the least is what is usual.
    """
    hours = ((day, hour) for day in (3, 2, 1) for hour in range(24))
    books.spent(
        *(
            cost(f"{day} {hour}", 10 if day == 3 else 20, MIDNIGHT_MS - day * DAY_MS + hour * HOUR_MS)
            for day, hour in hours
        )
    )
    books.budget(usd=5_000, period="week")
    found = books.state(MIDNIGHT_MS).projection
    assert found.basis == "day"
    assert found.nano_usd == pytest.approx((1_200 + 48 * 20) * USD)
    assert (found.low_nano_usd, found.high_nano_usd) == pytest.approx((2_000 * USD, found.nano_usd))


def test_one_reader_goes_on_as_the_hours_pass(books: Books) -> None:
    """What is kept between two pictures of a monitor is never older than a minute, and hours that end are added."""
    books.spent(*(cost(f"noon {day}", 50, MIDNIGHT_MS - day * DAY_MS + 12 * HOUR_MS) for day in (1, 2, 3)))
    books.budget(usd=1000, period="week")
    books.budget("acme", 1000, "week", filter="model=gpt-4o")
    reader = Reader(books.path)
    noon_ms = MIDNIGHT_MS + 12 * HOUR_MS
    assert [state.spent_nano_usd for state in budget_states(reader, noon_ms)] == [150 * USD, 150 * USD]

    books.spent(cost("today", 7, noon_ms - MINUTE_MS // 2), cost("now", 2, noon_ms + MINUTE_MS))
    for at_ms in (noon_ms + 2 * MINUTE_MS, noon_ms + 3 * HOUR_MS):
        states, fresh = budget_states(reader, at_ms), budget_states(Reader(books.path), at_ms)
        assert [state.spent_nano_usd for state in states] == [159 * USD, 159 * USD]
        assert [state.burns for state in states] == [state.burns for state in fresh]
    assert states == fresh, "the hour that was read before its last request is read anew when the next one ends"


def test_a_launch_is_a_budget_of_its_own_and_the_window_of_launch_budgets(books: Books) -> None:
    began_ms = AT_MS - 2 * HOUR_MS
    books.spent(cost("before", 1, began_ms - 1), cost("in it", 2, began_ms), cost("now", 4, tenant="globex"))
    books.budget("globex's part", 10, "launch", filter="tenant=globex")
    assert budget_states(Reader(books.path), AT_MS) == [], "no launch is on"

    start_launch(books.path, Launch(name="1.0", began_ms=began_ms, ends_ms=began_ms + 6 * HOUR_MS, nano_usd=50 * USD))
    assert books.state(name="1.0").spent_nano_usd == 6 * USD
    assert books.state(name="globex's part").spent_nano_usd == 4 * USD
    assert books.state(name="1.0").elapsed_share == pytest.approx(1 / 3)

    stop_launch(books.path, AT_MS - MINUTE_MS)
    assert budget_states(Reader(books.path), AT_MS) == []


def test_a_zone_that_this_machine_does_not_know_is_said(books: Books) -> None:
    books.budget(timezone="Mars/Olympus")
    assert books.state().doubts == (
        "no time zone is called `Mars/Olympus`; write an IANA name such as Europe/Berlin; counted by UTC",
    )


minutes = st.integers(0, 4 * 24 * 60)
costs = st.lists(st.tuples(minutes, st.integers(0, 10**12), st.sampled_from(("acme", "globex"))), max_size=30)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(costs, st.lists(minutes, min_size=2, max_size=8, unique=True), st.sampled_from(("", "tenant=acme", "host=h*")))
def test_budgets_over_any_split_of_time_add_up(
    tmp_path_factory: pytest.TempPathFactory, costs: list[tuple[int, int, str]], cuts: list[int], filter_text: str
) -> None:
    writer = Writer(tmp_path_factory.mktemp("split") / "usdtop.db")
    events = [
        priced(f"r-{n}", nano_usd=nano, tenant=tenant, ended_at_ms=AT_MS + minute * MINUTE_MS)
        for n, (minute, nano, tenant) in enumerate(costs)
    ]
    writer.write(batch(events), [CARD])
    # A price per hour of a prime number of nano-dollars: no minute of it is whole.
    writer.set_hosts([HostFact(name="h100-1", usd_per_hour_nano=10_000_019, since_ms=AT_MS + 7)], AT_MS)
    spending = Spending(Reader(writer.path))
    edges = sorted(AT_MS + cut * MINUTE_MS for cut in cuts)

    parts = [spending.spent(Scope(filter_text), a, b).nano_usd for a, b in itertools.pairwise(edges)]
    assert sum(parts) == spending.spent(Scope(filter_text), edges[0], edges[-1]).nano_usd

"""What the screen is told: the same window for every figure, groups and rests that add up, doubts that are named."""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricing.card import CACHED, HOSTED, UNUSED, unpriced
from pricing.totals import EMPTY
from pricing.usage import Usage
from store.alerts.marks import set_mark
from store.budgets.launches import Launch, start_launch
from store.facts import BudgetFact, EngineReading, HostFact, Outcome, PricedEvent, SourceState
from store.reader import Reader
from store.retention import Retention
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced
from tui.feed import FeedError
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import Point
from tui.pictures.view import View
from tui.reading.burn import burn
from tui.reading.machines import machines
from tui.reading.moment import moment
from tui.reading.requests import bill, requests
from tui.reading.sources import sources
from tui.widgets.header import age_ms, is_old

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NOW_MS = AT_MS + 30_000
"""In the middle of a minute; a window of five minutes begins at a whole one, 330 seconds before."""

CARDS = [CARD, CACHED, HOSTED, UNUSED, unpriced(1_000)]
LLAMA: dict[str, Any] = {"provider": "hosted_vllm", "model": "hosted_vllm/llama", "card": HOSTED, "nano_usd": 0}


pytestmark = pytest.mark.usefixtures("closed_stores")


@dataclass
class Scene:
    """A store with whatever a test puts into it, looked at from NOW_MS."""

    path: Path
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.path)

    def saw(self, *events: PricedEvent, source: str = "gateway", at_ms: int = NOW_MS, **more: Any) -> None:
        self.writer.write(batch(events, source=source, at_ms=at_ms, **more), CARDS)

    def host(self, usd_per_hour: int | None = 36, *, since_ms: int = AT_MS - HOUR_MS, **changes: Any) -> None:
        nano = None if usd_per_hour is None else usd_per_hour * 10**9
        self.writer.set_hosts([HostFact(name="h100-1", usd_per_hour_nano=nano, since_ms=since_ms, **changes)], since_ms)

    def engine(self, *, seconds: float = 330.0, model: str = "llama", **tokens: Any) -> None:
        reading = EngineReading(at_ms=NOW_MS, engine="vllm-a", host="h100-1", model=model, seconds=seconds, **tokens)
        self.writer.write(batch(source="vllm-a", kind="engine", at_ms=NOW_MS, engines=[reading]))

    def burn(self, now_ms: int = NOW_MS, **view: Any) -> BurnPicture:
        return burn(Reader(self.path), View(**view), now_ms, machine="here")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "usdtop.db")


def usd(nano_usd: int) -> Decimal:
    return Decimal(nano_usd) / 10**9


@pytest.mark.parametrize("until_ms", [None, AT_MS + MINUTE_MS])
def test_a_list_says_when_it_is_made_of_the_newest_requests_alone(scene: Scene, until_ms: int | None) -> None:
    scene.saw(priced("dear", nano_usd=10**12))
    scene.saw(*(priced(f"r{n}", nano_usd=1) for n in range(19_999)))
    view, reader = View(until_ms=until_ms), Reader(scene.path)
    ordered = requests(reader, view, NOW_MS, machine="here", dearest=True)
    assert (ordered.looked_at, ordered.rows[0].record_id) == (None, "dear")

    scene.saw(priced("one more", nano_usd=1))
    ordered = requests(reader, view, NOW_MS, machine="here", dearest=True)
    newest = requests(reader, view, NOW_MS, machine="here")
    assert ordered.rows[0].record_id != "dear"
    assert ordered.doubts == ("only the newest 20,000 requests were looked at",)
    assert (newest.looked_at, newest.rows[0].record_id) == (None, "one more")


def test_minutes_of_the_past_that_are_no_longer_kept_are_unknown_and_not_free(scene: Scene) -> None:
    scene.saw(priced("a", ended_at_ms=NOW_MS))
    scene.host()
    scene.writer.prune(Retention(), NOW_MS + 40 * 86_400_000)
    picture = scene.burn(NOW_MS + 40 * 86_400_000, until_ms=AT_MS + MINUTE_MS)

    assert (picture.headline.metered_usd_per_hour, picture.headline.lower_bound) == (None, True)
    assert picture.rows == ()
    assert any("no longer kept" in doubt for doubt in picture.doubts)


def test_burn_is_metered_dollars_of_the_window_scaled_to_an_hour_plus_what_hosts_cost(scene: Scene) -> None:
    scene.saw(*(priced(f"r-{n}", nano_usd=330_000_000) for n in range(10)))
    scene.host(36)
    headline = scene.burn().headline

    assert headline.metered_usd_per_hour == 36, "3.30 dollars in 330 seconds"
    assert headline.committed_usd_per_hour == 36
    assert headline.usd_per_hour == 72


def test_the_window_that_is_shown_is_the_one_that_the_figures_are_over(scene: Scene) -> None:
    scene.saw(
        priced("before", ended_at_ms=AT_MS - 5 * MINUTE_MS - 1),
        priced("first", ended_at_ms=AT_MS - 5 * MINUTE_MS),
        priced("last", ended_at_ms=NOW_MS - 1),
    )
    picture = scene.burn()

    assert (picture.header.window_seconds, picture.header.as_of_ms) == (300, NOW_MS)
    assert picture.total.requests == 2
    assert moment(Reader(scene.path), View(), NOW_MS).seconds == 330


def test_rows_and_rests_add_up_to_the_total_to_the_nano_dollar(scene: Scene) -> None:
    scene.saw(
        priced("a", tenant="acme", nano_usd=1),
        priced("b", tenant="acme", usage=Usage(input_tokens=7), **LLAMA),
        priced("c", tenant="globex", usage=Usage(output_tokens=5), **LLAMA),
    )
    scene.host(20, prefill_tokens_per_second=30, decode_tokens_per_second=7)
    scene.engine(input_tokens=1_000, output_tokens=111)
    picture = scene.burn(by="tenant")

    assert {row.key for row in picture.rows if row.aside} == {"(idle)", "(not in any log)"}
    assert {row.key for row in picture.rows if not row.aside} == {"acme", "globex"}
    assert sum((row.totals for row in picture.rows), EMPTY) == picture.total


def test_a_host_without_an_engine_is_a_row_of_its_own(scene: Scene) -> None:
    scene.saw(priced("a"))
    scene.host(36)
    (aside,) = [row for row in scene.burn().rows if row.aside]

    assert (aside.key, aside.totals.nano_usd) == ("(hosts without an engine)", 3_300_000_000)


def test_a_host_accrues_only_while_it_was_in_force(scene: Scene) -> None:
    scene.saw(priced("a"))
    scene.host(36, since_ms=NOW_MS - 100_000)
    (aside,) = [row for row in scene.burn().rows if row.aside]

    assert aside.totals.nano_usd == 1_000_000_000


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["acme", "globex", None]),
            st.sampled_from(["gpt-4o", "claude"]),
            st.integers(0, 10**9),
            st.sampled_from(["metered", "hosted", "cached", "unpriced"]),
        ),
        max_size=12,
    ),
    st.integers(0, 100),
    st.sampled_from(["model", "tenant", "outcome", "priced_as"]),
)
def test_whatever_is_grouped_by_whatever_the_rows_are_the_total(
    tmp_path_factory: pytest.TempPathFactory, seen: list[tuple[str | None, str, int, str]], dollars: int, by: str
) -> None:
    scene = Scene(tmp_path_factory.mktemp("store") / "usdtop.db")
    for number, (tenant, model, nano_usd, kind) in enumerate(seen):
        kinds: dict[str, dict[str, Any]] = {
            "metered": {"nano_usd": nano_usd, "model": model},
            "hosted": LLAMA,
            "cached": {"nano_usd": 0, "card": CACHED, "outcome": Outcome.CACHE},
            "unpriced": {"nano_usd": None, "card": unpriced(1_000)},
        }
        scene.saw(priced(f"r-{number}", tenant=tenant, **kinds[kind]))
    scene.host(dollars)
    scene.engine(input_tokens=3_000, output_tokens=300)
    picture = scene.burn(by=by)

    assert sum((row.totals for row in picture.rows), EMPTY) == picture.total
    metered = sum(nano for _, _, nano, kind in seen if kind == "metered")
    assert picture.total.nano_usd == metered + round(dollars * 10**9 * 330 / 3_600)
    assert picture.total.requests == len(seen)


def test_a_selection_of_tenants_carries_their_share_and_no_rest(scene: Scene) -> None:
    scene.saw(priced("a", tenant="acme", **LLAMA), priced("b", tenant="globex", **LLAMA))
    scene.host(36)
    scene.engine(input_tokens=3_000, output_tokens=300)
    picture = scene.burn(filter="tenant=acme")

    (row,) = picture.rows
    assert (row.key, row.aside) == ("hosted_vllm/llama", False)
    assert row.totals.allocated_nano_usd == 1_100_000_000, "a third of 3.30 dollars"
    assert picture.total == row.totals
    assert any(other.aside for other in scene.burn().rows), "what no log explains is nobody's share"
    assert scene.burn(path=(("tenant", "acme"),)).rows == picture.rows


def test_what_has_no_price_makes_every_figure_a_lower_bound_and_is_named(scene: Scene) -> None:
    scene.saw(priced("a"), priced("b", nano_usd=None, card=unpriced(1_000), model="tuned-7b"))
    picture = scene.burn()

    assert picture.headline.lower_bound
    assert any(doubt.startswith("1 unpriced model: tuned-7b, ") for doubt in picture.doubts)
    assert picture.headline.usd_per_million == usd(USAGE_NANO_USD) * 10**6 / 2_200, "unpriced tokens are counted"


def test_a_picture_in_which_everything_is_known_has_no_doubts(scene: Scene) -> None:
    scene.saw(priced("a"), priced("b", nano_usd=0, card=CACHED, outcome=Outcome.CACHE))
    picture = scene.burn()

    assert (picture.doubts, picture.headline.lower_bound) == ((), False)
    assert picture.headline.usd_per_million == usd(USAGE_NANO_USD) * 10**6 / 1_100, "cache-served tokens are in no rate"


def test_hosts_that_serve_and_have_no_price_are_named(scene: Scene) -> None:
    scene.saw(priced("a", **LLAMA))
    scene.engine(input_tokens=1_000)
    picture = scene.burn()

    assert picture.headline.lower_bound
    assert any("no price" in doubt and "[[host]]" in doubt for doubt in picture.doubts)


def test_own_tokens_cost_what_the_host_costs_at_the_utilisation_it_has(scene: Scene) -> None:
    scene.saw(priced("a"))
    scene.host(20, prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000)
    scene.engine(input_tokens=7_500 * 330, output_tokens=1_500 * 330)
    headline = scene.burn().headline

    assert headline.utilisation == pytest.approx(0.5)
    assert float(headline.own_usd_per_million or 0) == pytest.approx(0.617284, abs=1e-5)
    assert float(headline.own_at_full_usd_per_million or 0) == pytest.approx(0.308642, abs=1e-5)
    assert headline.idle_usd_per_hour == 10


def test_a_late_source_holds_the_window_back_and_reads_late_by_the_reader_s_clock(scene: Scene) -> None:
    scene.saw(priced("a"), source="fast", at_ms=NOW_MS)
    scene.saw(source="slow", at_ms=NOW_MS - 20_000)
    at = moment(Reader(scene.path), View(), NOW_MS)

    assert at.until_ms == NOW_MS - 20_000, "every figure ends where the slowest source ends"
    assert at.states == {"fast": SourceState.OK, "slow": SourceState.LATE}
    picture = scene.burn()
    assert (picture.header.sources_ok, picture.header.sources_total) == (1, 2)


def test_data_of_a_source_that_is_asked_seldom_are_live_for_two_polls_longer(scene: Scene) -> None:
    behind_ms = 90_000  # what Langfuse keeps comes up to a minute late, and it is asked every 30 seconds
    kept: dict[str, Any] = {"kind": "langfuse", "poll_every_ms": 30_000, "watermark_ms": NOW_MS - behind_ms}
    scene.saw(priced("a", ended_at_ms=NOW_MS - behind_ms - 1), **kept)
    header = scene.burn().header
    assert (age_ms(header), header.old_after_ms, is_old(header)) == (behind_ms, 120_000, False)

    scene.saw(source="log", at_ms=NOW_MS)
    assert scene.burn().header.as_of_ms == NOW_MS - behind_ms, "the slowest says how old the figures are"


def test_a_silent_source_is_named_as_missing_and_no_longer_holds_the_picture_back(scene: Scene) -> None:
    scene.saw(priced("a"), source="fast", at_ms=NOW_MS)
    scene.saw(source="dead", at_ms=NOW_MS - 10 * MINUTE_MS)
    picture = scene.burn()

    assert picture.header.as_of_ms == NOW_MS
    assert "not counted: dead: silent for 10 min" in picture.doubts
    assert picture.headline.lower_bound


def test_when_every_source_is_silent_the_burn_is_unknown_and_not_zero(scene: Scene) -> None:
    scene.saw(priced("a"))
    scene.host(36)
    headline = scene.burn(NOW_MS + 10 * MINUTE_MS).headline

    assert (headline.usd_per_hour, headline.metered_usd_per_hour, headline.burn_trend) == (None, None, ())
    assert headline.committed_usd_per_hour == 36, "hosts cost money whether or not anybody looks"


def test_a_source_that_answers_nothing_but_errors_leaves_the_burn_unknown(scene: Scene) -> None:
    scene.saw(source="refused", state=SourceState.FAILING, watermark_ms=None)
    assert scene.burn().headline.usd_per_hour is None


def test_while_a_backlog_is_read_what_is_known_is_a_lower_bound(scene: Scene) -> None:
    scene.saw(priced("a", nano_usd=330_000_000), watermark_ms=None, backlog_bytes=5_400_000)
    headline = scene.burn().headline

    assert (headline.metered_usd_per_hour, headline.lower_bound) == (Decimal("3.6"), True)


def test_a_backlog_is_named_by_its_size(scene: Scene) -> None:
    scene.saw(priced("a"), watermark_ms=None, backlog_bytes=5_400_000)
    assert "not counted: gateway: 5.4 MB of its backlog still unread" in scene.burn().doubts


def test_when_nobody_collects_any_more_all_sources_are_late(scene: Scene) -> None:
    scene.saw(priced("a"))
    states = moment(Reader(scene.path), View(), NOW_MS + 4_000).states
    assert states == {"gateway": SourceState.LATE}
    assert moment(Reader(scene.path), View(), NOW_MS + 3_000).states == {"gateway": SourceState.OK}


def test_a_failing_or_absent_source_stays_what_it_said(scene: Scene) -> None:
    scene.saw(source="refused", state=SourceState.FAILING, watermark_ms=None)
    scene.saw(source="gpus", kind="gpu", state=SourceState.ABSENT, watermark_ms=None, detail="no driver")
    at = moment(Reader(scene.path), View(), NOW_MS + HOUR_MS)

    assert at.states == {"refused": SourceState.FAILING, "gpus": SourceState.ABSENT}
    assert at.sources_that_speak == ["refused"]


def test_a_store_of_imports_only_is_looked_at_where_its_data_ends(scene: Scene) -> None:
    scene.saw(priced("a"), source="import", kind="import", at_ms=NOW_MS + 90 * 24 * HOUR_MS, watermark_ms=None)
    picture = scene.burn(now_ms=NOW_MS + 90 * 24 * HOUR_MS)

    assert picture.total.requests == 1
    assert picture.doubts == ()


def test_a_stopped_picture_is_of_its_own_instant_and_misses_nobody(scene: Scene) -> None:
    scene.saw(priced("a"), priced("later", ended_at_ms=AT_MS + 2 * MINUTE_MS), at_ms=AT_MS + 3 * MINUTE_MS)
    picture = scene.burn(now_ms=AT_MS + HOUR_MS, until_ms=AT_MS + MINUTE_MS)

    assert (picture.total.requests, picture.header.as_of_ms) == (1, AT_MS + MINUTE_MS)
    assert picture.doubts == ()


def test_an_empty_machine_says_what_was_looked_for(scene: Scene) -> None:
    scene.saw(source="logs", state=SourceState.ABSENT, watermark_ms=None, detail="No gateway log in /var/log.")
    picture = scene.burn()

    assert picture.rows == ()
    assert picture.nothing_found == ("logs: No gateway log in /var/log.",)
    assert picture.headline.usd_per_hour is None, "unknown, not zero"


def test_a_filter_that_cannot_be_read_is_a_sentence(scene: Scene) -> None:
    with pytest.raises(FeedError, match="filter: nothing is called 'modle'"):
        scene.burn(filter="modle=x")


def test_a_budget_counts_its_filter_s_dollars_over_its_own_period(scene: Scene) -> None:
    scene.saw(
        priced("today", tenant="acme", nano_usd=2 * 10**9, ended_at_ms=NOW_MS - 20 * MINUTE_MS),
        priced("recent", tenant="acme", nano_usd=10**9, ended_at_ms=NOW_MS - 10_000),
        priced("yesterday", tenant="acme", nano_usd=10**12, ended_at_ms=NOW_MS - 24 * HOUR_MS),
        priced("other", tenant="globex", nano_usd=10**12),
    )
    scene.writer.set_budgets(
        [BudgetFact(name="launch", nano_usd=5 * 10**9, period="day", filter="tenant=acme", since_ms=0)], 0
    )
    budget = scene.burn().headline.budget

    assert budget is not None
    assert budget.spent_usd == 3
    assert budget.left_usd == 2
    elapsed = (NOW_MS - 1_778_889_600_000) / (24 * HOUR_MS)
    assert budget.elapsed_share == pytest.approx(elapsed)
    assert budget.pace == pytest.approx(0.6 / elapsed)
    # One dollar in the last 15.5 minutes, and two left.
    assert budget.runs_out_ms == pytest.approx(NOW_MS + 2 * 930_000, abs=1_000)


def test_a_budget_for_everything_holds_the_hosts_dollars_too(scene: Scene) -> None:
    scene.saw(priced("a", nano_usd=10**9))
    scene.host(36, since_ms=NOW_MS - HOUR_MS)
    scene.writer.set_budgets([BudgetFact(name="all", nano_usd=10**12, period="day", since_ms=0)], 0)
    budget = scene.burn().headline.budget

    assert budget is not None
    assert budget.spent_usd == 37


def test_the_budget_that_runs_out_first_is_in_the_headline(scene: Scene) -> None:
    scene.saw(priced("a", nano_usd=10**9))
    plans = [("plenty", 10**15), ("tight", 2 * 10**9), ("roomy", 10**14)]
    scene.writer.set_budgets([BudgetFact(name=n, nano_usd=limit, period="day", since_ms=0) for n, limit in plans], 0)
    budget = scene.burn().headline.budget

    assert budget is not None
    assert budget.name == "tight"


def test_requests_are_listed_newest_first_or_dearest_first(scene: Scene) -> None:
    costs = [("cheap", 1, 3), ("dear", 9, 1), ("unknown", None, 2)]
    scene.saw(*(priced(name, nano_usd=nano, ended_at_ms=AT_MS + later) for name, nano, later in costs))
    reader = Reader(scene.path)

    newest = requests(reader, View(), NOW_MS, machine="here")
    dearest = requests(reader, View(), NOW_MS, machine="here", dearest=True)
    assert [row.record_id for row in newest.rows] == ["cheap", "unknown", "dear"]
    assert [row.record_id for row in dearest.rows] == ["dear", "cheap", "unknown"]
    assert [row.record_id for row in requests(reader, View(filter=">0.000000005"), NOW_MS, machine="x").rows] == [
        "dear"
    ]


def test_a_bill_is_what_the_request_was_billed_and_shows_its_other_attempts(scene: Scene) -> None:
    failed = priced("a", call_id="call", outcome=Outcome.ERROR, usage=Usage(), card=UNUSED, nano_usd=0, error="Timeout")
    scene.saw(failed, priced("b", call_id="call", ended_at_ms=AT_MS + 5, reported_nano_usd=7))
    reader = Reader(scene.path)
    newest = requests(reader, View(), NOW_MS, machine="here").rows[0]
    picture = bill(reader, View(), newest.id, NOW_MS, machine="here")

    assert picture.bill.nano_usd == newest.nano_usd == USAGE_NANO_USD
    assert picture.reported_nano_usd == 7
    assert [(row.record_id, row.error) for row in picture.attempts] == [("a", "Timeout")]
    with pytest.raises(FeedError, match="no longer kept"):
        bill(reader, View(), newest.id + 1, NOW_MS, machine="here")


def test_sources_show_their_lag_their_rate_and_what_they_could_not_take(scene: Scene) -> None:
    scene.saw(*(priced(str(n)) for n in range(11)), at_ms=NOW_MS - 1_000)
    scene.saw(source="gpus", kind="gpu", state=SourceState.ABSENT, watermark_ms=None, detail="no NVIDIA driver")
    picture = sources(Reader(scene.path), View(), NOW_MS, machine="here")
    gateway, gpus = picture.rows

    assert (gateway.name, gateway.state, gateway.lag_ms, gateway.events) == ("gateway", "ok", 1_000, 11)
    assert gateway.events_per_minute == pytest.approx(11 * 60 / 329)
    assert (gpus.state, gpus.events_per_minute) == ("absent", None)
    assert picture.found == ("gpus: no NVIDIA driver",)


def test_a_machine_s_figures_are_over_the_time_that_was_observed(scene: Scene) -> None:
    scene.host(20, prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000, gpus=8)
    scene.engine(seconds=10.0, input_tokens=75_000, output_tokens=15_000)
    picture = machines(Reader(scene.path), View(), NOW_MS, machine="here")
    (host,) = picture.hosts
    (engine,) = host.engines

    assert (engine.input_per_second, engine.output_per_second) == (7_500, 1_500)
    assert engine.utilisation == pytest.approx(0.5)
    assert float(engine.blended_usd_per_million or 0) == pytest.approx(0.617284, abs=1e-5)
    assert host.idle_usd_per_hour == 10
    assert host.missing == ()


def test_a_host_without_price_or_capacity_says_what_is_missing(scene: Scene) -> None:
    scene.engine(input_tokens=1)
    (host,) = machines(Reader(scene.path), View(), NOW_MS, machine="here").hosts
    assert (host.usd_per_hour, host.idle_usd_per_hour) == (None, None)
    assert any("no price for this host: press $" in sentence for sentence in host.missing)

    scene.host(20)
    (host,) = machines(Reader(scene.path), View(), NOW_MS, machine="here").hosts
    assert host.idle_usd_per_hour is None
    assert any("no capacity known of vllm-a" in sentence for sentence in host.missing)


def test_the_change_since_a_mark_is_taken_from_the_window_that_ended_with_it(scene: Scene) -> None:
    mark_ms = NOW_MS - 20 * MINUTE_MS
    scene.saw(
        priced("before", nano_usd=10**9, ended_at_ms=mark_ms - 2 * MINUTE_MS),
        priced("now", nano_usd=11 * 10**9, ended_at_ms=NOW_MS - MINUTE_MS),
        priced("other", nano_usd=11 * 10**9, ended_at_ms=NOW_MS - MINUTE_MS, model="opus"),
    )
    assert scene.burn().headline.mark is None
    set_mark(scene.path, mark_ms, "launch")
    picture = scene.burn()
    # A dollar in the five minutes before the mark is 12 $/h; 11 dollars in 330 seconds are 120 $/h for each model now.
    assert picture.headline.since_mark_usd_per_hour == 240 - 12
    assert {row.key: row.since_mark_usd_per_hour for row in picture.rows} == {"gpt-4o": 108, "opus": 120}
    assert scene.burn(until_ms=mark_ms).headline.mark is None, "the past knows nothing of later marks"


def test_a_mark_before_anything_is_known_is_nothing_to_compare_with(scene: Scene) -> None:
    scene.saw(priced("first", ended_at_ms=NOW_MS - 10 * MINUTE_MS))
    set_mark(scene.path, NOW_MS - 20 * MINUTE_MS, "deploy")
    assert scene.burn().headline.mark is None


def test_a_launch_is_compared_with_the_same_time_before_it_until_it_has_a_mark(scene: Scene) -> None:
    began_ms = NOW_MS - 3 * HOUR_MS
    scene.saw(
        priced("yesterday", nano_usd=10**9, ended_at_ms=NOW_MS - 24 * HOUR_MS - MINUTE_MS),
        priced("now", nano_usd=11 * 10**9, ended_at_ms=NOW_MS - MINUTE_MS),
    )
    set_mark(scene.path, began_ms - MINUTE_MS, "before the launch")
    scene.writer.set_budgets([BudgetFact(name="tight", nano_usd=1, period="day", since_ms=0)], 0)
    launch = Launch(name="1.0", began_ms=began_ms, ends_ms=NOW_MS + HOUR_MS, nano_usd=10**12)
    start_launch(scene.path, launch)
    headline = scene.burn().headline

    # A dollar in 330 seconds of yesterday is 10.91 $/h, eleven now are 120.
    assert headline.mark_is_launch
    assert headline.mark == Point(began_ms, "1.0")
    assert float(headline.since_mark_usd_per_hour or 0) == pytest.approx(120 - 3600 / 330)

    set_mark(scene.path, began_ms + HOUR_MS, "flag")
    headline = scene.burn().headline
    assert headline.budget is not None
    assert headline.budget.name == "1.0", "though another runs out first"
    assert (headline.mark_is_launch, headline.mark) == (False, Point(began_ms + HOUR_MS, "flag"))


def test_requests_of_the_past_are_found_however_many_came_since(scene: Scene) -> None:
    scene.saw(priced("old", ended_at_ms=AT_MS - 30 * MINUTE_MS), at_ms=AT_MS - 30 * MINUTE_MS)
    scene.saw(*(priced(f"new-{n}") for n in range(2_100)))
    view = View(until_ms=AT_MS - 29 * MINUTE_MS)
    found = requests(Reader(scene.path), view, NOW_MS, machine="here").rows
    assert [row.record_id for row in found] == ["old"]


def test_the_past_is_drawn_as_it_was(scene: Scene) -> None:
    early_ms = AT_MS - 60 * MINUTE_MS
    scene.saw(priced("early", nano_usd=10**9, ended_at_ms=early_ms - 1), at_ms=early_ms)
    scene.host(36, since_ms=early_ms - HOUR_MS)
    before = scene.burn(now_ms=early_ms)
    scene.saw(*(priced(f"late-{n}", model="opus") for n in range(50)))
    scene.host(72, since_ms=AT_MS - MINUTE_MS)
    past = scene.burn(until_ms=early_ms)
    assert past.rows == before.rows
    assert past.headline == before.headline
    assert past.header.past


def test_curves_have_the_running_minute_and_what_came_late_at_once(scene: Scene) -> None:
    scene.saw(priced("early", ended_at_ms=AT_MS - 10 * MINUTE_MS))
    reader = Reader(scene.path)

    def minutes(now_ms: int) -> tuple[float, float]:
        with reader.at_one_instant():
            trend = burn(reader, View(), now_ms, machine="here").rows[0].trend
        return (trend[-11] or 0) * 60, (trend[-1] or 0) * 30

    per_request = USAGE_NANO_USD
    scene.saw(priced("now", ended_at_ms=NOW_MS - 1))
    assert minutes(NOW_MS) == (per_request, per_request)
    scene.saw(priced("late", ended_at_ms=AT_MS - 10 * MINUTE_MS), priced("again", ended_at_ms=NOW_MS - 1))
    assert minutes(NOW_MS + 1) == (2 * per_request, 2 * per_request)

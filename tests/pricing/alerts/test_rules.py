"""Each rule at its threshold: just below it says nothing, at it fires, with too little history it says so."""

from dataclasses import replace
from typing import Any

import pytest

from pricing.alerts.finding import Finding, Severity, TooLittle
from pricing.alerts.names import RULES
from pricing.alerts.rules import Judgement, judge_things, judge_traffic
from pricing.alerts.seen import (
    GpuSeen,
    HostSeen,
    Normal,
    Seen,
    SourceSeen,
    Traffic,
    Week,
)
from pricing.alerts.thresholds import Thresholds
from pricing.budget import BudgetState, Burn
from pricing.card import HOSTED, PREPAID, RateCard, unpriced
from pricing.cause import CACHE, MIX, OUTPUT, PRICE, REASONING, RETRIES, VOLUME
from pricing.flow import Flow, Span
from pricing.money import NANO_PER_USD
from pricing.periods import Period
from pricing.projection import Projection
from pricing.usage import Usage
from tests.fakes.flows import CHEAP, DEAR, flow

LIMITS = Thresholds()
USD = NANO_PER_USD


def traffic(now: tuple[Flow, ...], before: tuple[Flow, ...] = (), **others: Any) -> Traffic:
    """The same flows in every recent span (their rate per minute as over five), and others in what came before."""

    def of(minutes: int, flows: tuple[Flow, ...]) -> Span:
        return Span(seconds=minutes * 60, flows=tuple(scaled(one, minutes // 5) for one in flows))

    normals = (Normal(name="the hour before", span=of(60, before)),) if before else ()
    plain = {"fast": of(5, now), "slow": of(30, now), "hour": of(60, now), "normals": normals}
    return Traffic(**{**plain, **others})


def scaled(one: Flow, times: int) -> Flow:
    reported = None if one.reported_nano_usd is None else one.reported_nano_usd * times
    return replace(
        one,
        requests=one.requests * times,
        retries=one.retries * times,
        failed=one.failed * times,
        usage=Usage.of(tuple(count * times for count in one.usage[:9])),
        nano_usd=one.nano_usd * times,
        failed_nano_usd=one.failed_nano_usd * times,
        reported_nano_usd=reported,
    )


def judge(seen: Seen, limits: Thresholds, held: dict[tuple[str, str], float | None]) -> Judgement:
    return judge_traffic(seen, limits, held) + judge_things(seen, limits)


def fired(seen: Seen, rule: str, limits: Thresholds = LIMITS) -> list[Finding]:
    return [one for one in judge(seen, limits, {}).findings if one.rule == rule and one.fires]


def waits(seen: Seen, rule: str) -> str:
    return next((one.why for one in judge(seen, LIMITS, {}).too_little if one.rule == rule), "")


def shape(**tokens: Any) -> Usage:
    return Usage(**tokens)


STEADY = flow(each=shape(input_tokens=1_000, output_tokens=100))


@pytest.mark.parametrize(
    ("rule", "before", "below", "over", "factor"),
    [
        (
            "cache_fall",
            shape(input_tokens=2_000, cache_read_tokens=8_000, output_tokens=100),
            shape(input_tokens=3_900, cache_read_tokens=6_100, output_tokens=100),
            shape(input_tokens=4_000, cache_read_tokens=6_000, output_tokens=100),
            CACHE,
        ),
        (
            "reasoning",
            shape(input_tokens=1_000, output_tokens=1_000),
            shape(input_tokens=1_000, output_tokens=1_200, reasoning_tokens=220),
            shape(input_tokens=1_000, output_tokens=1_250, reasoning_tokens=250),
            REASONING,
        ),
        (
            "output_length",
            shape(input_tokens=1_000, output_tokens=500),
            shape(input_tokens=1_000, output_tokens=999),
            shape(input_tokens=1_000, output_tokens=1_000),
            OUTPUT,
        ),
    ],
)
def test_a_ratio_fires_when_it_has_moved_by_its_threshold(
    rule: str, before: Usage, below: Usage, over: Usage, factor: str
) -> None:
    assert not fired(Seen(traffic=traffic((flow(each=below),), (flow(each=before),))), rule)

    (finding,) = fired(Seen(traffic=traffic((flow(each=over),), (flow(each=before),))), rule)
    assert finding.path == (("tenant", "acme"), ("model", "small"))
    assert finding.cause is not None
    assert finding.cause.parts[0].factor == factor
    assert finding.effect_nano_usd_per_hour == finding.cause.part(factor).nano_usd_per_hour


def test_a_fall_of_cache_hits_says_what_it_costs() -> None:
    before = flow(each=shape(input_tokens=1_000, cache_read_tokens=9_000))
    (finding,) = fired(Seen(traffic=traffic((flow(each=shape(input_tokens=10_000)),), (before,))), "cache_fall")

    assert finding.title == "cache hits 90% -> 0%"
    # 100 requests in five minutes are 1,200 an hour, each with 9,000 tokens at $1.00 instead of $0.10 per million
    assert finding.effect_nano_usd_per_hour == round(1_200 * 9_000 * 0.90 / 1e6 * USD)


def test_requests_that_go_to_another_model_are_told_by_that_model() -> None:
    before = (flow(model="small", requests=90), flow(model="large", card=DEAR, requests=10))
    now = (flow(model="small", requests=60), flow(model="large", card=DEAR, requests=40))
    (finding,) = fired(Seen(traffic=traffic(now, before)), "model_mix")

    assert finding.path == (("model", "large"),)
    assert finding.title == "share of all calls 10% -> 40%"
    assert finding.cause is not None
    assert finding.cause.parts[0].factor == MIX


def test_a_change_to_a_cheaper_model_is_no_alert() -> None:
    before = (flow(model="small", requests=10), flow(model="large", card=DEAR, requests=90))
    now = (flow(model="small", requests=90), flow(model="large", card=DEAR, requests=10))

    assert not fired(Seen(traffic=traffic(now, before)), "model_mix")


def conditional(*conditions: str) -> RateCard:
    return replace(DEAR if conditions[0] != "batch" else CHEAP, conditions=conditions)


def test_prompts_that_grow_over_a_price_cliff_fire() -> None:
    before, now = (flow(),), (flow(requests=79), flow(requests=21, card=conditional("prompt over 200,000 tokens")))
    (finding,) = fired(Seen(traffic=traffic(now, before)), "long_context")

    assert finding.cause is not None
    assert finding.cause.parts[0].factor == PRICE


def test_batches_that_are_sent_one_by_one_fire() -> None:
    before = (flow(card=conditional("batch"), requests=50), flow(card=DEAR, requests=50))
    (finding,) = fired(Seen(traffic=traffic((flow(card=DEAR),), before)), "batch_lost")

    assert finding.title == "requests at batch prices 50% -> 0%"


def test_a_change_must_stand_out_from_every_time_before() -> None:
    """What happens at this hour every day is no alert, however different the hour before was."""
    night, day = (flow(each=shape(input_tokens=10_000)),), (flow(each=shape(cache_read_tokens=10_000)),)
    seen = traffic(night, day)
    yesterday = Normal(name="this hour yesterday", span=replace(seen.hour))

    assert fired(Seen(traffic=seen), "cache_fall")
    assert not fired(Seen(traffic=replace(seen, normals=(*seen.normals, yesterday))), "cache_fall")


def test_few_requests_say_nothing_of_a_ratio() -> None:
    now, before = flow(each=shape(input_tokens=1_000)), flow(each=shape(cache_read_tokens=1_000))
    few = traffic((replace(now, requests=1),), (replace(before, requests=1),))

    assert not fired(Seen(traffic=few), "cache_fall")
    assert waits(Seen(traffic=few), "cache_fall") == "fewer than 30 requests to compare with"
    assert waits(Seen(traffic=traffic((now,))), "reasoning") == "fewer than 30 requests to compare with"


def test_a_change_that_costs_next_to_nothing_is_no_alert() -> None:
    before, now = flow(each=shape(cache_read_tokens=100)), flow(each=shape(input_tokens=100))

    assert not fired(Seen(traffic=traffic((now,), (before,))), "cache_fall")


def test_while_an_alert_is_open_its_fault_does_not_become_the_norm() -> None:
    fault = flow(each=shape(input_tokens=10_000))
    seen = Seen(traffic=traffic((fault,), (fault,)))
    key = ("cache_fall", "acme small")

    assert [one for one in judge(seen, LIMITS, {}).findings if one.key == key] == []
    (finding,) = [one for one in judge(seen, LIMITS, {key: 0.9}).findings if one.key == key]
    assert (finding.stays, finding.normal) == (True, 0.9)


def test_repeated_requests_fire_with_the_dollars_that_they_cost() -> None:
    each = shape(input_tokens=10_000)
    assert not fired(Seen(traffic=traffic((flow(retries=9, each=each),))), "retries")

    (finding,) = fired(Seen(traffic=traffic((flow(retries=10, each=each),), (flow(each=each),))), "retries")
    # 10 of 100 requests in five minutes, at 10,000 x $1/M each
    assert finding.effect_nano_usd_per_hour == round(120 * 0.01 * USD)
    assert finding.cause is not None
    assert finding.cause.part(RETRIES).nano_usd_per_hour > 0


def test_failures_that_are_billed_fire_too() -> None:
    one = flow(each=shape(input_tokens=10_000))
    failed = replace(one, failed=10, failed_nano_usd=one.nano_usd // 10)

    (finding,) = fired(Seen(traffic=traffic((failed,))), "retries")
    assert finding.effect_nano_usd_per_hour == round(1.2 * USD)


def week(usd_a_day: int, hours: int = 168, **others: Any) -> Week:
    return Week(hours=hours, nano_usd=usd_a_day * USD * hours // 24, **others)


def worth(usd: float, tenant: str = "acme") -> Flow:
    return flow(tenant, nano_usd=round(usd * USD))


def a_day(usd: float) -> Traffic:
    return Traffic(day=Span(seconds=86_400, flows=(worth(usd),)))


def test_a_day_that_costs_half_as_much_again_as_the_mean_day_fires() -> None:
    assert not fired(Seen(traffic=a_day(149.9), week=week(100)), "day_over_week")

    (finding,) = fired(Seen(traffic=a_day(150), week=week(100)), "day_over_week")
    assert finding.title == "24 hours cost 1.5x the mean day of the week before"
    assert finding.severity is Severity.CRITICAL
    assert finding.effect_nano_usd_per_hour == round(50 / 24 * USD)


def test_a_week_of_which_a_part_was_recorded_is_judged_by_that_part() -> None:
    assert fired(Seen(traffic=a_day(150), week=week(100, hours=48)), "day_over_week")
    assert waits(Seen(traffic=a_day(150), week=week(100, hours=47)), "day_over_week") == (
        "47 of the 48 hours of history that it needs"
    )


def bursts(fast: float, slow: float, tenant: str = "acme") -> Traffic:
    """Dollars per hour over five minutes and over half an hour."""
    return Traffic(
        fast=Span(seconds=300, flows=(worth(fast / 12, tenant),)),
        slow=Span(seconds=1_800, flows=(worth(slow / 2, tenant),)),
    )


@pytest.mark.parametrize(("fast", "slow", "fires"), [(48, 48, True), (480, 47, False), (47, 480, False)])
def test_a_burst_must_show_in_five_minutes_and_in_half_an_hour(fast: float, slow: float, fires: bool) -> None:
    usual = week(100, same_hour=(15 * USD, 9 * USD))

    assert bool(fired(Seen(traffic=bursts(fast, slow), week=usual), "rate_over_usual")) == fires


def test_without_a_day_before_a_burst_has_nothing_to_be_compared_with() -> None:
    assert waits(Seen(traffic=bursts(40, 40)), "rate_over_usual") == "no day before was recorded at this hour"


@pytest.mark.parametrize(("rate", "fires"), [(11.9, False), (12, True)])
def test_a_tenant_at_ten_times_its_own_week_fires(rate: float, fires: bool) -> None:
    own = week(100, by_tenant={"acme": round(168 * 1.2 * USD)})  # 1.20 dollars an hour
    found = fired(Seen(traffic=bursts(rate, rate), week=own), "tenant_over_week")

    assert bool(found) == fires
    if fires:
        assert (found[0].subject, found[0].title) == ("acme", "burns 10.0x its own week")


def test_a_tenant_over_its_cap_is_warned_of_at_1_2_and_critical_at_1_5() -> None:
    limits = Thresholds(tenant_caps={"acme": 100 * USD})

    assert not fired(Seen(traffic=a_day(119)), "tenant_cap", limits)
    assert [one.severity for one in fired(Seen(traffic=a_day(120)), "tenant_cap", limits)] == [Severity.WARNING]
    assert [one.severity for one in fired(Seen(traffic=a_day(150)), "tenant_cap", limits)] == [
        Severity.WARNING,
        Severity.CRITICAL,
    ]
    assert not fired(Seen(traffic=a_day(1_000)), "tenant_cap"), "no cap is configured"


def test_tokens_without_a_price_fire_and_their_cost_is_unknown() -> None:
    alien = flow(model="tuned", requests=5, card=unpriced(1_000), nano_usd=0)
    (finding,) = fired(Seen(traffic=traffic((flow(), alien))), "unpriced")

    assert (finding.subject, finding.effect_nano_usd_per_hour) == ("tuned", None)
    assert finding.title == "4.8% of all tokens have no price"


@pytest.mark.parametrize(("reported", "fires"), [(1.04, False), (1.06, True), (0.94, True)])
def test_a_gateway_that_counts_other_dollars_fires(reported: float, fires: bool) -> None:
    one = flow(each=shape(input_tokens=100_000))
    told = replace(one, reported_nano_usd=round(one.nano_usd * reported))

    assert bool(fired(Seen(traffic=traffic((told,))), "drift")) == fires


def test_a_source_that_is_not_read_for_a_minute_fires_with_what_it_says() -> None:
    def silent(seconds: float) -> Seen:
        source = SourceSeen(name="gateway", state="failing", silent_seconds=seconds, detail="no such file")
        return Seen(sources=(source,))

    assert not fired(silent(59), "stale_source")
    (finding,) = fired(silent(60), "stale_source")
    assert (finding.title, finding.reason) == ("failing for 1m", "no such file")


def gpu(**changes: Any) -> GpuSeen:
    return GpuSeen(host="h100-1", uuid="GPU-6", index=6, nano_usd_per_hour=round(2.5 * USD), **changes)


def test_a_gpu_that_is_paid_for_and_idle_for_half_an_hour_fires_with_its_price() -> None:
    assert not fired(Seen(gpus=(gpu(idle_seconds=1_799),)), "idle_gpu")
    (finding,) = fired(Seen(gpus=(gpu(idle_seconds=1_800),)), "idle_gpu")

    assert (finding.subject, finding.title) == ("h100-1 GPU 6", "idle for 30m")
    assert finding.effect_nano_usd_per_hour == round(2.5 * USD)
    assert not fired(Seen(gpus=(replace(gpu(idle_seconds=9_999), nano_usd_per_hour=None),)), "idle_gpu")


def test_a_gpu_that_is_lost_is_critical_and_not_idle() -> None:
    seen = Seen(gpus=(gpu(idle_seconds=9_999, lost="fell off the bus (XID 79)"),))

    assert not fired(seen, "idle_gpu")
    (finding,) = fired(seen, "lost_gpu")
    assert (finding.severity, finding.reason) == (Severity.CRITICAL, "fell off the bus (XID 79)")


def test_a_gpu_that_is_slowed_down_for_two_minutes_fires() -> None:
    assert not fired(Seen(gpus=(gpu(throttled_seconds=60, throttle_reason="heat"),)), "throttled_gpu")
    assert fired(Seen(gpus=(gpu(throttled_seconds=120, throttle_reason="heat"),)), "throttled_gpu")


@pytest.mark.parametrize(("used", "fires"), [(0.41, False), (0.40, True)])
def test_a_host_that_is_used_under_forty_percent_of_a_day_fires_with_its_idle_tax(used: float, fires: bool) -> None:
    host = HostSeen(name="h100-1", utilisation=used, observed_seconds=86_400, nano_usd_per_hour=20 * USD)
    found = fired(Seen(hosts=(host,)), "utilisation")

    assert bool(found) == fires
    if fires:
        assert found[0].effect_nano_usd_per_hour == 12 * USD
    short = replace(host, observed_seconds=6 * 3_600 - 1)
    assert "6 hours" in waits(Seen(hosts=(short,)), "utilisation")


def budget(*, spent: float = 0.1, period_hours: int = 720, lasts: bool = False, **burns: float) -> Seen:
    """A budget of $720 that is spent in part, with its burn rates by window, an hour before it runs out."""
    at_ms, out_ms = 1_778_941_380_000, None if lasts else 1_778_944_980_000
    projection = Projection(
        nano_usd=0, low_nano_usd=0, high_nano_usd=0, basis="line", runs_out_ms=out_ms, earliest_ms=None, latest_ms=None
    )
    return Seen(
        budgets=(
            BudgetState(
                name="launch", period_name="month", filter="", counts="both", at_ms=at_ms, projection=projection,
                period=Period(begins_ms=at_ms, ends_ms=at_ms + period_hours * 3_600_000),
                limit_nano_usd=720 * USD, spent_nano_usd=round(spent * 720 * USD),
                burns=tuple(
                    Burn(window=name, nano_usd_per_hour=None if rate is None else rate * USD, rate=rate)
                    for name in ("5m", "1h", "6h", "3d")
                    for rate in [burns.get(f"over_{name}")]
                ),
            ),
        )
    )  # fmt: skip


@pytest.mark.parametrize(("long", "short", "fires"), [(14.4, 14.4, True), (99, 14.3, False), (14.3, 99, False)])
def test_a_budget_must_burn_over_both_windows(long: float, short: float, fires: bool) -> None:
    assert bool(fired(budget(over_1h=long, over_5m=short), "budget_burn")) == fires


@pytest.mark.parametrize(
    ("hours", "windows", "fires_at"),
    [
        (720, ("1h", "5m"), 14.4),  # 2% of a month in an hour
        (720, ("6h", "1h"), 6.0),  # 5% in six hours
        (720, ("3d", "6h"), 1.0),  # 10% in three days
        (24, ("1h", "5m"), 6.0),  # a quarter of a day's budget in an hour
        (24, ("6h", "1h"), 2.0),  # half of it in six hours
        (6, ("1h", "5m"), 1.5),  # a quarter of a launch of six hours in one
    ],
)
def test_the_threshold_of_a_short_period_is_the_rate_that_uses_a_part_of_it_in_the_window(
    hours: int, windows: tuple[str, str], fires_at: float
) -> None:
    def fires(rate: float) -> bool:
        rates: dict[str, Any] = {f"over_{name}": rate for name in windows}
        return bool(fired(budget(period_hours=hours, **rates), "budget_burn"))

    assert not fires(fires_at * 0.99)
    assert fires(fires_at * 1.01)


def test_a_budget_that_lasts_by_its_projection_is_left_alone() -> None:
    """The peak of every day burns faster than the day on average."""
    assert not fired(budget(over_1h=20, over_5m=20, lasts=True), "budget_burn")


def test_a_budget_says_how_fast_it_goes_and_when_it_is_gone() -> None:
    (finding,) = fired(budget(over_1h=15, over_5m=20), "budget_burn")
    assert finding.title == "burn 15.0x over 1h and 20.0x over 5m, out 15:23Z"
    assert finding.effect_nano_usd_per_hour == 20 * USD


def test_a_budget_whose_windows_are_not_recorded_yet_waits() -> None:
    assert not fired(budget(over_5m=99), "budget_burn")
    assert waits(budget(over_5m=99), "budget_burn") == "less than an hour of a budget is recorded"


def test_a_budget_that_is_nearly_and_then_wholly_spent_fires_once_for_each() -> None:
    assert fired(budget(spent=0.79), "budget_spent") == []
    assert [one.subject for one in fired(budget(spent=0.8), "budget_spent")] == ["launch soft"]
    assert [one.subject for one in fired(budget(spent=1.0), "budget_spent")] == ["launch soft", "launch hard"]


def test_a_budget_that_is_spent_does_not_run_out_once_more() -> None:
    assert fired(budget(spent=0.8), "budget_spent")[0].title == "80% is spent, out 15:23Z"
    assert {one.title for one in fired(budget(spent=5.72), "budget_spent")} == {"572% is spent, nothing is left"}
    (burning,) = fired(budget(spent=1.0, over_1h=15, over_5m=20), "budget_burn")
    assert burning.title == "burn 15.0x over 1h and 20.0x over 5m, nothing is left"


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_that_is_off_says_nothing(rule: str) -> None:
    seen = Seen(sources=(SourceSeen(name="gateway", state="late", silent_seconds=900),), traffic=a_day(150))
    said = judge(seen, Thresholds(off=frozenset({rule})), {})

    said_of: list[Finding | TooLittle] = [*said.findings, *said.too_little]
    assert {one.rule for one in said_of}.isdisjoint({rule})


def test_a_store_without_anything_in_it_raises_no_alert() -> None:
    assert [one for one in judge(Seen(), LIMITS, {}).findings if one.fires] == []


def test_a_burst_of_one_tenant_is_explained_by_that_tenants_volume() -> None:
    own = week(100, by_tenant={"acme": 168 * USD})
    seen = traffic((flow(requests=10_000),), (flow(requests=100), flow("globex")))
    (finding,) = fired(Seen(traffic=seen, week=own), "tenant_over_week")

    assert finding.cause is not None
    assert finding.cause.parts[0].factor == VOLUME
    assert {mover.tenant for mover in finding.cause.parts[0].movers} == {"acme"}


def test_an_open_alert_says_what_it_costs_now_as_long_as_a_time_before_is_known() -> None:
    """It opened in the first minute of the fault; half an hour later the hour before is as bad, and yesterday was not."""
    fault, healthy = flow(each=shape(input_tokens=10_000)), flow(each=shape(cache_read_tokens=10_000))
    seen = traffic((fault,), (fault,))
    yesterday = Normal(name="this hour yesterday", span=Span(seconds=3_600, flows=(scaled(healthy, 12),)))
    key = ("cache_fall", "acme small")

    (blind,) = [one for one in judge(Seen(traffic=seen), LIMITS, {key: 1.0}).findings if one.key == key]
    assert (blind.effect_nano_usd_per_hour, blind.cause, blind.stays) == (None, None, True)

    knows = replace(seen, normals=(*seen.normals, yesterday))
    (finding,) = [one for one in judge(Seen(traffic=knows), LIMITS, {key: 1.0}).findings if one.key == key]
    # 1,200 requests an hour, each with 10,000 tokens at $1.00 instead of $0.10 per million
    assert finding.effect_nano_usd_per_hour == round(1_200 * 10_000 * 0.90 / 1e6 * USD)


def every_fault() -> Seen:
    """Something for each rule to say."""
    conditions = (
        flow(card=conditional("prompt over 200,000 tokens")),
        flow(model="alien", card=unpriced(1), nano_usd=0),
    )
    thinking = shape(input_tokens=10_000, output_tokens=5_000, reasoning_tokens=2_500)
    now = flow(retries=50, each=thinking, reported_nano_usd=1)
    before = (
        flow(each=shape(cache_read_tokens=10_000, output_tokens=1_000)),
        flow(card=conditional("batch"), requests=300),
    )
    source = SourceSeen(name="gateway", state="late", silent_seconds=900)
    host = HostSeen(name="h100-1", utilisation=0.1, observed_seconds=86_400, nano_usd_per_hour=20 * USD)
    spent = budget(over_1h=20, over_5m=20, spent=2.0)
    hot = gpu(idle_seconds=9_999, throttled_seconds=300, throttle_reason="heat")
    return Seen(
        traffic=traffic((now, *conditions), before, day=Span(seconds=86_400, flows=(worth(1_000),))),
        week=week(100, same_hour=(USD // 1_000,), by_tenant={"acme": 168 * USD // 1_000}),
        budgets=spent.budgets, sources=(source,), hosts=(host,), gpus=(hot, gpu(lost="gone")),
    )  # fmt: skip


BANDS = {
    "budget_burn": {(1.0, 0.8)}, "budget_spent": {(0.8, 0.76), (1.0, 0.95)}, "day_over_week": {(1.5, 1.4)},
    "rate_over_usual": {(4.0, 2.5)}, "tenant_cap": {(1.2, 1.08), (1.5, 1.35)}, "tenant_over_week": {(10.0, 5.0)},
    "model_mix": {(0.25, 0.125)}, "retries": {(0.1, 0.05)}, "cache_fall": {(0.2, 0.1)}, "reasoning": {(0.2, 0.1)},
    "output_length": {(2.0, 1.5)}, "long_context": {(0.2, 0.1)}, "batch_lost": {(0.2, 0.1)},
    "unpriced": {(0.01, 0.005)}, "drift": {(0.05, 0.025)}, "stale_source": {(60.0, 30.0)},
    "idle_gpu": {(1_800.0, 180.0)}, "utilisation": {(0.6, 0.55)}, "throttled_gpu": {(120.0, 60.0)},
    "lost_gpu": {(1.0, 1.0)},
}  # fmt: skip
"""Where each rule fires, and below which its alert is over: the hysteresis."""


def test_every_rule_has_a_band_between_firing_and_clearing() -> None:
    limits = Thresholds(tenant_cap_nano_usd=100 * USD)
    held = {("model_mix", "small"): 0.1, ("batch_lost", "acme small"): 0.75}
    found: dict[str, set[tuple[float, float]]] = {}
    for one in judge(every_fault(), limits, dict(held)).findings:
        found.setdefault(one.rule, set()).add((round(one.fires_at, 6), round(one.clears_at, 6)))

    assert set(BANDS) == set(RULES)
    assert {rule: bands for rule, bands in found.items() if bands != BANDS[rule]} == {}
    assert set(RULES) - set(found) == set()


def test_what_a_burst_a_tenant_and_a_cap_cost_is_what_is_over() -> None:
    usual = week(100, same_hour=(12 * USD,), by_tenant={"acme": round(168 * 1.2 * USD)})
    burst = Seen(traffic=bursts(48, 48), week=usual)
    assert fired(burst, "rate_over_usual")[0].effect_nano_usd_per_hour == 36 * USD
    assert fired(burst, "tenant_over_week")[0].effect_nano_usd_per_hour == round(46.8 * USD)

    capped = fired(Seen(traffic=a_day(148)), "tenant_cap", Thresholds(tenant_caps={"acme": 100 * USD}))
    assert [one.effect_nano_usd_per_hour for one in capped] == [2 * USD], "48 dollars over in 24 hours"


@pytest.mark.parametrize("card", [unpriced(1_000), HOSTED, PREPAID], ids=lambda card: card.status.value)
def test_what_we_do_not_price_by_the_token_is_not_compared_with_the_gateway(card: RateCard) -> None:
    told = replace(flow(each=shape(input_tokens=100_000)), card=card, nano_usd=0, reported_nano_usd=20 * USD)

    assert not fired(Seen(traffic=traffic((told,))), "drift")


def test_a_gateway_that_reports_nothing_at_all_is_not_compared_with() -> None:
    told = replace(flow(each=shape(input_tokens=100_000)), reported_nano_usd=0)

    assert not fired(Seen(traffic=traffic((told,))), "drift")


def test_a_tenant_that_grows_with_everybody_is_no_matter_of_one_tenant() -> None:
    own = week(0, by_tenant={"acme": 168 * USD, "globex": 168 * USD})
    own = replace(own, nano_usd=2 * 168 * USD)
    alone = Seen(traffic=bursts(20, 20), week=own)
    both = tuple(worth(20 / 12, tenant) for tenant in ("acme", "globex"))
    together = Seen(traffic=Traffic(fast=Span(seconds=300, flows=both), slow=Span(seconds=300, flows=both)), week=own)

    assert [one.subject for one in fired(alone, "tenant_over_week")] == ["acme"]
    assert fired(together, "tenant_over_week") == []


def test_a_model_that_grows_because_its_tenant_does_is_no_matter_of_the_mix() -> None:
    before = (flow("acme", requests=70), flow("globex", model="large", card=DEAR, requests=30))
    now = (flow("acme", requests=70), flow("globex", model="large", card=DEAR, requests=300))

    assert not fired(Seen(traffic=traffic(now, before)), "model_mix")

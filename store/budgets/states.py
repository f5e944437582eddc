"""Every budget at an instant: what is spent and left, how fast it burns, where it ends. One answer for all who ask.

The Budgets screen, the headline, `budgets`, `check` and the alert rules read `budget_states`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import lru_cache

from pricing.budget import BURN_WINDOWS_MS, BudgetState, Burn, burn_rate
from pricing.pattern import Hour, Pattern, pattern
from pricing.periods import LAUNCH, Period, period_at
from pricing.plan import Plan, plan_of
from pricing.projection import look_back_ms, project
from pricing.times import HOUR_MS, MINUTE_MS
from store.budgets.launches import Launch
from store.budgets.spending import Scope, Spending, hours_between
from store.facts import BudgetFact
from store.reader import Reader
from store.zones import zone_named

_LINES = ("5m", "1h", "6h")
"""Look-backs whose straight lines span the range of a projection without a pattern."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """A budget and the period of it that holds the instant."""

    fact: BudgetFact
    period: Period
    zone: tzinfo
    doubts: tuple[str, ...] = ()
    planned_nano_usd: int | None = None

    @property
    def scope(self) -> Scope:
        return Scope(self.fact.filter, self.fact.counts)


def budget_states(reader: Reader, at_ms: int, spending: Spending | None = None) -> list[BudgetState]:
    """Every budget in force at an instant, and the launch that is on; by name. Raises StoreError."""
    spending = spending or Spending(reader)
    return [_state(spending, plan, at_ms) for plan in _plans(reader, at_ms)]


def launch_at(reader: Reader, at_ms: int) -> Launch | None:
    """The launch that is on at an instant, or None."""
    return next((launch for launch in reader.launches() if launch.runs(at_ms)), None)


def launch_plan(launch: Launch) -> Plan:
    """How a launch is planned to be spent."""
    return plan_of(launch.plan, launch.ends_ms - launch.began_ms, launch.nano_usd)


def _plans(reader: Reader, at_ms: int) -> Iterator[_Plan]:
    launch = launch_at(reader, at_ms)
    for fact in reader.budgets(at_ms):
        zone, doubts = _zone(fact)
        if fact.period != LAUNCH:
            yield _Plan(fact, period_at(fact.period, at_ms, zone), zone, doubts)
        elif launch is not None:
            yield _Plan(fact, _period_of(launch), zone, doubts)
    if launch is not None:
        planned = launch_plan(launch).spent_by(at_ms - launch.began_ms) if launch.plan else None
        yield _Plan(_as_fact(launch), _period_of(launch), UTC, planned_nano_usd=planned)


def _zone(fact: BudgetFact) -> tuple[tzinfo, tuple[str, ...]]:
    try:
        return zone_named(fact.timezone), ()
    except ValueError as error:
        return UTC, (f"{error}; counted by UTC",)


def _period_of(launch: Launch) -> Period:
    return Period(begins_ms=launch.began_ms, ends_ms=launch.ends_ms)


def _as_fact(launch: Launch) -> BudgetFact:
    return BudgetFact(
        name=launch.name,
        nano_usd=launch.nano_usd,
        period=LAUNCH,
        filter=launch.filter,
        counts=launch.counts,
        since_ms=launch.began_ms,
    )


def _state(spending: Spending, plan: _Plan, at_ms: int) -> BudgetState:
    fact, period = plan.fact, plan.period
    spent = spending.spent(plan.scope, period.begins_ms, at_ms)
    burns = tuple(_burns(spending, plan, at_ms))
    back_ms = look_back_ms(period.left_ms(at_ms))
    history = spending.hours(plan.scope, at_ms, plan.zone)
    return BudgetState(
        name=fact.name,
        period_name=fact.period,
        filter=fact.filter,
        counts=fact.counts,
        period=period,
        at_ms=at_ms,
        limit_nano_usd=fact.nano_usd,
        spent_nano_usd=spent.nano_usd,
        burns=burns,
        projection=project(
            spent.nano_usd,
            fact.nano_usd,
            at_ms,
            period,
            rate_nano_per_hour=_rate(spending, plan.scope, at_ms, back_ms),
            ahead=hours_between(at_ms // HOUR_MS * HOUR_MS, period.ends_ms, plan.zone),
            behind=hours_between(at_ms - back_ms, at_ms, plan.zone),
            pattern=_pattern(history, period.left_ms(at_ms) // HOUR_MS, back_ms // HOUR_MS),
            other_rates=[b.nano_usd_per_hour for b in burns if b.window in _LINES and b.nano_usd_per_hour is not None],
        ),
        soft_share=fact.soft,
        hard_share=fact.hard,
        planned_nano_usd=plan.planned_nano_usd,
        is_lower_bound=spent.is_lower_bound,
        doubts=(*plan.doubts, *spent.doubts),
    )


def _burns(spending: Spending, plan: _Plan, at_ms: int) -> Iterator[Burn]:
    """The burn over each look-back that the history fills."""
    oldest_ms = spending.history_since_ms(plan.scope)
    for window, length_ms in BURN_WINDOWS_MS.items():
        if oldest_ms is None or oldest_ms > at_ms - length_ms:
            yield Burn(window=window, nano_usd_per_hour=None, rate=None)
            continue
        rate = _rate(spending, plan.scope, at_ms, length_ms)
        yield Burn(window=window, nano_usd_per_hour=rate, rate=burn_rate(rate, plan.fact.nano_usd, plan.period))


def _rate(spending: Spending, scope: Scope, at_ms: int, length_ms: int) -> float:
    """Nano-dollars per hour over a look-back that begins with a whole minute."""
    since_ms = (at_ms - length_ms) // MINUTE_MS * MINUTE_MS
    return spending.spent(scope, since_ms, at_ms, lagging=True).nano_usd * HOUR_MS / max(1, at_ms - since_ms)


@lru_cache(maxsize=64)
def _pattern(history: tuple[Hour, ...], horizon_hours: int, level_hours: int) -> Pattern | None:
    return pattern(history, horizon_hours, level_hours)

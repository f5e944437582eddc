"""The launch that is on: how far it is, its plan beside what happens, and what the same hours cost before it."""

from decimal import Decimal

from pricing.money import nano_from_usd, usd_from_nano
from pricing.times import DAY_MS, MINUTE_MS
from pricing.totals import usd_per_hour
from store.budgets.launches import Launch
from store.budgets.spending import Scope, Spending
from store.budgets.states import launch_at, launch_plan
from store.reader import Reader
from tui.pictures.budgets import LaunchLine

NOW_MS = 300_000
"""The present rate is that of the last five minutes."""


def launch_line(reader: Reader, at_ms: int, spending: Spending | None = None) -> LaunchLine | None:
    """The launch that is on at an instant, or None."""
    launch = launch_at(reader, at_ms)
    return None if launch is None else line_of(launch, at_ms, spending or Spending(reader))


def line_of(launch: Launch, at_ms: int, spending: Spending) -> LaunchLine:
    """A launch at an instant of it."""
    scope, plan = Scope(launch.filter, launch.counts), launch_plan(launch)
    spent = spending.spent(scope, launch.began_ms, at_ms)
    return LaunchLine(
        name=launch.name,
        began_ms=launch.began_ms,
        ends_ms=launch.ends_ms,
        at_ms=at_ms,
        limit_usd=usd_from_nano(launch.nano_usd),
        spent_usd=usd_from_nano(spent.nano_usd),
        planned_usd=usd_from_nano(plan.spent_by(at_ms - launch.began_ms)),
        usd_per_hour=_rate(spending, scope, at_ms),
        planned_usd_per_hour=usd_from_nano(plan.nano_usd_per_hour(at_ms - launch.began_ms)),
        before_usd_per_hour=_before(spending, scope, launch, at_ms),
        lower_bound=spent.is_lower_bound,
    )


def before_launch(began_ms: int, at_ms: int) -> int:
    """The same time of day on the last day before a launch."""
    days = -(-(at_ms - began_ms) // DAY_MS)
    return at_ms - max(1, days) * DAY_MS


def _before(spending: Spending, scope: Scope, launch: Launch, at_ms: int) -> Decimal | None:
    then_ms, known_ms = before_launch(launch.began_ms, at_ms), spending.history_since_ms(scope)
    return None if known_ms is None or known_ms > then_ms - NOW_MS else _rate(spending, scope, then_ms)


def _rate(spending: Spending, scope: Scope, at_ms: int) -> Decimal:
    since_ms = (at_ms - NOW_MS) // MINUTE_MS * MINUTE_MS
    nano_usd = spending.spent(scope, since_ms, at_ms, lagging=True).nano_usd
    per_hour = usd_per_hour(nano_usd, (at_ms - since_ms) / 1000) or Decimal(0)
    return usd_from_nano(nano_from_usd(per_hour))

"""The story of a launch: what was spent, by whom, against which plan, and what changed at each mark."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.money import NANO_PER_USD, usd_from_nano
from pricing.plan import Plan
from pricing.times import HOUR_MS, MINUTE_MS
from pricing.totals import Totals, usd_per_hour
from store.alerts.marks import Mark
from store.budgets.launches import Launch
from store.budgets.spending import Scope, Spending, parsed
from store.budgets.states import launch_plan
from store.reader import Reader
from tui.feed import FeedError
from tui.reading.budgets import step_of
from tui.reading.launch import before_launch
from tui.reading.report import Report, report

_LEAST_AROUND_MS = 5 * MINUTE_MS
_MOVERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """One model or tenant that cost more or less after a mark than before."""

    dimension: str
    name: str | None
    usd_per_hour: Decimal
    """Its change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChange:
    """What changed at a mark: the rate in the time before it and after it."""

    mark: Mark
    around_ms: int
    """How long a time before and after is looked at; 0 where there is too little between neighbours."""
    before_usd_per_hour: Decimal | None = None
    after_usd_per_hour: Decimal | None = None
    movers: tuple[Mover, ...] = ()

    @property
    def change_usd_per_hour(self) -> Decimal | None:
        """After less before."""
        if self.before_usd_per_hour is None or self.after_usd_per_hour is None:
            return None
        return self.after_usd_per_hour - self.before_usd_per_hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One launch from its beginning to its end, or to now while it is on."""

    launch: Launch
    plan: Plan
    until_ms: int
    is_on: bool
    spent_nano_usd: int
    is_lower_bound: bool
    step_ms: int
    steps: tuple[int, ...]
    """Nano-dollars of each step."""
    before_nano_usd: int | None
    """What the same time of day cost before the launch; None where that is not known."""
    total: Totals
    models: Report
    tenants: Report
    marks: tuple[MarkChange, ...]

    @property
    def curve(self) -> list[tuple[int, float]]:
        """(instant, dollars spent by then)."""
        spent, points = 0, [(self.launch.began_ms, 0.0)]
        for place, nano_usd in enumerate(self.steps):
            spent += nano_usd
            points.append((self._end(place), spent / NANO_PER_USD))
        return points

    @property
    def rates(self) -> list[tuple[int, float | None]]:
        """(instant, dollars per hour in the step that ends there); a step that is cut short says nothing of its rate."""
        return [
            (self._end(place), nano_usd / NANO_PER_USD * HOUR_MS / self.step_ms)
            for place, nano_usd in enumerate(self.steps)
            if self._end(place) - self._begin(place) == self.step_ms
        ]

    def _begin(self, place: int) -> int:
        return self.launch.began_ms // self.step_ms * self.step_ms + place * self.step_ms

    def _end(self, place: int) -> int:
        return min(self._begin(place + 1), self.until_ms)


def story(reader: Reader, name: str | None, now_ms: int) -> Story:
    """Read the newest launch, or the newest of a name; FeedError when there is none."""
    found = [one for one in reader.launches() if name in (None, one.name) and one.began_ms < now_ms]
    if not found:
        raise FeedError("there is no launch yet" if name is None else f"there is no launch called {name}")
    return _story(reader, found[-1], now_ms)


def _story(reader: Reader, launch: Launch, now_ms: int) -> Story:
    spending, scope = Spending(reader), Scope(launch.filter, launch.counts)
    until_ms = min(now_ms, launch.over_ms)
    spent = spending.spent(scope, launch.began_ms, until_ms)
    step_s = step_of(spending, launch.began_ms, until_ms)
    models = _report(reader, launch, launch.began_ms, until_ms, "model", now_ms)
    return Story(
        launch=launch,
        plan=launch_plan(launch),
        until_ms=until_ms,
        is_on=launch.runs(now_ms),
        spent_nano_usd=spent.nano_usd,
        is_lower_bound=spent.is_lower_bound,
        step_ms=step_s * 1000,
        steps=tuple(spending.steps(scope, launch.began_ms // (step_s * 1000) * step_s * 1000, until_ms, step_s)),
        before_nano_usd=_before(spending, scope, launch, until_ms),
        total=models.total,
        models=models,
        tenants=_report(reader, launch, launch.began_ms, until_ms, "tenant", now_ms),
        marks=tuple(_changes(reader, launch, until_ms, now_ms)),
    )


def _before(spending: Spending, scope: Scope, launch: Launch, until_ms: int) -> int | None:
    shift_ms = until_ms - before_launch(launch.began_ms, until_ms)
    known_ms = spending.history_since_ms(scope)
    if known_ms is None or known_ms > launch.began_ms - shift_ms:
        return None
    return spending.spent(scope, launch.began_ms - shift_ms, until_ms - shift_ms).nano_usd


def _report(reader: Reader, launch: Launch, since_ms: int, until_ms: int, by: str, now_ms: int) -> Report:
    wanted = parsed(launch.filter)
    if wanted is None:
        raise FeedError(f"the launch's filter cannot be read: {launch.filter}")
    return report(reader, since_ms, until_ms, (by,), wanted, now_ms)


def _changes(reader: Reader, launch: Launch, until_ms: int, now_ms: int) -> list[MarkChange]:
    marks = reader.marks(launch.began_ms, until_ms)
    instants = sorted({launch.began_ms - HOUR_MS, *(mark.at_ms for mark in marks), until_ms})
    return [_change(reader, launch, mark, instants, now_ms) for mark in marks]


def _change(reader: Reader, launch: Launch, mark: Mark, instants: Sequence[int], now_ms: int) -> MarkChange:
    """An hour before against an hour after; less where another mark or the end is nearer."""
    at_ms = -(-mark.at_ms // MINUTE_MS) * MINUTE_MS
    gaps = [abs(mark.at_ms - other) for other in instants if other != mark.at_ms]
    around_ms = min(HOUR_MS, *gaps) // MINUTE_MS * MINUTE_MS
    if around_ms < _LEAST_AROUND_MS:
        return MarkChange(mark=mark, around_ms=0)
    hours = around_ms / 1000
    windows = ((at_ms - around_ms, at_ms), (at_ms, at_ms + around_ms))
    movers: list[Mover] = []
    rates: list[Decimal | None] = []
    for by in ("model", "tenant"):
        before, after = (_report(reader, launch, since, until, by, now_ms) for since, until in windows)
        movers += _movers(by, before, after, hours)
        rates = [usd_per_hour(one.total.nano_usd, hours) for one in (before, after)]
    movers.sort(key=lambda mover: -abs(mover.usd_per_hour))
    return MarkChange(
        mark=mark,
        around_ms=around_ms,
        before_usd_per_hour=rates[0],
        after_usd_per_hour=rates[1],
        movers=tuple(movers[: 2 * _MOVERS]),
    )


def _movers(by: str, before: Report, after: Report, seconds: float) -> list[Mover]:
    spent = {group.key[by]: -group.totals.nano_usd for group in before.groups}
    for group in after.groups:
        spent[group.key[by]] = spent.get(group.key[by], 0) + group.totals.nano_usd
    changes = sorted(spent.items(), key=lambda item: -abs(item[1]))[:_MOVERS]
    return [
        Mover(dimension=by, name=name, usd_per_hour=usd_per_hour(nano_usd, seconds) or usd_from_nano(0))
        for name, nano_usd in changes
        if nano_usd
    ]

"""Dollars per hour over time, stacked by the members of a dimension: the five dearest, the others, and the hosts below."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pricing.money import NANO_PER_USD
from store.facts import CommitmentFact, HostFact
from store.providers.steps import Step, live_steps
from store.reader import Reader
from store.sums import SumKey
from tui import format as fmt
from tui.pictures.chart import ChartPicture, Fired, Point, Series
from tui.pictures.view import View
from tui.reading.alerts import title
from tui.reading.moment import moment
from tui.reading.selection import Selection, selection

NAMED = 5
"""How many members have a band of their own."""

_MINUTE_S = 60
_LEAST_SECONDS = 3600
_RUNNING_MS = 5_000
"""So often the running hour or day is read again."""
_STEPS_SECONDS = ((3 * 3600, 60), (10 * 86_400, 3600), (2**40, 86_400))
"""Up to which span the steps are minutes, hours, days."""

_LEAST_PART_OF_AN_HOUR = 1 / 6
"""A longer step that has not lasted this long yet says nothing of its rate; a minute is drawn when it is over."""

Curve = list[float | None]


def chart(reader: Reader, view: View, now_ms: int, until_ms: int | None = None) -> ChartPicture:
    """The window of a view, or the hour before its end when that is longer; raises StoreError or FeedError.

    `until_ms` is that end, where it is known already.
    """
    wanted = selection(view)
    until_ms = moment(reader, view, now_ms).until_ms if until_ms is None else until_ms
    span_s = max(view.window_seconds, _LEAST_SECONDS)
    step_s = next(step for longest, step in _STEPS_SECONDS if span_s <= longest)
    over_ms = until_ms // 60_000 * 60_000
    # Minutes that are over stay as they are for as long as nothing in them changes; wider steps hold the running minute.
    ends_ms = over_ms if step_s == _MINUTE_S else until_ms
    asked = (view, over_ms if step_s == _MINUTE_S else until_ms // _RUNNING_MS)
    stamp = (reader.sums_stamp(over_ms), reader.facts_stamp())
    return reader.kept("chart", asked, stamp, lambda: _chart(reader, view, wanted, ends_ms, span_s, step_s), most=1)


def _chart(reader: Reader, view: View, wanted: Selection, until_ms: int, span_s: int, step_s: int) -> ChartPicture:
    ends_s = -(-until_ms // (step_s * 1000)) * step_s
    begins_s = ends_s - -(-span_s // step_s) * step_s
    lasted = _lasted(begins_s, until_ms, step_s)
    logs_since_ms = reader.oldest_bucket_ms(step_s)
    live = live_steps(reader, begins_s * 1000, until_ms, step_s)
    oldest_ms = min((one.since_ms for one in live), default=logs_since_ms)
    members = _Members(wanted, view.by, begins_s, step_s, len(lasted))
    members.add(reader.steps(begins_s * 1000, until_ms, step_s), _Known(logs_since_ms))
    for one in live:
        members.add(one.steps, _Known(one.since_ms, one.until_ms))
    series = _series(members, view.by, lasted)
    if wanted.is_everything:
        known = _Known(_earlier(logs_since_ms, oldest_ms))
        series = (*_hosts(reader, begins_s, step_s, known.hours(lasted, begins_s, step_s)), *series)
    return ChartPicture(
        begins_ms=begins_s * 1000,
        step_ms=step_s * 1000,
        unit="$/h",
        series=series,
        marks=tuple(Point(mark.at_ms, mark.text) for mark in reader.marks(begins_s * 1000, until_ms)),
        alerts=tuple(Fired(one.opened_ms, title(one)) for one in reader.alerts(begins_s * 1000, until_ms)),
    )


def _lasted(begins_s: int, until_ms: int, step_s: int) -> Curve:
    """How many hours each step has lasted; None while it is too short to mean something."""
    steps = range(begins_s * 1000, until_ms, step_s * 1000)
    hours = [min(step_s * 1000, until_ms - step) / 3_600_000 for step in steps]
    return [part if part * 3600 >= step_s * _LEAST_PART_OF_AN_HOUR else None for part in hours]


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)


class _Known(NamedTuple):
    """Between which instants steps are known: what is not is a gap, and no zero."""

    since_ms: int | None = None
    until_ms: int | None = None
    """None is now: what logs hold; else up to where a provider's figures are complete."""

    def hours(self, lasted: Curve, begins_s: int, step_s: int) -> Curve:
        """How many hours each known step has lasted."""
        ends_s = [begins_s + (place + 1) * step_s for place in range(len(lasted))]
        return [
            part
            if self.since_ms is not None
            and (end_s - step_s) * 1000 >= self.since_ms // (step_s * 1000) * step_s * 1000
            and (self.until_ms is None or end_s * 1000 <= self.until_ms)
            else None
            for part, end_s in zip(lasted, ends_s, strict=True)
        ]

    def beside(self, other: "_Known") -> "_Known":
        """Of two parts of one curve: as early as either, and as far as a log reaches, which tells a part at least."""
        both = self.until_ms is not None and other.until_ms is not None
        return _Known(
            _earlier(self.since_ms, other.since_ms),
            min(self.until_ms or 0, other.until_ms or 0) if both else None,
        )


class _Members:
    """What each member of a dimension spent in each step."""

    def __init__(self, wanted: Selection, by: str, begins_s: int, step_s: int, steps: int) -> None:
        self._wanted, self._by, self.begins_s, self.step_s, self._steps = wanted, by, begins_s, step_s, steps
        self.spent: dict[str | None, list[int]] = {}
        self.known: dict[str | None, _Known] = {}

    def add(self, steps: Iterable[Step], known: _Known) -> None:
        """Count each step for its member, if that is wanted, as a part of what is known so."""
        curves: dict[SumKey, list[int] | None] = {}
        for bucket, key, nano_usd, _ in steps:
            if key not in curves:
                curves[key] = self._curve(key, known)
            curve = curves[key]
            if curve is not None:
                curve[(bucket - self.begins_s) // self.step_s] += nano_usd

    def _curve(self, key: SumKey, known: _Known) -> list[int] | None:
        """What the member of a series spent so far, of which so much is known from here on; None where it is not wanted."""
        if not self._wanted.holds(key):
            return None
        name = key.value(self._by)
        self.known[name] = known.beside(self.known[name]) if name in self.known else known
        return self.spent.setdefault(name, [0] * self._steps)

    def hours(self, names: Sequence[str | None], lasted: Curve) -> Curve:
        """How many hours each step has lasted that is known of any of these."""
        known = self.known[names[0]]
        for name in names[1:]:
            known = known.beside(self.known[name])
        return known.hours(lasted, self.begins_s, self.step_s)


def _series(members: _Members, by: str, lasted: Curve) -> tuple[Series, ...]:
    spent = members.spent
    dearest = sorted(spent, key=lambda name: (-sum(spent[name]), name or ""))
    spenders = [name for name in dearest if any(spent[name])]
    named, rest = spenders[:NAMED], spenders[NAMED:]
    series = [Series(fmt.member(by, name), _rates(spent[name], members.hours([name], lasted))) for name in named]
    if rest:
        whole = _added(spent[name] for name in rest)
        title = f"{len(rest)} other{'' if len(rest) == 1 else 's'}"
        series.append(Series(title, _rates(whole, members.hours(rest, lasted)), aside=True))
    return tuple(series)


def _added(rows: Iterable[Sequence[int]]) -> list[int]:
    return [sum(column) for column in zip(*rows, strict=True)]


def _rates(nano_usd: Sequence[int], hours: Curve) -> tuple[float | None, ...]:
    return tuple(
        None if part is None else nano / NANO_PER_USD / part for nano, part in zip(nano_usd, hours, strict=True)
    )


def _hosts(reader: Reader, begins_s: int, step_s: int, hours: Curve) -> tuple[Series, ...]:
    """What hosts and commitments cost, from the dates between which they were in force."""
    facts: list[HostFact | CommitmentFact] = [*reader.hosts(), *reader.commitments()]
    values = tuple(
        None if part is None else _committed(facts, (begins_s + place * step_s) * 1000)
        for place, part in enumerate(hours)
    )
    return (Series("hosts", values, aside=True),) if any(values) else ()


def _committed(facts: Iterable[HostFact | CommitmentFact], at_ms: int) -> float:
    return sum((_usd_per_hour(fact, at_ms) for fact in facts), 0.0)


def _usd_per_hour(fact: HostFact | CommitmentFact, at_ms: int) -> float:
    in_force = fact.since_ms <= at_ms and (fact.until_ms is None or fact.until_ms > at_ms)
    return (fact.usd_per_hour_nano or 0) / NANO_PER_USD if in_force else 0.0

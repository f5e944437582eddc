"""Dollars per hour over time, stacked by the members of a dimension: the five dearest, the others, and the hosts below."""

from collections.abc import Iterable, Sequence

from pricing.money import NANO_PER_USD
from store.facts import CommitmentFact, HostFact
from store.reader import Reader
from tui import format as fmt
from tui.pictures.chart import ChartPicture, Point, Series
from tui.pictures.view import View
from tui.reading.moment import moment
from tui.reading.selection import selection

NAMED = 5
"""How many members have a band of their own."""

_LEAST_SECONDS = 3600
_STEPS_SECONDS = ((3 * 3600, 60), (10 * 86_400, 3600), (2**40, 86_400))
"""Up to which span the steps are minutes, hours, days."""

_LEAST_PART_OF_AN_HOUR = 1 / 6
"""A longer step that has not lasted this long yet says nothing of its rate; a minute is drawn when it is over."""

Curve = list[float | None]


def chart(reader: Reader, view: View, now_ms: int) -> ChartPicture:
    """The window of a view, or the hour before its end when that is longer; raises StoreError or FeedError."""
    wanted, at = selection(view), moment(reader, view, now_ms)
    span_s = max(view.window_seconds, _LEAST_SECONDS)
    step_s = next(step for longest, step in _STEPS_SECONDS if span_s <= longest)
    until_ms = at.until_ms // 60_000 * 60_000 if step_s == 60 else at.until_ms
    ends_s = -(-until_ms // (step_s * 1000)) * step_s
    begins_s = ends_s - -(-span_s // step_s) * step_s
    hours = _hours(reader, begins_s, until_ms, step_s)
    spent: dict[str | None, list[int]] = {}
    for bucket, key, nano_usd, _ in reader.steps(begins_s * 1000, until_ms, step_s):
        if wanted.holds(key):
            spent.setdefault(key.value(view.by), [0] * len(hours))[(bucket - begins_s) // step_s] += nano_usd
    series = _series(spent, view.by, hours)
    if wanted.is_everything:
        series = (*_hosts(reader, begins_s, step_s, hours), *series)
    return ChartPicture(
        begins_ms=begins_s * 1000,
        step_ms=step_s * 1000,
        unit="$/h",
        series=series,
        marks=tuple(Point(mark.at_ms, mark.text) for mark in reader.marks(begins_s * 1000, until_ms)),
        alerts=tuple(Point(one.opened_ms, one.title) for one in reader.alerts(begins_s * 1000, until_ms)),
    )


def _hours(reader: Reader, begins_s: int, until_ms: int, step_s: int) -> Curve:
    """How many hours each step has lasted: None before the store began, and while it is too short to mean something."""
    oldest_ms = reader.oldest_bucket_ms(step_s)
    steps = range(begins_s * 1000, until_ms, step_s * 1000)
    lasted = [min(step_s * 1000, until_ms - step) / 3_600_000 for step in steps]
    return [
        part if oldest_ms is not None and step >= oldest_ms and part * 3600 >= step_s * _LEAST_PART_OF_AN_HOUR else None
        for step, part in zip(steps, lasted, strict=True)
    ]


def _series(spent: dict[str | None, list[int]], by: str, hours: Curve) -> tuple[Series, ...]:
    dearest = sorted(spent, key=lambda name: (-sum(spent[name]), name or ""))
    spenders = [name for name in dearest if any(spent[name])]
    named, rest = spenders[:NAMED], [spent[name] for name in spenders[NAMED:]]
    series = [Series(fmt.member(by, name), _rates(spent[name], hours)) for name in named]
    if rest:
        series.append(
            Series(f"{len(rest)} other{'' if len(rest) == 1 else 's'}", _rates(_added(rest), hours), aside=True)
        )
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

"""Requests as the rules look at them: the last minutes, what came before, and the week."""

from pricing.alerts.seen import Normal, Traffic, Week
from pricing.flow import Flow, Span
from pricing.times import DAY_MS, HOUR_MS, MINUTE_MS
from store.flows import Flows
from store.reader import Reader
from store.sums import Sum
from store.tables import MEASURES

_NANO_USD = MEASURES.index("nano_usd")
_RENEWED_MS = 5 * MINUTE_MS
"""Windows of a day and a week move slowly, and are read again this often."""
_WEEK_DAYS = 7
_SLOW_MS = 30 * MINUTE_MS


class TrafficReader:
    """Reads rollups only; remembers what moves slowly, so that an evaluation stays cheap."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._flows = Flows(reader)
        self._slow_at_ms: int | None = None
        self._day = self._day_before = Span(seconds=0)
        self._older: tuple[Normal, ...] = ()
        self._week = Week()
        self._by_source: dict[str, int] = {}

    def read(self, until_ms: int) -> tuple[Traffic, Week]:
        """Everything up to a whole minute."""
        if self._slow_at_ms is None or not 0 <= until_ms - self._slow_at_ms < _RENEWED_MS:
            self._renew(until_ms)
            self._slow_at_ms = until_ms
        before = until_ms - _SLOW_MS
        traffic = Traffic(
            fast=self._flows.span(until_ms - 5 * MINUTE_MS, until_ms),
            slow=self._flows.span(before, until_ms),
            hour=self._flows.span(until_ms - HOUR_MS, until_ms),
            day=self._day,
            day_before=self._day_before,
            normals=(Normal(name="the hour before", span=self._flows.span(before - HOUR_MS, before)), *self._older),
        )
        return traffic, self._week

    def source_per_hour(self, source: str) -> int | None:
        """Nano-dollars per hour that a source told of over the day before, or None when it told of none."""
        spent = self._by_source.get(source)
        return None if spent is None else spent // 24

    def _renew(self, until_ms: int) -> None:
        day = self._reader.sums(until_ms - DAY_MS, until_ms)
        self._day = Span(seconds=DAY_MS // 1_000, flows=self._flows.of(day))
        self._day_before = self._flows.span(until_ms - 2 * DAY_MS, until_ms - DAY_MS)
        self._by_source = _by_source(day)
        before = until_ms - _SLOW_MS
        # The same minutes of the day before, and half an hour around them.
        yesterday = until_ms - DAY_MS
        self._older = (
            Normal(name="the day before", span=self._flows.span(before - DAY_MS, before)),
            Normal(name="this hour yesterday", span=self._flows.span(yesterday - _SLOW_MS, yesterday + _SLOW_MS)),
        )
        self._week = self._read_week(until_ms - DAY_MS)

    def _read_week(self, until_ms: int) -> Week:
        """The seven days that end at an instant; what lies before the first request ever seen is left out of their hours."""
        since_ms = until_ms - _WEEK_DAYS * DAY_MS
        hours = self._reader.hourly(since_ms, until_ms)
        if not hours:
            return Week()
        known_ms = self._reader.known_since_ms() or min(hours) * 1_000
        flows = self._flows.of(self._reader.sums(since_ms, until_ms))
        return Week(
            hours=(until_ms - max(since_ms, known_ms)) // HOUR_MS,
            nano_usd=sum(flow.nano_usd for flow in flows),
            by_tenant=_by_tenant(flows),
            same_hour=tuple(
                hours[bucket]
                for day in range(_WEEK_DAYS)
                if (bucket := (until_ms - day * DAY_MS) // HOUR_MS * 3_600) in hours
            ),
        )


def _by_tenant(flows: tuple[Flow, ...]) -> dict[str | None, int]:
    spent: dict[str | None, int] = {}
    for flow in flows:
        spent[flow.tenant] = spent.get(flow.tenant, 0) + flow.nano_usd
    return spent


def _by_source(sums: list[Sum]) -> dict[str, int]:
    spent: dict[str, int] = {}
    for one in sums:
        source = one.key.dimensions.source
        spent[source] = spent.get(source, 0) + one.measures[_NANO_USD]
    return spent

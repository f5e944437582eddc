"""Budgets: how fast the money goes, and when it is gone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MS_PER_HOUR = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One period of a budget, [begins, ends) in epoch milliseconds."""

    begins_ms: int
    ends_ms: int

    def elapsed_share(self, at_ms: int) -> float:
        """Share of the period that has passed, 0 to 1."""
        return min(1.0, max(0.0, (at_ms - self.begins_ms) / (self.ends_ms - self.begins_ms)))


def period_at(period: str, at_ms: int) -> Period:
    """The UTC hour, day, ISO week or calendar month that holds an instant; ValueError for another word."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "hour":
        begins = at.replace(minute=0, second=0, microsecond=0)
        ends = begins + timedelta(hours=1)
    elif period == "day":
        begins, ends = day, day + timedelta(days=1)
    elif period == "week":
        begins = day - timedelta(days=day.weekday())
        ends = begins + timedelta(weeks=1)
    elif period == "month":
        begins = day.replace(day=1)
        ends = (begins + timedelta(days=32)).replace(day=1)
    else:
        raise ValueError(f"unknown budget period {period!r}")
    return Period(begins_ms=_ms(begins), ends_ms=_ms(ends))


def pace(spent_nano_usd: int, limit_nano_usd: int, elapsed_share: float) -> float | None:
    """Share of the budget spent over share of the period elapsed; None before the period has begun."""
    if limit_nano_usd <= 0 or elapsed_share <= 0:
        return None
    return spent_nano_usd / limit_nano_usd / elapsed_share


def runs_out_ms(
    spent_nano_usd: int, limit_nano_usd: int, nano_usd_per_hour: int, at_ms: int, period: Period
) -> int | None:
    """When the budget is used up at this rate; now if it is already; None when it lasts to the end of its period."""
    left = limit_nano_usd - spent_nano_usd
    if left <= 0:
        return at_ms
    if nano_usd_per_hour <= 0:
        return None
    gone_ms = at_ms + left * _MS_PER_HOUR // nano_usd_per_hour
    return gone_ms if gone_ms < period.ends_ms else None


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)

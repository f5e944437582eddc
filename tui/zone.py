"""The zone in which times are drawn: UTC, with a Z behind it, unless the person asked for the machine's own."""

from datetime import UTC, datetime, timedelta

_LAST_MS = 253_402_300_799_000


class _Choice:
    """One choice for the whole process: a screen with two zones on it would be read wrongly."""

    local = False


def use_local_time(local: bool) -> None:
    """Draw times in the machine's own zone, or in UTC."""
    _Choice.local = local


def is_local() -> bool:
    """Whether times are drawn in the machine's own zone."""
    return _Choice.local


def in_zone(epoch_ms: int) -> datetime:
    """An instant in the zone of the drawing; what no calendar has becomes its first or last day."""
    at = datetime.fromtimestamp(min(max(epoch_ms, 0), _LAST_MS) / 1000, UTC)
    return at.astimezone() if _Choice.local else at


def mark() -> str:
    """What stands behind a time: Z is UTC, nothing is local."""
    return "" if _Choice.local else "Z"


def offset_ms(epoch_ms: int) -> int:
    """How far the zone's clock is ahead of UTC at an instant."""
    return int((in_zone(epoch_ms).utcoffset() or timedelta()).total_seconds() * 1000)

"""Time zones by their IANA names, read from this machine's database of them."""

from datetime import UTC, tzinfo
from functools import lru_cache


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """The zone of this name; ValueError with a sentence for one that is not known here."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called `{name}`; write an IANA name such as Europe/Berlin") from None

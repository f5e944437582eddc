"""Values as a person writes them: durations, instants, addresses, amounts of dollars."""

import re
from decimal import Decimal, InvalidOperation

from pricing.money import nano_from_usd

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str) -> float:
    """A duration such as "30s", "5m" or "1h30m" in seconds; ValueError otherwise."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"`{text}` is not a duration; write for example 30s, 5m or 24h")
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def host_and_port(listen: str) -> tuple[str, int]:
    """Where to listen, such as "127.0.0.1:4318", "[::1]:4318" or a port alone; ValueError otherwise."""
    host, _, port = listen.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise ValueError(f"`{listen}` is no address to listen at; write for example 127.0.0.1:4318")
    return host.strip("[]") or "127.0.0.1", int(port)


def instant_ms(text: str, *, now_ms: int) -> int:
    """RFC 3339, a date (UTC midnight) or a duration before now, as epoch milliseconds; ValueError otherwise."""
    from datetime import UTC, datetime

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now_ms - round(seconds(text) * 1000)
        except ValueError:
            example = "2026-01-31T14:05Z, 2026-01-31 or 24h (ago)"
            raise ValueError(f"`{text}` is no time that is understood; write for example {example}") from None
    if at.tzinfo is None:
        if len(text) > len("2026-01-31"):
            raise ValueError(f"`{text}` has no time zone; end it with Z for UTC")
        at = at.replace(tzinfo=UTC)
    return round(at.timestamp() * 1000)


def nano_usd(text: str, what: str) -> int:
    """An amount of dollars in nano-dollars; ValueError says what it is an amount of."""
    try:
        nano = nano_from_usd(Decimal(text))
    except (InvalidOperation, ValueError):
        raise ValueError(f'{what} must be an amount of US dollars in quotes, such as "20"; it is `{text}`') from None
    if not 0 <= nano < 10**18:
        raise ValueError(f"{what} is out of range: `{text}`")
    return nano

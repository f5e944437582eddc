"""What every string and instant from outside passes on its way in."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from pricing.money import nano_from_usd

_EXAMPLE_BYTES = 4_096

MAX_NAME = 256
"""Names longer than this are cut: a name is for grouping and reading, not a place to store things."""

MAX_NAMES = 32
"""Of a request's tags so many are kept."""

_MAX_REPORTED_DIGIT = 5
"""The power of ten of the first digit of a reported cost: less than a million dollars."""
_MAX_DURATION_MS = 10_000_000_000
_FIRST_EPOCH = 1e8
_LAST_EPOCH = 1e19
_MS_FROM_SECONDS = 1e11
_US_FROM_MS = 1e14
_NS_FROM_US = 1e17
_MAX_TOKENS = 2**32
_UNSAID = ("", "-", "NaN", "null")
_TICKS_PER_MS = 10_000
_TICKS_OF_EPOCH = 621_355_968_000_000_000


def cut(name: str | None) -> str | None:
    """A name of bounded length; an empty one is "not said"."""
    if not name:
        return None
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def names(said: Iterable[str]) -> tuple[str, ...]:
    """Names such as tags: each once, of bounded length and number, in the order in which they are said."""
    found = dict.fromkeys(name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…" for name in said if name)
    return tuple(found)[:MAX_NAMES]


def pairs(said: Mapping[str, object]) -> Iterator[str]:
    """The plain entries of a map that a caller may fill freely, as `name:value`."""
    return (f"{name}:{value}" for name, value in said.items() if isinstance(value, str | int | float))


def count(said: float | str | None) -> int | None:
    """A number of tokens from a source that writes `-`, nothing or text for what it does not know, which is None.

    Raises ValueError for one that no request can have: negative, broken, or over four thousand million.
    """
    if said is None or (isinstance(said, str) and said.strip() in _UNSAID):
        return None
    try:
        amount = int(said) if isinstance(said, str) else said
    except ValueError:
        amount = -1
    if isinstance(amount, bool) or not 0 <= amount < _MAX_TOKENS or amount != int(amount):
        raise ValueError("a number of tokens that no request can have")
    return int(amount)


def reported_nano(usd: Decimal) -> int:
    """A cost that a source reports, in nano-dollars; ValueError for one that no single request can have."""
    if usd.adjusted() > _MAX_REPORTED_DIGIT:
        raise ValueError("a reported cost that no single request can have")
    return nano_from_usd(usd)


def milliseconds(epoch: float) -> int:
    """An epoch in seconds, milliseconds, microseconds or nanoseconds (told by its size) as milliseconds.

    Raises ValueError for an instant before 1973 or after 2286, and for one that is not a number.
    """
    if not _FIRST_EPOCH <= epoch < _LAST_EPOCH:
        raise ValueError("a time that is no instant")
    if epoch < _MS_FROM_SECONDS:
        return int(epoch * 1000)
    if epoch < _US_FROM_MS:
        return int(epoch)
    return int(epoch / 1_000) if epoch < _NS_FROM_US else int(epoch / 1_000_000)


def duration(said_ms: float | Decimal | None) -> int | None:
    """A duration in whole milliseconds: not negative, whatever the clocks did; ValueError for one of over 115 days."""
    if said_ms is None:
        return None
    if not said_ms <= _MAX_DURATION_MS:
        raise ValueError("a duration that no single request can have")
    return round(said_ms) if said_ms > 0 else 0


def text_milliseconds(text: str) -> int:
    """An instant in RFC 3339 as epoch milliseconds; one without a zone is UTC. ValueError where it is no instant."""
    try:
        at = datetime.fromisoformat(text)
        return milliseconds((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValueError("a time that is no instant") from None


def tick_milliseconds(ticks: int) -> int:
    """.NET ticks (100 ns since the year 1) as epoch milliseconds."""
    return milliseconds((ticks - _TICKS_OF_EPOCH) // _TICKS_PER_MS)


_STRING = re.compile(rb'"(?:[^"\\]|\\.)*(?:"|$)')
_SHORT_STRING = 26


def example(line: bytes) -> str:
    """A rejected line for people to look at; long strings in it are left out, since they may be somebody's prompt."""
    return visible(_STRING.sub(_shortened, line[:_EXAMPLE_BYTES]))


def _shortened(string: re.Match[bytes]) -> bytes:
    return string[0] if len(string[0]) <= _SHORT_STRING else b'"..."'


def visible(raw: bytes, limit: int = 160) -> str:
    """A shortened, harmless rendering of raw input, for an example of what was rejected."""
    text = raw[: limit * 2].decode("utf-8", "replace")
    shown = "".join(character if character.isprintable() else f"\\x{ord(character):02x}" for character in text)
    return shown if len(shown) <= limit and len(raw) <= limit * 2 else shown[: limit - 1] + "…"

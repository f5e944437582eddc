"""What every string and instant from outside passes on its way in."""

import re
from decimal import Decimal

from pricing.money import nano_from_usd

_EXAMPLE_BYTES = 4_096

MAX_NAME = 256
"""Names longer than this are cut: a name is for grouping and reading, not a place to store things."""

_MAX_REPORTED_USD = 1_000_000
_MS_FROM_SECONDS = 100_000_000_000
_US_FROM_MS = 100_000_000_000_000
_NS_FROM_US = 100_000_000_000_000_000


def cut(name: str | None) -> str | None:
    """A name of bounded length; an empty one is "not said"."""
    if not name:
        return None
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def reported_nano(usd: Decimal) -> int:
    """A cost that a source reports, in nano-dollars; ValueError for one that no single request can have."""
    if not abs(usd) <= _MAX_REPORTED_USD:
        raise ValueError("a reported cost that no single request can have")
    return nano_from_usd(usd)


def milliseconds(epoch: float) -> int:
    """An epoch in seconds, milliseconds, microseconds or nanoseconds (told by its size) as milliseconds.

    Raises ValueError for an instant before 1973 or one that is not a number.
    """
    if not epoch >= 100_000_000 or epoch == float("inf"):
        raise ValueError("a time that is no instant")
    if epoch < _MS_FROM_SECONDS:
        return int(epoch * 1000)
    if epoch < _US_FROM_MS:
        return int(epoch)
    return int(epoch / 1_000) if epoch < _NS_FROM_US else int(epoch / 1_000_000)


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

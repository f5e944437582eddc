"""What one request used, in classes that do not overlap."""

from collections.abc import Iterable
from typing import NamedTuple

TOKEN_CLASSES = (
    "input",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "cache_write_30m",
    "cache_write_12h",
    "cache_write",
    "output",
)
"""Billed token classes, in the order in which `Usage` and every rate card hold them."""

INPUT_CLASSES = len(TOKEN_CLASSES) - 1
"""How many of the first classes are input; the one after them is output."""


_HEARD = "input_audio_tokens"


class Usage(NamedTuple):
    """Tokens of one request (or a sum of many), each counted in exactly one of the first eight fields.

    The eight fields stand in the order of TOKEN_CLASSES, so that a card's rates zip with them.
    `reasoning_tokens` is a part of `output_tokens`, never an addend. `units` holds whatever else is
    billed (audio tokens, web searches, images) as (unit, amount) pairs, sorted by unit; pictures, films and cached
    sound are named there, too, and stay in their class (`pricing/modal.py`).
    """

    input_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_5m_tokens: int = 0
    cache_write_1h_tokens: int = 0
    cache_write_30m_tokens: int = 0
    cache_write_12h_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    units: tuple[tuple[str, int], ...] = ()

    @property
    def tokens(self) -> tuple[int, ...]:
        """The eight billed counts, in the order of TOKEN_CLASSES."""
        return self[:8]

    @classmethod
    def of(cls, counts: Iterable[int], units: tuple[tuple[str, int], ...] = ()) -> "Usage":
        """A usage from its nine counts in order, the last being reasoning."""
        return cls._make((*counts, units))

    @property
    def prompt_tokens(self) -> int:
        """All input tokens, cached or not, sound among them: what a long-context threshold is compared with."""
        new, read, for_5m, for_1h, for_30m, for_12h, written, _, _, units = self
        heard = dict(units).get(_HEARD, 0) if units else 0
        return new + read + for_5m + for_1h + for_30m + for_12h + written + heard

    @property
    def cache_write_any_tokens(self) -> int:
        """Tokens written to a cache, whatever their lifetime."""
        return sum(self[2:7])

    @property
    def total_tokens(self) -> int:
        """Billed tokens of every class."""
        return sum(self[:8])


NOTHING = Usage()


def invalid_reason(usage: Usage) -> str | None:
    """Why these counts cannot be, or None: negative, or more reasoning than output."""
    new, read, for_5m, for_1h, for_30m, for_12h, written, output, reasoning, units = usage
    # All of them together are negative where one of them is.
    if new | read | for_5m | for_1h | for_30m | for_12h | written | output | reasoning < 0:
        return "a negative count"
    if units and any(amount < 0 for _, amount in units):
        return "a negative count"
    if reasoning > output:
        return "more reasoning tokens than output tokens"
    return None

"""Traffic that was seen, as the questions "what if" and "what for" want it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, TypeVar

from pricing.books.book import STANDARD
from pricing.card import CardStatus, RateCard
from pricing.totals import add_usage
from pricing.usage import NOTHING, Usage

Windows: TypeAlias = Callable[[str | None, str], int | None]
"""Tokens that a model's context holds, by provider and name; None where nobody says."""


class Sender(NamedTuple):
    """Who asked for what: the smallest group whose requests are taken to be alike."""

    provider: str | None
    model: str | None
    key: str | None

    def __str__(self) -> str:
        return f"key {self.key or '(no key)'} on {self.model or '(no model)'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests of one sender at one card over a window, without those that used nothing; tokens of every request."""

    sender: Sender
    card: RateCard
    requests: int
    usage: Usage
    nano_usd: int | None
    """What they cost; None where no price is known."""
    partial: bool = False
    """Whether a used class had no rate, so that the cost is a lower bound."""
    failed: bool = False
    call_type: str | None = None
    variant: str = STANDARD
    largest_prompt_tokens: int | None = None
    """Of those requests that are still kept; None without any."""
    may_wait: bool = False
    """Somebody said that nobody waits for these answers."""
    night_share: float | None = None
    """Share of their dollars between 00 and 06 UTC; None where the window holds no whole day."""

    @property
    def mean_prompt_tokens(self) -> int:
        """Prompt tokens per request, rounded down; what a context tier is chosen by."""
        return self.usage.prompt_tokens // self.requests if self.requests else 0

    @property
    def is_metered(self) -> bool:
        """Whether a provider bills it by the token at rates that are known."""
        return self.nano_usd is not None and self.card.status in (CardStatus.PRICED, CardStatus.ESTIMATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """One request that is still kept: its counts and its cost, never its words."""

    sender: Sender
    call: int
    """The same for all attempts of one call."""
    ended_at_ms: int
    usage: Usage
    nano_usd: int | None
    failed: bool = False
    variant: str = STANDARD
    session: str | None = None
    """The conversation or task that it belongs to, where its source names one."""


Sent = TypeVar("Sent", Traffic, KeptRequest)


def merged_usage(traffic: Iterable[Traffic]) -> Usage:
    """The tokens of all of them, class by class."""
    usage = NOTHING
    for one in traffic:
        usage = add_usage(usage, one.usage)
    return usage


def by_sender(many: Iterable[Sent]) -> dict[Sender, list[Sent]]:
    """Groups of the same provider, model and key."""
    found: dict[Sender, list[Sent]] = {}
    for one in many:
        found.setdefault(one.sender, []).append(one)
    return found


def by_session(kept: Iterable[KeptRequest]) -> dict[str, list[KeptRequest]]:
    """Kept requests that were answered, by the session that they name, in the order in which they ended."""
    found: dict[str, list[KeptRequest]] = {}
    for one in sorted(kept, key=lambda one: one.ended_at_ms):
        if one.session is not None and not one.failed:
            found.setdefault(one.session, []).append(one)
    return found


def spent_nano_usd(traffic: Iterable[Traffic]) -> int:
    """What is known of their cost."""
    return sum(one.nano_usd or 0 for one in traffic)


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of the (not empty) values does not exceed: the nearest rank."""
    ordered = sorted(values)
    rank = -(-len(ordered) * round(share * 1000) // 1000)
    return ordered[max(0, rank - 1)]

"""What went through over a span of time: one flow for each tenant, model and card, and what the hosts cost meanwhile."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from pricing.card import UNKNOWN_COST, RateCard
from pricing.money import divide_half_even
from pricing.totals import add_usage
from pricing.usage import NOTHING, Usage

Group = TypeVar("Group")

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What one tenant sent to one model at one card; what a gateway's own cache answered is no flow."""

    tenant: str | None
    model: str | None
    card: RateCard
    requests: int
    retries: int = 0
    """Those of them that repeat an earlier attempt of the same call."""
    failed: int = 0
    usage: Usage = NOTHING
    nano_usd: int = 0
    failed_nano_usd: int = 0
    reported_nano_usd: int | None = None
    """What the gateway said of the same requests; None unless it spoke of each of them."""

    @property
    def is_unpriced(self) -> bool:
        """Whether nobody knows what it costs."""
        return self.card.status in UNKNOWN_COST


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Everything that was seen over so many seconds, and nano-dollars per hour of hosts and commitments at its end."""

    seconds: int
    flows: tuple[Flow, ...] = ()
    hosts: tuple[tuple[str, int], ...] = ()

    @property
    def requests(self) -> int:
        """Records of every flow."""
        return sum(flow.requests for flow in self.flows)

    @property
    def calls(self) -> int:
        """The same without repetitions."""
        return sum(flow.requests - flow.retries for flow in self.flows)

    @property
    def metered_nano_usd(self) -> int:
        """What providers bill for it."""
        return sum(flow.nano_usd for flow in self.flows)

    @property
    def metered_per_hour(self) -> int:
        """The same in nano-dollars per hour."""
        return per_hour(self.metered_nano_usd, self.seconds)

    @property
    def hosts_per_hour(self) -> int:
        """Nano-dollars per hour of all hosts and commitments."""
        return sum(nano_usd for _, nano_usd in self.hosts)

    @property
    def burn_per_hour(self) -> int:
        """Metered and committed nano-dollars per hour."""
        return self.metered_per_hour + self.hosts_per_hour

    @property
    def usage(self) -> Usage:
        """Tokens of every flow by class."""
        return summed_usage(self.flows)

    def only(self, wanted: Callable[[Flow], bool]) -> "Span":
        """The flows that are wanted, without hosts."""
        return Span(seconds=self.seconds, flows=tuple(flow for flow in self.flows if wanted(flow)))

    def by(self, of: Callable[[Flow], Group]) -> dict[Group, "Span"]:
        """The flows in groups, each a span of the same length without hosts."""
        groups: dict[Group, list[Flow]] = {}
        for flow in self.flows:
            groups.setdefault(of(flow), []).append(flow)
        return {name: Span(seconds=self.seconds, flows=tuple(flows)) for name, flows in groups.items()}


def summed_usage(flows: Iterable[Flow]) -> Usage:
    """Tokens of several flows by class."""
    usage = NOTHING
    for flow in flows:
        usage = add_usage(usage, flow.usage)
    return usage


def per_hour(nano_usd: int, seconds: int) -> int:
    """Nano-dollars over so many seconds as nano-dollars per hour, half-even; 0 for no time at all."""
    return divide_half_even(nano_usd * SECONDS_PER_HOUR, seconds) if seconds > 0 else 0

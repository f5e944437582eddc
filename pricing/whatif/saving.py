"""What a saving is, and the situation in which savings are looked for."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from pricing.books.book import PriceBook
from pricing.hosts.economics import Saturating, Served
from pricing.money import usd_from_nano
from pricing.whatif.traffic import KeptRequest, Sender, Traffic, Windows, by_sender, by_session

SECONDS_PER_HOUR = 3600

ENOUGH_REQUESTS = 20
"""A sender's requests from which a distribution means something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """Something that would cost less, in dollars per hour of the traffic seen, with why it is believed.

    Savings of different rules may be about the same dollars: they do not add up.
    """

    rule: str
    who: Sender | str
    """Whose it is: a sender, or what something else is called. No sentence holds a name beside it."""
    what: str
    """What to do about it, in words that come after the name."""
    usd_per_hour: Decimal
    evidence: str
    assumption: str
    risk: str
    beside: Sender | None = None
    """Who does better, where that is what the saving rests on."""

    @property
    def title(self) -> str:
        """The whole sentence."""
        return f"{self.who} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What a rule would need to say anything."""

    rule: str
    what: str
    """What it lacks, in words that come after the name, if it is about somebody."""
    who: Sender | str | None = None

    @property
    def why(self) -> str:
        """The whole sentence."""
        return self.what if self.who is None else f"{self.who} {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnEngine:
    """A model on own GPUs over the window; `usd_per_hour` is its part of the host, whose GPUs `gpus` counts."""

    host: str
    model: str | None
    gpus: int | None
    usd_per_hour: Decimal | None
    seconds: float
    served: Served
    capacity: Saturating | None

    @property
    def used(self) -> Fraction | None:
        """Work over what the engine could have done while it was observed; None where one of them is not known."""
        if self.capacity is None or self.seconds <= 0:
            return None
        return self.served.work(self.capacity.decode_weight) / (self.capacity.work_per_second * Fraction(self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoughtCapacity:
    """A commitment that is in force: what its hours cost over the window, and the requests that it covered."""

    name: str
    nano_usd: int
    traffic: tuple[Traffic, ...]


def nobody_says(provider: str | None, model: str) -> int | None:  # noqa: ARG001 - it stands for a function that asks
    """No model's context is known."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Everything that rules look at, over a window that ends at `at_ms`."""

    seconds: float
    at_ms: int
    traffic: tuple[Traffic, ...]
    book: PriceBook
    kept: tuple[KeptRequest, ...] = ()
    engines: tuple[OwnEngine, ...] = ()
    idle_hosts: tuple[tuple[str, Decimal], ...] = ()
    """Dollars per hour of hosts, or parts of them, that no engine holds."""
    bought: tuple[BoughtCapacity, ...] = ()
    windows: Windows = nobody_says
    _senders: dict[Sender, list[Traffic]] = field(init=False, repr=False, compare=False)
    _kept: dict[Sender, list[KeptRequest]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError("savings are looked for in a window of time")
        object.__setattr__(self, "_senders", by_sender(one for one in self.traffic if one.is_metered))
        object.__setattr__(self, "_kept", by_sender(self.kept))

    def senders(self) -> Iterator[tuple[Sender, list[Traffic]]]:
        """Each sender's metered traffic."""
        yield from self._senders.items()

    def kept_of(self, sender: Sender) -> list[KeptRequest]:
        """Its single requests, as far as they are still kept."""
        return self._kept.get(sender, [])

    def sessions_of(self, sender: Sender) -> list[list[KeptRequest]]:
        """Its kept requests session by session, turn by turn; those that name no session are in none."""
        return list(by_session(self.kept_of(sender)).values())

    def scale(self, sender: Sender) -> Fraction:
        """Requests of the sender for each one of them that is kept; 1 where all are."""
        seen = sum(one.requests for one in self._senders.get(sender, ()))
        kept = len(self.kept_of(sender))
        return Fraction(max(seen, kept), kept) if kept else Fraction(0)

    def per_hour(self, nano_usd: int | Fraction) -> Decimal:
        """Nano-dollars of the window as dollars per hour, to the nano-dollar."""
        return usd_from_nano(round(Fraction(nano_usd) * SECONDS_PER_HOUR / Fraction(self.seconds)))


def usd(nano_usd: int | Fraction) -> str:
    """Nano-dollars for a sentence, e.g. "$1,234.50"."""
    dollars = round(Fraction(nano_usd)) / 1_000_000_000
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.4f}"

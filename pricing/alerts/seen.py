"""What the rules look at: spans of traffic, days of the week before, budgets, sources, hosts and GPUs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pricing.budget import BudgetState
from pricing.flow import Span

NOBODY = Span(seconds=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Normal:
    """A span to compare the present with, and what it is called."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Requests of late and of before; each span ends at the same whole minute, or before it."""

    fast: Span = NOBODY
    """The last five minutes."""
    slow: Span = NOBODY
    """The last half hour."""
    hour: Span = NOBODY
    day: Span = NOBODY
    """The last 24 hours."""
    day_before: Span = NOBODY
    """The 24 hours before those."""
    normals: tuple[Normal, ...] = ()
    """What came before: a change must stand out from each of them that has seen enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The seven days before the last 24 hours, in nano-dollars."""

    hours: int = 0
    """How many of its hours lie after the first request that was ever seen."""
    nano_usd: int = 0
    by_tenant: Mapping[str | None, int] = field(default_factory=dict)
    same_hour: tuple[int, ...] = ()
    """Spend of the present hour of day, on each of the days before that were recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSeen:
    """A source: for how long it has not been read, and what it says."""

    name: str
    state: str
    silent_seconds: float
    detail: str = ""
    nano_usd_per_hour: int | None = None
    """What it told of per hour over the day before: spend that nobody sees while it is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSeen:
    """One GPU: how long it has done nothing, and what is wrong with it; None is not known."""

    host: str
    uuid: str
    index: int
    name: str | None = None
    idle_seconds: float | None = None
    observed_seconds: float = 0.0
    busy: float | None = None
    throttled_seconds: float = 0.0
    throttle_reason: str = ""
    lost: str | None = None
    nano_usd_per_hour: int | None = None
    """Its part of its host's price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSeen:
    """One host: its utilisation over the hours observed, of the last day."""

    name: str
    utilisation: float | None
    observed_seconds: float
    nano_usd_per_hour: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that one evaluation looks at."""

    traffic: Traffic = field(default_factory=Traffic)
    week: Week = field(default_factory=Week)
    budgets: tuple[BudgetState, ...] = ()
    sources: tuple[SourceSeen, ...] = ()
    gpus: tuple[GpuSeen, ...] = ()
    hosts: tuple[HostSeen, ...] = ()

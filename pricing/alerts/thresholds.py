"""From where on each rule fires; every figure can be configured under `[alerts]`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pricing.money import NANO_PER_USD


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Shares are 0 to 1, durations seconds; `off` names rules that are not asked."""

    off: frozenset[str] = frozenset()
    least_nano_usd_per_hour: int = NANO_PER_USD // 2
    """A change of traffic that costs less than this is no alert."""
    least_requests: int = 30
    """Fewer requests than this say nothing of a ratio."""
    day_over_week: float = 1.5
    """A day's spend over the mean day of the week before."""
    rate_over_usual: float = 4.0
    """Spend over five minutes and over half an hour, over the same hour of the days before."""
    tenant_over_week: float = 10.0
    """A tenant's spend of an hour over its own mean hour of the week before."""
    tenant_cap_nano_usd: int | None = None
    """What any tenant may spend in 24 hours, where `tenant_caps` says nothing of it."""
    tenant_caps: Mapping[str, int] = field(default_factory=dict)
    cap_warning: float = 1.2
    """Spend over the cap at which a tenant is warned of, and at which it is critical."""
    cap_critical: float = 1.5
    model_mix: float = 0.25
    """By how much a model's share of all requests may rise."""
    retries: float = 0.10
    """Share of requests that are repetitions, or of dollars that paid for repetitions and failures."""
    cache_fall: float = 0.20
    """By how much the share of prompt tokens read from a cache may fall."""
    reasoning_rise: float = 0.20
    """By how much the share of output that is reasoning may rise."""
    output_length: float = 2.0
    """Output tokens per request over what they were before."""
    long_context_rise: float = 0.20
    """By how much the share of requests at a long-context price may rise."""
    batch_fall: float = 0.20
    """By how much the share of requests at a batch price may fall."""
    unpriced: float = 0.01
    """Share of tokens without a price."""
    drift: float = 0.05
    """Difference between our cost and what the gateway reports, over what it reports."""
    stale_seconds: float = 60.0
    """How long a source may be silent or failing."""
    idle_seconds: float = 1_800.0
    """How long a GPU may do nothing."""
    idle_busy: float = 0.02
    """Busy time under which a GPU does nothing."""
    utilisation: float = 0.40
    """Utilisation of a host over a day below which its idle time is worth an alert."""
    throttled_seconds: float = 120.0
    """How long a GPU may be slowed down by heat or power."""
    calm_seconds: float = 300.0
    """How long a value must be below where its alert clears before the alert is over."""

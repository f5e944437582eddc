"""What a screen shows at one instant: frozen values, read off the event loop, drawn by widgets and by the plain twins.

None is "not known" and is drawn as a dash, never as zero. Instants are epoch milliseconds, UTC.
"""

from decimal import Decimal

import msgspec

from pricing.bill import Bill
from pricing.totals import Totals
from pricing.usage import Usage
from store.tables import DIMENSIONS as DIMENSIONS

DRILL_ORDER = ("provider", "model", "tenant", "key")
"""Where `enter` leads next; below the last one stand single requests."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What the person at the screen has asked for."""

    window_seconds: int = 300
    by: str = "model"
    path: tuple[tuple[str, str | None], ...] = ()
    """Drilled-down dimensions and their values, outermost first; a None value is "not said"."""
    filter: str = ""
    until_ms: int | None = None
    """End of the window when the picture is paused or in the past; None is live."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where we look, when, over which window, and how many sources speak."""

    machine: str
    as_of_ms: int | None
    """The oldest watermark among the sources that count, or None before the first read."""
    window_seconds: int
    sources_ok: int
    sources_total: int
    demo: bool = False
    read_at_ms: int | None = None
    """When the picture was read, by the reader's clock; with `as_of_ms` it tells how old the figures are."""
    notices: tuple[str, ...] = ()
    """Plain sentences that must not be missed: a temporary store, no collector, a read-only view."""


class BudgetLine(msgspec.Struct, frozen=True, kw_only=True):
    """One budget: what is left, at which pace it goes, and when it runs out."""

    name: str
    limit_usd: Decimal
    spent_usd: Decimal
    elapsed_share: float
    """Share of the period that has passed."""
    pace: float | None
    """Share spent / share of the period elapsed; 1.0 is exactly on plan."""
    runs_out_ms: int | None
    """When it is used up at the present rate, or None when it lasts to the end of its period."""
    ends_ms: int
    lower_bound: bool = False

    @property
    def left_usd(self) -> Decimal:
        """What is left; negative when overspent."""
        return self.limit_usd - self.spent_usd


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The three figures at three in the morning."""

    usd_per_hour: Decimal | None = None
    metered_usd_per_hour: Decimal | None = None
    committed_usd_per_hour: Decimal | None = None
    usd_per_million: Decimal | None = None
    api_usd_per_million: Decimal | None = None
    """Of requests that providers bill."""
    own_usd_per_million: Decimal | None = None
    """Of our own hosts, at the utilisation they have now."""
    own_at_full_usd_per_million: Decimal | None = None
    utilisation: float | None = None
    """Work rate / saturation work rate of our own hosts; None without a known capacity."""
    idle_usd_per_hour: Decimal | None = None
    lower_bound: bool = False
    """Something in the window has no known price: every dollar figure is "at least"."""
    burn_trend: tuple[float | None, ...] = ()
    """Dollars per hour for each of the last minutes, oldest first."""
    per_million_trend: tuple[float | None, ...] = ()
    budget: BudgetLine | None = None


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """One member of the dimension that the table is grouped by."""

    key: str | None
    """The member's name as its source wrote it; None is "not said"."""
    totals: Totals
    usd_per_hour: Decimal | None
    share: float | None
    """Of the dollars of all rows."""
    tokens_per_second: float
    trend: tuple[float | None, ...] = ()
    aside: bool = False
    """A row that is no member: "(idle)", "(not in any log)"."""


class BurnPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Burn screen."""

    header: Header
    headline: Headline
    by: str
    path: tuple[tuple[str, str | None], ...]
    total: Totals
    rows: tuple[GroupRow, ...] = ()
    doubts: tuple[str, ...] = ()
    """What is uncertain in the figures, worst first, e.g. "1 unpriced model: support-tuned-7b, 0.4M tok/h"."""
    nothing_found: tuple[str, ...] = ()
    """When there is nothing to show: what was looked for, and what to do."""


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One request in a list."""

    id: int
    record_id: str
    ended_at_ms: int
    duration_ms: int | None
    provider: str | None
    model: str | None
    tenant: str | None
    key: str | None
    outcome: str
    prompt_tokens: int
    output_tokens: int
    nano_usd: int | None
    status: str
    """How the cost is known: priced, partial, estimated, free, hosted, cached, unused, unpriced, invalid."""
    error: str | None = None


class RequestsPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Requests screen: the newest or dearest requests of the window."""

    header: Header
    path: tuple[tuple[str, str | None], ...]
    rows: tuple[RequestRow, ...] = ()
    kept_since_ms: int | None = None
    """Single requests are kept from here on; older ones live on as sums."""


class BillPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One request, line by line."""

    header: Header
    request: RequestRow
    usage: Usage
    bill: Bill
    reported_nano_usd: int | None
    first_token_ms: int | None
    deployment: str | None
    source: str
    call_type: str | None
    attempts: tuple[RequestRow, ...] = ()
    """Other attempts of the same call, oldest first."""
    like_it_requests: int = 0
    """Requests of the same key and model in the last hour, and their mean cost."""
    like_it_mean_usd: Decimal | None = None


class RejectRow(msgspec.Struct, frozen=True, kw_only=True):
    """Input that could not be taken."""

    reason: str
    count: int
    example: str
    seen_ms: int


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One source: whether it speaks, how far behind it is, and what it could not read."""

    name: str
    kind: str
    state: str
    """ok, late, failing or absent, judged by the reader's clock."""
    detail: str
    state_since_ms: int | None
    watermark_ms: int | None
    lag_ms: int | None
    events: int
    events_per_minute: float | None
    duplicates: int
    rejected: int
    rejects: tuple[RejectRow, ...] = ()
    backlog_bytes: int | None = None
    gap_bytes: int = 0


class SourcesPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Sources screen."""

    header: Header
    rows: tuple[SourceRow, ...] = ()
    found: tuple[str, ...] = ()
    """What discovery found or looked for, in sentences."""


class GpuRow(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU over the last minute."""

    index: int
    uuid: str
    name: str | None
    busy: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    power_watts: float | None
    temperature_celsius: int | None
    model: str | None
    lost: str | None
    age_ms: int
    """Since the last reading."""
    stale: bool = False


class EngineRow(msgspec.Struct, frozen=True, kw_only=True):
    """One serving engine over the last minute; dollars are its part of its host's."""

    source: str
    model: str | None
    kind: str | None
    state: str
    running: int | None
    waiting: int | None
    kv_cache_used: float | None
    input_per_second: float | None
    cache_read_per_second: float | None
    output_per_second: float | None
    usd_per_hour: Decimal | None
    blended_usd_per_million: Decimal | None
    input_usd_per_million: Decimal | None
    cache_read_usd_per_million: Decimal | None
    output_usd_per_million: Decimal | None
    at_full_usd_per_million: Decimal | None
    utilisation: float | None
    utilisation_tier: str | None
    assumed: bool = False
    """Its GPUs could not be told; it shares the host's unclaimed ones equally."""
    age_ms: int | None = None


class HostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One machine: what it costs and how much of that is idle."""

    name: str
    usd_per_hour: Decimal | None
    price_from: str | None
    idle_usd_per_hour: Decimal | None
    utilisation: float | None
    gpus: tuple[GpuRow, ...] = ()
    engines: tuple[EngineRow, ...] = ()
    missing: tuple[str, ...] = ()
    """What keeps its figures from being complete, e.g. "no price for 8x H100: add [[host]] usd_per_hour"."""


class MachinesPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The GPUs screen."""

    header: Header
    hosts: tuple[HostRow, ...] = ()
    absent: str | None = None
    """Why no GPU is seen, e.g. "no NVIDIA driver on this machine"."""

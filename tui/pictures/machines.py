"""The GPUs screen: hosts, their GPUs and their engines."""

from decimal import Decimal

import msgspec

from tui.pictures.chart import ChartPicture
from tui.pictures.header import Header

LIVE, DIM, GONE = "live", "dim", "gone"
"""How fresh an engine's figures are: read lately, not read any more, and so old that they say nothing of now."""


class Hint(msgspec.Struct, frozen=True):
    """What is worth knowing, in a few words, and the figures behind it."""

    text: str
    why: str
    role: str = "warn"


class Tier(msgspec.Struct, frozen=True):
    """One answer to "how busy": its tier (U1 to U5), its share of 0 to 1, and what it was taken from."""

    tier: str
    value: float
    source: str


class Rival(msgspec.Struct, frozen=True, kw_only=True):
    """The price by the token that an engine is compared with, at the mix it serves now."""

    record: str
    checked: str | None
    how: str
    usd_per_million: Decimal | None
    """Blended over the present mix."""
    value_usd_per_hour: Decimal | None
    """What the present traffic would cost there."""
    saves_usd_per_hour: Decimal | None
    """That less what the engine costs; negative while the engine is dearer."""
    break_even: Decimal | None
    """The utilisation from which the engine is cheaper; above 1 is never at this mix."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How long most of something took: the median and the 95th percentile."""

    p50_ms: float
    p95_ms: float
    p50_beyond: bool = False
    """It is longer than `p50_ms`, the last bound of the engine's histogram."""
    p95_beyond: bool = False


class Headroom(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine needs at its busiest, and what another host more or less would change."""

    p95_work_per_second: float
    """95th percentile of its one-minute work rates."""
    days: float
    minutes: int
    needed_share: float | None
    """That and a reserve of 30 per cent, against K."""
    usd_per_million_more: Decimal | None
    """The blended price if twice as many GPUs did the present work."""
    usd_per_million_less: Decimal | None
    """The same with half of them; None where they could not do it."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """The work rate W, the saturation rate K, and how K is known."""

    per_second: float | None
    seconds: float
    """For which the engine was observed."""
    saturation_per_second: float | None
    saturation_source: str | None
    saturation_since_ms: int | None
    decode_weight: float
    weights_assumed: bool
    peak_per_second: float | None = None
    """Without a K: the busiest minute of the last day, which is a peak and no saturation."""


class GpuRow(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU over the last minute."""

    index: int
    uuid: str
    name: str | None
    busy: float | None
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    power_watts: float | None
    power_limit_watts: float | None = None
    temperature_celsius: int | None
    sm_active: float | None = None
    tensor_active: float | None = None
    dram_active: float | None = None
    sm_clock_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    memory_clock_mhz: int | None = None
    pcie_tx_bytes_per_second: float | None = None
    """From the card to the machine."""
    pcie_rx_bytes_per_second: float | None = None
    nvlink_tx_bytes_per_second: float | None = None
    """From the card to other cards."""
    nvlink_rx_bytes_per_second: float | None = None
    ecc_corrected: int | None = None
    """Errors in its memory since the driver was loaded."""
    ecc_uncorrected: int | None = None
    model: str | None
    engine: str | None = None
    """The source of the engine that holds it."""
    usd_per_hour: Decimal | None = None
    """Its equal part of the host."""
    is_instance: bool = False
    """A MIG instance: a part of another row."""
    lost: str | None
    hints: tuple[Hint, ...] = ()
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
    output_only_usd_per_million: Decimal | None = None
    """The whole engine divided over its output alone; not to be added to the price of input."""
    at_full_usd_per_million: Decimal | None
    utilisation: float | None
    utilisation_tier: str | None
    idle_usd_per_hour: Decimal | None = None
    assumed: str = ""
    """Why its part of the host is assumed, where it is."""
    gpus: tuple[int, ...] = ()
    ttft_ms: float | None = None
    tpot_ms: float | None = None
    ttft_spread: Spread | None = None
    tpot_spread: Spread | None = None
    """None where the engine has no histogram of it."""
    busy: float | None = None
    """Mean busy time of the GPUs it holds."""
    joules_per_token: float | None = None
    """Of the GPU boards."""
    energy_usd_per_million: Decimal | None = None
    """At the building's meter; 0 where rent or space pays for power."""
    work: Work | None = None
    headroom: Headroom | None = None
    rival: Rival | None = None
    tiers: tuple[Tier, ...] = ()
    hints: tuple[Hint, ...] = ()
    freshness: str = LIVE
    age_ms: int | None = None

    @property
    def tokens_per_second(self) -> float | None:
        """Of every class; None where nothing is counted."""
        known = [
            r for r in (self.input_per_second, self.cache_read_per_second, self.output_per_second) if r is not None
        ]
        return sum(known) if known else None


class HostRow(msgspec.Struct, frozen=True, kw_only=True):
    """One machine: what it costs and how much of that is idle."""

    name: str
    usd_per_hour: Decimal | None
    price_from: str | None
    idle_usd_per_hour: Decimal | None
    usd_at_least: bool = False
    """Energy is an item of its own, and that of some of its GPUs is not measured."""
    idle_at_least: bool = False
    """It lacks engines that are not read, or whose utilisation is not known."""
    utilisation: float | None
    energy_usd_per_hour: Decimal | None = None
    """The part of the price that is measured energy; None where energy is no item of its own."""
    blended_usd_per_million: Decimal | None = None
    at_full_usd_per_million: Decimal | None = None
    unclaimed_usd_per_hour: Decimal | None = None
    """Of GPUs that no engine holds."""
    joules_per_token: float | None = None
    energy_usd_per_million: Decimal | None = None
    lower_bound: bool = False
    """An engine of it is not read now: what is added up over engines is "at least"."""
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

    @property
    def engines_read(self) -> tuple[int, int]:
        """How many engines are read now, and how many there are."""
        engines = [engine for host in self.hosts for engine in host.engines]
        return sum(engine.freshness == LIVE for engine in engines), len(engines)


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Who used an engine over the window, or what else its dollars went to."""

    name: str | None
    dimension: str
    requests: int
    tokens: int
    usd_per_hour: Decimal | None
    share: float | None
    aside: bool = False


class EnginePicture(msgspec.Struct, frozen=True, kw_only=True):
    """One engine: its figures now, who uses it, and what it would cost at another utilisation."""

    header: Header
    host: str
    engine: EngineRow
    users: tuple[User, ...]
    provisional: bool
    """The window's end is not settled yet: what a log still brings changes the shares."""


class GpuPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU: what it is now, and its history over the window."""

    header: Header
    host: str
    gpu: GpuRow
    charts: tuple[ChartPicture, ...]
    xids: tuple[tuple[int, int], ...] = ()
    """(when, XID) of critical errors in what is kept."""

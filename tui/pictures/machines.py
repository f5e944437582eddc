"""The GPUs screen: hosts, their GPUs and their engines."""

from decimal import Decimal

import msgspec

from tui.pictures.header import Header


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

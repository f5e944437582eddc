"""Hosts, GPUs and engines over the last 60 seconds, divided by the time really observed."""

import argparse
import sys
from decimal import Decimal
from typing import Any

import msgspec

from collectors.machine import machine_name
from tui.commands.common import NOTHING_KNOWN, add_json, now_of, print_json, reading, shortened
from tui.pictures.machines import EngineRow, GpuRow, Headroom, HostRow, MachinesPicture, Spread
from tui.pictures.view import View
from tui.reading.machines import machines
from tui.reading.report import instant_text, money


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only the form."""
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the GPUs picture; 3 when nothing is known of any machine."""
    at_ms = now_of(options)
    with reading(options) as reader:
        picture = machines(reader, View(), at_ms, machine=machine_name())
    if options.json:
        hosts = [_host_json(host) for host in picture.hosts]
        print_json({"schema": 1, "as_of": instant_text(at_ms), "hosts": hosts, "absent": picture.absent})
    else:
        _print_text(picture)
    return 0 if picture.hosts else NOTHING_KNOWN


def _host_json(host: HostRow) -> dict[str, Any]:
    return {
        "host": host.name,
        "usd_per_hour": money(host.usd_per_hour),
        "usd_per_hour_is_lower_bound": host.usd_at_least,
        "price_from": host.price_from,
        "energy_usd_per_hour": money(host.energy_usd_per_hour),
        "idle_usd_per_hour": money(host.idle_usd_per_hour),
        "idle_is_lower_bound": host.idle_at_least,
        "utilisation": _rounded(host.utilisation),
        "usd_per_million_tokens": {"blended": money(host.blended_usd_per_million)},
        "at_full": {"blended": money(host.at_full_usd_per_million)},
        "joules_per_token": _rounded(host.joules_per_token),
        "lower_bound": host.lower_bound,
        "missing": list(host.missing),
        "gpus": [_gpu_json(gpu) for gpu in host.gpus],
        "engines": [_engine_json(engine) for engine in host.engines],
    }


def _gpu_json(gpu: GpuRow) -> dict[str, Any]:
    return {
        "index": gpu.index, "uuid": gpu.uuid, "name": gpu.name, "busy": _rounded(gpu.busy),
        "memory_used_bytes": gpu.memory_used_bytes, "memory_total_bytes": gpu.memory_total_bytes,
        "power_watts": _rounded(gpu.power_watts), "power_limit_watts": _rounded(gpu.power_limit_watts),
        "temperature_celsius": gpu.temperature_celsius, "sm_active": _rounded(gpu.sm_active),
        "tensor_active": _rounded(gpu.tensor_active), "dram_active": _rounded(gpu.dram_active),
        "sm_clock_mhz": gpu.sm_clock_mhz, "sm_clock_max_mhz": gpu.sm_clock_max_mhz,
        "memory_clock_mhz": gpu.memory_clock_mhz,
        "pcie_tx_bytes_per_second": _whole(gpu.pcie_tx_bytes_per_second),
        "pcie_rx_bytes_per_second": _whole(gpu.pcie_rx_bytes_per_second),
        "nvlink_tx_bytes_per_second": _whole(gpu.nvlink_tx_bytes_per_second),
        "nvlink_rx_bytes_per_second": _whole(gpu.nvlink_rx_bytes_per_second),
        "ecc_corrected": gpu.ecc_corrected, "ecc_uncorrected": gpu.ecc_uncorrected,
        "mig_instance": gpu.is_instance, "model": gpu.model, "engine": gpu.engine,
        "usd_per_hour": money(gpu.usd_per_hour), "lost": gpu.lost,
        "hints": [msgspec.structs.asdict(hint) for hint in gpu.hints], "age_seconds": round(gpu.age_ms / 1000, 1),
    }  # fmt: skip


def _engine_json(engine: EngineRow) -> dict[str, Any]:
    return {
        "source": engine.source, "model": engine.model, "kind": engine.kind, "state": engine.state,
        "running": engine.running, "waiting": engine.waiting, "kv_cache_used": _rounded(engine.kv_cache_used),
        "gpus": list(engine.gpus), "assumed": bool(engine.assumed), "assumed_why": engine.assumed or None,
        "tokens_per_second": {
            "input": _rounded(engine.input_per_second), "cache_read": _rounded(engine.cache_read_per_second),
            "output": _rounded(engine.output_per_second),
        },
        "usd_per_hour": money(engine.usd_per_hour), "idle_usd_per_hour": money(engine.idle_usd_per_hour),
        "usd_per_million_tokens": {
            "blended": money(engine.blended_usd_per_million), "input": money(engine.input_usd_per_million),
            "cache_read": money(engine.cache_read_usd_per_million), "output": money(engine.output_usd_per_million),
        },
        "output_only_usd_per_million_tokens": money(engine.output_only_usd_per_million),
        "at_full": {"blended": money(engine.at_full_usd_per_million)},
        "utilisation": _rounded(engine.utilisation), "utilisation_tier": engine.utilisation_tier,
        "tiers": [
            {"tier": tier.tier, "share": _rounded(tier.value), "source": tier.source} for tier in engine.tiers
        ],
        "work": _work_json(engine), "headroom": _headroom_json(engine.headroom),
        "ttft_ms": _rounded(engine.ttft_ms), "tpot_ms": _rounded(engine.tpot_ms),
        "ttft_percentiles": _spread_json(engine.ttft_spread), "tpot_percentiles": _spread_json(engine.tpot_spread),
        "joules_per_token": _rounded(engine.joules_per_token),
        "energy_usd_per_million_tokens": money(engine.energy_usd_per_million),
        "against": _rival_json(engine),
        "hints": [msgspec.structs.asdict(hint) for hint in engine.hints],
        "age_seconds": None if engine.age_ms is None else round(engine.age_ms / 1000, 1),
    }  # fmt: skip


def _spread_json(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "p50_ms": _rounded(spread.p50_ms), "p50_beyond_last_bound": spread.p50_beyond,
        "p95_ms": _rounded(spread.p95_ms), "p95_beyond_last_bound": spread.p95_beyond,
    }  # fmt: skip


def _work_json(engine: EngineRow) -> dict[str, Any] | None:
    work = engine.work
    if work is None:
        return None
    since_ms = work.saturation_since_ms
    return {
        "per_second": _rounded(work.per_second),
        "observed_seconds": _rounded(work.seconds),
        "at_saturation_per_second": _rounded(work.saturation_per_second),
        "at_saturation_from": work.saturation_source,
        "at_saturation_since": None if since_ms is None else instant_text(since_ms),
        "output_weight": _rounded(work.decode_weight),
        "weights_assumed": work.weights_assumed,
        "peak_per_second": _rounded(work.peak_per_second),
    }


def _headroom_json(room: Headroom | None) -> dict[str, Any] | None:
    if room is None:
        return None
    return {
        "p95_work_per_second": _rounded(room.p95_work_per_second),
        "minutes": room.minutes,
        "needed_share": _rounded(room.needed_share),
        "usd_per_million_tokens_with_twice_the_gpus": money(room.usd_per_million_more),
        "usd_per_million_tokens_with_half_the_gpus": money(room.usd_per_million_less),
    }


def _rival_json(engine: EngineRow) -> dict[str, Any] | None:
    rival = engine.rival
    if rival is None:
        return None
    return {
        "record": rival.record,
        "checked": rival.checked,
        "how": rival.how,
        "usd_per_million_tokens": money(rival.usd_per_million),
        "usd_per_hour": money(rival.value_usd_per_hour),
        "saves_usd_per_hour": money(rival.saves_usd_per_hour),
        "break_even_utilisation": _share_of(rival.break_even),
    }


def _share_of(value: Decimal | None) -> float | None:
    return None if value is None else _rounded(float(value))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _print_text(picture: MachinesPicture) -> None:
    lines: list[str] = []
    for host in picture.hosts:
        usd = "--" if host.usd_per_hour is None else f"${money(host.usd_per_hour)}"
        idle = "" if host.idle_usd_per_hour is None else f"  idle {_at_least(host)}${host.idle_usd_per_hour:.2f}/h"
        lines.append(f"{shortened(host.name, 40)}  {usd}/h  used {_share(host.utilisation)}{idle}")
        lines += [f"  {_gpu_line(gpu)}" for gpu in host.gpus]
        lines += [f"  {line}" for engine in host.engines for line in _engine_lines(engine)]
        lines += [f"  {sentence}" for sentence in host.missing]
    if picture.absent:
        lines.append(shortened(picture.absent, 400))
    sys.stdout.write("".join(f"{line}\n" for line in lines or ["no machine has been read yet"]))


def _at_least(host: HostRow) -> str:
    return "≥" if host.idle_at_least else ""


def _gpu_line(gpu: GpuRow) -> str:
    name = shortened(gpu.name or "GPU", 28)
    if gpu.lost:
        return f"{gpu.index:>3} {name:<28} lost: {shortened(gpu.lost, 100)}"
    watts = "--" if gpu.power_watts is None else f"{gpu.power_watts:.0f} W"
    memory = "--"
    if gpu.memory_used_bytes is not None and gpu.memory_total_bytes:
        memory = f"{gpu.memory_used_bytes / gpu.memory_total_bytes:.0%}"
    hint = f"  {gpu.hints[0].text}" if gpu.hints else ""
    return f"{gpu.index:>3} {name:<28} busy {_share(gpu.busy):>4}  memory {memory:>4}  {watts:>6}{hint}"


def _engine_lines(engine: EngineRow) -> list[str]:
    tokens = "--" if engine.tokens_per_second is None else f"{engine.tokens_per_second:,.0f}"
    price = "--" if engine.blended_usd_per_million is None else f"${engine.blended_usd_per_million:.3f}/M"
    full = "" if engine.at_full_usd_per_million is None else f", ${engine.at_full_usd_per_million:.3f} full"
    even = ""
    if engine.rival is not None and engine.rival.usd_per_million is not None:
        even = f"  API ${engine.rival.usd_per_million:.3f}/M"
        if engine.rival.break_even is not None:
            even += (
                ", break-even never" if engine.rival.break_even > 1 else f", break-even {engine.rival.break_even:.0%}"
            )
    line = (
        f"{shortened(engine.source, 20):<20} {shortened(engine.model or '(no model)', 40)}  {engine.state}"
        f"  {tokens} tok/s  {price}{full}  used {_share(engine.utilisation)}{even}"
    )
    return [line, *(f"    {shortened(hint.text, 60)}: {shortened(hint.why, 160)}" for hint in engine.hints)]


def _share(value: float | None) -> str:
    return "--" if value is None else f"{value:.0%}"

"""Hosts, GPUs and engines over the last 60 seconds, divided by the time really observed."""

import argparse
import sys
from typing import Any

from collectors.clock import now_ms
from collectors.machine import machine_name
from tui.commands.common import print_json, reading, shortened
from tui.pictures.machines import EngineRow, GpuRow, HostRow, MachinesPicture
from tui.pictures.view import View
from tui.reading.machines import machines
from tui.reading.report import instant_text, money


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only the form."""
    parser.add_argument("--json", action="store_true")


def run(options: argparse.Namespace) -> int:
    """Print the GPUs picture; 3 when nothing is known of any machine."""
    at_ms = now_ms()
    with reading(options) as reader:
        picture = machines(reader, View(), at_ms, machine=machine_name())
    if options.json:
        hosts = [_host_json(host) for host in picture.hosts]
        print_json({"schema": 1, "as_of": instant_text(at_ms), "hosts": hosts, "absent": picture.absent})
    else:
        _print_text(picture)
    return 0 if picture.hosts else 3


def _host_json(host: HostRow) -> dict[str, Any]:
    return {
        "host": host.name,
        "usd_per_hour": money(host.usd_per_hour),
        "price_from": host.price_from,
        "idle_usd_per_hour": money(host.idle_usd_per_hour),
        "missing": list(host.missing),
        "gpus": [_gpu_json(gpu) for gpu in host.gpus],
        "engines": [_engine_json(engine) for engine in host.engines],
    }


def _gpu_json(gpu: GpuRow) -> dict[str, Any]:
    return {
        "index": gpu.index, "uuid": gpu.uuid, "name": gpu.name, "busy": _rounded(gpu.busy),
        "memory_used_bytes": gpu.memory_used_bytes, "memory_total_bytes": gpu.memory_total_bytes,
        "power_watts": _rounded(gpu.power_watts), "temperature_celsius": gpu.temperature_celsius, "model": gpu.model,
        "lost": gpu.lost, "age_seconds": round(gpu.age_ms / 1000, 1),
    }  # fmt: skip


def _engine_json(engine: EngineRow) -> dict[str, Any]:
    return {
        "source": engine.source, "model": engine.model, "kind": engine.kind, "state": engine.state,
        "running": engine.running, "waiting": engine.waiting, "kv_cache_used": _rounded(engine.kv_cache_used),
        "tokens_per_second": {
            "input": _rounded(engine.input_per_second), "cache_read": _rounded(engine.cache_read_per_second),
            "output": _rounded(engine.output_per_second),
        },
        "usd_per_hour": money(engine.usd_per_hour),
        "usd_per_million_tokens": {
            "blended": money(engine.blended_usd_per_million), "input": money(engine.input_usd_per_million),
            "cache_read": money(engine.cache_read_usd_per_million), "output": money(engine.output_usd_per_million),
        },
        "at_full": {"blended": money(engine.at_full_usd_per_million)},
        "utilisation": _rounded(engine.utilisation), "utilisation_tier": engine.utilisation_tier,
        "assumed": engine.assumed,
    }  # fmt: skip


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _print_text(picture: MachinesPicture) -> None:
    lines: list[str] = []
    for host in picture.hosts:
        usd = money(host.usd_per_hour) or "--"
        lines.append(f"{shortened(host.name, 40)}  ${usd}/h  used {_share(host.utilisation)}")
        lines += [f"  {_gpu_line(gpu)}" for gpu in host.gpus]
        lines += [f"  {_engine_line(engine)}" for engine in host.engines]
        lines += [f"  {sentence}" for sentence in host.missing]
    if picture.absent:
        lines.append(shortened(picture.absent, 400))
    sys.stdout.write("".join(f"{line}\n" for line in lines or ["no machine has been read yet"]))


def _gpu_line(gpu: GpuRow) -> str:
    name = shortened(gpu.name or "GPU", 28)
    if gpu.lost:
        return f"{gpu.index:>3} {name:<28} lost: {shortened(gpu.lost, 100)}"
    watts = "--" if gpu.power_watts is None else f"{gpu.power_watts:.0f} W"
    memory = "--"
    if gpu.memory_used_bytes is not None and gpu.memory_total_bytes:
        memory = f"{gpu.memory_used_bytes / gpu.memory_total_bytes:.0%}"
    return f"{gpu.index:>3} {name:<28} busy {_share(gpu.busy):>4}  memory {memory:>4}  {watts:>6}"


def _engine_line(engine: EngineRow) -> str:
    tokens = sum(r or 0.0 for r in (engine.input_per_second, engine.cache_read_per_second, engine.output_per_second))
    price = "--" if engine.blended_usd_per_million is None else f"${engine.blended_usd_per_million:.3f}/M"
    return (
        f"{shortened(engine.source, 20):<20} {shortened(engine.model or '(no model)', 40)}  {engine.state}"
        f"  {tokens:,.0f} tok/s  {price}  used {_share(engine.utilisation)}"
    )


def _share(value: float | None) -> str:
    return "--" if value is None else f"{value:.0%}"

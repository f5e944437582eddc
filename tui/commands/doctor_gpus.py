"""What the driver says of this machine's GPUs, what reading them costs, and what their host might cost."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.clock import now_ms
from collectors.errors import CollectorError
from collectors.machine import machine_name
from collectors.rapl import PLACE, Rapl
from collectors.settings.config import Config
from pricing.hosts.known import suggestions
from store.facts import GpuReading

Sentence = tuple[str, str]
"""A mark such as "ok" or "todo", and the sentence."""

_LOOK_SECONDS = 0.2


def gpu_sentences(config: Config) -> Iterator[Sentence]:
    """On the GPUs of this machine, and on the price of the host that they are in."""
    if not config.gpu.enabled:
        yield "none", "GPUs are not read: [gpu] enabled = false."
        return
    from collectors.gpus.nvml.gpus import NvmlGpus

    gpus = NvmlGpus(machine_name())
    try:
        readings = gpus.read(now_ms())
        began = time.perf_counter()
        gpus.read(now_ms())
        took_ms = (time.perf_counter() - began) * 1_000
    except CollectorError as error:
        yield "none", f"GPUs: {error}."
        return
    finally:
        gpus.close()
    if not readings:
        yield "none", "GPUs: the driver answers and lists none."
        return
    yield "ok", f"GPUs: {names_of(readings)}; a quick poll takes {took_ms:.1f} ms."
    for reading in readings:
        if reading.lost:
            yield "fail", f"GPU {reading.index}: {reading.lost}."
    yield from _price(readings, config)


def names_of(readings: Sequence[GpuReading]) -> str:
    """Whole cards by name and number, such as "8x NVIDIA H100 80GB HBM3", and how many MIG instances they have."""
    counted = Counter(reading.name or "GPU" for reading in readings if reading.parent_uuid is None)
    names = ", ".join(f"{count}x {name}" for name, count in counted.items())
    instances = sum(reading.parent_uuid is not None for reading in readings)
    return f"{names} with {instances} MIG instances" if instances else names


def price_suggestions(readings: Sequence[GpuReading]) -> Iterator[str]:
    """What cards like these cost elsewhere."""
    for name, count in Counter(reading.name for reading in readings if reading.parent_uuid is None).items():
        yield from suggestions(name, count)


def _price(readings: Sequence[GpuReading], config: Config) -> Iterator[Sentence]:
    machine = machine_name()
    mine = [host for host in config.host if (host.name or machine) == machine]
    if any(host.usd_per_hour_nano() is not None for host in mine):
        return
    yield (
        "todo",
        f"No price for {names_of(readings)}: only physical figures are shown. Add [[host]] usd_per_hour with what you"
        " really pay (the effective rate of a reserved or spot contract), or what it cost to buy.",
    )
    for sentence in price_suggestions(readings):
        yield "note", sentence


def processor_sentences(place: Path = PLACE, look_seconds: float = _LOOK_SECONDS) -> Iterator[Sentence]:
    """What the processors draw, for the `base_watts` of an owned host; nothing where the kernel does not count it."""
    rapl = Rapl(place)
    if not rapl.has_packages:
        return
    rapl.watts()
    time.sleep(look_seconds)
    watts = rapl.watts()
    if watts is None:
        yield "note", "The processors count their energy (RAPL), and this user may not read it; root may."
    else:
        yield (
            "note",
            f"The processors draw {watts:.0f} W now (RAPL); for an owned host `measure_processors = true` counts it.",
        )

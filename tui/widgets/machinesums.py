"""What a host's row adds up: means over its GPUs, sums over the engines that are read."""

from dataclasses import dataclass

from tui.pictures.machines import LIVE, GpuRow, HostRow


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSums:
    """Of the parts that answer; None where none of them knows."""

    busy: float | None
    memory_share: float | None
    power_watts: float | None
    tokens_per_second: float | None
    waiting: int | None


def host_sums(host: HostRow) -> HostSums:
    """Add up a host."""
    seen = [gpu for gpu in host.gpus if not gpu.stale and not gpu.lost]
    busy = [gpu.busy for gpu in seen if gpu.busy is not None]
    memory = [share for gpu in seen if (share := memory_share(gpu)) is not None]
    watts = [gpu.power_watts for gpu in seen if gpu.power_watts is not None and not gpu.is_instance]
    live = [engine for engine in host.engines if engine.freshness == LIVE]
    rates = [rate for engine in live if (rate := engine.tokens_per_second) is not None]
    waiting = [engine.waiting for engine in live if engine.waiting is not None]
    return HostSums(
        busy=sum(busy) / len(busy) if busy else None,
        memory_share=sum(memory) / len(memory) if memory else None,
        power_watts=sum(watts) if watts else None,
        tokens_per_second=sum(rates) if rates else None,
        waiting=sum(waiting) if waiting else None,
    )


def memory_share(gpu: GpuRow) -> float | None:
    """How much of a card's memory is in use."""
    if gpu.memory_used_bytes is None or not gpu.memory_total_bytes:
        return None
    return gpu.memory_used_bytes / gpu.memory_total_bytes

"""In which order hosts stand, engines under their host, and GPUs under their engine."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from msgspec.structs import replace

from tui.pictures.machines import GONE, EngineRow, GpuRow, HostRow
from tui.sorting import Order, Sorting
from tui.widgets.machinerows import COLUMNS, needed_share, tier_share
from tui.widgets.machinesums import host_sums, memory_share

Part: TypeAlias = HostRow | EngineRow | GpuRow

_HOST: dict[str, Callable[[HostRow], Any]] = {
    "BUSY": lambda host: host_sums(host).busy,
    "USED": lambda host: host.utilisation,
    "MEM": lambda host: host_sums(host).memory_share,
    "WATTS": lambda host: host_sums(host).power_watts,
    "TOK/S": lambda host: host_sums(host).tokens_per_second,
    "QUEUE": lambda host: host_sums(host).waiting,
    "$/H": lambda host: host.usd_per_hour,
    "$/M": lambda host: None if host.lower_bound else host.blended_usd_per_million,
    "FULL": lambda host: None if host.lower_bound else host.at_full_usd_per_million,
    "IDLE/H": lambda host: host.idle_usd_per_hour,
    "J/TOK": lambda host: host.joules_per_token,
}
_ENGINE: dict[str, Callable[[EngineRow], Any]] = {
    "BUSY": lambda engine: engine.busy,
    "USED": lambda engine: engine.utilisation,
    "U3": lambda engine: tier_share(engine, "U3"),
    "U5": lambda engine: tier_share(engine, "U5"),
    "NEED": needed_share,
    "MEM": lambda engine: engine.kv_cache_used,
    "TOK/S": lambda engine: engine.tokens_per_second,
    "QUEUE": lambda engine: engine.waiting,
    "$/H": lambda engine: engine.usd_per_hour,
    "$/M": lambda engine: engine.blended_usd_per_million,
    "FULL": lambda engine: engine.at_full_usd_per_million,
    "IDLE/H": lambda engine: engine.idle_usd_per_hour,
    "TTFT": lambda engine: engine.ttft_ms,
    "TPOT": lambda engine: engine.tpot_ms,
    "API $/M": lambda engine: engine.rival and engine.rival.usd_per_million,
    "EVEN": lambda engine: engine.rival and engine.rival.break_even,
    "J/TOK": lambda engine: engine.joules_per_token,
    "RUNNING": lambda engine: engine.running,
    "OUT/S": lambda engine: engine.output_per_second,
    "IN $/M": lambda engine: engine.input_usd_per_million,
    "READ $/M": lambda engine: engine.cache_read_usd_per_million,
    "OUT $/M": lambda engine: engine.output_usd_per_million,
    "AGE": lambda engine: engine.age_ms,
}
_GPU: dict[str, Callable[[GpuRow], Any]] = {
    "BUSY": lambda gpu: gpu.busy,
    "MEM": memory_share,
    "WATTS": lambda gpu: gpu.power_watts,
    "TEMP": lambda gpu: gpu.temperature_celsius,
}


def value(title: str, part: Part) -> Any:
    """What a part is sorted by in a column; what its row does not show is not known."""
    if isinstance(part, HostRow):
        return _HOST[title](part) if title in _HOST else None
    if isinstance(part, EngineRow):
        return _ENGINE[title](part) if title in _ENGINE and part.freshness != GONE else None
    return _GPU[title](part) if title in _GPU and not part.lost else None


ORDERS: tuple[Order[Part], ...] = (
    Order(COLUMNS[0].title, said="by name"),
    *(Order(column.title, partial(value, column.title)) for column in COLUMNS[1:]),
)
"""By name, as they are read, or by a column: brothers are sorted, and everything stays under what it belongs to."""


def sorted_tree(hosts: Sequence[HostRow], sorting: Sorting[Any]) -> list[HostRow]:
    """The same hosts in another order, each with its engines and GPUs in that order."""
    if sorting.order.value is None and not sorting.turned:
        return list(hosts)
    return [
        replace(host, engines=tuple(sorting.of(host.engines)), gpus=tuple(sorting.of(host.gpus)))
        for host in sorting.of(hosts)
    ]

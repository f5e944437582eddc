"""One GPU: what it is now, and its busy time, memory and power over the window."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from store.hosts.capacity import xids
from store.reader import Reader
from store.records import GpuMinute
from tui.feed import FeedError
from tui.pictures.chart import ChartPicture, Point, Series
from tui.pictures.machines import GpuPicture, GpuRow
from tui.pictures.view import View
from tui.reading.machines import host_row, read_machines
from tui.reading.moment import header, moment

_LEAST_MINUTES = 60
"""A shorter window shows the last hour: GPUs are kept by the minute."""

Value: TypeAlias = Callable[[GpuMinute], float | None]


def gpu_page(
    reader: Reader, view: View, host: str, uuid: str, now_ms: int, *, machine: str, demo: bool = False
) -> GpuPicture:
    """FeedError where the GPU is not known."""
    at = moment(reader, view, now_ms)
    read = read_machines(reader, at, view.until_ms or now_ms)
    row = next((gpu for gpu in host_row(host, read).gpus if gpu.uuid == uuid), None)
    if row is None:
        raise FeedError("this GPU was not read in the last minute.")
    until_ms = -(-read.at.until_ms // 60_000) * 60_000
    minutes = max(_LEAST_MINUTES, view.window_seconds // 60)
    begins_ms = until_ms - minutes * 60_000
    found = {one.minute: one for one in reader.gpu_minutes(host, uuid, begins_ms, until_ms)}
    by_minute = [found.get(begins_ms // 1000 + 60 * place) for place in range(minutes)]
    errors = xids(reader.ask, host, uuid, begins_ms, until_ms)
    return GpuPicture(
        header=header(at, view, machine, demo=demo),
        host=host,
        gpu=row,
        charts=tuple(_charts(row, by_minute, begins_ms, errors)),
        xids=tuple(errors),
    )


def _charts(
    row: GpuRow, minutes: Sequence[GpuMinute | None], begins_ms: int, errors: Sequence[tuple[int, int]]
) -> list[ChartPicture]:
    total = row.memory_total_bytes
    wanted: list[tuple[str, Value]] = [
        ("busy %", lambda one: None if one.busy is None else one.busy * 100),
        ("mem %", lambda one: None if one.memory_used_bytes is None or not total else one.memory_used_bytes / total * 100),
        ("W", lambda one: one.power_watts),
        ("DRAM %", lambda one: None if one.dram_active is None else one.dram_active * 100),
        ("tensor %", lambda one: None if one.tensor_active is None else one.tensor_active * 100),
    ]  # fmt: skip
    marks = tuple(Point(at_ms, f"XID {xid}") for at_ms, xid in errors)
    found = []
    for unit, value in wanted:
        values = tuple(None if one is None else value(one) for one in minutes)
        if any(known is not None for known in values):
            found.append(
                ChartPicture(
                    begins_ms=begins_ms, step_ms=60_000, unit=unit, series=(Series(unit, values),), marks=marks
                )
            )
    return found

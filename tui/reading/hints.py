"""What is worth knowing of an engine or a GPU, each with the figures behind it."""

from collections.abc import Iterator

from tui import format as fmt
from tui.pictures.machines import EngineRow, GpuRow, Hint

BUSY, LITTLE = 0.9, 0.2
"""GPUs that are busy for nine tenths of the time while a fifth of the possible work is done: small batches."""

FULL = 0.95
_SLOW_TTFT_MS = 5_000
_FEW_RUNNING = 2
_IDLE_GPUS = 0.3
_FULL_CACHE = 0.9
_THROTTLED = {
    0x8: "slowed by the hardware",
    0x20: "slowed: too warm",
    0x40: "slowed: too hot",
    0x80: "slowed: power brake",
}
"""Of NVML's clock event reasons, those that are no part of normal work."""

_WORTH_SAYING_MS = 10 * 60_000


def engine_hints(engine: EngineRow) -> Iterator[Hint]:
    """Hints about one engine that is read now, the most useful first."""
    yield from _small_batch(engine)
    yield from _queue(engine)
    if engine.waiting and engine.ttft_ms is not None and engine.ttft_ms > _SLOW_TTFT_MS:
        yield Hint(
            "cheap but slow", f"first tokens take {engine.ttft_ms / 1000:.1f} s, {engine.waiting} requests wait", "warn"
        )
    work = engine.work
    if work is not None and (work.saturation_source or "").endswith("raised"):
        since = fmt.clock(work.saturation_since_ms) if work.saturation_since_ms else ""
        yield Hint(
            "K was too low",
            f"it did more than the K known: {fmt.count(work.saturation_per_second)}/s since {since}",
            "dim",
        )


def _small_batch(engine: EngineRow) -> Iterator[Hint]:
    if engine.busy is None or engine.busy < BUSY:
        return
    running = "" if engine.running is None else f", {engine.running} running"
    if engine.utilisation is not None and engine.utilisation < LITTLE:
        why = f"GPUs busy {fmt.percent(engine.busy)}, work {fmt.percent(engine.utilisation)} of saturation{running}"
        yield Hint("GPU busy, batch tiny", why)
    elif engine.utilisation is None and engine.running is not None and 0 < engine.running <= _FEW_RUNNING:
        yield Hint(
            "GPU busy, batch tiny", f"GPUs busy {fmt.percent(engine.busy)}{running}, none waiting: batch is small"
        )


def _queue(engine: EngineRow) -> Iterator[Hint]:
    if not engine.waiting:
        return
    cache = engine.kv_cache_used
    if engine.busy is not None and engine.busy < _IDLE_GPUS:
        yield Hint(
            "queue waits, GPUs idle", f"{engine.waiting} requests wait while GPUs are busy {fmt.percent(engine.busy)}"
        )
    elif (cache is not None and cache > _FULL_CACHE) or (engine.utilisation or 0.0) >= FULL:
        held = f", KV cache {fmt.percent(cache)}" if cache is not None else ""
        used = f", work {fmt.percent(engine.utilisation)} of saturation" if engine.utilisation is not None else ""
        yield Hint("full: requests wait", f"{engine.waiting} requests wait{held}{used}")


def gpu_hints(gpu: GpuRow, *, idle_ms: int | None, throttle_reasons: int | None) -> Iterator[Hint]:
    """Hints about one GPU that is read now; `idle_ms` is for how long no kernel has run, None while one does."""
    if idle_ms is not None and idle_ms >= _WORTH_SAYING_MS:
        usd = f", {fmt.usd(gpu.usd_per_hour)}/h for nothing" if gpu.usd_per_hour else ""
        held = "" if gpu.memory_used_bytes is None else f"; {fmt.size(gpu.memory_used_bytes)} of memory in use"
        yield Hint(f"idle {fmt.span(idle_ms)}{usd}", f"no kernel has run for {fmt.span(idle_ms)}{held}")
    said = [text for bit, text in _THROTTLED.items() if (throttle_reasons or 0) & bit]
    if said:
        clock = ""
        if gpu.sm_clock_mhz is not None and gpu.sm_clock_max_mhz:
            clock = f"; clock {gpu.sm_clock_mhz} of {gpu.sm_clock_max_mhz} MHz"
        yield Hint(said[0], f"{', '.join(said)}{clock}: fewer tokens for the same dollars")

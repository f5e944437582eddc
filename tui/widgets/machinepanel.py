"""What is known of the host, engine or GPU under the cursor, in a few lines."""

from collections.abc import Iterable, Iterator

from tui import format as fmt
from tui.pictures.machines import GONE, LIVE, EngineRow, GpuRow, Headroom, Hint, HostRow, Work
from tui.widgets.curve import curve_lines
from tui.widgets.lines import Line
from tui.widgets.machinerows import even_text, milliseconds, short_model, spread_text
from tui.widgets.machinesums import memory_share

_NAME_CELLS, _WIDE_CELLS = 40, 120


def host_lines(host: HostRow, width: int) -> Iterator[Line]:
    """What a host costs, for what, and what is missing for better figures."""
    if host.usd_per_hour is None:
        usd = "no price"
    else:
        usd = f"{fmt.usd(host.usd_per_hour)}/h ({fmt.safe(host.price_from or '', 30)})"
    parts = [usd]
    if host.energy_usd_per_hour is not None:
        parts.append(f"of it energy {fmt.usd(host.energy_usd_per_hour)}/h, measured")
    if host.idle_usd_per_hour is not None:
        parts.append(f"idle tax {fmt.usd(host.idle_usd_per_hour, lower_bound=host.idle_at_least)}/h")
    if host.unclaimed_usd_per_hour:
        parts.append(f"GPUs without an engine {fmt.usd(host.unclaimed_usd_per_hour)}/h")
    yield from _parts([fmt.safe(host.name, _NAME_CELLS), *parts], width, "strong")
    energy = _energy(host.joules_per_token, host)
    if energy:
        yield ((f" {energy}", ""),)
    for sentence in host.missing:
        yield from (((f" {part}", "warn"),) for part in fmt.wrap(sentence, max(20, width - 2)))


def engine_lines(engine: EngineRow, width: int, height: int, *, plain: bool = False) -> Iterator[Line]:
    """The price now and elsewhere, how full it is and how anybody knows, latencies, and the curve where there is room."""
    lines = list(engine_text(engine, width))
    yield from lines
    yield from curve_lines(engine, width, height - len(lines), plain=plain)


def engine_text(engine: EngineRow, width: int) -> Iterator[Line]:
    """The same without the curve."""
    name = short_model(engine) or fmt.safe(engine.source, _NAME_CELLS)
    if engine.freshness == GONE:
        age = fmt.age(engine.age_ms) or "a moment"
        yield ((f" {name}   {engine.state}, last read {age} ago: 6 says why", "bad"),)
        return
    if engine.freshness != LIVE:
        yield ((f" {engine.state}: these figures are {(engine.age_ms or 0) / 1000:.0f} s old", "bad"),)
    wide = width >= _WIDE_CELLS
    yield from _parts([*([name] if wide else []), *_prices(engine, dated=wide)], width, "strong")
    yield from _parts(_use(engine), width)
    latency = [
        f"{title} {milliseconds(mean)}{f' ({spread_text(spread)})' if spread is not None else ''}"
        for title, mean, spread in (
            ("TTFT", engine.ttft_ms, engine.ttft_spread), ("TPOT", engine.tpot_ms, engine.tpot_spread)
        )
        if mean is not None
    ]  # fmt: skip
    energy = _energy(engine.joules_per_token, engine)
    yield from _parts([*latency, *filter(None, [energy])], width)
    yield from hint_lines(engine.hints, width)


def hint_lines(hints: tuple[Hint, ...], width: int) -> Iterator[Line]:
    """Each hint with the figures behind it."""
    for hint in hints:
        sentence = f"{hint.text}: {hint.why}"
        yield from (((f" {part}", hint.role),) for part in fmt.wrap(sentence, max(20, width - 2)))


def gpu_lines(host: str, gpu: GpuRow, width: int) -> Iterator[Line]:
    """What a card does now."""
    title = f" {fmt.safe(host, 24)} GPU {gpu.index}   {fmt.safe(gpu.name or '', 40)}"
    if gpu.lost:
        yield ((f"{title}   {fmt.safe(gpu.lost, 80)}", "bad"),)
        return
    yield ((f"{title}   {fmt.safe(gpu.model or 'held by no engine', 40)}", "strong"),)
    memory = memory_share(gpu)
    parts = [
        f"busy {fmt.percent(gpu.busy)}",
        f"memory {fmt.size(gpu.memory_used_bytes)} of {fmt.size(gpu.memory_total_bytes)} ({fmt.percent(memory)})",
        f"power {fmt.whole(gpu.power_watts, ' W')} of {fmt.whole(gpu.power_limit_watts, ' W')}",
        f"{fmt.whole(gpu.temperature_celsius, '°C')}",
    ]
    if gpu.usd_per_hour is not None:
        parts.append(f"{fmt.usd(gpu.usd_per_hour)}/h")
    yield from _parts(parts, width)
    active = (("SM", gpu.sm_active), ("tensor", gpu.tensor_active), ("DRAM", gpu.dram_active))
    known = [f"{title} active {fmt.percent(value)}" for title, value in active if value is not None]
    if gpu.sm_clock_mhz is not None:
        most = f" of {gpu.sm_clock_max_mhz}" if gpu.sm_clock_max_mhz else ""
        known.append(f"clock {gpu.sm_clock_mhz}{most} MHz")
    yield from _parts(known, width)
    yield from hint_lines(gpu.hints, width)


def gpu_health_lines(gpu: GpuRow, width: int) -> Iterator[Line]:
    """What seldom decides anything: its memory's clock and errors, and what goes over its wires; an error is loud."""
    parts = [f"memory clock {gpu.memory_clock_mhz:,} MHz"] if gpu.memory_clock_mhz is not None else []
    wires = (
        ("PCIe", gpu.pcie_rx_bytes_per_second, gpu.pcie_tx_bytes_per_second),
        ("NVLink", gpu.nvlink_rx_bytes_per_second, gpu.nvlink_tx_bytes_per_second),
    )
    parts += [
        f"{name} {fmt.per_second(inwards)} in, {fmt.per_second(outwards)} out"
        for name, inwards, outwards in wires
        if inwards is not None or outwards is not None
    ]
    if gpu.ecc_corrected is not None or gpu.ecc_uncorrected is not None:
        counts = f"{fmt.whole(gpu.ecc_corrected)} corrected, {fmt.whole(gpu.ecc_uncorrected)} not"
        parts.append(f"memory errors {counts}")
    yield from _parts(parts, width, "dim")
    if gpu.ecc_uncorrected:
        sentence = "memory errors that could not be corrected: what ran on the card may be wrong; drain and check it"
        yield from (((f" {part}", "bad"),) for part in fmt.wrap(sentence, max(20, width - 2)))


def _parts(parts: Iterable[str], width: int, role: str = "") -> Iterator[Line]:
    return (((f" {line}", role),) for line in fmt.side_by_side(list(parts), max(20, width - 2)))


def _prices(engine: EngineRow, *, dated: bool) -> list[str]:
    now, full, rival = engine.blended_usd_per_million, engine.at_full_usd_per_million, engine.rival
    own = f"own {fmt.usd(now)}/M" if now is not None else f"idle, {fmt.usd(engine.usd_per_hour)}/h"
    parts = [own if full is None else f"{own}, {fmt.usd(full)} full"]
    if rival is not None and rival.usd_per_million is not None:
        whose = f" ({fmt.safe(rival.record, 50)}, {fmt.safe(rival.checked or 'no date', 30)})" if dated else ""
        parts.append(f"API {fmt.usd(rival.usd_per_million)}/M{whose}")
        if rival.break_even is not None:
            parts.append(f"break-even {even_text(rival.break_even)}")
    return parts


def _use(engine: EngineRow) -> Iterator[str]:
    work = engine.work
    if engine.utilisation is not None and work is not None:
        yield (
            f"used {fmt.percent(engine.utilisation)}: work {fmt.count(work.per_second)} of"
            f" {fmt.count(work.saturation_per_second)}/s ({engine.utilisation_tier})"
        )
    elif work is not None:
        peak = "" if work.peak_per_second is None else f", peak of the day {fmt.count(work.peak_per_second)}/s"
        yield f"used --: no K known; work {fmt.count(work.per_second)}/s{peak}"
    if engine.idle_usd_per_hour is not None:
        yield f"idle tax {fmt.usd(engine.idle_usd_per_hour)}/h"
    rival = engine.rival
    if rival is not None and rival.saves_usd_per_hour is not None:
        saves = rival.saves_usd_per_hour
        yield f"you save {fmt.usd(saves)}/h" if saves >= 0 else f"the API would be {fmt.usd(-saves)}/h cheaper"


def headroom_sentences(room: Headroom, work: Work) -> Iterator[str]:
    """What it needs at its busiest, and what more or fewer GPUs would change."""
    wanted = f"95% of the {room.minutes:,} minutes seen in the last days were at most {fmt.count(room.p95_work_per_second)}/s"
    reserve = room.p95_work_per_second * 1.3
    if room.needed_share is None:
        yield f"{wanted}; with 30% in reserve {fmt.count(reserve)}/s. Without a K nobody can say whether it has that."
    else:
        yield (
            f"{wanted}; with 30% in reserve {fmt.count(reserve)}/s, that is {fmt.percent(room.needed_share)} of"
            f" K = {fmt.count(work.saturation_per_second)}/s."
        )
    if room.usd_per_million_more is not None:
        yield f"As much again: {fmt.usd(room.usd_per_million_more)}/M at the present traffic."
    if room.usd_per_million_less is not None:
        yield f"Half of it would do, at {fmt.usd(room.usd_per_million_less)}/M."
    elif room.needed_share is not None:
        yield "Half of it would not do."


def _energy(joules: float | None, row: EngineRow | HostRow) -> str:
    if joules is None:
        return ""
    usd = row.energy_usd_per_million
    if usd is None:
        return f"J/token {joules:.2f} (GPU boards)"
    if not usd:
        return f"J/token {joules:.2f} (GPU boards)   energy in the rent: one more token costs nothing"
    return f"J/token {joules:.2f} (GPU boards)   marginal cost {fmt.usd(usd)}/M"

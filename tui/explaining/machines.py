"""The GPUs screen's figures: of a host, an engine or a GPU, and of all hosts together."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tui import format as fmt
from tui.explaining.words import AT_THE_MOMENT, Tell, Teller, exact
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.pictures.machines import LIVE, EngineRow, GpuRow, HostRow, MachinesPicture, Rival, Work
from tui.widgets.machinepanel import headroom_sentences
from tui.widgets.machinerows import even_text, milliseconds, price_text, spread_text, sums_text
from tui.widgets.machinesums import memory_share

_MINUTE = "what the engine's own counters gained over the last 60 s, divided by the seconds really observed"
_BOARDS = "energy counters of the GPU boards; what the rest of the host draws is not in it"


def engine_figures(header: Header, host: HostRow | None, engine: EngineRow) -> Iterator[Explanation]:
    """Every column of one engine."""
    sure = "live" if engine.freshness == LIVE else f"{engine.state}: last read {fmt.duration(engine.age_ms)} ago"
    tell = Teller(header, f"{engine.source} {engine.model or ''}".strip(), sure, AT_THE_MOMENT).tell
    yield from _dollars(host, engine, tell)
    yield from _use(engine, tell)
    if engine.rival is not None:
        yield from _rival(engine, engine.rival, tell)
    yield from _load(engine, tell)
    yield from _speed(engine, tell)


def _dollars(host: HostRow | None, engine: EngineRow, tell: Tell) -> Iterator[Explanation]:
    held = f"GPUs {', '.join(map(str, engine.gpus))}" if engine.gpus else "all GPUs that no other engine holds"
    of = f" of {fmt.usd(host.usd_per_hour)}/h for {fmt.safe(host.name, 40)}" if host is not None else ""
    yield tell(
        "$/H",
        f"{fmt.usd(engine.usd_per_hour)}/h",
        "The engine's part of what its host costs, by the GPUs that it holds.",
        f"it holds {held}{of}",
        confidence=f"assumed: {engine.assumed}" if engine.assumed else "",
    )
    yield tell(
        "$/M",
        price_text(engine),
        "What a million tokens of every class cost at the utilisation it has now.",
        f"${exact(engine.usd_per_hour)}/h / ({exact(engine.tokens_per_second, 1)} tok/s x 3,600) x 1,000,000"
        f" = ${exact(engine.blended_usd_per_million)}",
        f"by class: input ${exact(engine.input_usd_per_million)}, cached ${exact(engine.cache_read_usd_per_million)},"
        f" output ${exact(engine.output_usd_per_million)}; tokens times these add up to the hour",
        f"output alone, if it carried everything: ${exact(engine.output_only_usd_per_million)}",
        basis=f"input + cached + output tokens: {_MINUTE}",
    )
    yield tell(
        "FULL",
        fmt.dollars(engine.at_full_usd_per_million),
        "The same at saturation: the price now times the utilisation.",
        f"${exact(engine.blended_usd_per_million)} x {exact(engine.utilisation, 4)}"
        f" = ${exact(engine.at_full_usd_per_million)}",
    )
    yield tell(
        "IDLE/H",
        f"{fmt.usd(engine.idle_usd_per_hour)}/h",
        "The idle tax: dollars per hour times the share of capacity that did nothing.",
        f"${exact(engine.usd_per_hour)} x (1 - {exact(engine.utilisation, 4)}) = ${exact(engine.idle_usd_per_hour)}",
    )


def _use(engine: EngineRow, tell: Tell) -> Iterator[Explanation]:
    work = engine.work
    yield tell(
        "USED",
        fmt.percent(engine.utilisation),
        "Token saturation: the work rate W against the work rate at saturation K. Money follows this tier, U1, alone.",
        *(_work(engine, work) if work is not None else ["no work rate is known now"]),
        *(f"{tier.tier}: {fmt.percent(tier.value)}, {tier.source}" for tier in engine.tiers if tier.tier != "U1"),
        basis="input 1, cached 0.05, output as weighed",
        confidence=_how_sure(work),
    )
    for tier in engine.tiers:
        if tier.tier in _TIERS:
            yield tell(tier.tier, fmt.percent(tier.value), _TIERS[tier.tier], tier.source)
    if engine.headroom is not None and work is not None:
        yield tell(
            "NEED",
            fmt.percent(engine.headroom.needed_share),
            "What it needs at its busiest, of all that it can do; above 100 % it has too little.",
            *headroom_sentences(engine.headroom, work),
            basis="one-minute work rates of the last 7 days",
            confidence=_how_sure(work),
        )
    if engine.hints:
        yield tell("HINTS", engine.hints[0].text, *(f"{hint.text}: {hint.why}." for hint in engine.hints))


def _work(engine: EngineRow, work: Work) -> Iterator[str]:
    weight = exact(work.decode_weight, 3)
    yield (
        f"W = {exact(engine.input_per_second, 1)} + 0.05 x {exact(engine.cache_read_per_second, 1)}"
        f" + {weight} x {exact(engine.output_per_second, 1)} = {exact(work.per_second, 1)}/s over {work.seconds:,.0f} s"
    )
    if work.saturation_per_second is None:
        peak = (
            ""
            if work.peak_per_second is None
            else f"; the day's peak of {exact(work.peak_per_second, 1)}/s is no saturation"
        )
        yield f"K is not known: neither configured nor learned{peak}"
        return
    since = "" if work.saturation_since_ms is None else f", in force since {fmt.moment(work.saturation_since_ms, None)}"
    yield f"K = {exact(work.saturation_per_second, 1)}/s, {work.saturation_source}{since}"
    yield f"W / K = {exact(engine.utilisation, 4)}"


def _how_sure(work: Work | None) -> str:
    if work is None or work.saturation_per_second is None:
        return "unknown without a K"
    if work.weights_assumed:
        return "K is learned; the weights of tokens are assumed: output 5, cached 0.05"
    return f"K is {work.saturation_source}"


def _rival(engine: EngineRow, rival: Rival, tell: Tell) -> Iterator[Explanation]:
    how = f"{rival.record}, {rival.how}; price of {rival.checked or 'an unknown date'}"
    yield tell(
        "API $/M",
        fmt.dollars(rival.usd_per_million),
        "What the same mix of tokens would cost by the token.",
        f"the present traffic there: ${exact(rival.value_usd_per_hour)}/h",
        f"less the engine's ${exact(engine.usd_per_hour)}/h: you save ${exact(rival.saves_usd_per_hour)}/h",
        confidence=how,
    )
    yield tell(
        "EVEN",
        even_text(rival.break_even),
        "Break-even: the utilisation from which the engine is cheaper than the price by the token, at this mix.",
        *_even(engine, rival),
        confidence=how,
    )


def _even(engine: EngineRow, rival: Rival) -> Iterator[str]:
    if rival.break_even is None or not engine.utilisation or rival.value_usd_per_hour is None:
        yield "not known without a K"
        return
    full = rival.value_usd_per_hour / Decimal(str(engine.utilisation))
    yield (
        f"at saturation the traffic would cost ${exact(rival.value_usd_per_hour)} / {exact(engine.utilisation, 4)}"
        f" = ${exact(full)}/h there"
    )
    yield f"${exact(engine.usd_per_hour)} / ${exact(full)} = {exact(rival.break_even, 4)}"
    if rival.break_even > 1:
        yield "more than 1: never at this mix"


def _load(engine: EngineRow, tell: Tell) -> Iterator[Explanation]:
    yield tell(
        "BUSY",
        fmt.percent(engine.busy),
        "Mean share of time in which any kernel ran on the GPUs that it holds: one small batch keeps a card busy.",
    )
    yield tell("MEM", fmt.percent(engine.kv_cache_used), "How much of its KV cache is in use.")
    yield tell("QUEUE", fmt.count(engine.waiting), "Requests that wait.", f"{fmt.count(engine.running)} are running")


def _speed(engine: EngineRow, tell: Tell) -> Iterator[Explanation]:
    yield tell(
        "TOK/S",
        fmt.count(engine.tokens_per_second),
        "Tokens per second of every class.",
        f"{exact(engine.input_per_second, 1)} input + {exact(engine.cache_read_per_second, 1)} cached"
        f" + {exact(engine.output_per_second, 1)} output",
        basis=_MINUTE,
    )
    if engine.ttft_ms is not None or engine.tpot_ms is not None:
        yield tell(
            "TTFT, TPOT",
            f"{milliseconds(engine.ttft_ms) or fmt.UNKNOWN}, {milliseconds(engine.tpot_ms) or fmt.UNKNOWN}",
            "Mean time to the first token, and per output token after it: cheap may mean slow.",
            *(
                f"{title}: {spread_text(spread)}, evenly spread within a bucket of the histogram"
                for title, spread in (("TTFT", engine.ttft_spread), ("TPOT", engine.tpot_spread))
                if spread is not None
            ),
            basis="the engine's own histograms over the last 60 s",
        )
    if engine.joules_per_token is not None:
        yield tell(
            "J/TOK",
            f"{engine.joules_per_token:.2f}",
            "Energy of one computed token, which is what one more token costs on a host that is paid for anyway.",
            f"energy of a million tokens at the meter: {fmt.usd(engine.energy_usd_per_million)}",
            basis=f"input and output tokens; {_BOARDS}",
        )


def host_figures(header: Header, host: HostRow) -> Iterator[Explanation]:
    """What a host costs and how much of that is idle."""
    tell = Teller(header, host.name, "; ".join(host.missing) or "everything of it is known", AT_THE_MOMENT).tell
    parts = [f"{engine.source}: {fmt.usd(engine.usd_per_hour)}/h" for engine in host.engines]
    if host.unclaimed_usd_per_hour:
        parts.append(f"GPUs without an engine: {fmt.usd(host.unclaimed_usd_per_hour)}/h")
    if host.energy_usd_per_hour is not None:
        parts.append(f"of it measured energy: {fmt.usd(host.energy_usd_per_hour)}/h")
    yield tell(
        "$/H", f"{fmt.usd(host.usd_per_hour)}/h", "What the host costs per hour, whether it serves or not.", *parts
    )
    yield tell(
        "USED",
        fmt.percent(host.utilisation),
        "Utilisation of its engines, each weighed by its part of the host; GPUs that nobody holds count as idle.",
        *(f"{engine.source}: {fmt.percent(engine.utilisation)}" for engine in host.engines),
    )
    yield tell(
        "IDLE/H",
        fmt.usd(host.idle_usd_per_hour, lower_bound=host.idle_at_least),
        "The idle tax of its engines and of GPUs that no engine holds.",
        *(f"{engine.source}: {fmt.usd(engine.idle_usd_per_hour)}/h" for engine in host.engines),
        *([f"GPUs without an engine: {fmt.usd(host.unclaimed_usd_per_hour)}/h"] if host.unclaimed_usd_per_hour else []),
    )


def gpu_figures(header: Header, host: HostRow | None, gpu: GpuRow) -> Iterator[Explanation]:
    """What a card says of itself."""
    where = f"{host.name} " if host is not None else ""
    sure = gpu.lost or ("stale" if gpu.stale else "as the driver says")
    tell = Teller(header, f"{where}GPU {gpu.index}", sure, AT_THE_MOMENT).tell
    yield tell(
        "BUSY",
        fmt.percent(gpu.busy),
        "Share of time in which any kernel ran: one small batch keeps a card busy. It is no utilisation.",
        *(f"{hint.text}: {hint.why}" for hint in gpu.hints),
    )
    yield tell(
        "MEM",
        fmt.percent(memory_share(gpu)),
        "Memory in use, without what the driver keeps for itself.",
        f"{fmt.size(gpu.memory_used_bytes)} / {fmt.size(gpu.memory_total_bytes)}",
    )
    yield tell(
        "WATTS",
        fmt.whole(gpu.power_watts),
        "Power of the board, mean of the last 60 s.",
        f"limit {fmt.whole(gpu.power_limit_watts, ' W')}",
    )
    yield from _gpu_health(gpu, tell)


def _gpu_health(gpu: GpuRow, tell: Tell) -> Iterator[Explanation]:
    """What its page says in small letters, so far as the card says it."""
    if gpu.memory_clock_mhz is not None:
        yield tell(
            "memory clock",
            fmt.whole(gpu.memory_clock_mhz, " MHz"),
            "Clock of the card's memory, which bounds how fast tokens are decoded; it falls while the card idles.",
            f"read: {gpu.memory_clock_mhz} MHz",
        )
    for name, what, inwards, outwards in (
        ("PCIe", "the machine: models that are loaded, prompts and answers, and other cards where no NVLink is",
         gpu.pcie_rx_bytes_per_second, gpu.pcie_tx_bytes_per_second),
        ("NVLink", "other cards: what one model on several cards exchanges for each token",
         gpu.nvlink_rx_bytes_per_second, gpu.nvlink_tx_bytes_per_second),
    ):  # fmt: skip
        if inwards is not None or outwards is not None:
            yield tell(
                name,
                f"{fmt.per_second(inwards)} in, {fmt.per_second(outwards)} out",
                f"Bytes per second between this card and {what}.",
                "mean of the readings of the last 60 s",
            )
    if gpu.ecc_corrected is not None or gpu.ecc_uncorrected is not None:
        yield tell(
            "memory errors",
            f"{fmt.whole(gpu.ecc_corrected)} corrected, {fmt.whole(gpu.ecc_uncorrected)} not",
            "Errors in the card's memory that ECC found since the driver was loaded. Corrected ones harm nothing;"
            " one that was not makes what ran there doubtful.",
            f"corrected {fmt.whole(gpu.ecc_corrected)}, uncorrected {fmt.whole(gpu.ecc_uncorrected)}",
        )


def sum_figures(picture: MachinesPicture) -> Iterator[Explanation]:
    """The first line: all hosts together."""
    read, engines = picture.engines_read
    tell = Teller(picture.header, "all hosts", f"{read} of {engines} engines are read now", AT_THE_MOMENT).tell
    yield tell(
        "HOSTS",
        sums_text(picture),
        "Dollars per hour of every host in force, and the part of them that bought nothing.",
        *(
            f"{host.name}: {fmt.usd(host.usd_per_hour)}/h, used {fmt.percent(host.utilisation)},"
            f" idle {fmt.usd(host.idle_usd_per_hour, lower_bound=host.idle_at_least)}/h"
            for host in picture.hosts
        ),
    )


_TIERS = {
    "U3": "Hardware activity: how active the matrix or memory units of its GPUs are, of what was seen at saturation.",
    "U5": "Power of its GPUs between what they draw when idle and their limit: coarse, and the same for every engine.",
}
_COLUMNS = {
    "BUSY": "Share of the last minute in which a kernel ran on the card, as the driver samples it; of a host, the mean of its cards.",
    "MEM": "Memory in use over memory that is there; of a host, of all its cards together.",
    "WATTS": "Power as the driver measures it, the mean over the last minute; of a host, the sum of its cards.",
    "TEMP": "The card's temperature, as the driver said it last.",
    "TOK/S": "Tokens of every class per second over the last minute, divided by the time that was really observed.",
    "QUEUE": "Requests that wait in the engines' queues now.",
    "RUNNING": "Requests that the engine works on now.",
    "OUT/S": "Tokens generated per second over the last minute.",
    "TTFT": "Mean time to the first token of requests in the last minute: the engine's sum over its count.",
    "TPOT": "Mean time per token after the first in the last minute: the engine's sum over its count.",
    "IN $/M": "Dollars per million prompt tokens that were computed, by the share of the work that they are.",
    "READ $/M": "Dollars per million prompt tokens that were read from the engine's cache, by the share of the work that they are.",
    "OUT $/M": "Dollars per million tokens generated, by the share of the work that they are.",
}
"""Readings that are explained by what they are: they are measured, or a part of a figure that has its arithmetic."""


def column_figures(header: Header, name: str, texts: Iterable[tuple[str, str]]) -> Iterator[Explanation]:
    """The columns of a row that are readings."""
    sure = "exact: measured by the driver or counted by the engine"
    tell = Teller(header, fmt.safe(name.strip(), 60), sure, AT_THE_MOMENT).tell
    for title, text in texts:
        if title in _COLUMNS and text.strip():
            yield tell(title, text.strip(), _COLUMNS[title], f"read: {text.strip()}")

"""Hosts, engines and GPUs as the rows of a tree."""

from collections.abc import Collection, Hashable, Iterator, Sequence
from decimal import Decimal

from tui import format as fmt
from tui.pictures.machines import DIM, GONE, LIVE, EngineRow, GpuRow, HostRow, MachinesPicture, Spread
from tui.widgets.columns import Column
from tui.widgets.machinesums import host_sums, memory_share
from tui.widgets.table import Row

COLUMNS = (
    Column(title="HOST / ENGINE / GPU", width=21, right=False, grows_to=48),
    Column(title="BUSY", width=5),
    Column(title="USED", width=5),
    Column(title="U3", width=4, rank=7),
    Column(title="U5", width=4, rank=7),
    Column(title="MEM", width=4, rank=3),
    Column(title="WATTS", width=5, rank=4),
    Column(title="TEMP", width=5, rank=8),
    Column(title="TOK/S", width=6, rank=1),
    Column(title="QUEUE", width=5, rank=2),
    Column(title="$/H", width=6),
    Column(title="$/M", width=6),
    Column(title="FULL", width=6, rank=5),
    Column(title="IDLE/H", width=6, rank=6),
    Column(title="TTFT", width=7, rank=7),
    Column(title="TPOT", width=6, rank=7),
    Column(title="NEED", width=5, rank=7),
    Column(title="API $/M", width=7, rank=8),
    Column(title="EVEN", width=5, rank=8),
    Column(title="J/TOK", width=6, rank=8),
    Column(title="RUNNING", width=7, rank=8),
    Column(title="OUT/S", width=6, rank=8),
    Column(title="IN $/M", width=6, rank=9),
    Column(title="READ $/M", width=8, rank=9),
    Column(title="OUT $/M", width=7, rank=9),
    Column(title="AGE", width=6, rank=8),
)
_TOP, _MIDDLE, _BOTTOM = "", "  ", "    "

HostKey = tuple[str, str]
EngineKey = tuple[str, str, str, str | None]
GpuKey = tuple[str, str, str]


def host_key(host: HostRow) -> HostKey:
    """What a host's row is known by."""
    return ("host", host.name)


def engine_key(host: str, engine: EngineRow) -> EngineKey:
    """What an engine's row is known by."""
    return ("engine", host, engine.source, engine.model)


def gpu_key(host: str, gpu: GpuRow) -> GpuKey:
    """What a GPU's row is known by."""
    return ("gpu", host, gpu.uuid)


def tree_rows(hosts: Sequence[HostRow], folded: Collection[Hashable]) -> Iterator[Row]:
    """Each host, under it its engines, under them their GPUs; GPUs that no engine holds come last."""
    for host in hosts:
        yield host_row(host, folded=host_key(host) in folded)
        if host_key(host) in folded:
            continue
        for engine in host.engines:
            mine = [gpu for gpu in host.gpus if gpu.engine == engine.source]
            is_folded = engine_key(host.name, engine) in folded
            yield engine_row(host.name, engine, folds=bool(mine), folded=is_folded)
            for place, gpu in enumerate(() if is_folded else mine):
                yield gpu_row(host.name, gpu, engine if place == 0 else None)
        names = {engine.source for engine in host.engines}
        yield from (gpu_row(host.name, gpu) for gpu in host.gpus if gpu.engine not in names)


def host_row(host: HostRow, *, folded: bool = False) -> Row:
    """A host: means over its GPUs, sums over its engines."""
    sums = host_sums(host)
    least = fmt.AT_LEAST if host.lower_bound else ""
    joules = fmt.UNKNOWN if host.joules_per_token is None else f"{host.joules_per_token:.2f}"
    return _row(
        host_key(host),
        "strong",
        name=f"{_mark(bool(host.gpus or host.engines), folded)}{fmt.safe(host.name, 40)}{_gpu_names(host.gpus)}",
        texts={
            "BUSY": fmt.percent(sums.busy),
            "USED": fmt.percent(host.utilisation),
            "MEM": "" if sums.memory_share is None else fmt.percent(sums.memory_share),
            "WATTS": fmt.count(sums.power_watts),
            "TOK/S": fmt.UNKNOWN if sums.tokens_per_second is None else f"{least}{fmt.count(sums.tokens_per_second)}",
            "QUEUE": "" if sums.waiting is None else fmt.count(sums.waiting),
            "$/H": fmt.dollars(host.usd_per_hour, lower_bound=host.usd_at_least),
            "$/M": fmt.UNKNOWN if host.lower_bound else fmt.dollars(host.blended_usd_per_million),
            "FULL": fmt.UNKNOWN if host.lower_bound else fmt.dollars(host.at_full_usd_per_million),
            "IDLE/H": fmt.dollars(host.idle_usd_per_hour, lower_bound=host.idle_at_least),
            "J/TOK": joules,
        },
    )


def engine_row(host: str, engine: EngineRow, *, folds: bool = False, folded: bool = False) -> Row:
    """One serving engine: dimmed with its age while it does not answer, `--` when that is too long ago."""
    assumed = "  (assumed)" if engine.assumed else ""
    age = fmt.age(engine.age_ms) if engine.freshness != DIM else f"{(engine.age_ms or 0) / 1000:.0f} s"
    old = f" {age} old" if engine.freshness == DIM else ""
    name = f"{_MIDDLE}{_mark(folds, folded)}{fmt.safe(engine.source, 24)}{old}  {short_model(engine)}{assumed}"
    if engine.freshness == GONE:
        note = f"{engine.state.upper()}, last read {age or 'a moment'} ago"
        texts = dict.fromkeys(("BUSY", "USED"), fmt.UNKNOWN)
        role = "bad" if engine.state == "failing" else "warn"
        return _row(engine_key(host, engine), role, name=name, texts=texts, note=note)
    rival = engine.rival
    warns = any(hint.role == "warn" for hint in engine.hints)
    return _row(
        engine_key(host, engine),
        "dim" if engine.freshness == DIM or age else "warn" if warns else "",
        name=f"{name}{'  !' if warns else ''}",
        texts={
            "BUSY": fmt.percent(engine.busy) if engine.busy is not None else "",
            "USED": fmt.percent(engine.utilisation),
            "U3": tier_text(engine, "U3"),
            "U5": tier_text(engine, "U5"),
            "MEM": fmt.percent(engine.kv_cache_used),
            "TOK/S": fmt.count(engine.tokens_per_second),
            "QUEUE": fmt.count(engine.waiting),
            "$/H": fmt.dollars(engine.usd_per_hour),
            "$/M": price_text(engine),
            "FULL": fmt.dollars(engine.at_full_usd_per_million),
            "IDLE/H": fmt.dollars(engine.idle_usd_per_hour),
            "TTFT": milliseconds(engine.ttft_ms),
            "TPOT": milliseconds(engine.tpot_ms),
            "NEED": fmt.percent(needed_share(engine)) if engine.headroom is not None else "",
            "API $/M": "" if rival is None else fmt.dollars(rival.usd_per_million),
            "EVEN": even_text(rival.break_even) if rival is not None else "",
            "J/TOK": "" if engine.joules_per_token is None else f"{engine.joules_per_token:.2f}",
            "RUNNING": fmt.count(engine.running),
            "OUT/S": fmt.count(engine.output_per_second),
            "IN $/M": fmt.dollars(engine.input_usd_per_million),
            "READ $/M": fmt.dollars(engine.cache_read_usd_per_million),
            "OUT $/M": fmt.dollars(engine.output_usd_per_million),
            "AGE": age,
        },
    )


def gpu_row(host: str, gpu: GpuRow, engine: EngineRow | None = None) -> Row:
    """One GPU; a lost one says so and shows no figure. `engine` is the one whose hint stands beside its first GPU."""
    name = f"{_BOTTOM}{gpu.index} {'MIG ' if gpu.is_instance else ''}{fmt.safe(gpu.name or 'GPU', 30)}"
    if gpu.lost:
        texts = {"BUSY": fmt.UNKNOWN, "USED": "", "MEM": fmt.UNKNOWN, "WATTS": fmt.UNKNOWN}
        return _row(gpu_key(host, gpu), "bad", name=name, texts=texts, note=gpu.lost)
    hints = (*gpu.hints, *(engine.hints if engine is not None else ()))
    if gpu.stale:
        note = f"last read {fmt.age(gpu.age_ms) or 'a moment'} ago"
    else:
        note = hints[0].text if hints else "" if gpu.engine else fmt.safe(gpu.model or "", 40)
    return _row(
        gpu_key(host, gpu),
        "dim" if gpu.stale else "",
        name=name,
        note=note,
        texts={
            "BUSY": fmt.percent(gpu.busy),
            "MEM": fmt.percent(memory_share(gpu)),
            "WATTS": fmt.whole(gpu.power_watts),
            "TEMP": fmt.whole(gpu.temperature_celsius, "°C"),
        },
    )


def sums_text(picture: MachinesPicture, width: int | None = None) -> str:
    """All hosts in one line; what is not known of one of them makes a sum a lower bound. What has no room is left out."""
    text = ""
    for part in _sums(picture):
        longer = f"{text}   {part}" if text else part
        if width is None or fmt.cells(longer) <= width:
            text = longer
    return text


def _sums(picture: MachinesPicture) -> Iterator[str]:
    hosts, (read, engines) = picture.hosts, picture.engines_read
    missing = read < engines
    usd = [host.usd_per_hour for host in hosts if host.usd_per_hour is not None]
    total = sum(usd, Decimal(0)) if usd else None
    noun = "HOST" if len(hosts) == 1 else "HOSTS"
    yield f"{len(hosts)} {noun} {fmt.usd(total, lower_bound=len(usd) < len(hosts) or any(host.usd_at_least for host in hosts))}/h"
    if missing:
        yield f"{read} of {engines} engines read"
    used = [
        (float(host.usd_per_hour), host.utilisation)
        for host in hosts
        if host.utilisation is not None and host.usd_per_hour
    ]
    if used:
        yield f"used {fmt.percent(sum(dollars * share for dollars, share in used) / sum(dollars for dollars, _ in used))}"
    idle = [host.idle_usd_per_hour for host in hosts if host.idle_usd_per_hour is not None]
    if idle:
        yield f"idle tax {fmt.usd(sum(idle, Decimal(0)), lower_bound=missing or len(idle) < len(hosts) or any(h.idle_at_least for h in hosts))}/h"
    live = [engine for host in hosts for engine in host.engines if engine.freshness == LIVE]
    rates = [rate for engine in live if (rate := engine.tokens_per_second) is not None]
    if rates:
        yield f"{fmt.AT_LEAST if missing else ''}{fmt.count(sum(rates))} tok/s"
    watts = [gpu.power_watts for host in hosts for gpu in host.gpus if _draws(gpu) and gpu.power_watts is not None]
    if watts:
        yield f"{fmt.count(sum(watts))}W"
    if len(hosts) == 1 and hosts[0].joules_per_token is not None and not missing:
        yield f"J/token {hosts[0].joules_per_token:.2f}"


def short_model(engine: EngineRow) -> str:
    """What an engine serves, without the owner before the last slash."""
    return fmt.safe((engine.model or "").rpartition("/")[2], 40)


def price_text(engine: EngineRow) -> str:
    """Dollars per million; an engine that serves nothing has no price, and says idle instead of infinity."""
    if engine.blended_usd_per_million is None and engine.tokens_per_second == 0 and engine.usd_per_hour:
        return "idle"
    return fmt.dollars(engine.blended_usd_per_million)


def even_text(break_even: Decimal | None) -> str:
    """The break-even as a utilisation; above 100 % the engine is never cheaper at this mix."""
    if break_even is None:
        return fmt.UNKNOWN
    return "never" if break_even > 1 else fmt.percent(float(break_even))


def milliseconds(value: float | None) -> str:
    """A latency in three digits."""
    if value is None:
        return ""
    return f"{value / 1000:.1f}s" if value >= 10_000 else f"{value:.0f}ms" if value >= 10 else f"{value:.1f}ms"


def tier_share(engine: EngineRow, tier: str) -> float | None:
    """How busy an engine is by one of the answers to that, where it is given."""
    return next((one.value for one in engine.tiers if one.tier == tier), None)


def tier_text(engine: EngineRow, tier: str) -> str:
    """The same in a cell."""
    share = tier_share(engine, tier)
    return "" if share is None else fmt.percent(share)


def needed_share(engine: EngineRow) -> float | None:
    """What an engine needs at its busiest, with a reserve, of all that it can do."""
    return None if engine.headroom is None else engine.headroom.needed_share


def spread_text(spread: Spread | None) -> str:
    """The median and the 95th percentile; what lies beyond the last bound of a histogram is longer than that."""
    if spread is None:
        return ""
    p50 = f"{'>' if spread.p50_beyond else ''}{milliseconds(spread.p50_ms)}"
    p95 = f"{'>' if spread.p95_beyond else ''}{milliseconds(spread.p95_ms)}"
    return f"P50 {p50}, P95 {p95}"


def _draws(gpu: GpuRow) -> bool:
    return not gpu.lost and not gpu.stale and not gpu.is_instance


def _mark(folds: bool, folded: bool) -> str:
    return "" if not folds else "+ " if folded else "- "


def _gpu_names(gpus: Sequence[GpuRow]) -> str:
    cards = [gpu for gpu in gpus if not gpu.is_instance]
    names = {gpu.name for gpu in cards if gpu.name}
    if not cards:
        return ""
    return f"   {len(cards)}x {fmt.safe(names.pop(), 30) if len(names) == 1 else 'GPU'}"


def _row(key: Hashable, role: str, *, name: str, texts: dict[str, str], note: str = "") -> Row:
    rest = tuple(texts.get(column.title, "") for column in COLUMNS[1:])
    return Row(key=key, cells=(name, *rest), role=role, note=note)

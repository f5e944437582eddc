"""GPUs: each host with its engines and GPUs, what they cost, and how much of that is idle."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from textual.geometry import Size
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.machines import EngineRow, GpuRow, HostRow, MachinesPicture
from tui.pictures.view import View
from tui.screens.monitor import MonitorScreen
from tui.widgets.lines import Line, Lines
from tui.widgets.rule import Rule
from tui.widgets.table import Column, Row, Table

COLUMNS = (
    Column(title="HOST / ENGINE / GPU", width=21, right=False, grows_to=48),
    Column(title="BUSY", width=5),
    Column(title="USED", width=5),
    Column(title="MEM", width=4, rank=3),
    Column(title="WATTS", width=5, rank=4),
    Column(title="TEMP", width=5, rank=6),
    Column(title="TOK/S", width=6, rank=1),
    Column(title="QUEUE", width=5, rank=2),
    Column(title="$/H", width=6),
    Column(title="$/M", width=6),
    Column(title="FULL", width=6, rank=5),
    Column(title="IDLE/H", width=6, rank=6),
    Column(title="RUNNING", width=7, rank=7),
    Column(title="IN TOK/S", width=8, rank=8),
    Column(title="CACHED/S", width=8, rank=8),
    Column(title="IN $/M", width=6, rank=9),
    Column(title="READ $/M", width=8, rank=9),
    Column(title="OUT $/M", width=7, rank=9),
    Column(title="AGE", width=6, rank=10),
)
_TOP, _MIDDLE, _BOTTOM = "", "  ", "    "


class MachineSums(Lines):
    """One line over the table: what all hosts cost, and the idle part of it."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""

    def show(self, picture: MachinesPicture) -> None:
        """Take the hosts."""
        self._text = sums_text(picture.hosts)
        self.redraw()

    def lines(self, size: Size) -> Iterable[Line]:
        """The one line."""
        yield ((fmt.safe(f" {self._text}", size.width), "strong"),)


class GpusScreen(MonitorScreen[MachinesPicture]):
    """Hosts, engines and GPUs over the last minute."""

    FILTERS = False

    def compose_body(self) -> Sequence[Widget]:
        """The sums over the table."""
        return MachineSums(), Rule(), Table(COLUMNS, opens=False, gap=1)

    def read(self, feed: Feed, view: View) -> MachinesPicture:
        """Hosts, GPUs and engines."""
        return feed.machines(view)

    def doubts(self, picture: MachinesPicture) -> Sequence[str]:
        """What keeps the hosts' figures from being complete."""
        return tuple(f"{host.name}: {missing}" for host in picture.hosts for missing in host.missing)

    def draw_body(self, picture: MachinesPicture) -> None:
        """One row each, under their hosts."""
        self.query_one(MachineSums).show(picture)
        rows = [row for host in picture.hosts for row in host_rows(host)]
        self.query_one(Table).show(rows, empty=(picture.absent or "No GPU and no engine is known here.",))


def sums_text(hosts: Sequence[HostRow]) -> str:
    """All hosts in one line; what is not known of one host makes the sum a lower bound."""
    usd = [host.usd_per_hour for host in hosts if host.usd_per_hour is not None]
    idle = [host.idle_usd_per_hour for host in hosts if host.idle_usd_per_hour is not None]
    total = sum(usd, Decimal(0)) if usd else None
    parts = [
        f"{len(hosts)} {'HOST' if len(hosts) == 1 else 'HOSTS'}",
        f"{fmt.usd(total, lower_bound=len(usd) < len(hosts))}/h",
    ]
    if idle:
        parts.append(f"idle tax {fmt.usd(sum(idle, Decimal(0)), lower_bound=len(idle) < len(hosts))}/h")
    watts = [gpu.power_watts for host in hosts for gpu in host.gpus if gpu.power_watts is not None and not gpu.lost]
    if watts:
        parts.append(f"{fmt.count(sum(watts))}W")
    return "   ".join(parts)


def host_rows(host: HostRow) -> Iterator[Row]:
    """A host, then its engines, then its GPUs."""
    busy = [gpu.busy for gpu in host.gpus if gpu.busy is not None and not gpu.stale and not gpu.lost]
    watts = [gpu.power_watts for gpu in host.gpus if gpu.power_watts is not None and not gpu.stale and not gpu.lost]
    yield _row(
        ("host", host.name),
        "strong",
        name=f"{fmt.safe(host.name, 40)}{_gpu_names(host.gpus)}",
        BUSY=fmt.percent(sum(busy) / len(busy)) if busy else fmt.UNKNOWN,
        USED=fmt.percent(host.utilisation),
        WATTS=fmt.count(sum(watts)) if watts else fmt.UNKNOWN,
        tail={"$/H": fmt.dollars(host.usd_per_hour), "IDLE/H": fmt.dollars(host.idle_usd_per_hour)},
    )
    for engine in host.engines:
        yield engine_row(host.name, engine)
    for gpu in host.gpus:
        yield gpu_row(host.name, gpu)


def _gpu_names(gpus: Sequence[GpuRow]) -> str:
    names = {gpu.name for gpu in gpus if gpu.name}
    if not gpus:
        return ""
    return f"   {len(gpus)}x {fmt.safe(names.pop(), 30) if len(names) == 1 else 'GPU'}"


def engine_row(host: str, engine: EngineRow) -> Row:
    """One serving engine."""
    name = f"{_MIDDLE}{fmt.safe(engine.source, 24)}  {fmt.safe(engine.model or '', 40)}{'  (assumed)' if engine.assumed else ''}"
    key = ("engine", host, engine.source, engine.model)
    stale = fmt.age(engine.age_ms)
    if engine.state != "ok":
        note = f"{engine.state.upper()}{f', last read {stale} ago' if stale else ''}"
        return _row(key, "bad" if engine.state == "failing" else "warn", name=name, note=note, BUSY=fmt.UNKNOWN)
    return _row(
        key,
        "dim" if stale else "",
        name=name,
        USED=fmt.percent(engine.utilisation),
        MEM=fmt.percent(engine.kv_cache_used),
        tail={
            "TOK/S": fmt.count(engine.output_per_second),
            "QUEUE": fmt.count(engine.waiting),
            "$/H": fmt.dollars(engine.usd_per_hour),
            "$/M": fmt.dollars(engine.blended_usd_per_million),
            "FULL": fmt.dollars(engine.at_full_usd_per_million),
            "RUNNING": fmt.count(engine.running),
            "IN TOK/S": fmt.count(engine.input_per_second),
            "CACHED/S": fmt.count(engine.cache_read_per_second),
            "IN $/M": fmt.dollars(engine.input_usd_per_million),
            "READ $/M": fmt.dollars(engine.cache_read_usd_per_million),
            "OUT $/M": fmt.dollars(engine.output_usd_per_million),
            "AGE": stale,
        },
    )


def gpu_row(host: str, gpu: GpuRow) -> Row:
    """One GPU; a lost one says so and shows no figure."""
    name = f"{_BOTTOM}{gpu.index} {fmt.safe(gpu.name or 'GPU', 30)}"
    key = ("gpu", host, gpu.uuid)
    if gpu.lost:
        return _row(key, "bad", name=name, note=gpu.lost, BUSY=fmt.UNKNOWN, USED="", MEM=fmt.UNKNOWN, WATTS=fmt.UNKNOWN)
    age = fmt.age(gpu.age_ms)
    note = f"last read {age or 'a moment'} ago" if gpu.stale else fmt.safe(gpu.model or "", 40)
    return _row(
        key,
        "dim" if gpu.stale else "",
        name=name,
        note=note,
        BUSY=fmt.percent(gpu.busy),
        MEM=fmt.percent(_memory_share(gpu)),
        WATTS=fmt.whole(gpu.power_watts),
        TEMP=fmt.whole(gpu.temperature_celsius, "°C"),
    )


def _memory_share(gpu: GpuRow) -> float | None:
    if gpu.memory_used_bytes is None or not gpu.memory_total_bytes:
        return None
    return gpu.memory_used_bytes / gpu.memory_total_bytes


def _row(
    key: tuple[object, ...], role: str, *, name: str, note: str = "", tail: dict[str, str] | None = None, **cells: str
) -> Row:
    texts = {**cells, **(tail or {})}
    rest = tuple(texts.get(column.title, "") for column in COLUMNS[1:])
    return Row(key=key, cells=(name, *rest), role=role, note=note, opens=False)

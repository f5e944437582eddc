"""One engine: its figures, who uses it, how full it is against its past, and its headroom."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from pricing.totals import Totals, usd_per_hour
from store.reader import Reader
from store.sums import SumKey
from store.tables import ENGINE
from tui.feed import FeedError
from tui.pictures.machines import GONE, EnginePicture, EngineRow, MachinesPicture, User
from tui.pictures.view import View
from tui.reading.committed import committed
from tui.reading.enginepast import headroom, past_tiers, peak
from tui.reading.machines import Machines, held_gpus, machines, pool_row, read_machines
from tui.reading.moment import Moment, header, is_provisional, moment
from tui.reading.pools import Pool
from tui.reading.sharing import allocated

_ELSEWHERE = None
_USER_DIMENSIONS = ("tenant", "key", "model")


def engine_page(
    reader: Reader, view: View, source: str, model: str | None, now_ms: int, *, machine: str, demo: bool = False
) -> EnginePicture:
    """The figures are those of the last minute, users those of the view's window; FeedError where the engine is gone."""
    at = moment(reader, view, now_ms)
    read = read_machines(reader, at, view.until_ms or now_ms)
    pool = next(
        (p for house in read.houses for p in house.pools if (p.engine.name, p.engine.model) == (source, model)), None
    )
    if pool is None:
        raise FeedError(f"{source} was not read for a day: nothing is known of it any more.")
    return EnginePicture(
        header=header(at, view, machine, demo=demo),
        host=pool.host,
        engine=with_past(pool_row(pool, read), pool, read),
        users=tuple(users(reader, at, pool)),
        provisional=is_provisional(at),
        headroom=headroom(reader.ask, pool, read.at.until_ms),
    )


def whole_machines(reader: Reader, view: View, now_ms: int, *, machine: str) -> MachinesPicture:
    """The GPUs picture with everything that looks at the past, too: for a question that is asked once."""
    picture = machines(reader, view, now_ms, machine=machine)
    read = read_machines(reader, moment(reader, view, now_ms), view.until_ms or now_ms)
    pools = {(pool.host, pool.engine.name, pool.engine.model): pool for house in read.houses for pool in house.pools}
    return replace(
        picture,
        hosts=tuple(
            replace(
                host,
                engines=tuple(with_past(row, pools[host.name, row.source, row.model], read) for row in host.engines),
            )
            for host in picture.hosts
        ),
    )


def with_past(row: EngineRow, pool: Pool, read: Machines) -> EngineRow:
    """The row with the answers that need a yardstick from the past."""
    if row.freshness == GONE:
        return row
    ask, at_ms = read.facts.ask, read.at.until_ms
    tiers = sorted((*row.tiers, *past_tiers(ask, pool, held_gpus(pool, read), at_ms)), key=lambda tier: tier.tier)
    work = row.work
    if work is not None and work.saturation_per_second is None:
        work = replace(work, peak_per_second=peak(ask, pool, at_ms))
    return replace(row, tiers=tuple(tiers), work=work)


def users(reader: Reader, at: Moment, pool: Pool) -> Iterator[User]:
    """Tenants that used the engine over the window, or keys where there is only one tenant, the dearest first."""
    costs = committed(reader, at)
    mine = next(
        (p for p in costs.pools if (p.engine.name, p.engine.model) == (pool.engine.name, pool.engine.model)), None
    )
    whole = mine.nano_usd if mine is not None else None
    sums = reader.sums(at.since_ms, at.until_ms)
    for dimension in _USER_DIMENSIONS:

        def of(key: SumKey, dimension: str = dimension) -> tuple[str | None] | None:
            return (key.value(dimension),) if key.value(ENGINE) == pool.engine.name else _ELSEWHERE

        groups, rests = allocated(sums, of, costs, lambda part: reader.sums(part.since_ms, part.until_ms))
        named = {name[0]: totals for name, totals in groups.items() if name is not _ELSEWHERE}
        if len(named) > 1 or dimension == _USER_DIMENSIONS[-1]:
            break
    for name, totals in sorted(named.items(), key=lambda item: -item[1].allocated_nano_usd):
        yield _user(name, dimension, totals, whole, at)
    for rest, nano_usd in rests.items():
        if rest.engine == pool.engine.name:
            yield _user(rest.label, dimension, Totals(allocated_nano_usd=nano_usd), whole, at, aside=True)


def _user(
    name: str | None, dimension: str, totals: Totals, whole: int | None, at: Moment, *, aside: bool = False
) -> User:
    usd: Decimal | None = None if whole is None else usd_per_hour(totals.allocated_nano_usd, at.seconds)
    return User(
        name=name,
        dimension=dimension,
        requests=totals.requests,
        tokens=totals.tokens.total_tokens,
        usd_per_hour=usd,
        share=totals.allocated_nano_usd / whole if whole else None,
        aside=aside,
    )

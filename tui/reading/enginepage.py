"""One engine: its figures, and who uses it."""

from collections.abc import Iterator
from decimal import Decimal

from pricing.totals import Totals, usd_per_hour
from store.reader import Reader
from store.sums import SumKey
from store.tables import ENGINE
from tui.feed import FeedError
from tui.pictures.machines import EnginePicture, User
from tui.pictures.view import View
from tui.reading.committed import committed
from tui.reading.machines import pool_row, read_machines
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
        engine=pool_row(pool, read),
        users=tuple(users(reader, at, pool)),
        provisional=is_provisional(at),
    )


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

"""What providers counted and billed per bucket of time: the newest answer about a range is all that is known of it."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from pricing.card import RateCard
from pricing.totals import add_usage
from pricing.usage import NOTHING, Usage
from store.asking import Ask
from store.facts import Outcome
from store.provider_facts import CostBucket, PricedBucket, PricedReading, ProviderFact, ProviderReading, Role
from store.providers.balances import write_balances
from store.requests.names import Names
from store.requests.units import units_of
from store.tables import TOKEN_COLUMNS

_USAGE_COLUMNS = (
    "source", "dataset", "begins", "width", "series", "card", "variant", "prompt_tokens", "rest", "requests", "partial",
    "units", *TOKEN_COLUMNS, "nano_usd",
)  # fmt: skip
_COST_COLUMNS = (
    "source", "dataset", "begins", "width", "provider", "model", "tenant", "key", "item", "token_class", "nano_usd"
)  # fmt: skip
_NOT_IN_THE_KEY = {"usage_buckets": "card", "cost_buckets": "token_class"}
"""What two buckets of one key may differ in: then they cannot become one."""
_HOUR, _DAY = 3_600, 86_400


class DatasetState(NamedTuple):
    """How far a dataset has been read."""

    watermark_ms: int | None
    read_ms: int
    width_seconds: int
    """Of the buckets that it ends in; 0 is a balance."""


class Dataset(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of figures of one source, and up to when it is complete."""

    source: str
    dataset: str
    width_seconds: int
    watermark_ms: int | None
    read_ms: int


class UsageRecord(NamedTuple):
    """A usage bucket as it is stored; series and card by their ids."""

    dataset: str
    begins: int
    """Epoch seconds."""
    width: int
    series: int
    card: int
    variant: str
    requests: int | None
    partial: bool
    usage: Usage
    nano_usd: int
    """0 where the card's cost is unknown."""


class UsageSum(NamedTuple):
    """Everything of one dataset, series, card and variant in a window."""

    dataset: str
    series: int
    card: int
    variant: str
    until_ms: int
    """End of the last bucket."""
    requests: int | None
    partial: int
    """Buckets priced in part."""
    usage: Usage
    nano_usd: int


class CostRecord(NamedTuple):
    """A line of a bill; empty texts are "not said"."""

    source: str
    dataset: str
    begins: int
    width: int
    provider: str
    model: str
    tenant: str
    key: str
    item: str
    token_class: str
    nano_usd: int


class CostSum(NamedTuple):
    """Everything that is billed in a window for one model, tenant and key of a dataset; empty texts are "not said"."""

    dataset: str
    model: str
    tenant: str
    key: str
    nano_usd: int


class BucketWriter:
    """Writes readings through somebody else's transaction."""

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._connection = connection
        self._names = names

    def write(self, source: str, readings: Iterable[PricedReading], cards: Iterable[RateCard]) -> None:
        """Put each reading in the place of everything that its dataset said of the same range."""
        for priced in readings:
            self._names.remember_cards(cards)
            reading = priced.reading
            usage = [self._usage(source, reading.dataset, one) for one in priced.usage]
            costs = [_cost(source, reading.dataset, one) for one in reading.costs]
            self._replace("usage_buckets", _USAGE_COLUMNS, source, reading, usage)
            self._replace("cost_buckets", _COST_COLUMNS, source, reading, costs)
            write_balances(self._connection, source, reading.balances)
            self._connection.execute(
                "INSERT INTO provider_datasets (source, dataset, width, watermark_ms, read_ms) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (source, dataset) DO UPDATE SET width = excluded.width,"
                " watermark_ms = max(coalesce(watermark_ms, 0), coalesce(excluded.watermark_ms, 0)), read_ms = excluded.read_ms",
                (source, reading.dataset, reading.width_seconds, reading.watermark_ms, reading.read_ms),
            )

    def _replace(
        self,
        table: str,
        columns: Sequence[str],
        source: str,
        reading: ProviderReading,
        rows: Sequence[Sequence[object]],
    ) -> None:
        """Rows in the place of those of the reading's range; a bucket of which the range is only a part stays as it is."""
        first = reading.since_ms // 1_000
        mine = f"FROM {table} WHERE source = ? AND dataset = ?"
        ((kept_until,),) = self._connection.execute(
            f"SELECT max(begins + width) {mine} AND begins IN (?, ?) AND begins < ?",
            (source, reading.dataset, first // _HOUR * _HOUR, first // _DAY * _DAY, first),
        )
        first = max(first, kept_until or 0)
        self._connection.execute(
            f"DELETE {mine} AND begins >= ? AND begins < ?",
            (source, reading.dataset, first, -(-reading.until_ms // 1_000)),
        )
        begins = columns.index("begins")
        self._insert(table, columns, [row for row in rows if row[begins] >= first])  # type: ignore[operator]  # seconds

    def _insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        marks = ", ".join("?" * len(columns))
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def _usage(self, source: str, dataset: str, priced: PricedBucket) -> tuple[object, ...]:
        bucket = priced.bucket
        series = self._names.series((
            source, bucket.provider, bucket.model, None, bucket.tenant, bucket.key, None, bucket.call_type, Outcome.OK,
        ))  # fmt: skip
        return (
            source, dataset, bucket.begins_ms // 1_000, bucket.width_seconds, series, self._names.card(priced.card_id),
            bucket.variant, bucket.prompt_tokens, bucket.rest, bucket.requests, priced.partial,
            json.dumps(bucket.usage.units) if bucket.usage.units else None, *bucket.usage[:9], priced.nano_usd or 0,
        )  # fmt: skip


def _cost(source: str, dataset: str, bucket: CostBucket) -> tuple[object, ...]:
    return (
        source, dataset, bucket.begins_ms // 1_000, bucket.width_seconds, bucket.provider, bucket.model or "",
        bucket.tenant or "", bucket.key or "", bucket.item, bucket.token_class, bucket.nano_usd,
    )  # fmt: skip


def put_providers(connection: sqlite3.Connection, providers: Iterable[ProviderFact]) -> None:
    """Note what each source's figures are of; what is no longer configured keeps what it was, since its figures stay."""
    connection.executemany(
        "INSERT OR REPLACE INTO providers (source, provider, role, covers) VALUES (?, ?, ?, ?)",
        [(one.source, one.provider, one.role.value, one.covers) for one in providers],
    )


def datasets(connection: sqlite3.Connection, source: str) -> dict[str, DatasetState]:
    """How far each dataset of a source has been read."""
    rows = connection.execute(
        "SELECT dataset, watermark_ms, read_ms, width FROM provider_datasets WHERE source = ?", (source,)
    ).fetchall()
    return {row[0]: DatasetState(row[1] or None, *row[2:]) for row in rows}


def read_providers(ask: Ask) -> list[ProviderFact]:
    """Every provider whose own figures are or were read."""
    rows = ask("SELECT source, provider, role, covers FROM providers ORDER BY source", ())
    return [ProviderFact(source=row[0], provider=row[1], role=Role(row[2]), covers=row[3]) for row in rows]


def read_datasets(ask: Ask) -> list[Dataset]:
    """Every dataset of every source."""
    rows = ask(
        "SELECT source, dataset, width, watermark_ms, read_ms FROM provider_datasets ORDER BY source, dataset", ()
    )
    return [
        Dataset(source=row[0], dataset=row[1], width_seconds=row[2], watermark_ms=row[3] or None, read_ms=row[4])
        for row in rows
    ]


def read_usage(ask: Ask, since_ms: int, until_ms: int) -> list[UsageRecord]:
    """Usage buckets that lie in [since, until) as a whole."""
    columns = (
        "dataset",
        "begins",
        "width",
        "series",
        "card",
        "variant",
        "requests",
        "partial",
        "units",
        *TOKEN_COLUMNS,
    )
    rows = ask(_within("usage_buckets", (*columns, "nano_usd")), _window(since_ms, until_ms))
    return [
        UsageRecord(
            dataset=row[0],
            begins=row[1],
            width=row[2],
            series=row[3],
            card=row[4],
            variant=row[5],
            requests=row[6],
            partial=bool(row[7]),
            usage=Usage.of(row[9:18], units_of(row[8])),
            nano_usd=row[18],
        )
        for row in rows
    ]


def read_costs(ask: Ask, since_ms: int, until_ms: int) -> list[CostRecord]:
    """Lines of bills whose buckets lie in [since, until) as a whole."""
    return [CostRecord(*row) for row in ask(_within("cost_buckets", _COST_COLUMNS), _window(since_ms, until_ms))]


def bucket_edges(ask: Ask, source: str, since_ms: int, until_ms: int) -> tuple[int, int]:
    """The window without those usage buckets of a source that lie in it only in part."""
    first, last = _window(since_ms, until_ms)
    ends = ask(f"SELECT max(b.begins + b.width) {_STRADDLING}", (source, first, *_edges(first)))[0][0]
    begins = ask(f"SELECT min(b.begins) {_STRADDLING}", (source, last, *_edges(last)))[0][0]
    return since_ms if ends is None else ends * 1_000, until_ms if begins is None else begins * 1_000


def _edges(at: int) -> tuple[int, ...]:
    """Where a bucket that holds this second may begin."""
    return tuple(at // width * width for width in (60, _HOUR, _DAY))


def read_usage_sums(ask: Ask, source: str, since_ms: int, until_ms: int, *, days: bool = True) -> list[UsageSum]:
    """What one source counted in buckets that lie in [since, until) as a whole; without `days`, in narrower ones."""
    window = (*_window(since_ms, until_ms), source, _DAY + 1 if days else _DAY)
    within = (
        f"FROM provider_datasets AS d CROSS JOIN usage_buckets AS b ON {_SAME} AND b.begins >= ?1 AND b.begins < ?2"
        " WHERE d.source = ?3 AND b.begins + b.width <= ?2 AND b.width < ?4"
    )
    sums = ", ".join(f"sum(b.{name})" for name in TOKEN_COLUMNS)
    place = "b.dataset, b.series, b.card, b.variant"
    rows = ask(
        f"SELECT {place}, max(b.begins + b.width), sum(b.requests), sum(b.partial), sum(b.nano_usd),"
        f" {sums} {within} GROUP BY {place}",
        window,
    )
    beside: dict[tuple[Any, ...], Usage] = {}
    for *found, kept in ask(f"SELECT {place}, b.units {within} AND b.units IS NOT NULL", window):
        known = beside.get(tuple(found), NOTHING)
        beside[tuple(found)] = add_usage(known, NOTHING._replace(units=units_of(kept)))
    return [
        UsageSum(
            dataset=row[0], series=row[1], card=row[2], variant=row[3], until_ms=row[4] * 1_000, requests=row[5], partial=row[6],
            usage=Usage.of(row[8:17], beside.get(tuple(row[:4]), NOTHING).units), nano_usd=row[7],
        )
        for row in rows
    ]  # fmt: skip


def read_cost_sums(ask: Ask, source: str, since_ms: int, until_ms: int, *, days: bool = True) -> list[CostSum]:
    """What one source billed in buckets that lie in [since, until) as a whole; without `days`, in narrower ones."""
    place = "b.dataset, b.model, b.tenant, b.key"
    rows = ask(
        f"SELECT {place}, sum(b.nano_usd) FROM provider_datasets AS d CROSS JOIN cost_buckets AS b ON {_SAME}"
        " AND b.begins >= ?1 AND b.begins < ?2 WHERE d.source = ?3 AND b.begins + b.width <= ?2 AND b.width < ?4"
        f" GROUP BY {place}",
        (*_window(since_ms, until_ms), source, _DAY + 1 if days else _DAY),
    )
    return [CostSum(*row) for row in rows]


def counts_usage(ask: Ask, source: str) -> bool:
    """Whether a source has ever said what was used, and not only what it costs."""
    return bool(ask("SELECT 1 FROM usage_buckets WHERE source = ? LIMIT 1", (source,)))


_SAME = "b.source = d.source AND b.dataset = d.dataset"
"""Through the datasets, so that the buckets' index is used."""

_STRADDLING = (
    f"FROM provider_datasets AS d CROSS JOIN usage_buckets AS b ON {_SAME} AND b.begins IN (?3, ?4, ?5)"
    " WHERE d.source = ?1 AND +b.begins < ?2 AND b.begins + b.width > ?2"
)


def _within(table: str, columns: Iterable[str]) -> str:
    listed = ", ".join(f"b.{name}" for name in columns)
    return (
        f"SELECT {listed} FROM provider_datasets AS d CROSS JOIN {table} AS b"
        f" ON {_SAME} AND b.begins >= ?1 AND b.begins < ?2 WHERE b.begins + b.width <= ?2"
    )


def _window(since_ms: int, until_ms: int) -> tuple[int, int]:
    return -(-since_ms // 1_000), until_ms // 1_000


def widen_old_buckets(connection: sqlite3.Connection, minutes_before_s: int, hours_before_s: int) -> None:
    """Add old minutes up to hours and old hours to days, so that the tables stay small and lose no sum."""
    connection.create_aggregate("add_units", 1, _UnitSum)  # type: ignore[arg-type]  # typeshed wants one step for all
    for width, before in ((_HOUR, minutes_before_s), (_DAY, hours_before_s)):
        edge = before // width * width
        _widen(connection, "usage_buckets", _USAGE_COLUMNS, width, edge)
        _widen(connection, "cost_buckets", _COST_COLUMNS, width, edge)


def _widen(connection: sqlite3.Connection, table: str, columns: Sequence[str], width: int, edge: int) -> None:
    """Replace narrower buckets before `edge` by the sums of the wider ones in which they lie.

    What differs within a wider bucket in something that its key does not hold, as in its price, stays in narrow ones.
    """
    added = {"requests", "partial", "nano_usd", *TOKEN_COLUMNS}
    beside = _NOT_IN_THE_KEY[table]
    by = [name for name in columns if name not in added and name not in ("begins", "width", "units")]
    key = f"{', '.join(name for name in by if name != beside)}, begins / {width}"
    chosen = {"begins": f"begins / {width} * {width}", "width": str(width), "units": "add_units(units)"}
    chosen |= {name: f"sum({name})" for name in columns if name in added}
    listed: Any = ", ".join(f"{chosen.get(name, name)} AS {name}" for name in columns)
    narrow = f"width < {width} AND begins < {edge}"
    condition = (
        f"{narrow} AND ({key}) NOT IN"
        f" (SELECT {key} FROM {table} WHERE {narrow} GROUP BY {key} HAVING min({beside}) != max({beside}))"
    )
    rows = connection.execute(f"SELECT {listed} FROM {table} WHERE {condition} GROUP BY {key}, {beside}").fetchall()
    connection.execute(f"DELETE FROM {table} WHERE {condition}")
    marks = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)


class _UnitSum:
    """Adds what stands beside tokens, kept as JSON."""

    def __init__(self) -> None:
        self._sum = NOTHING

    def step(self, kept: str | None) -> None:
        """One row."""
        self._sum = add_usage(self._sum, NOTHING._replace(units=units_of(kept)))

    def finalize(self) -> str | None:
        """The sum."""
        return json.dumps(self._sum.units) if self._sum.units else None

"""What hosts cost, what engines can do and what they are compared with, each with its dates."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import msgspec

from store.asking import Ask
from store.facts import CapacityFact, HostFact, RivalFact, SaturationFact
from store.records import indices

Fact = TypeVar("Fact", bound=msgspec.Struct)

Seen: TypeAlias = tuple[str, str, int, int]
"""(source, model, first, last minute in epoch seconds) of an engine."""

_RIVAL = ("record", "input_nano_usd", "output_nano_usd", "cache_read_nano_usd", "checked", "how")


class WorkMinute(NamedTuple):
    """What one engine did in one minute."""

    minute: int
    """Epoch seconds at which it begins."""
    seconds: float
    """Really observed."""
    input_tokens: int
    cache_read_tokens: int
    output_tokens: int
    saturated_seconds: float
    """Of those, with requests waiting or the KV cache nearly full."""


class Holding(NamedTuple):
    """The GPUs that an engine held from an instant on."""

    since_ms: int
    host: str | None
    gpus: tuple[int, ...]
    gpu_uuids: tuple[str, ...]


def put_saturations(connection: sqlite3.Connection, facts: Iterable[SaturationFact]) -> None:
    """Keep what was learned; a second fact of one instant replaces the first."""
    _insert(connection, "saturations", SaturationFact, facts)


def put_rival(connection: sqlite3.Connection, fact: RivalFact) -> None:
    """Compare a model with this price from now on; the one before is ended, and an equal one goes on."""
    before = connection.execute(
        f"SELECT {', '.join(_RIVAL)} FROM rivals WHERE model = ? AND until_ms IS NULL", (fact.model,)
    ).fetchone()
    if before == tuple(getattr(fact, name) for name in _RIVAL):
        return
    end_rival(connection, fact.model, fact.since_ms)
    _insert(connection, "rivals", RivalFact, [fact])


def end_rival(connection: sqlite3.Connection, model: str, at_ms: int) -> None:
    """Compare a model with nothing any more."""
    connection.execute("UPDATE rivals SET until_ms = ? WHERE model = ? AND until_ms IS NULL", (at_ms, model))


def hosts(ask: Ask) -> list[HostFact]:
    """Every host price with the dates between which it was in force."""
    names = [name for name in HostFact.__struct_fields__ if name != "dated"]
    rows = ask(f"SELECT {', '.join(names)} FROM hosts ORDER BY name, since_ms", ())
    return [HostFact(**dict(zip(names, row, strict=True))) for row in rows]


def gpus_seen(ask: Ask) -> dict[str, int]:
    """Cards of each host; one that took another's place is no further one, and MIG instances are parts of theirs."""
    return dict(ask("SELECT host, count(DISTINCT position) FROM gpus WHERE parent_uuid IS NULL GROUP BY host", ()))


def capacities(ask: Ask) -> list[CapacityFact]:
    """Every configured capacity of an engine with its dates."""
    return _facts(ask, "capacities", CapacityFact)


def saturations(ask: Ask) -> list[SaturationFact]:
    """Everything learned, each engine's in the order of time."""
    return _facts(ask, "saturations", SaturationFact)


def rivals(ask: Ask, at_ms: int) -> dict[str, RivalFact]:
    """The price that each served model is compared with at an instant, by the engine's name for the model."""
    found = _facts(ask, "rivals", RivalFact)
    return {one.model: one for one in found if one.since_ms <= at_ms and (one.until_ms is None or one.until_ms > at_ms)}


def holdings(ask: Ask) -> dict[tuple[str, str], list[Holding]]:
    """What each engine (source, model) held, in the order of time."""
    found: dict[tuple[str, str], list[Holding]] = {}
    for name, model, since_ms, host, gpus, uuids in ask(
        "SELECT e.name, e.model, h.since_ms, h.host, h.gpus, h.gpu_uuids FROM engine_holdings AS h"
        " JOIN engines AS e ON e.id = h.engine ORDER BY h.engine, h.since_ms",
        (),
    ):
        held = Holding(since_ms, host, indices(gpus), tuple(uuids.split(",")) if uuids else ())
        found.setdefault((name, model), []).append(held)
    return found


def served_models(ask: Ask) -> list[tuple[str, str]]:
    """(source, model) of every engine that was ever read; the model is "" where its page names none."""
    return [(row[0], row[1]) for row in ask("SELECT name, model FROM engines ORDER BY id", ())]


def work_minutes(ask: Ask, engine: str, model: str, since_ms: int, until_ms: int) -> list[WorkMinute]:
    """An engine's minutes in [since, until), in the order of time."""
    rows = ask(
        "SELECT m.minute, m.seconds, coalesce(m.input, 0), coalesce(m.cache_read, 0), coalesce(m.output, 0), m.saturated_seconds FROM engine_minutes AS m"
        " WHERE m.engine = (SELECT id FROM engines WHERE name = ? AND model = ?) AND m.minute >= ? AND m.minute < ?"
        " ORDER BY m.minute",
        (engine, model, since_ms // 1_000, -(-until_ms // 1_000)),
    )
    return [WorkMinute(*row) for row in rows]


def watched_between(
    ask: Ask, since_ms: int, until_ms: int, seen: Sequence[Seen] | None = None
) -> tuple[int, int] | None:
    """First and last minute in which any machine was watched, in epoch seconds; None where none was.

    `seen` are the engines of that time, where they are known already.
    """
    found = [(first, last) for _, _, first, last in (seen_between(ask, since_ms, until_ms) if seen is None else seen)]
    found += [(row[0], row[1]) for row in _edges(ask, "gpus", "gpu_minutes", "gpu", since_ms, until_ms)]
    return (min(first for first, _ in found), max(last for _, last in found)) if found else None


def idle_since_ms(ask: Ask, host: str, uuid: str, at_ms: int) -> int | None:
    """Since when no kernel has run on a GPU: the end of its last busy minute of the last day, else the oldest known."""
    mine = (
        "FROM gpu_minutes WHERE gpu = (SELECT id FROM gpus WHERE host = ? AND uuid = ?) AND minute >= ? AND minute <= ?"
    )
    which = (host, uuid, at_ms // 1000 - 86_400, at_ms // 1000)
    busy = ask(f"SELECT minute {mine} AND busy_max >= 0.01 ORDER BY minute DESC LIMIT 1", which)
    if busy:
        return int(busy[0][0] + 60) * 1000
    ((oldest,),) = ask(f"SELECT min(minute) {mine}", which)
    return None if oldest is None else int(oldest) * 1000


def xids(ask: Ask, host: str, uuid: str, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """(when, XID) of the critical errors that the driver told of a GPU, oldest first."""
    rows = ask(
        "SELECT at_ms, xid FROM gpu_errors WHERE gpu = (SELECT id FROM gpus WHERE host = ? AND uuid = ?)"
        " AND at_ms >= ? AND at_ms < ? ORDER BY at_ms",
        (host, uuid, since_ms, until_ms),
    )
    return [(row[0], row[1]) for row in rows]


def seen_between(ask: Ask, since_ms: int, until_ms: int) -> list[Seen]:
    """(source, model, first, last minute in epoch seconds) of every engine that was read in [since, until)."""
    rows = _edges(ask, "engines", "engine_minutes", "engine", since_ms, until_ms, "t.name, t.model")
    return [(row[2], row[3], row[0], row[1]) for row in rows]


def _edges(
    ask: Ask, table: str, minutes: str, key: str, since_ms: int, until_ms: int, more: str = "t.id"
) -> list[tuple[Any, ...]]:
    """First and last minute of each machine that has any in [since, until): two looks into the index, however long it is."""
    span = (since_ms // 60_000 * 60, -(-until_ms // 60_000) * 60)
    seen = "readings" if table == "gpus" else "seconds IS NOT NULL"
    edge = f"(SELECT {{}}(minute) FROM {minutes} WHERE {key} = t.id AND minute >= ? AND minute < ? AND {seen})"
    rows = ask(f"SELECT {edge.format('min')}, {edge.format('max')}, {more} FROM {table} AS t", (*span, *span))
    return [row for row in rows if row[0] is not None]


def _facts(ask: Ask, table: str, kind: type[Fact]) -> list[Fact]:
    names = kind.__struct_fields__
    return [
        kind(**dict(zip(names, row, strict=True)))
        for row in ask(f"SELECT {', '.join(names)} FROM {table} ORDER BY {names[0]}, since_ms", ())
    ]


def _insert(connection: sqlite3.Connection, table: str, kind: type[Fact], facts: Iterable[Fact]) -> None:
    names = kind.__struct_fields__
    connection.executemany(
        f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
        [tuple(getattr(fact, name) for name in names) for fact in facts],
    )

"""Hosts, capacities, commitments and budgets with the dates between which they were in force, so that the past is computed as it was."""

import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

from store.asking import Ask
from store.facts import BudgetFact, CapacityFact, CommitmentFact, HostFact

Fact: TypeAlias = HostFact | CapacityFact | CommitmentFact | BudgetFact

_COLUMNS = {
    "hosts": (
        "usd_per_hour_nano", "gpus", "prefill_tokens_per_second", "decode_tokens_per_second", "capacity_basis",
        "energy_nano_usd_per_kwh", "board_to_wall", "base_watts", "measure_processors",
    ),
    "capacities": ("prefill_tokens_per_second", "decode_tokens_per_second", "capacity_basis"),
    "commitments": ("usd_per_hour_nano", "filter"),
    "budgets": ("nano_usd", "period", "filter", "counts", "timezone", "soft", "hard"),
}  # fmt: skip


def read_commitments(ask: Ask) -> list[CommitmentFact]:
    """Every commitment with the dates between which it was in force."""
    rows = ask(
        "SELECT name, since_ms, until_ms, usd_per_hour_nano, filter FROM commitments ORDER BY name, since_ms", ()
    )
    return [CommitmentFact(name=r[0], since_ms=r[1], until_ms=r[2], usd_per_hour_nano=r[3], filter=r[4]) for r in rows]


def read_budgets(ask: Ask) -> list[BudgetFact]:
    """Every budget with the dates between which it was in force, by name."""
    rows = ask(
        "SELECT name, since_ms, until_ms, nano_usd, period, filter, counts, timezone, soft, hard FROM budgets"
        " ORDER BY name, since_ms",
        (),
    )
    return [
        BudgetFact(
            name=r[0], since_ms=r[1], until_ms=r[2], nano_usd=r[3], period=r[4], filter=r[5] or "", counts=r[6],
            timezone=r[7], soft=r[8], hard=r[9],
        )
        for r in rows
    ]  # fmt: skip


def put_in_force(connection: sqlite3.Connection, table: str, facts: Sequence[Fact], at_ms: int) -> None:
    """Make `facts` the ones in force from `at_ms`: what changed is ended and begun anew, what is gone is ended.

    A host or commitment whose dates are stated replaces all that is known of it: then the configuration tells its whole past.
    """
    dated = {fact.name for fact in facts if isinstance(fact, HostFact | CommitmentFact) and fact.dated}
    for name in dated:
        connection.execute(f"DELETE FROM {table} WHERE name = ?", (name,))
    in_force = {row[0]: row for row in _rows_in_force(connection, table, at_ms)}
    for fact in facts:
        if fact.name in dated:
            _begin(connection, table, (fact.name, fact.since_ms, *_wanted(fact, table)))
            continue
        wanted = _wanted(fact, table)
        old = in_force.pop(fact.name, None)
        if old is not None and old[2:] == wanted:
            continue
        if old is not None:
            _end(connection, table, fact.name, since_ms=old[1], at_ms=at_ms)
        begins_ms = fact.since_ms if old is None else max(at_ms, fact.since_ms)
        _begin(connection, table, (fact.name, begins_ms, *wanted))
    for gone in in_force.values():
        _end(connection, table, gone[0], since_ms=gone[1], at_ms=at_ms)


def _wanted(fact: Fact, table: str) -> tuple[object, ...]:
    return (fact.until_ms, *(getattr(fact, column) for column in _COLUMNS[table]))


def _listed(table: str) -> str:
    return ", ".join(("name", "since_ms", "until_ms", *_COLUMNS[table]))


def _rows_in_force(connection: sqlite3.Connection, table: str, at_ms: int) -> list[tuple[object, ...]]:
    question = f"SELECT {_listed(table)} FROM {table} WHERE until_ms IS NULL OR until_ms > ?"
    return connection.execute(question, (at_ms,)).fetchall()


def _begin(connection: sqlite3.Connection, table: str, row: tuple[object, ...]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT OR REPLACE INTO {table} ({_listed(table)}) VALUES ({marks})", row)


def _end(connection: sqlite3.Connection, table: str, name: object, *, since_ms: object, at_ms: int) -> None:
    connection.execute(f"UPDATE {table} SET until_ms = ? WHERE name = ? AND since_ms = ?", (at_ms, name, since_ms))

"""What stands in accounts at providers: kept as long as it stayed the same, so that a minute's poll costs no row."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from store.asking import Ask
from store.provider_facts import BalanceCounts, BalanceReading

"""Asks a store: SQL and its values."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """An account that stood at `nano` from `since_ms` until `until_ms` at least."""

    source: str
    account: str
    since_ms: int
    until_ms: int
    nano: int
    currency: str
    counts: BalanceCounts


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What was spent from an account between the first and the last reading of a window; top-ups are not income of ours."""

    source: str
    account: str
    currency: str
    since_ms: int
    until_ms: int
    nano: int
    topped_up_nano: int


def write_balances(connection: sqlite3.Connection, source: str, readings: Iterable[BalanceReading]) -> None:
    """Lengthen the account's newest row, or begin another where the amount changed."""
    for reading in readings:
        newest = connection.execute(
            "SELECT since_ms, until_ms, nano, currency, counts FROM balances WHERE source = ? AND account = ?"
            " ORDER BY since_ms DESC LIMIT 1",
            (source, reading.account),
        ).fetchone()
        if newest is not None and reading.at_ms < newest[1]:
            continue
        if newest is not None and newest[2:] == (reading.nano, reading.currency, reading.counts.value):
            connection.execute(
                "UPDATE balances SET until_ms = ? WHERE source = ? AND account = ? AND since_ms = ?",
                (reading.at_ms, source, reading.account, newest[0]),
            )
            continue
        connection.execute(
            "INSERT OR REPLACE INTO balances (source, account, since_ms, until_ms, nano, currency, counts)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (source, reading.account, reading.at_ms, reading.at_ms, reading.nano, reading.currency,
             reading.counts.value),
        )  # fmt: skip


def newest_balances(ask: Ask) -> list[Balance]:
    """What each account stood at when it was last read."""
    rows = ask(
        "SELECT source, account, max(since_ms), until_ms, nano, currency, counts FROM balances"
        " GROUP BY source, account ORDER BY source, account",
        (),
    )
    return [_balance(row) for row in rows]


def spent_balances(ask: Ask, since_ms: int, until_ms: int) -> list[Spent]:
    """What was spent from each account in [since, until), from reading to reading.

    The fall between two readings belongs to the instant of the second: nothing tells when it happened before.
    """
    rows = ask(
        "SELECT source, account, since_ms, until_ms, nano, currency, counts FROM balances AS b WHERE since_ms < ?"
        " AND since_ms >= coalesce((SELECT max(since_ms) FROM balances WHERE source = b.source AND account = b.account"
        " AND since_ms < ?), 0) ORDER BY source, account, since_ms",
        (until_ms, since_ms),
    )
    accounts: dict[tuple[str, str, str, str], list[Balance]] = {}
    for balance in map(_balance, rows):
        accounts.setdefault((balance.source, balance.account, balance.currency, balance.counts), []).append(balance)
    return [_spent(balances, since_ms, until_ms) for balances in accounts.values()]


def _spent(balances: Sequence[Balance], since_ms: int, until_ms: int) -> Spent:
    spent = topped_up = 0
    for before, after in pairwise(balances):
        fall = before.nano - after.nano
        if after.since_ms < since_ms:
            continue
        if after.counts is BalanceCounts.SPENT:
            spent += after.nano if fall > 0 else -fall
        elif fall > 0:
            spent += fall
        else:
            topped_up -= fall
    first, last = balances[0], balances[-1]
    return Spent(
        source=first.source, account=first.account, currency=first.currency,
        since_ms=max(since_ms, first.since_ms), until_ms=min(until_ms, last.until_ms), nano=spent,
        topped_up_nano=topped_up,
    )  # fmt: skip


def _balance(row: Sequence[Any]) -> Balance:
    return Balance(
        source=row[0], account=row[1], since_ms=row[2], until_ms=row[3], nano=row[4], currency=row[5],
        counts=BalanceCounts(row[6]),
    )  # fmt: skip

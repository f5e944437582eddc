"""What stands in accounts at providers: kept as long as it stayed the same, so that a minute's poll costs no row."""

import sqlite3
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from pricing.money import divide_half_even
from pricing.times import HOUR_MS
from store.asking import Ask
from store.provider_facts import BalanceCounts, BalanceReading


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
    """What was spent from an account in a window, in billionths of its currency; top-ups are not income of ours."""

    source: str
    account: str
    currency: str
    nano: int


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


def spent_balances(ask: Ask, since_ms: int, until_ms: int, *, later_ms: int = 0) -> list[Spent]:
    """What was spent in [since, until) from each account that had been read before its end.

    What is gone between two readings is spread evenly over the time between them, since nothing tells when it went: after
    a pause of days it is no burn of the last minutes. Windows that follow each other add up exactly. A fall that began
    before `later_ms` is left out as a whole.
    """
    of_the_account = "FROM balances WHERE source = b.source AND account = b.account AND since_ms"
    rows = ask(
        "SELECT source, account, since_ms, until_ms, nano, currency, counts FROM balances AS b"
        f" WHERE since_ms >= coalesce((SELECT max(since_ms) {of_the_account} < ?1), 0)"
        f" AND since_ms <= coalesce((SELECT min(since_ms) {of_the_account} >= ?2), ?2)"
        " ORDER BY source, account, since_ms",
        (since_ms, until_ms),
    )
    accounts: dict[tuple[str, str, str, str], list[Balance]] = {}
    for balance in map(_balance, rows):
        if balance.counts is BalanceCounts.SETTLED:
            continue
        accounts.setdefault((balance.source, balance.account, balance.currency, balance.counts), []).append(balance)
    return [
        Spent(
            source=balances[0].source,
            account=balances[0].account,
            currency=balances[0].currency,
            nano=sum(
                _gone_by(before, after, until_ms) - _gone_by(before, after, since_ms)
                for before, after in pairwise(balances)
                if before.until_ms >= later_ms
            ),
        )
        for balances in accounts.values()
        if balances[0].since_ms < until_ms
    ]


def _gone_by(before: Balance, after: Balance, at_ms: int) -> int:
    """What was spent by an instant of all that was between two readings; a top-up or a new period is no income."""
    gone = before.nano - after.nano
    if after.counts is BalanceCounts.SPENT:
        gone = after.nano if gone > 0 else -gone
    if gone <= 0 or at_ms <= before.until_ms:
        return 0
    if at_ms >= after.since_ms:
        return gone
    return divide_half_even(gone * (at_ms - before.until_ms), after.since_ms - before.until_ms)


def thin_old_balances(connection: sqlite3.Connection, before_ms: int) -> None:
    """Keep one balance an hour of what is older, and those between a fall and a rise, so that what was spent stays exact."""
    connection.execute(
        "DELETE FROM balances WHERE rowid IN (SELECT place FROM (SELECT rowid AS place, since_ms, nano, counts,"
        " lag(nano) OVER account AS before, lead(nano) OVER account AS after, lead(since_ms) OVER account AS next_ms"
        " FROM balances WHERE until_ms < ?"
        " WINDOW account AS (PARTITION BY source, account, currency, counts ORDER BY since_ms))"
        f" WHERE next_ms / {HOUR_MS} = since_ms / {HOUR_MS}"
        " AND (nano BETWEEN before AND after OR (counts = ? AND nano BETWEEN after AND before)))",
        (before_ms, BalanceCounts.LEFT.value),
    )


def _balance(row: Sequence[Any]) -> Balance:
    return Balance(
        source=row[0], account=row[1], since_ms=row[2], until_ms=row[3], nano=row[4], currency=row[5],
        counts=BalanceCounts(row[6]),
    )  # fmt: skip

"""Prepaid accounts at providers at an instant, out of the balances that were read."""

from typing import NamedTuple

from pricing.prepaid import Prepaid, prepaid
from store.provider_facts import BalanceCounts
from store.reader import Reader

_HISTORY_MS = 28 * 86_400_000
_PREPAID = (BalanceCounts.LEFT.value, BalanceCounts.SETTLED.value)


class PrepaidAccount(NamedTuple):
    """One account and what its readings say."""

    name: str
    currency: str
    state: Prepaid


def prepaid_accounts(reader: Reader, at_ms: int) -> list[PrepaidAccount]:
    """Every account of prepaid money that was read by an instant, by name. Raises StoreError."""
    if not reader.kept("has balances", None, reader.facts_stamp("balances"), lambda: _has_balances(reader)):
        return []
    rows = reader.ask(
        "SELECT source, account, currency, since_ms, until_ms, nano FROM balances WHERE counts IN (?, ?) AND since_ms <= ?"
        " AND until_ms >= ? ORDER BY source, account, currency, since_ms",
        (*_PREPAID, at_ms, at_ms - _HISTORY_MS),
    )
    accounts: dict[tuple[str, str, str], list[tuple[int, int]]] = {}
    for source, account, currency, since_ms, until_ms, nano in rows:
        readings = accounts.setdefault((source, account, currency), [])
        readings += [(since_ms, nano), (min(until_ms, at_ms), nano)]
    found = []
    for key, readings in accounts.items():
        state = prepaid(readings)
        if state is not None:
            found.append(PrepaidAccount(f"{key[0]} {key[1]}".strip(), key[2], state))
    return found


def _has_balances(reader: Reader) -> bool:
    return bool(reader.ask("SELECT 1 FROM balances LIMIT 1", ()))


def prepaid_readings(reader: Reader, name: str, at_ms: int) -> list[tuple[int, int]]:
    """(instant, billionths left from then on) of one account, oldest first."""
    rows = reader.ask(
        "SELECT since_ms, nano FROM balances WHERE counts IN (?, ?) AND trim(source || ' ' || account) = ? AND since_ms <= ?"
        " AND until_ms >= ? ORDER BY since_ms",
        (*_PREPAID, name, at_ms, at_ms - _HISTORY_MS),
    )
    return [(row[0], row[1]) for row in rows]

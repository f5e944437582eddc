"""Prepaid accounts out of a store: each balance a budget, whatever else the provider says."""

from pathlib import Path

import pytest

from store.provider_facts import BalanceCounts, BalanceReading
from store.providers.accounts import prepaid_accounts, prepaid_readings
from store.providers.balances import write_balances
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS
from tui.pictures.view import View
from tui.reading.budgets import budget, budgets

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
USD = 10**9


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Topped up to 100 dollars two hours ago, then ten dollars an hour; a yuan account; and a counter of what was spent."""
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    with writer.transaction() as connection:
        left = [20, 100, *(100 - n for n in range(1, 13))]
        readings = [
            BalanceReading(account="credits", at_ms=AT_MS - 2 * HOUR_MS + (n - 1) * 10 * MINUTE_MS, nano=usd * USD)
            for n, usd in enumerate(left)
        ]
        write_balances(connection, "openrouter", readings)
        yuan = BalanceReading(account="balance", at_ms=AT_MS, nano=7 * USD, currency="CNY")
        write_balances(connection, "deepseek", [yuan])
        used = BalanceReading(account="usage", at_ms=AT_MS, nano=5 * USD, counts=BalanceCounts.SPENT)
        write_balances(connection, "openrouter", [used])
    writer.close()
    return path


def test_an_account_is_known_as_it_was_at_an_instant(path: Path) -> None:
    now, an_hour_ago = (
        {one.name: one.state for one in prepaid_accounts(Reader(path), at)} for at in (AT_MS, AT_MS - HOUR_MS)
    )
    assert set(now) == {"openrouter credits", "deepseek balance"}, "what counts spending is no money that is left"
    account = now["openrouter credits"]
    assert (account.left_nano, account.stood_nano, account.topped_up_ms) == (88 * USD, 100 * USD, AT_MS - 2 * HOUR_MS)
    assert account.per_hour["1h"] == 6 * USD
    assert an_hour_ago["openrouter credits"].left_nano == 94 * USD
    assert prepaid_readings(Reader(path), "openrouter credits", AT_MS)[0] == (AT_MS - 130 * MINUTE_MS, 20 * USD)


def test_a_balance_is_a_budget_like_any_other(path: Path) -> None:
    reader, view = Reader(path), View(until_ms=AT_MS)
    lines = {line.name: line for line in budgets(reader, view, AT_MS, machine="here").lines}
    line = lines["openrouter credits"]

    assert [line.limit_usd, line.spent_usd, line.left_usd] == [100, 12, 88]
    assert line.period == "prepaid"
    # 88 dollars at six an hour.
    assert line.runs_out_ms == pytest.approx(AT_MS + 88 * HOUR_MS / 6, abs=1_000)
    assert lines["deepseek balance"].doubts == ("amounts are in CNY, not in US dollars",)
    curve = budget(reader, view, "openrouter credits", AT_MS, machine="here").curve
    assert (curve.series[0].values[0], curve.series[0].values[-1]) == (100.0, 88.0)


def test_a_balance_that_was_read_long_ago_says_so(path: Path) -> None:
    later_ms = AT_MS + 5 * HOUR_MS
    lines = budgets(Reader(path), View(until_ms=later_ms), later_ms, machine="here").lines
    assert next(line for line in lines if line.name == "openrouter credits").doubts == (
        "the balance was read 5 hours ago",
    )

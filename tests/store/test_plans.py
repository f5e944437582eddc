"""Hosts and budgets with their dates: the past is computed as it was."""

from pathlib import Path

import msgspec
import pytest

from store.facts import BudgetFact, HostFact
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS

HOST = HostFact(name="h100-1", usd_per_hour_nano=20 * 10**9, since_ms=AT_MS, gpus=8)
BUDGET = BudgetFact(name="launch", nano_usd=5_000 * 10**9, period="day", since_ms=AT_MS)
LATER, LAST = AT_MS + 1_000, AT_MS + 2_000


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def hosts(writer: Writer) -> list[HostFact]:
    return Reader(writer.path).hosts()


def at(since_ms: int) -> HostFact:
    return msgspec.structs.replace(HOST, since_ms=since_ms)


def test_an_unchanged_host_goes_on_from_when_it_began(writer: Writer) -> None:
    for now_ms in (AT_MS, LATER, LAST):
        writer.set_hosts([at(now_ms)], now_ms)

    assert hosts(writer) == [HOST]


def test_a_changed_host_ends_and_begins_anew(writer: Writer) -> None:
    dearer = msgspec.structs.replace(HOST, usd_per_hour_nano=30 * 10**9, since_ms=LATER)
    writer.set_hosts([HOST], AT_MS)
    writer.set_hosts([dearer], LATER)

    assert hosts(writer) == [msgspec.structs.replace(HOST, until_ms=LATER), dearer]


def test_a_host_that_is_gone_ends(writer: Writer) -> None:
    other = msgspec.structs.replace(HOST, name="h100-2")
    writer.set_hosts([HOST, other], AT_MS)
    writer.set_hosts([other], LATER)

    assert hosts(writer) == [msgspec.structs.replace(HOST, until_ms=LATER), other]


def test_a_host_that_comes_back_has_a_gap(writer: Writer) -> None:
    writer.set_hosts([HOST], AT_MS)
    writer.set_hosts([], LATER)
    writer.set_hosts([at(LAST)], LAST)

    assert hosts(writer) == [msgspec.structs.replace(HOST, until_ms=LATER), at(LAST)]


def test_a_change_is_not_dated_back_over_what_was_in_force(writer: Writer) -> None:
    writer.set_hosts([HOST], AT_MS)
    writer.set_hosts([msgspec.structs.replace(HOST, gpus=4, since_ms=AT_MS - 5_000)], LATER)

    assert [(host.since_ms, host.until_ms, host.gpus) for host in hosts(writer)] == [
        (AT_MS, LATER, 8),
        (LATER, None, 4),
    ]


def test_a_host_with_an_agreed_end_is_in_force_until_then(writer: Writer) -> None:
    ends = msgspec.structs.replace(HOST, until_ms=LAST)
    writer.set_hosts([ends], AT_MS)
    writer.set_hosts([msgspec.structs.replace(ends, since_ms=LATER)], LATER)

    assert hosts(writer) == [ends]


def test_budgets_are_read_as_they_were_in_force(writer: Writer) -> None:
    more = msgspec.structs.replace(BUDGET, nano_usd=1, since_ms=LATER, filter="tenant=acme")
    writer.set_budgets([BUDGET], AT_MS)
    writer.set_budgets([more], LATER)
    reader = Reader(writer.path)

    assert reader.budgets(AT_MS - 1) == []
    assert reader.budgets(AT_MS) == [msgspec.structs.replace(BUDGET, until_ms=LATER)]
    assert reader.budgets(LATER) == [more]


def test_an_unchanged_budget_with_a_filter_goes_on(writer: Writer) -> None:
    for now_ms in (AT_MS, LATER):
        writer.set_budgets([msgspec.structs.replace(BUDGET, filter="tenant=acme", since_ms=now_ms)], now_ms)

    assert [budget.since_ms for budget in Reader(writer.path).budgets(LAST)] == [AT_MS]

"""What would cost less in a window, and the costs beside it: per tenant, key, tag, user and session."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.books.book import PriceBook
from pricing.filters import Filter
from pricing.money import usd_from_nano
from pricing.overhead import FullCost, Overhead, full_cost
from pricing.totals import usd_per_hour
from pricing.whatif.saving import BoughtCapacity, OwnEngine, Situation
from pricing.whatif.savings import Savings, find_savings
from pricing.whatif.traffic import Windows
from store.facts import HostFact
from store.reader import Reader
from tui.feed import FeedError
from tui.reading.committed import Committed, Pool, committed
from tui.reading.moment import Moment
from tui.reading.report import Report, report
from tui.reading.traffic import SeenTraffic, prepaid_traffic

COST_DIMENSIONS = ("tenant", "key", "tag", "user", "session")
"""A feature of a product is a tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavingsFound:
    """Savings over a window, and what everything costs per hour."""

    at: Moment
    found: Savings
    total: Report
    full: FullCost


def savings(
    reader: Reader,
    seen: SeenTraffic,
    wanted: Filter,
    *,
    book: PriceBook,
    windows: Windows,
    overheads: Sequence[Overhead] = (),
    revenue_usd_per_hour: Decimal | None = None,
) -> SavingsFound:
    """Read what else the rules look at; hosts are left out where `wanted`, the filter of the traffic, picks some of it.

    Raises FeedError where nothing of the window is known any more.
    """
    at = seen.at
    if at.seconds <= 0:
        raise FeedError(", ".join(at.missing) or "the window is empty")
    costs = committed(reader, at) if wanted.is_empty else None
    situation = Situation(
        seconds=at.seconds,
        at_ms=at.until_ms,
        traffic=seen.metered,
        book=book,
        windows=windows,
        kept=seen.kept,
        engines=tuple(_engines(costs)) if costs else (),
        idle_hosts=tuple(_idle_hosts(costs)) if costs else (),
        bought=tuple(_bought(reader, at, costs)) if costs else (),
    )
    whole = report(reader, at.since_ms, at.until_ms, (), wanted, at.now_ms)
    spend = usd_per_hour(whole.total.nano_usd, at.seconds) or Decimal(0)
    return SavingsFound(
        at=at,
        found=find_savings(situation),
        total=whole,
        full=full_cost(spend, overheads, revenue_usd_per_hour),
    )


def costs_beside(reader: Reader, at: Moment, wanted: Filter) -> dict[str, Report]:
    """What requests cost by each dimension that any of them says; by session every kept request is read."""
    found = {name: report(reader, at.since_ms, at.until_ms, (name,), wanted, at.now_ms) for name in COST_DIMENSIONS}
    return {name: costs for name, costs in found.items() if any(group.key[name] for group in costs.groups)}


def _bought(reader: Reader, at: Moment, costs: Committed) -> Iterator[BoughtCapacity]:
    """Commitments that are still in force at the window's end."""
    for one in costs.commitments:
        if one.usd_per_hour:
            traffic = prepaid_traffic(reader, at, one.covers)
            yield BoughtCapacity(name=one.name, nano_usd=one.nano_usd, traffic=traffic)


def _engines(costs: Committed) -> Iterator[OwnEngine]:
    facts = {fact.name: fact for fact in costs.hosts}
    for pool in costs.pools:
        yield OwnEngine(
            host=pool.host,
            model=pool.engine.model,
            gpus=_gpus(pool, facts.get(pool.host), costs.pools),
            usd_per_hour=pool.usd_per_hour,
            seconds=pool.engine.seconds,
            served=pool.served,
            capacity=pool.capacity,
        )


def _gpus(pool: Pool, fact: HostFact | None, pools: Sequence[Pool]) -> int | None:
    """GPUs of an engine: those it names, or all of the host's where it is alone."""
    if pool.engine.gpus:
        return len(pool.engine.gpus)
    alone = sum(other.host == pool.host for other in pools) == 1
    return fact.gpus if alone and fact is not None else None


def _idle_hosts(costs: Committed) -> Iterator[tuple[str, Decimal]]:
    """Hosts in force without an engine, and GPUs that no engine of theirs holds."""
    serving = {pool.host for pool in costs.pools}
    for fact in costs.hosts:
        if fact.name not in serving:
            yield fact.name, usd_from_nano(fact.usd_per_hour_nano or 0)
    if costs.unclaimed_usd_per_hour:
        yield " or ".join(sorted(serving)), costs.unclaimed_usd_per_hour

"""The Burn picture: three figures, one table, and what is uncertain in them."""

import dataclasses
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from msgspec.structs import replace

from pricing.card import UNKNOWN_COST
from pricing.hosts.economics import own_price
from pricing.money import NANO_PER_USD, usd_from_nano
from pricing.totals import EMPTY, Totals, added, usd_per_hour, usd_per_million
from store.notes import CATALOGUE
from store.reader import Reader
from store.sums import Sum, group, total
from tui.pictures.alerts import AlertRow
from tui.pictures.budgets import BudgetLine
from tui.pictures.burn import Basis, BurnPicture, GroupRow, Headline
from tui.pictures.view import View
from tui.reading.alerts import alert_rows
from tui.reading.bills import provider_notes
from tui.reading.budgets import tightest
from tui.reading.committed import Committed, committed
from tui.reading.moment import LIVE_KINDS, Moment, books_of, header, moment
from tui.reading.selection import Selection, selection
from tui.reading.sharing import allocated, by_label
from tui.reading.sincemark import Baseline, baseline
from tui.reading.trends import Trends, trends

_ELSEWHERE = object()
Rates: TypeAlias = dict[tuple[bool, str | None] | None, Decimal | None]
"""Dollars per hour by row (whether it is aside, its name); of everything under None."""
_OLD_DAYS = 60
_MACHINES_MS = 5_000
"""So often it is looked whether readings of machines came late for a window that is over."""
_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def burn(reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False) -> BurnPicture:
    """Read the Burn picture; raises StoreError or FeedError."""
    wanted, at = selection(view), moment(reader, view, now_ms)
    sums, costs = reader.sums(at.since_ms, at.until_ms, lagging=True), committed(reader, at)
    seen = trends(reader, view, wanted, at)
    groups, rests = _groups(reader, sums, wanted, view.by, costs)
    whole = added(groups.values())
    rows = _rows(groups, rests, seen, at)
    everything = total(sums)
    headline = _headline(sums, everything, costs, seen, at, *tightest(reader, at))
    before = baseline(reader, view, at)
    if before is not None:
        then = _kept_before(reader, before, view, wanted)
        rows = [
            replace(row, since_mark_usd_per_hour=_more(row.usd_per_hour, then.get((row.aside, row.key))))
            for row in rows
        ]
        headline = replace(
            headline,
            mark=before.point,
            mark_is_launch=before.is_launch,
            since_mark_usd_per_hour=_more(headline.usd_per_hour, then[None]),
        )
    return BurnPicture(
        header=header(
            at,
            view,
            machine,
            demo=demo,
            books=books_of(reader, {one.key.card.card_id for one in sums if one.key.card.status not in UNKNOWN_COST}),
        ),
        headline=headline,
        by=view.by,
        path=view.path,
        total=dataclasses.replace(whole, allocated_nano_usd=whole.allocated_nano_usd + sum(rests.values())),
        rows=tuple(rows),
        alerts=_alerts(reader, at),
        doubts=(
            *_doubts(sums, everything, costs, at),
            *provider_notes(reader, sums, at.seconds),
            *_old_prices(reader, sums, at),
        ),
        nothing_found=_nothing_found(at) if not rows and not at.sources_that_speak and not view.filter else (),
    )


def _alerts(reader: Reader, at: Moment) -> tuple[AlertRow, ...]:
    states = tuple((one.id, one.state(at.alerts_ms), one.measured_ms) for one in at.alerts)
    return reader.kept(
        "alert rows", states, reader.facts_stamp("alerts"), lambda: alert_rows(at.alerts, at.alerts_ms), most=1
    )


def _kept_before(reader: Reader, before: Baseline, view: View, wanted: Selection) -> Rates:
    """As `_before`; that window is over: it is read again when its sums change, and with its machines every few seconds."""
    at = before.at
    asked = (at.since_ms, at.until_ms, view.by, view.path, view.filter, at.now_ms // _MACHINES_MS)
    stamp = (reader.sums_stamp(at.until_ms), reader.facts_stamp())
    return reader.kept("before", asked, stamp, lambda: _before(reader, before, view, wanted), most=1)


def _before(reader: Reader, before: Baseline, view: View, wanted: Selection) -> Rates:
    """Of the window to compare with."""
    then = before.at
    sums, costs = reader.sums(then.since_ms, then.until_ms), committed(reader, then)
    groups, rests = _groups(reader, sums, wanted, view.by, costs)
    nano = {(False, name): totals.nano_usd for name, totals in groups.items()}
    nano |= {(True, name): nano_usd for name, nano_usd in rests.items()}
    metered = usd_per_hour(total(sums).metered_nano_usd, then.seconds) or Decimal(0)
    rates: Rates = {key: usd_per_hour(one, then.seconds) for key, one in nano.items()}
    return {**rates, None: metered + costs.usd_per_hour}


def _more(now: Decimal | None, then: Decimal | None) -> Decimal | None:
    return None if now is None else now - (then or 0)


def _groups(
    reader: Reader, sums: list[Sum], wanted: Selection, by: str, costs: Committed
) -> tuple[dict[str | None, Totals], dict[str, int]]:
    """Totals of each member that is wanted, hosts' dollars included; rests only where everything is wanted."""
    of = wanted.grouped(by, _ELSEWHERE)
    shared, rests = allocated(sums, of, costs, lambda at: reader.sums(at.since_ms, at.until_ms))
    groups = {name[0]: totals for name, totals in shared.items() if isinstance(name, tuple)}
    return groups, by_label(rests) if wanted.is_everything else {}


def _rows(
    groups: dict[str | None, Totals],
    rests: dict[str, int],
    seen: Trends,
    at: Moment,
) -> list[GroupRow]:
    whole = sum(t.nano_usd for t in groups.values()) + sum(rests.values())
    curves = _member_trends(seen, at)
    rows = [_row(name, totals, whole, at, curves.get(name, ())) for name, totals in groups.items()]
    rows += [
        replace(_row(name, dataclasses.replace(EMPTY, allocated_nano_usd=nano_usd), whole, at, ()), aside=True)
        for name, nano_usd in rests.items()
    ]
    return sorted(rows, key=lambda row: (-row.totals.nano_usd, -row.totals.tokens.total_tokens, row.key or ""))


def _row(name: str | None, totals: Totals, whole: int, at: Moment, trend: tuple[float | None, ...]) -> GroupRow:
    return GroupRow(
        key=name,
        totals=totals,
        usd_per_hour=usd_per_hour(totals.nano_usd, at.seconds),
        share=totals.nano_usd / whole if whole else None,
        tokens_per_second=totals.tokens.total_tokens / at.seconds if at.seconds else 0.0,
        trend=trend,
    )


def _headline(
    sums: list[Sum],
    everything: Totals,
    costs: Committed,
    seen: Trends,
    at: Moment,
    budget: BudgetLine | None,
    gone_before: BudgetLine | None,
) -> Headline:
    metered = usd_per_hour(everything.metered_nano_usd, at.seconds)
    own_tokens = costs.served.total_tokens
    api_tokens = everything.tokens.total_tokens - everything.hosted_tokens
    served = api_tokens + max(own_tokens, everything.hosted_tokens)
    spent = everything.metered_nano_usd + costs.nano_usd
    own = own_price(costs.observed_nano_usd, costs.served).blended if costs.observed_nano_usd else None
    used = costs.used
    known = not at.silent and (bool(at.sources_that_speak) or bool(sums) or bool(costs.nano_usd))
    burns, per_million = _headline_trends(seen, costs, at) if known else ((), ())
    return Headline(
        usd_per_hour=(metered or Decimal(0)) + costs.usd_per_hour if known else None,
        metered_usd_per_hour=metered if known else None,
        committed_usd_per_hour=costs.usd_per_hour if known or costs.usd_per_hour else None,
        usd_per_million=usd_per_million(spent, served),
        api_usd_per_million=usd_per_million(everything.metered_nano_usd + costs.bought_nano_usd, api_tokens),
        own_usd_per_million=own,
        own_at_full_usd_per_million=own * Decimal(str(min(1.0, used)))
        if own is not None and used is not None
        else None,
        utilisation=used,
        idle_usd_per_hour=costs.idle_usd_per_hour,
        idle_at_least=any(pool.used is None and pool.usd_per_hour for pool in costs.pools),
        lower_bound=_is_lower_bound(everything, costs, at),
        burn_trend=burns,
        per_million_trend=per_million,
        budget=budget,
        gone_before=gone_before,
        basis=Basis(
            seconds=at.seconds,
            metered_nano_usd=everything.metered_nano_usd,
            committed_nano_usd=costs.nano_usd,
            bought_nano_usd=costs.bought_nano_usd,
            observed_nano_usd=costs.observed_nano_usd,
            api_tokens=api_tokens,
            own_tokens=own_tokens,
            served_tokens=served,
            hosts=tuple(_per_hour_of(costs)),
        ),
    )


def _per_hour_of(costs: Committed) -> Iterator[tuple[str, Decimal]]:
    yield from ((fact.name, usd_from_nano(fact.usd_per_hour_nano or 0)) for fact in costs.hosts)
    yield from ((one.name, one.usd_per_hour) for one in costs.commitments if one.usd_per_hour)


def _is_lower_bound(everything: Totals, costs: Committed, at: Moment) -> bool:
    paid = dataclasses.replace(everything, allocated_nano_usd=costs.nano_usd)
    return paid.is_lower_bound or bool(costs.unpriced_hosts) or bool(at.missing)


def _headline_trends(
    seen: Trends, costs: Committed, at: Moment
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    committed_per_hour = float(costs.usd_per_hour)
    burns = tuple(
        None if length is None else nano / NANO_PER_USD * 3600 / length + committed_per_hour
        for nano, length in zip(seen.nano_usd, seen.lengths(at), strict=True)
    )
    prices = tuple(
        nano / NANO_PER_USD * 1e6 / count if count else None
        for nano, count in zip(seen.nano_usd, seen.tokens, strict=True)
    )
    return burns, prices


def _member_trends(seen: Trends, at: Moment) -> dict[str | None, tuple[float | None, ...]]:
    seconds = seen.lengths(at)
    return {
        name: tuple(None if length is None else value / length for value, length in zip(values, seconds, strict=True))
        for name, values in seen.members.items()
    }


def _doubts(sums: list[Sum], everything: Totals, costs: Committed, at: Moment) -> list[str]:
    doubts = [f"not counted: {sentence}" for sentence in at.missing]
    unknown = group((s for s in sums if s.key.card.status in UNKNOWN_COST), lambda key: key.dimensions.model)
    if unknown:
        tokens = sum(t.tokens.total_tokens for t in unknown.values())
        names = ", ".join(
            name or "(no model)" for name in sorted(unknown, key=lambda n: -unknown[n].tokens.total_tokens)[:3]
        )
        noun = "model" if len(unknown) == 1 else "models"
        doubts.append(f"{len(unknown)} unpriced {noun}: {names}, {_per_hour(tokens, at)} tok/h")
    if everything.partial_requests:
        doubts.append(f"{everything.partial_requests} requests priced in part")
    if everything.estimated_requests:
        doubts.append(f"{everything.estimated_requests} requests at estimated prices")
    if everything.hosted_tokens and not costs.nano_usd:
        doubts.append("own hosts serve requests and have no price: add [[host]] usd_per_hour")
    elif costs.unpriced_hosts:
        doubts.append(f"no price for host {', '.join(costs.unpriced_hosts)}: add [[host]] usd_per_hour")
    return doubts


def _old_prices(reader: Reader, sums: list[Sum], at: Moment) -> list[str]:
    """How old the list prices are that the figures rest on, once they are older than they should be."""
    noted = reader.note(CATALOGUE)
    if noted is None or not any(one.key.card.card_id.startswith("catalogue:") for one in sums):
        return []
    day = noted.partition(" ")[0]
    days = at.now_ms // _DAY_MS - (date.fromisoformat(day).toordinal() - _EPOCH_DAY)
    return [f"list prices of {day}, {days} days old: usdtop prices update"] if days > _OLD_DAYS else []


def _per_hour(tokens: int, at: Moment) -> str:
    rate = tokens * 3600 / at.seconds if at.seconds else 0
    return f"{rate / 1e6:.1f}M" if rate >= 1e5 else f"{rate / 1e3:.1f}k"


def _nothing_found(at: Moment) -> tuple[str, ...]:
    absent = [record for record in at.sources if record.health.kind in LIVE_KINDS]
    by_kind = sorted(absent, key=lambda record: LIVE_KINDS.index(record.health.kind))
    return tuple(f"{record.health.name}: {record.health.detail}" for record in by_kind if record.health.detail) or (
        "Nothing has been collected yet; the collector is looking around.",
    )

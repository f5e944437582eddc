"""The Compare picture: the functions of `usdtop savings` and `usdtop compare`, asked for what the screen is drilled to."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from msgspec import structs

from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.filters import Filter, Term
from pricing.totals import usd_per_hour
from pricing.whatif.elsewhere import Offered
from pricing.whatif.switches import Switches
from store.reader import Reader
from tui.pictures.compare import ComparePicture, Conditions, LackRow, OfferedRow, SavingRow
from tui.pictures.view import View
from tui.reading.compare import Asked, compared
from tui.reading.machines import machines
from tui.reading.moment import header, moment, window
from tui.reading.savings import savings
from tui.reading.selection import selection
from tui.reading.traffic import seen_traffic

_LEAST_MS = 3_600_000
"""Savings are judged over an hour at least: a shorter window proves little."""


def comparison(
    reader: Reader,
    view: View,
    conditions: Conditions,
    now_ms: int,
    *,
    book: PriceBook,
    catalogue: Catalogue,
    machine: str,
    demo: bool = False,
) -> ComparePicture:
    """Read it; raises StoreError or FeedError."""
    at, wanted = moment(reader, view, now_ms), _filter(view)
    at = replace(at, since_ms=min(at.since_ms, at.until_ms - _LEAST_MS))
    seen = seen_traffic(reader, window(reader, at.since_ms, at.until_ms, now_ms), wanted)
    found = savings(reader, seen, wanted, book=book, windows=catalogue.context_window)
    asked = Asked(switches=Switches(cache_hit=conditions.cache_hit, batch=conditions.batch), easy=conditions.easy)
    elsewhere = compared(seen, asked, book=book, catalogue=catalogue)
    traffic, seconds = elsewhere.comparison, elsewhere.at.seconds
    engines = machines(reader, view, now_ms, machine=machine).hosts if wanted.is_empty else ()
    head = header(at, view, machine, demo=demo)
    if view.window_seconds * 1000 < _LEAST_MS:
        head = structs.replace(head, window_seconds=_LEAST_MS // 1000, own_window=True)
    return ComparePicture(
        header=head,
        path=view.path,
        requests=traffic.requests,
        usd_per_hour=usd_per_hour(traffic.nano_usd, seconds),
        lower_bound=traffic.is_lower_bound,
        conditions=conditions,
        savings=tuple(
            SavingRow(
                rule=one.rule,
                who=one.who,
                what=one.what,
                usd_per_hour=one.usd_per_hour,
                evidence=one.evidence,
                assumption=one.assumption,
                risk=one.risk,
                beside=one.beside,
            )
            for one in found.found.savings
        ),
        missing=tuple(LackRow(rule=one.rule, who=one.who, what=one.what) for one in found.found.missing),
        offered=tuple(_row(one, seconds) for one in traffic.offered),
        assumptions=traffic.assumptions,
        left_out=elsewhere.left_out,
        engines=tuple(one for host in engines for one in host.engines if one.at_full_usd_per_million),
    )


def _filter(view: View) -> Filter:
    """The view's filter, and its path as terms of it; amounts are for single requests."""
    return Filter((*_path_terms(view), *selection(view).filter.terms))


def _path_terms(view: View) -> Iterator[Term]:
    for dimension, member in view.path:
        yield Term(dimension, "".join(f"[{sign}]" if sign in "*?[" else sign for sign in (member or "").lower()))


def _row(one: Offered, seconds: float) -> OfferedRow:
    return OfferedRow(
        name=one.name,
        status=one.status,
        usd_per_hour=_hourly(one.nano_usd, seconds),
        at_least=bool(one.missing),
        saved_usd_per_hour=_hourly(one.saved_nano_usd, seconds),
        saved_bound=one.saved_bound,
        why=one.why or (f"no rate for {', '.join(one.missing)}" if one.missing else ""),
        assumptions=one.assumptions,
    )


def _hourly(nano_usd: int | None, seconds: float) -> Decimal | None:
    return None if nano_usd is None else usd_per_hour(nano_usd, seconds)

"""Single requests, as a list and one by one."""

from pricing.bill import make_bill
from pricing.card import CardStatus
from pricing.times import HOUR_MS
from pricing.totals import Totals
from store.reader import Reader
from store.records import RequestRecord
from store.sums import SumKey, total
from tui.feed import FeedError
from tui.pictures.requests import BillPicture, RequestRow, RequestsPicture
from tui.pictures.view import View
from tui.reading.moment import books_of, header, moment
from tui.reading.selection import Selection, selection

_PAGE = 2_000
_MOST_SCANNED = 20_000
"""Requests looked at for one list: bounds the time a filter that matches little can take."""


def requests(
    reader: Reader,
    view: View,
    now_ms: int,
    *,
    machine: str,
    dearest: bool = False,
    limit: int = 200,
    demo: bool = False,
) -> RequestsPicture:
    """The newest or dearest kept requests of a view's window."""
    wanted, at = selection(view), moment(reader, view, now_ms)
    if view.until_ms is not None:
        past = reader.past_requests(at.since_ms, at.until_ms, _MOST_SCANNED + 1)
        found, is_whole = [r for r in past[:_MOST_SCANNED] if _is_wanted(r, wanted)], len(past) <= _MOST_SCANNED
    else:
        scanned, is_whole = _scan(reader, at.since_ms, None if dearest else limit, wanted)
        found = [r for r in scanned if r.ended_at_ms < at.until_ms + 60_000]
    if dearest:
        found.sort(key=lambda record: (record.nano_usd is None, -(record.nano_usd or 0)))
    return RequestsPicture(
        header=header(at, view, machine, demo=demo, books=books_of(reader, {r.card.card_id for r in found[:limit]})),
        path=view.path,
        rows=tuple(_row(record) for record in found[:limit]),
        kept_since_ms=reader.kept_since_ms(),
        looked_at=None if is_whole or (not dearest and len(found) >= limit) else _MOST_SCANNED,
    )


def bill(reader: Reader, view: View, request_id: int, now_ms: int, *, machine: str, demo: bool = False) -> BillPicture:
    """One request line by line, priced again from the card that it was billed at."""
    record = reader.request(request_id)
    if record is None:
        raise FeedError("This request is no longer kept; it lives on in the sums.")
    at = moment(reader, view, now_ms)
    like_it = _like_it(reader, record, at.until_ms)
    return BillPicture(
        header=header(at, view, machine, demo=demo, books=books_of(reader, [record.card.card_id])),
        request=_row(record),
        usage=record.usage,
        bill=make_bill(record.usage, reader.card(record.card.card_id)),
        reported_nano_usd=record.reported_nano_usd,
        saved_nano_usd=record.saved_nano_usd,
        first_token_ms=record.first_token_ms,
        deployment=record.dimensions.deployment,
        source=record.dimensions.source,
        call_type=record.dimensions.call_type,
        attempts=tuple(_row(other) for other in reader.attempts(record) if other.id != record.id),
        like_it_requests=like_it.requests,
        like_it_mean_usd=like_it.usd_per_request if like_it.metered_nano_usd else None,
    )


def _scan(reader: Reader, since_ms: int, enough: int | None, wanted: Selection) -> tuple[list[RequestRecord], bool]:
    """Newest first, until there are enough or a whole page is older than the window; whether it came so far."""
    found: list[RequestRecord] = []
    before: int | None = None
    for _ in range(_MOST_SCANNED // _PAGE):
        page = reader.newest_requests(before_id=before, limit=_PAGE)
        found += [record for record in page if record.ended_at_ms >= since_ms and _is_wanted(record, wanted)]
        if len(page) < _PAGE or (enough is not None and len(found) >= enough) or page[0].ended_at_ms < since_ms:
            is_whole = True
            break
        before = page[-1].id
    else:
        is_whole = not reader.newest_requests(before_id=before, limit=1)
    return sorted(found, key=lambda record: (-record.ended_at_ms, -record.id)), is_whole


def _is_wanted(record: RequestRecord, wanted: Selection) -> bool:
    above = wanted.filter.above_nano_usd
    if above is not None and (record.nano_usd or 0) <= above:
        return False
    return wanted.holds(SumKey(record.dimensions, record.card))


def _like_it(reader: Reader, record: RequestRecord, until_ms: int) -> Totals:
    mine = record.dimensions
    sums = reader.sums(until_ms - HOUR_MS, until_ms)
    return total(s for s in sums if (s.key.dimensions.key, s.key.dimensions.model) == (mine.key, mine.model))


def _row(record: RequestRecord) -> RequestRow:
    mine = record.dimensions
    status = "partial" if record.partial and record.card.status is not CardStatus.UNPRICED else record.card.status.value
    return RequestRow(
        id=record.id,
        record_id=record.record_id,
        ended_at_ms=record.ended_at_ms,
        duration_ms=record.duration_ms,
        provider=mine.provider,
        model=mine.model,
        tenant=mine.tenant,
        key=mine.key,
        outcome=mine.outcome.value,
        prompt_tokens=record.usage.prompt_tokens,
        output_tokens=record.usage.output_tokens,
        nano_usd=record.nano_usd,
        status=status,
        error=record.error,
        session=record.session,
    )

"""One request's bill as lines: what was used, at which rate, what it cost, and why these rates."""

from collections.abc import Iterator

from pricing.bill import Bill, BillLine
from pricing.card import CardStatus
from pricing.money import TOKENS_PER_MILLION
from tui import format as fmt
from tui.pictures.requests import BillPicture, RequestRow
from tui.widgets.lines import Line

_ITEMS = {
    "input": "input, uncached",
    "cache_read": "cache read",
    "cache_write_5m": "cache write, 5 min",
    "cache_write_30m": "cache write, 30 min",
    "cache_write_1h": "cache write, 1 h",
    "cache_write_12h": "cache write, 12 h",
    "cache_write": "cache write",
    "output": "output",
    "reasoning": "output, reasoning",
    **{f"input_{kind}_tokens": f"input, {kind}" for kind in ("audio", "image", "video")},
    **{f"cache_{kind}_read_tokens": f"cache read, {kind}" for kind in ("audio", "image", "video")},
    **{f"output_{kind}_tokens": f"output, {kind}" for kind in ("audio", "image", "video")},
}
_ITEM_CELLS, _AMOUNT_CELLS, _RATE_CELLS, _USD_CELLS = 25, 11, 17, 13
_DRIFT_SHOWN = 10
_BY_THE_HOUR = (CardStatus.HOSTED, CardStatus.PREPAID)
"""What is no matter of a price by the token differs from none."""
_SUM_CELLS = _ITEM_CELLS + _AMOUNT_CELLS + _RATE_CELLS


def bill_lines(picture: BillPicture, width: int) -> list[Line]:
    """The whole page, `width` cells wide."""
    return [
        *_what_happened(picture, width),
        (),
        *_items(picture),
        (),
        *_why(picture.bill, width),
        *_attempts(picture),
        *_like_it(picture),
    ]


def _what_happened(picture: BillPicture, width: int) -> Iterator[Line]:
    request = picture.request
    parts = [fmt.clock(request.ended_at_ms), fmt.safe(request.outcome, 30), fmt.duration(request.duration_ms)]
    if picture.first_token_ms is not None:
        parts.append(f"first token {fmt.duration(picture.first_token_ms)}")
    if picture.call_type:
        parts.append(fmt.safe(picture.call_type, 20))
    yield ((" " + "   ".join(parts), "strong"),)
    places = [("request", request.record_id), ("from", picture.source), ("deployment", picture.deployment)]
    places.append(("session", request.session))
    texts = [f"{name} {fmt.safe(value, 60)}" for name, value in places if value]
    yield from (((f" {line}", "dim"),) for line in fmt.side_by_side(texts, max(20, width - 2)))
    if request.error:
        yield from (((f" {part}", "bad"),) for part in fmt.wrap(request.error[:600], max(20, width - 2)))


def _items(picture: BillPicture) -> Iterator[Line]:
    bill = picture.bill
    beside = [bill.nano_usd, picture.reported_nano_usd, picture.saved_nano_usd]
    places = fmt.bill_places([*beside, *(line.nano_usd for line in bill.lines)])
    yield ((_columns("WHAT", "AMOUNT", "RATE $/M", "USD"), "title"),)
    for line in bill.lines:
        yield ((_item(line, places), "warn" if line.nano_usd is None else ""),)
        if line.item == "output" and bill.reasoning_tokens and not _bills_reasoning(bill):
            yield ((_columns("  of which reasoning", f"{bill.reasoning_tokens:,}", "", "inside output"), "dim"),)
    yield ((" " * _SUM_CELLS + "  " + "─" * (_USD_CELLS - 2), "dim"),)
    at_least = fmt.AT_LEAST if bill.missing and bill.nano_usd is not None else ""
    yield ((_columns("our cost", "", "", at_least + fmt.bill_usd(bill.nano_usd, places)), "strong"),)
    if bill.missing:
        yield ((f"   no rate for {', '.join(map(_item_name, bill.missing))}: the cost is at least this", "warn"),)
    if picture.saved_nano_usd is not None:
        yield ((_columns("saved by the cache", "", "", fmt.bill_usd(picture.saved_nano_usd, places)), ""),)
        return
    reported = _columns("gateway reported", "", "", fmt.bill_usd(picture.reported_nano_usd, places))
    yield ((f"{reported}  {_drift(picture)}", ""),)


def _columns(what: str, amount: str, rate: str, usd: str) -> str:
    return (
        "   "
        + fmt.pad(what, _ITEM_CELLS - 3)
        + fmt.pad(amount, _AMOUNT_CELLS, right=True)
        + fmt.pad(rate, _RATE_CELLS, right=True)
        + fmt.pad(usd, _USD_CELLS, right=True)
    )


def _item(line: BillLine, places: int) -> str:
    rate = fmt.rate(line.rate_usd)
    if line.rate_usd is not None and line.per != TOKENS_PER_MILLION:
        rate += f" per {line.per:,}"
    name = _item_name(line.item) + (" (min)" if line.minimum else "")
    return _columns(name, f"{line.amount:,}", rate, fmt.bill_usd(line.nano_usd, places))


def _item_name(item: str) -> str:
    return _ITEMS.get(item, fmt.safe(item.replace("_", " "), 24))


def _bills_reasoning(bill: Bill) -> bool:
    return any(line.item == "reasoning" for line in bill.lines)


def _drift(picture: BillPicture) -> str:
    ours, reported = picture.bill.nano_usd, picture.reported_nano_usd
    if ours is None or reported is None or picture.bill.card.status in _BY_THE_HOUR:
        return ""
    if ours == reported:
        return "drift 0%"
    if not reported:
        return "reported none"
    drift = (ours - reported) / reported
    if abs(drift) >= _DRIFT_SHOWN:
        return "drift >999%"
    return f"drift {drift:+.0%}" if abs(drift) >= 1 else f"drift {drift:+.1%}"


def _why(bill: Bill, width: int) -> Iterator[Line]:
    card = bill.card
    yield ((" WHY THESE RATES", "title"),)
    dates = [f"in force since {card.effective_from}"] if card.effective_from else []
    dates += [f"checked {card.checked}"] if card.checked else []
    sentences = [
        f"status {bill.status}   book {card.book}   record {card.record}",
        f"matched by: {card.match_rule}" if card.match_rule else "",
        "   ".join(dates),
        *card.conditions,
        *(f"billed {fallback}" for fallback in bill.fallbacks),
    ]
    for sentence in filter(None, sentences):
        yield from (((f"   {part}", ""),) for part in fmt.wrap(sentence[:400], max(20, width - 4)))


def _attempts(picture: BillPicture) -> Iterator[Line]:
    if picture.attempts:
        yield ()
        yield ((" OTHER ATTEMPTS OF THIS CALL", "title"),)
        yield from map(_attempt, picture.attempts)


def _attempt(attempt: RequestRow) -> Line:
    name = fmt.pad(fmt.member("model", attempt.model), 24)
    cost = fmt.request_usd(attempt.nano_usd)
    outcome = fmt.safe(attempt.outcome, 16)
    return (
        (
            f"   {fmt.clock(attempt.ended_at_ms)}  {name}  {fmt.duration(attempt.duration_ms):>9}  {cost:>10}  {outcome}",
            "",
        ),
    )


def _like_it(picture: BillPicture) -> Iterator[Line]:
    if picture.like_it_requests:
        yield ()
        mean = mean_text(picture)
        yield ((" LIKE IT IN THE LAST HOUR", "title"), (f"   {picture.like_it_requests:,} requests   mean {mean}", ""))


def mean_text(picture: BillPicture) -> str:
    """What requests like this one cost on average; a dash where nobody bills them."""
    mean = picture.like_it_mean_usd
    return fmt.UNKNOWN if mean is None else f"${fmt.mean_request_usd(mean)}"

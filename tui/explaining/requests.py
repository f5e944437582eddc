"""The figures of one request: in the list, and in its bill."""

from collections.abc import Iterator

from tui import format as fmt
from tui.explaining.words import Teller, exact_usd
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.pictures.requests import BillPicture, RequestRow
from tui.widgets.bill import mean_text

_STATUS = {
    "priced": "exact: every class it used has a rate",
    "partial": "at least: it used something that has no rate",
    "estimated": "estimated: its price record is not certain",
    "free": "exact: this model costs nothing",
    "hosted": "exact: own hosts served it; they are paid by the hour, so that no dollars are metered",
    "prepaid": "exact: a commitment covers it; that is paid by the hour",
    "cached": "exact: answered by the gateway's own cache",
    "unused": "exact: it used nothing that anybody bills",
    "unpriced": "unknown: no price book knows this model",
    "invalid": "unknown: the source's counts contradict each other",
}


_LOGGED = "as the source logged it"
_ALONE = "this request alone, whatever t chose"


def request_figures(header: Header, row: RequestRow) -> Iterator[Explanation]:
    """Every figure in a request's row, its cost first."""
    tell = Teller(header, _named(row), _LOGGED, _ALONE).tell
    yield tell(
        "$",
        fmt.request_usd(row.nano_usd, lower_bound=row.status == "partial"),
        "What this request cost: the sum of its bill's lines.",
        f"{exact_usd(row.nano_usd)}; enter opens the bill line by line",
        confidence=_STATUS.get(row.status, row.status),
    )
    yield tell("IN", fmt.count(row.prompt_tokens), "Prompt tokens, cached ones too.", f"{row.prompt_tokens:,}")
    yield tell(
        "OUT", fmt.count(row.output_tokens), "Billed output tokens, thinking included.", f"{row.output_tokens:,}"
    )
    yield tell(
        "TOOK", fmt.duration(row.duration_ms), "From the request's start to its end.", _milliseconds(row.duration_ms)
    )
    yield tell(
        "TIME",
        fmt.clock(row.ended_at_ms),
        "When it ended; a request belongs to the minute in which it ended.",
        fmt.moment(row.ended_at_ms, None),
    )


def bill_figures(picture: BillPicture) -> Iterator[Explanation]:
    """Every line of a bill, the two totals, and what requests like it cost."""
    header, bill = picture.header, picture.bill
    tell = Teller(header, _named(picture.request), _STATUS.get(bill.status, bill.status), _ALONE).tell
    yield tell(
        "our cost",
        exact_usd(bill.nano_usd),
        "The sum of the lines, each rounded half-even to a nano-dollar.",
        " + ".join(exact_usd(line.nano_usd) for line in bill.lines) + f" = {exact_usd(bill.nano_usd)}",
        f"rates of book {bill.card.book}, record {bill.card.record}; {bill.card.match_rule or 'its own name'}",
    )
    for line in bill.lines:
        rate = "no rate" if line.rate_usd is None else f"${fmt.rate(line.rate_usd)} per {line.per:,}"
        yield tell(
            line.item,
            exact_usd(line.nano_usd),
            "One class of what the request used, at its rate.",
            f"{line.amount:,} x {rate} = {exact_usd(line.nano_usd)}",
            confidence="unknown: this class has no rate" if line.nano_usd is None else "exact",
        )
    if picture.saved_nano_usd is not None:
        yield tell(
            "saved by the cache",
            exact_usd(picture.saved_nano_usd),
            "What the gateway says that this answer would have cost, had its own cache not had it.",
            f"{exact_usd(picture.saved_nano_usd)} not spent; it is in no total",
            confidence=_LOGGED,
        )
    yield tell(
        "gateway reported",
        exact_usd(picture.reported_nano_usd),
        "What the gateway or provider itself said it cost; it stands beside ours and is in no total.",
        f"ours {exact_usd(bill.nano_usd)}, reported {exact_usd(picture.reported_nano_usd)}",
        confidence=_LOGGED,
    )
    yield tell(
        "took",
        fmt.duration(picture.request.duration_ms),
        "From the request's start to its end.",
        _milliseconds(picture.request.duration_ms),
        confidence=_LOGGED,
    )
    yield tell(
        "first token",
        fmt.duration(picture.first_token_ms),
        "From the request's start to its first token.",
        _milliseconds(picture.first_token_ms),
        confidence=_LOGGED,
    )
    yield Teller(header, _named(picture.request), "as exact as those requests are priced", "the last hour").tell(
        "like it",
        mean_text(picture),
        "Mean metered cost of the last hour's requests of the same key and model.",
        f"over {picture.like_it_requests:,} requests",
    )


def _milliseconds(value: int | None) -> str:
    return "the source does not say" if value is None else f"{value:,} ms"


def _named(row: RequestRow) -> str:
    return f"request {row.record_id[:24]}"

"""The Burn screen's figures: those of the row under the cursor, then the headline."""

from collections.abc import Iterator
from decimal import Decimal

from pricing.money import NANO_PER_USD
from pricing.totals import Totals
from tui import format as fmt
from tui.explaining.budgets import period_text
from tui.explaining.words import BILLED, COUNTED, Tell, Teller, chance, confidence, exact, exact_usd, tokens_by_class
from tui.pictures.budgets import BudgetLine
from tui.pictures.burn import Basis, BurnPicture, GroupRow, Headline
from tui.pictures.explain import Explanation
from tui.pictures.header import Header

_NO_BASIS = Basis(
    seconds=0,
    metered_nano_usd=0,
    committed_nano_usd=0,
    bought_nano_usd=0,
    observed_nano_usd=0,
    api_tokens=0,
    own_tokens=0,
    served_tokens=0,
)


def row_figures(picture: BurnPicture, row: GroupRow) -> Iterator[Explanation]:
    """Every column of one row."""
    name = row.key or "" if row.aside else fmt.member(picture.by, row.key)
    teller = Teller(picture.header, name, confidence(row.totals))
    yield from _dollars(picture, row, teller.tell)
    yield from _tokens(picture, row, teller.tell)
    yield from _records(row, teller.tell)


def _dollars(picture: BurnPicture, row: GroupRow, tell: Tell) -> Iterator[Explanation]:
    totals, usd, at_least = row.totals, exact_usd(row.totals.nano_usd), row.totals.is_lower_bound
    yield tell(
        "$/H",
        f"{fmt.usd(row.usd_per_hour, lower_bound=at_least)}/h",
        "What it cost in the window, scaled to an hour.",
        f"metered by providers {exact_usd(totals.metered_nano_usd)}",
        f"share of own hosts and commitments {exact_usd(totals.allocated_nano_usd)}",
        f"{usd} together x 3,600 s / {_seconds(picture):,.0f} s = ${exact(row.usd_per_hour)}/h",
        basis=f"{totals.requests:,} requests",
        confidence="; ".join(
            filter(None, [confidence(totals), chance(totals.requests) if totals.metered_nano_usd else ""])
        ),
    )
    yield tell(
        "SHARE",
        fmt.percent(row.share),
        "Its part of the dollars of all rows in this table.",
        f"{usd} / {exact_usd(picture.total.nano_usd)} = {exact(row.share)}",
    )
    yield from _since_mark(picture.headline, row.usd_per_hour, row.since_mark_usd_per_hour, "SINCE MARK", tell)
    yield tell(
        "$/M",
        fmt.usd(totals.usd_per_million_tokens, lower_bound=at_least),
        "Dollars spent per million tokens really served: a ratio of sums.",
        tokens_by_class(totals),
        f"{usd} / {totals.tokens.total_tokens:,} tokens x 1,000,000 = ${exact(totals.usd_per_million_tokens)}",
        *([f"{totals.unknown_tokens:,} of these tokens have no known price"] if totals.unknown_tokens else []),
        basis=BILLED,
    )
    yield tell(
        "$/REQ",
        fmt.mean_request_usd(totals.usd_per_request, lower_bound=at_least),
        "Dollars per record, on average.",
        f"{usd} / {totals.requests:,} records = ${exact(totals.usd_per_request, 9)}",
    )
    yield tell(
        "TREND",
        fmt.sparkline(row.trend, 30),
        "Dollars per minute over the last 30 minutes, from zero to the highest; a blank is a minute not known yet.",
        _highest_minute(row),
        confidence="drawn in eighths of a line",
    )


def _since_mark(
    headline: Headline, now: Decimal | None, more: Decimal | None, figure: str, tell: Tell
) -> Iterator[Explanation]:
    if headline.mark is not None:
        then = None if now is None or more is None else now - more
        what = (
            "at the same time of day before the launch"
            if headline.mark_is_launch
            else "that ended with the newest mark"
        )
        yield tell(
            "VS BEFORE" if headline.mark_is_launch and figure == "SINCE MARK" else figure,
            f"{fmt.change(more)}/h",
            f"How much more it costs per hour than in the window of the same length {what}.",
            f"{_usd(now)}/h now - {_usd(then)}/h before {fmt.clock(headline.mark.at_ms)} {fmt.safe(headline.mark.text, 60)}",
        )


def _tokens(picture: BurnPicture, row: GroupRow, tell: Tell) -> Iterator[Explanation]:
    totals, used = row.totals, row.totals.tokens
    yield tell(
        "CACHE",
        fmt.percent(totals.cache_hit_ratio),
        "Share of prompt tokens that were read from the provider's prompt cache.",
        f"{used.cache_read_tokens:,} cache reads / {used.prompt_tokens:,} prompt tokens"
        f" = {exact(totals.cache_hit_ratio, 4)}",
        basis="prompt tokens: uncached input, cache reads and cache writes",
        confidence=COUNTED,
    )
    yield tell(
        "TOK/S",
        fmt.count(row.tokens_per_second),
        "Tokens per second over the window.",
        f"{used.total_tokens:,} tokens / {_seconds(picture):,.0f} s = {exact(row.tokens_per_second, 1)}",
        basis=BILLED,
        confidence=COUNTED,
    )
    yield tell(
        "TOK IN",
        fmt.count(used.prompt_tokens),
        "Prompt tokens in the window, cached ones too.",
        tokens_by_class(totals),
        confidence=COUNTED,
    )
    yield tell(
        "TOK OUT",
        fmt.count(used.output_tokens),
        "Output tokens in the window, thinking included.",
        f"{used.output_tokens:,}, of which {used.reasoning_tokens:,} reasoning",
        confidence=COUNTED,
    )


def _records(row: GroupRow, tell: Tell) -> Iterator[Explanation]:
    totals = row.totals
    requests = f"{totals.requests:,} records"
    yield tell(
        "ERR",
        _share(totals.errors, totals.requests),
        "Share of records that failed. With streams whose reader hung up they are what bought nothing.",
        f"{totals.errors:,} / {requests}",
        *_bought_nothing(totals),
        confidence=COUNTED,
    )
    yield tell(
        "RETRY",
        _share(totals.retries, totals.requests),
        "Share of records that repeat an earlier attempt of the same call.",
        f"{totals.retries:,} / {requests}",
        *_before_them(totals),
        confidence=COUNTED,
    )
    yield tell(
        "REQ",
        fmt.count(totals.requests),
        "Records in the window, failed ones and those served from a gateway's cache too.",
        requests,
        *_from_cache(totals),
        confidence=COUNTED,
    )
    yield tell(
        "MEAN",
        fmt.whole(totals.mean_duration_ms, " ms"),
        "Mean duration of the records that say how long they took.",
        f"{totals.duration_ms:,} ms / {totals.durations:,} records",
        confidence="as the source timed it",
    )


def _before_them(totals: Totals) -> Iterator[str]:
    """What the attempts cost in whose place these came."""
    requests = totals.retried_requests + totals.fallback_requests
    if requests:
        cost = exact_usd(totals.retried_nano_usd + totals.fallback_nano_usd)
        yield f"{requests:,} failed attempts before them, {totals.fallback_requests:,} of them left to a fallback: {cost}"


def _from_cache(totals: Totals) -> Iterator[str]:
    """What a gateway's own cache answered, and what that saved as far as it says so."""
    if totals.cached_requests:
        at_least = fmt.AT_LEAST if totals.saved_requests < totals.cached_requests else ""
        saved = f"{at_least}{exact_usd(totals.saved_nano_usd)}" if totals.saved_requests else "not said"
        yield f"{totals.cached_requests:,} from a gateway's cache, {totals.cached_tokens:,} tokens; saved by its account: {saved}"


def _bought_nothing(totals: Totals) -> Iterator[str]:
    """What was paid for answers that nobody got, by how that came."""
    kinds = [
        (totals.given_up_requests, "failed", totals.given_up_nano_usd),
        (totals.retried_requests, "failed and tried again", totals.retried_nano_usd),
        (totals.fallback_requests, "failed, and a fallback took over", totals.fallback_nano_usd),
        (totals.cut_requests, "cut off", totals.cut_nano_usd),
    ]
    for requests, how, nano_usd in kinds:
        if requests:
            yield f"{requests:,} {how}: {exact_usd(nano_usd)}"
    if totals.lost_requests:
        at_least = fmt.AT_LEAST if totals.lost_unpriced_requests else ""
        yield f"bought nothing: {at_least}{exact_usd(totals.lost_nano_usd)} of {exact_usd(totals.metered_nano_usd)} metered"


def headline_figures(picture: BurnPicture) -> Iterator[Explanation]:
    """The three figures on top and everything under them."""
    headline, basis = picture.headline, picture.headline.basis or _NO_BASIS
    sure = "at least: see what is in doubt above the keys" if headline.lower_bound else "exact: all prices are known"
    teller = Teller(picture.header, "", sure)
    yield from _per_hour(headline, basis, teller.tell)
    yield from _per_million(headline, basis, teller.tell)
    yield from _own(headline, basis, teller.tell)
    if headline.budget is not None:
        yield from _budget(headline.budget, picture.header)


def _per_hour(headline: Headline, basis: Basis, tell: Tell) -> Iterator[Explanation]:
    total, metered, hosts = (
        _usd(value) for value in (headline.usd_per_hour, headline.metered_usd_per_hour, headline.committed_usd_per_hour)
    )
    yield tell(
        "$/HOUR",
        fmt.usd(headline.usd_per_hour, lower_bound=headline.lower_bound),
        "The burn: metered spend of the window scaled to an hour, and what hosts and commitments cost per hour now.",
        f"metered {metered}/h + hosts {hosts}/h = {total}/h",
        f"curve: the last {len(headline.burn_trend)} minutes, the highest ${exact(_highest(headline.burn_trend), 2)}/h",
    )
    yield from _since_mark(headline, headline.usd_per_hour, headline.since_mark_usd_per_hour, "since mark", tell)
    yield tell(
        "metered",
        f"{fmt.usd(headline.metered_usd_per_hour, lower_bound=headline.lower_bound)}/h",
        "What providers bill per request, scaled to an hour.",
        f"{exact_usd(basis.metered_nano_usd)} x 3,600 s / {basis.seconds:,.0f} s = {metered}/h",
    )
    yield tell(
        "hosts",
        f"{fmt.usd(headline.committed_usd_per_hour)}/h",
        "Hosts and commitments in force now: paid whether or not anyone sends a token.",
        *(f"{fmt.safe(name, 40)}  ${exact(usd, 4)}/h" for name, usd in basis.hosts),
        f"together {hosts}/h",
        confidence="as configured; a host without a price is not in it",
    )


def _per_million(headline: Headline, basis: Basis, tell: Tell) -> Iterator[Explanation]:
    spent = basis.metered_nano_usd + basis.committed_nano_usd
    yield tell(
        "$/M TOKENS",
        fmt.usd(headline.usd_per_million, lower_bound=headline.lower_bound),
        "Effective dollars per million tokens: everything spent in the window over everything served in it.",
        f"metered {exact_usd(basis.metered_nano_usd)} + accrued by hosts {exact_usd(basis.committed_nano_usd)}"
        f" = {exact_usd(spent)}",
        f"{basis.api_tokens:,} tokens of providers + {basis.served_tokens - basis.api_tokens:,} of own hosts"
        f" = {basis.served_tokens:,}",
        f"{exact_usd(spent)} / {basis.served_tokens:,} x 1,000,000 = {_usd(headline.usd_per_million)}",
        basis=BILLED,
    )
    api = exact_usd(basis.metered_nano_usd + basis.bought_nano_usd)
    yield tell(
        "API",
        fmt.usd(headline.api_usd_per_million, lower_bound=headline.lower_bound),
        "The same for what providers serve, commitments included.",
        f"{api} / {basis.api_tokens:,} x 1,000,000 = {_usd(headline.api_usd_per_million)}",
        basis=BILLED,
    )


def _own(headline: Headline, basis: Basis, tell: Tell) -> Iterator[Explanation]:
    used, own = headline.utilisation, _usd(headline.own_usd_per_million)
    sure = "rests on the hosts' capacity" if used is not None else "not known without a capacity"
    yield tell(
        "own",
        fmt.usd(headline.own_usd_per_million),
        "What a million tokens of own hosts cost at the utilisation they have now.",
        f"hosts cost {exact_usd(basis.observed_nano_usd)} over the time in which their engines were observed",
        f"{exact_usd(basis.observed_nano_usd)} / {basis.own_tokens:,} tokens x 1,000,000 = {own}",
        basis="tokens that the engines say they served, reads from their prefix cache included",
        confidence="counted by the engines" if headline.own_usd_per_million is not None else "not known",
    )
    yield tell(
        "own at full load",
        fmt.usd(headline.own_at_full_usd_per_million),
        "What the same mix of tokens would cost if the hosts were saturated.",
        f"{own} x utilisation {exact(used, 4)} = {_usd(headline.own_at_full_usd_per_million)}",
        confidence=sure,
    )
    yield tell(
        "used",
        fmt.percent(used),
        "Utilisation: work done over work at saturation, each engine weighed by its dollars.",
        f"{exact(used, 4)}; the GPUs screen has it for each engine",
        confidence=sure,
    )
    yield tell(
        "idle",
        f"{fmt.usd(headline.idle_usd_per_hour, lower_bound=headline.idle_at_least)}/h",
        "The idle tax: host dollars times the share of capacity that did no work, GPUs that nobody holds included.",
        f"sum over engines of $/h x (1 - utilisation), and idle GPUs = {_usd(headline.idle_usd_per_hour)}/h",
        confidence=sure,
    )


def _budget(budget: BudgetLine, header: Header) -> Iterator[Explanation]:
    sure = "at most: something spent has no known price" if budget.lower_bound else "exact: all prices are known"
    tell = Teller(header, f"budget {budget.name}", sure, period_text(budget)).tell
    spent = budget.spent_usd / budget.limit_usd if budget.limit_usd > 0 else None
    yield tell(
        "left",
        fmt.usd(budget.left_usd),
        "What is left of the budget that runs out first.",
        f"${budget.limit_usd:,} - ${exact(budget.spent_usd)} spent = ${exact(budget.left_usd)}",
        *([] if budget.ends_ms is None else [f"its period ends {fmt.moment(budget.ends_ms, header.as_of_ms)}"]),
    )
    out = budget.runs_out_ms
    yield tell(
        "out",
        "not before its period ends" if out is None else fmt.moment(out, header.as_of_ms),
        "When it is used up as things go now; the Budgets screen has the range.",
        f"${exact(budget.left_usd, 2)} are left",
    )
    yield tell(
        "pace",
        fmt.factor(budget.pace),
        "Share of the budget spent over what is planned to be spent by now; 1.0x is exactly on plan.",
        f"{exact(spent, 4)} spent / {exact(budget.mark_share, 4)} planned = {exact(budget.pace, 3)}",
    )
    yield tell(
        "spent",
        fmt.percent(None if spent is None else float(spent)),
        "Share of the budget that is spent; the stroke in the bar is where the plan stands now.",
        f"${exact(budget.spent_usd)} / ${budget.limit_usd:,} = {exact(spent, 4)}",
    )


def _highest_minute(row: GroupRow) -> str:
    highest = _highest(row.trend) or 0.0
    if row.totals.unpriced_requests and not row.totals.nano_usd:
        return f"no price is known, so it shows tokens: the highest minute {exact(highest, 1)} tokens/s"
    return f"the highest minute ${exact(highest * 3600 / NANO_PER_USD)}/h, without the share of hosts"


def _seconds(picture: BurnPicture) -> float:
    return picture.headline.basis.seconds if picture.headline.basis else picture.header.window_seconds


def _usd(value: Decimal | None) -> str:
    return fmt.UNKNOWN if value is None else f"${exact(value)}"


def _share(part: int, whole: int) -> str:
    return fmt.percent(part / whole if whole else None)


def _highest(values: tuple[float | None, ...]) -> float | None:
    return max((value for value in values if value is not None), default=None)

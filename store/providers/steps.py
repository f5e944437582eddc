"""What providers that no log covers spend step by step: the curves of what is live by itself.

A step holds what `beyond` adds to sums: usage at what the same answers bill for it, else at our prices; without usage bills,
and without bills what a balance fell by. Buckets wider than a step are spread over theirs; days are in no narrower step.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

from store.provider_facts import Role
from store.providers.beyond import BILLED, LAGGING_MS, Books, Covering, billed_key, coverings, narrow
from store.providers.buckets import Dataset
from store.sums import SumKey
from store.tables import TOKEN_COLUMNS

_HOUR, _DAY = 3_600, 86_400
_TOKENS = " + ".join(f"b.{name}" for name in TOKEN_COLUMNS[:-1])

Step = tuple[int, SumKey, int, int]
"""Begin in epoch seconds, key, nano-dollars, tokens of every class."""


class LiveSteps(NamedTuple):
    """One source's steps, and between which instants all of them are known."""

    source: str
    since_ms: int
    until_ms: int
    steps: list[Step]


class StepBooks(Books, Protocol):
    """What must be asked of a store besides."""

    def ask(self, question: str, values: Sequence[Any], /) -> list[Any]:
        """Rows of a question."""
        ...

    def key(self, series: int, card: int, /) -> SumKey:
        """What a series and a card of the store stand for."""
        ...


def live_steps(
    books: StepBooks, since_ms: int, until_ms: int, seconds: int, *, lagging: bool = False
) -> list[LiveSteps]:
    """Steps of [since, until) as far as each source's figures are complete.

    `lagging` is for curves without an axis of time beside a rate: each source's then end where the window does, as the
    rate's window of it does.
    """
    every, sources = coverings(books)
    series = books.series() if every else ()
    datasets = books.datasets() if every else []
    found = []
    for one in every:
        if one.fact.role is not Role.LIVE or any(one.covers(dimensions, sources) for dimensions in series):
            continue
        mine = [dataset for dataset in datasets if dataset.source == one.fact.source]
        marks = [dataset.watermark_ms or 0 for dataset in _telling(mine, seconds)]
        if not marks:
            continue
        complete_ms = min(marks) // 60_000 * 60_000
        shift_ms = max(0, until_ms - complete_ms) // 1_000 * 1_000 if lagging else 0
        if shift_ms <= LAGGING_MS:
            ends_ms = complete_ms + shift_ms
            steps = list(_steps(books, one, since_ms, min(until_ms, ends_ms), seconds, shift_ms // 1_000))
            found.append(LiveSteps(one.fact.source, _since_ms(books, one), ends_ms, steps))
    return found


def _telling(datasets: Sequence[Dataset], seconds: int) -> Sequence[Dataset]:
    """Those that steps of this width are told by."""
    wide = [one for one in datasets if one.width_seconds] if seconds >= _DAY else narrow(datasets)
    return wide or [one for one in datasets if not one.width_seconds]


class _Part(NamedTuple):
    """What one bucket, or those of one step, add up to."""

    begins: int
    lasts: int
    key: SumKey
    nano_usd: int
    tokens: int


def _steps(books: StepBooks, one: Covering, since_ms: int, until_ms: int, seconds: int, shift_s: int) -> Iterator[Step]:
    """The parts, moved by `shift_s`, in or over the steps in which they lie; exactly as much in all of them as it is."""
    first, last = since_ms // 1_000 // seconds * seconds, -(-until_ms // 1_000)
    for part in _parts(books, one, (first - shift_s) // 60 * 60, last - shift_s, seconds):
        begins, lasts = part.begins + shift_s, part.lasts
        for step in range(begins // seconds * seconds, begins + lasts, seconds):
            since, until = max(begins, step) - begins, min(begins + lasts, step + seconds) - begins
            if first <= step < last:
                nano_usd, tokens = (n * until // lasts - n * since // lasts for n in (part.nano_usd, part.tokens))
                yield step, part.key, nano_usd, tokens


def _parts(books: StepBooks, one: Covering, first: int, last: int, seconds: int) -> list[_Part]:
    source, widest = one.fact.source, _DAY if seconds >= _DAY else _DAY - 1
    window = (source, first - (_HOUR if seconds < _HOUR else 0), last, seconds, widest)
    costs = books.ask(_question("cost_buckets", "b.model, b.tenant, b.key", "0"), window)
    if not books.counts_usage(source):
        return [_billed(one, row) for row in costs] or list(_fallen(books, one, first, last, seconds))
    usage = books.ask(_question("usage_buckets", "b.series, b.card", _TOKENS), window)
    billing = {row[2] for row in costs} & {row[2] for row in usage}
    found = [_billed(one, row) for row in costs if row[2] in billing]
    for begins, lasts, dataset, nano_usd, tokens, series, card in usage:
        key = books.key(series, card)
        billed = dataset in billing
        found.append(
            _Part(begins, lasts, key._replace(card=BILLED) if billed else key, 0 if billed else nano_usd, tokens)
        )
    return found


def _question(table: str, place: str, tokens: str) -> str:
    """Sums by step, or by bucket where that is wider: (begin, seconds, dataset, nano-dollars, tokens, place)."""
    lasts = "max(b.width, ?4)"
    return (
        f"SELECT b.begins / {lasts} * {lasts}, {lasts}, b.dataset, sum(b.nano_usd), sum({tokens}), {place}"
        f" FROM provider_datasets AS d CROSS JOIN {table} AS b ON b.source = d.source AND b.dataset = d.dataset"
        " AND b.begins >= ?2 AND b.begins < ?3 WHERE d.source = ?1 AND b.width <= ?5"
        f" GROUP BY 1, 2, 3, {place}"
    )


def _billed(one: Covering, row: Sequence[Any]) -> _Part:
    begins, lasts, _, nano_usd, _, model, tenant, key = row
    return _Part(begins, lasts, billed_key(one.fact, model or None, tenant or None, key or None), nano_usd, 0)


def _fallen(books: StepBooks, one: Covering, first: int, last: int, seconds: int) -> Iterator[_Part]:
    """What the account that fell by most fell by in each step; several are views of one another."""
    whole = _falls(books, one, first, last)
    if not whole:
        return
    account = max(whole, key=lambda name: whole[name])
    for begins in range(first, last, seconds):
        if fall := _falls(books, one, begins, min(begins + seconds, last)).get(account):
            yield _Part(begins, seconds, billed_key(one.fact), fall, 0)


def _falls(books: StepBooks, one: Covering, first: int, last: int) -> dict[str, int]:
    return {
        spent.account: spent.nano
        for spent in books.spent_balances(first * 1_000, last * 1_000)
        if spent.source == one.fact.source and spent.currency == "USD"
    }


def _since_ms(books: StepBooks, one: Covering) -> int:
    """From when a source's figures are known."""
    source = one.fact.source
    oldest = [
        books.ask(f"SELECT min({column}) FROM {table} WHERE source = ?", (source,))[0][0]
        for table, column in (
            ("usage_buckets", "begins * 1000"),
            ("cost_buckets", "begins * 1000"),
            ("balances", "since_ms"),
        )
    ]
    return min(one for one in oldest if one is not None) if any(one is not None for one in oldest) else 0

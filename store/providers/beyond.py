"""What providers count and no gateway's log holds: the one part of their figures that is added to ours.

A provider whose traffic no log covers is live by itself: its usage buckets, at what the same answer bills for them, else at
our prices; without usage what it bills or what its balance fell by. Where a log covers it, only the tokens count that the provider has and the log lacks, never both.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

from pricing.bill import cost_nano_usd
from pricing.books.names import model_stem, shares_bill, split_provider
from pricing.card import UNKNOWN_COST, CardStatus, RateCard
from pricing.filters import Filter, parse_filter
from pricing.hosts.allocation import largest_remainder
from pricing.money import divide_half_even
from pricing.totals import add_usage
from pricing.usage import INPUT_CLASSES, NOTHING, Usage
from store.facts import Dimensions
from store.provider_facts import ProviderFact, Role
from store.providers.balances import Spent
from store.providers.buckets import CostSum, Dataset, UsageSum
from store.sums import CardNote, Sum, SumKey
from store.tables import DIMENSIONS, MEASURES

NOT_THROUGH = "(not through the gateway)"
"""Tenant and key of what a provider counts beyond the logs that cover it."""

EDGE_MS = 120_000
"""A call may stand on the other side of a window's edge in the log: so much of it is looked at, too."""
_DECIDES_MS = 3_600_000
LAGGING_MS = 3 * 3_600_000
"""A provider further behind says nothing of now."""

_DAY = 86_400
BILLED = CardNote("", CardStatus.PRICED, "(billed by the provider)")
"""The card of what is known in dollars alone."""

_AT = {name: position for position, name in enumerate(MEASURES)}
_TOKENS = _AT["input"]
_NOT_METERED = frozenset({CardStatus.CACHED, CardStatus.HOSTED, CardStatus.PREPAID})


class Books(Protocol):
    """What must be asked of a store."""

    def rollup_sums(self, since_ms: int, until_ms: int) -> list[Sum]:
        """What logs hold of a window."""
        ...

    def providers(self) -> list[ProviderFact]:
        """Every provider whose own figures are read."""
        ...

    def datasets(self) -> list[Dataset]:
        """Every kind of its figures."""
        ...

    def usage_sums(
        self, source: str, since_ms: int, until_ms: int, *, days: bool = True
    ) -> list[tuple[SumKey, UsageSum]]:
        """What a provider counted."""
        ...

    def cost_sums(self, source: str, since_ms: int, until_ms: int, *, days: bool = True) -> list[CostSum]:
        """What a provider billed."""
        ...

    def spent_balances(self, since_ms: int, until_ms: int, *, later_ms: int = 0) -> list[Spent]:
        """What balances fell by, in falls that began at `later_ms` or later."""
        ...

    def series(self) -> Sequence[Dimensions]:
        """Everything that was ever seen."""
        ...

    def card(self, card_id: str) -> RateCard:
        """A card as it was used."""
        ...

    def bucket_edges(self, source: str, since_ms: int, until_ms: int) -> tuple[int, int]:
        """The window without the buckets that lie in it only in part."""
        ...

    def counts_usage(self, source: str) -> bool:
        """Whether a source gives usage at all, so that its bill is only a judge."""
        ...


class Covering(NamedTuple):
    """A provider, and how to tell the gateway traffic that its figures contain."""

    fact: ProviderFact
    filter: Filter

    def covers(self, dimensions: Dimensions, sources: frozenset[str]) -> bool:
        """Whether a series of a log (not of one of the providers' own sources) is in these figures."""
        if dimensions.source in sources:
            return False
        if not self.filter.is_empty:
            return self.filter.matches(SumKey(dimensions, BILLED).values(DIMENSIONS))
        said, _ = split_provider(dimensions.provider, dimensions.model or "")
        return said is not None and shares_bill(said, self.fact.provider)


def coverings(books: Books) -> tuple[list[Covering], frozenset[str]]:
    """Every provider with what it covers, and the names of all their sources."""
    facts = books.providers()
    found = [Covering(fact, parse_filter(fact.covers, DIMENSIONS)) for fact in facts]
    return found, frozenset(fact.source for fact in facts)


def beyond(books: Books, since_ms: int, until_ms: int, *, lagging: bool = False) -> list[Sum]:
    """What is added to the logs' sums of [since, until).

    `lagging` is for rates: each provider's window then has the same length and ends where its figures are complete,
    and what is known only by the day is no rate.
    """
    every, sources = coverings(books)
    datasets = books.datasets() if every else []
    found: list[Sum] = []
    for one in every:
        if one.fact.role is not Role.LIVE:
            continue
        mine = [dataset for dataset in datasets if dataset.source == one.fact.source]
        window = _window(mine, since_ms, until_ms, lagging=lagging)
        if window is not None:
            found += _of_provider(books, one, sources, window, mine, lagging=lagging)
    return found


def _counted_until_ms(datasets: Sequence[Dataset]) -> int:
    """Up to when usage is complete: what the log holds of later is not yet to be compared."""
    widths = [one for one in datasets if one.width_seconds]
    return min((one.watermark_ms or 0 for one in narrow(widths) or widths), default=0)


def narrow(datasets: Sequence[Dataset]) -> list[Dataset]:
    """What is known of parts of days."""
    return [one for one in datasets if 0 < one.width_seconds < _DAY]


def _scaled(sums: Iterable[Sum], covered_ms: int, wanted_ms: int) -> list[Sum]:
    """Sums of whole buckets as if they were of the whole window: a rate must not fall where a bucket is cut."""
    if covered_ms <= 0 or covered_ms == wanted_ms:
        return list(sums)
    return [
        one._replace(measures=tuple(divide_half_even(n * wanted_ms, covered_ms) for n in one.measures)) for one in sums
    ]


def _window(datasets: Sequence[Dataset], since_ms: int, until_ms: int, *, lagging: bool) -> tuple[int, int] | None:
    if not lagging:
        return since_ms, until_ms
    marks = [one.watermark_ms for one in datasets if one.width_seconds < _DAY and one.watermark_ms is not None]
    behind_ms = max(0, until_ms - min(marks, default=0))
    return None if behind_ms > LAGGING_MS else (since_ms - behind_ms, until_ms - behind_ms)


def _rated(window: tuple[int, int], datasets: Sequence[Dataset]) -> tuple[int, int]:
    """A rate's window begins with a whole minute, and holds at least one bucket of what is known of parts of days."""
    begins, ends = -(-window[0] // 60_000) * 60_000, window[1]
    width_ms = max((one.width_seconds for one in narrow(datasets)), default=0) * 1_000
    if ends - begins >= width_ms:
        return begins, ends
    return ends // width_ms * width_ms - width_ms, ends // width_ms * width_ms


def _of_provider(
    books: Books,
    one: Covering,
    sources: frozenset[str],
    window: tuple[int, int],
    mine: Sequence[Dataset],
    *,
    lagging: bool,
) -> list[Sum]:
    known_until_ms = _counted_until_ms(mine)
    covered = any(one.covers(dimensions, sources) for dimensions in books.series())
    begins, ends = _rated(window, mine) if lagging else window
    begins, ends = books.bucket_edges(one.fact.source, begins, min(ends, known_until_ms) if covered else ends)
    usage = books.usage_sums(one.fact.source, begins, ends, days=not lagging)
    scale = (ends - begins, window[1] - window[0] if lagging else ends - begins)
    if covered:
        return _scaled(_not_through(books, one, sources, usage, begins, ends), *scale)
    if books.counts_usage(one.fact.source) and (not lagging or narrow(mine)):
        counted = _scaled(_counted(books, one, usage, begins, ends), *scale)
        # A fall that began in time that is counted is of what is counted; a balance is a little late, too.
        counted_until_ms = max(known_until_ms, *(record.until_ms for _, record in usage), 0)
        later_ms = counted_until_ms + EDGE_MS
        return counted + _fallen(books, one, max(begins, later_ms), ends, later_ms)
    billed = _scaled(_billed(books, one, begins, ends, days=not lagging), *scale)
    return billed or _fallen(books, one, *window)


def _counted(
    books: Books, one: Covering, usage: Sequence[tuple[SumKey, UsageSum]], begins: int, ends: int
) -> Iterable[Sum]:
    """Usage at our prices; where the same answers say what they bill for it, that is its price."""
    counting = {record.dataset for _, record in usage}
    costs = [cost for cost in books.cost_sums(one.fact.source, begins, ends) if cost.dataset in counting]
    billing = {cost.dataset for cost in costs}
    for key, record in usage:
        if record.dataset in billing:
            yield Sum(
                SumKey(key.dimensions, BILLED),
                _measures(record.usage, 0, record.requests or 0, partial=False),
                record.usage.units,
            )
        else:
            yield usage_sum(key, record)
    yield from (_money(one, cost) for cost in costs if cost.nano_usd)


def _not_through(
    books: Books,
    one: Covering,
    sources: frozenset[str],
    usage: Sequence[tuple[SumKey, UsageSum]],
    begins: int,
    ends: int,
) -> list[Sum]:
    """Per model, what the provider counted beyond the log, where there is more than the log's edges could explain.

    Whether there is, an hour tells at least: in a short window the edges weigh too much. What the log holds of models that
    the provider does not name (deployments, aliases) may be what it counts under names that the log does not have.
    """
    counted = _by_stem((key, record.usage) for key, record in usage)
    if not counted:
        return []
    first = min(begins, ends - _DECIDES_MS)
    hour = books.usage_sums(one.fact.source, first, ends) if first < begins else usage
    whole = _by_stem((key, record.usage) for key, record in hour)
    around = _by_stem(_covered(books, one, sources, first - EDGE_MS, ends + EDGE_MS))
    seen = list(_covered(books, one, sources, begins, ends))
    logged, names = _by_stem(seen), {_stem(key): key.dimensions.model for key, _ in seen}
    renamed = _Held(usage for stem, usage in logged.items() if stem not in whole)
    renamed_around = _Held(usage for stem, usage in around.items() if stem not in whole)
    found: list[Sum] = []
    for stem, tokens in sorted(counted.items(), key=lambda one: (-one[1].total_tokens, one[0])):
        explained = around[stem] if stem in around else renamed_around.take(whole[stem])
        held = logged.get(stem, NOTHING) if stem in around else renamed.take(tokens)
        if whole[stem].total_tokens > explained.total_tokens:
            mine = [(key, record) for key, record in usage if _stem(key) == stem]
            found += _rests(books, mine, tokens, held, names.get(stem))
    return found


class _Held:
    """Tokens of the log that may be those of one model or another, each of one only."""

    def __init__(self, usages: Iterable[Usage]) -> None:
        self._prompt = self._output = 0
        for usage in usages:
            self._prompt += usage.prompt_tokens
            self._output += usage.output_tokens

    def take(self, wanted: Usage) -> Usage:
        """As much of these as there still is."""
        prompt, output = min(self._prompt, wanted.prompt_tokens), min(self._output, wanted.output_tokens)
        self._prompt, self._output = self._prompt - prompt, self._output - output
        return Usage(input_tokens=prompt, output_tokens=output)


def _covered(
    books: Books, one: Covering, sources: frozenset[str], begins: int, ends: int
) -> Iterable[tuple[SumKey, Usage]]:
    for found in books.rollup_sums(begins, ends):
        if found.key.card.status not in _NOT_METERED and one.covers(found.key.dimensions, sources):
            yield found.key, found.usage


def _by_stem(usages: Iterable[tuple[SumKey, Usage]]) -> dict[str, Usage]:
    sums: dict[str, Usage] = {}
    for key, usage in usages:
        sums[_stem(key)] = add_usage(sums.get(_stem(key), NOTHING), usage)
    return sums


def _stem(key: SumKey) -> str:
    return model_stem(key.dimensions.model or "")


def _rests(
    books: Books, mine: Sequence[tuple[SumKey, UsageSum]], counted: Usage, seen: Usage, name: str | None
) -> Iterable[Sum]:
    """The provider's rows cut down to what the log lacks, input and output each, and priced at their own cards.

    Input is compared as a whole: how much of it came from a cache is no reason to count a token twice. `name` is what the
    log calls the model, so that it stays one model.
    """
    prompt = max(0, counted.prompt_tokens - seen.prompt_tokens)
    output = max(0, counted.output_tokens - seen.output_tokens)
    cells = {
        (row, place): Fraction(n)
        for row, (_, record) in enumerate(mine)
        for place, n in enumerate(record.usage[:8])
        if n
    }
    inputs = {cell: n for cell, n in cells.items() if cell[1] < INPUT_CLASSES}
    outputs = {cell: n for cell, n in cells.items() if cell[1] == INPUT_CLASSES}
    parts = {
        **(largest_remainder(prompt, inputs) if prompt and inputs else {}),
        **(largest_remainder(output, outputs) if output and outputs else {}),
    }
    for row, (key, record) in enumerate(mine):
        tokens = [parts.get((row, place), 0) for place in range(INPUT_CLASSES + 1)]
        if not any(tokens):
            continue
        whole = record.usage.total_tokens
        usage = Usage.of((*tokens, min(tokens[-1], record.usage.reasoning_tokens)))
        requests = (record.requests or 0) * sum(tokens) // whole
        nano_usd, partial = cost_nano_usd(usage, books.card(key.card.card_id), requests)
        partial = partial or (nano_usd is None and not requests)
        dimensions = key.dimensions
        marked = Dimensions(
            dimensions.source, dimensions.provider, name or dimensions.model, None, NOT_THROUGH, NOT_THROUGH, None,
            dimensions.call_type,
        )  # fmt: skip
        yield Sum(SumKey(marked, key.card), _measures(usage, nano_usd or 0, requests, partial=partial))


def usage_sum(key: SumKey, record: UsageSum) -> Sum:
    """A bucket as a sum over its time."""
    # A provider may count no requests: what has no price must still be seen to have none.
    partial = bool(record.partial) or (key.card.status in UNKNOWN_COST and not record.requests)
    return Sum(key, _measures(record.usage, record.nano_usd, record.requests or 0, partial=partial), record.usage.units)


def _billed(books: Books, one: Covering, begins: int, ends: int, *, days: bool) -> list[Sum]:
    """What is billed by a provider that counts no usage and that no log covers; without `days`, of parts of them."""
    costs = books.cost_sums(one.fact.source, begins, ends, days=days)
    return [_money(one, cost) for cost in costs if cost.nano_usd]


def _fallen(books: Books, one: Covering, begins: int, ends: int, later_ms: int = 0) -> list[Sum]:
    """What a balance fell by; several accounts of one source are views of one another, and the widest holds."""
    if begins >= ends:
        return []
    fallen = [
        spent.nano
        for spent in books.spent_balances(begins, ends, later_ms=later_ms)
        if spent.source == one.fact.source and spent.currency == "USD"
    ]
    most = max(fallen, default=0)
    return [Sum(billed_key(one.fact), _measures(NOTHING, most, 0, partial=False))] if most else []


def _money(one: Covering, cost: CostSum) -> Sum:
    key = billed_key(one.fact, cost.model or None, cost.tenant or None, cost.key or None)
    return Sum(key, _measures(NOTHING, cost.nano_usd, 0, partial=False))


def billed_key(
    fact: ProviderFact, model: str | None = None, tenant: str | None = None, key: str | None = None
) -> SumKey:
    """What a provider's own dollars are of."""
    return SumKey(Dimensions(fact.source, fact.provider, model, None, tenant, key), BILLED)


def _measures(usage: Usage, nano_usd: int, requests: int, *, partial: bool) -> tuple[int, ...]:
    measures = [0] * len(MEASURES)
    measures[_AT["requests"]], measures[_AT["nano_usd"]] = requests, nano_usd
    measures[_AT["partial"]] = requests or 1 if partial else 0
    measures[_TOKENS : _TOKENS + 9] = usage[:9]
    return tuple(measures)

"""Ours against the providers': bills and counts laid over the gateway traffic that they are of, by day and model."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from pricing.books.names import model_stem, split_provider
from pricing.card import UNKNOWN_COST, CardStatus, RateCard
from pricing.drift import Billed, Counted, Drift, Ours
from pricing.money import TOKENS_PER_MILLION, divide_half_even
from pricing.times import DAY_MS
from pricing.totals import usd_per_hour
from pricing.usage import TOKEN_CLASSES
from store.providers.beyond import NOT_THROUGH, Covering, coverings, usage_sum
from store.providers.buckets import CostRecord, Dataset, UsageSum
from store.reader import Reader
from store.sums import Sum, SumKey
from tui.reading.cards import Cards

DIMENSIONS = ("provider", "model", "day", "source")
"""What drift can be grouped by; a day is the beginning of a UTC day in epoch milliseconds, as text."""

LATELY_MS = 7 * DAY_MS

_NOT_METERED = frozenset({CardStatus.CACHED, CardStatus.HOSTED, CardStatus.PREPAID})
_LINEAR = frozenset({CardStatus.PRICED, CardStatus.ESTIMATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftRow:
    """One group: its members of the dimensions, and the views of it."""

    key: Mapping[str, str | None]
    drift: Drift


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One source, and up to when it has judged."""

    source: str
    provider: str
    until_ms: int | None
    """None where it has said nothing about the window yet."""
    by: str
    """What judges: "bill", "counts at our prices" or "balance"."""
    drift: Drift
    rows: tuple[DriftRow, ...]
    """By model, the largest difference first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """All providers over whole UTC days."""

    since_ms: int
    until_ms: int
    dimensions: tuple[str, ...]
    rows: tuple[DriftRow, ...]
    judged: tuple[Judged, ...]
    total: Drift | None


@dataclass(frozen=True, slots=True)
class _Cell:
    """One model at one provider on one day."""

    provider: str
    source: str
    model: str | None
    day_ms: int
    drift: Drift

    def member(self, dimension: str) -> str | None:
        if dimension == "day":
            return str(self.day_ms)
        value: str | None = getattr(self, dimension)
        return value


def reconcile(reader: Reader, since_ms: int, until_ms: int, dimensions: Sequence[str]) -> Reconciliation:
    """Compare whole UTC days from the one that holds `since_ms` on, each source as far as its own figures reach."""
    begins_ms = since_ms // DAY_MS * DAY_MS
    every, sources = coverings(reader)
    datasets = reader.datasets()
    cards = Cards(reader)
    cells: list[_Cell] = []
    judged: list[Judged] = []
    for one in every:
        mine = [dataset for dataset in datasets if dataset.source == one.fact.source]
        if not mine:
            continue
        views = _Views(reader, one, sources, mine, cards, begins_ms, until_ms)
        found = list(views.cells())
        cells += found
        judged.append(
            Judged(
                source=one.fact.source,
                provider=one.fact.provider,
                until_ms=views.ends_ms,
                by=views.by,
                drift=_added(cell.drift for cell in found),
                rows=_grouped(found, ("model",)),
            )
        )
    return Reconciliation(
        since_ms=begins_ms,
        until_ms=until_ms,
        dimensions=tuple(dimensions),
        rows=_grouped(cells, dimensions),
        judged=tuple(judged),
        total=_added(cell.drift for cell in cells) if cells else None,
    )


def reconciled_lately(reader: Reader, now_ms: int) -> Mapping[str, Judged]:
    """The last week by source; computed again once something was read, or a minute has passed."""
    marks = tuple((one.source, one.dataset, one.read_ms) for one in reader.datasets())
    return _lately(reader, marks, now_ms // 60_000) if marks else {}


@lru_cache(maxsize=2)
def _lately(reader: Reader, _marks: tuple[tuple[str, str, int], ...], minute: int) -> Mapping[str, Judged]:
    found = reconcile(reader, minute * 60_000 - LATELY_MS, minute * 60_000, ("model",))
    return {judged.source: judged for judged in found.judged}


class _Views:
    """One source's figures and the traffic that they cover, day by day."""

    def __init__(
        self,
        reader: Reader,
        one: Covering,
        sources: frozenset[str],
        datasets: Sequence[Dataset],
        cards: Cards,
        begins_ms: int,
        until_ms: int,
    ) -> None:
        self._reader, self._one, self._sources, self._cards = reader, one, sources, cards
        self._begins_ms = begins_ms
        self._covered = any(one.covers(dimensions, sources) for dimensions in reader.series())
        self._costs: dict[int, list[CostRecord]] = {}
        for cost in reader.cost_buckets(begins_ms, until_ms):
            if cost.source == one.fact.source:
                self._costs.setdefault(cost.begins * 1_000 // DAY_MS * DAY_MS, []).append(cost)
        self._counts = bool(reader.usage_sums(one.fact.source, begins_ms, until_ms))
        self.by, names = self._judge(datasets)
        marks = [one.watermark_ms for one in datasets if one.watermark_ms is not None and one.dataset in names]
        self.ends_ms = min(until_ms, *marks) if marks else None
        self._names: dict[str, str] = {}

    def _judge(self, datasets: Sequence[Dataset]) -> tuple[str, set[str]]:
        """What judges, and the datasets that it stands in."""
        if self._costs:
            return "bill", {cost.dataset for costs in self._costs.values() for cost in costs}
        if self._counts:
            return "counts at our prices", {one.dataset for one in datasets if one.width_seconds}
        return "balance", {one.dataset for one in datasets if not one.width_seconds}

    def cells(self) -> Iterator[_Cell]:
        """Each day up to where the judge's figures reach."""
        day_ms = self._begins_ms
        while self.ends_ms is not None and day_ms < self.ends_ms:
            yield from self._of_day(day_ms, min(day_ms + DAY_MS, self.ends_ms))
            day_ms += DAY_MS

    def _of_day(self, day_ms: int, ends_ms: int) -> Iterator[_Cell]:
        ours = self._ours(day_ms, ends_ms)
        if self.by == "balance":
            if self._covered and (billed := self._fallen(day_ms, ends_ms)) is not None:
                everything = sum(ours.values(), Ours())
                yield self._cell(None, day_ms, Drift(ours=everything, billed=billed))
            return
        counted, billed_by = self._counted(day_ms, ends_ms), self._billed(day_ms, ends_ms)
        for stem in sorted({*ours, *counted, *billed_by}):
            yield self._cell(
                stem,
                day_ms,
                Drift(
                    ours=ours.get(stem, Ours()),
                    counted=counted.get(stem, Counted()) if self._counts else None,
                    billed=billed_by.get(stem, Billed()) if self.by == "bill" else None,
                ),
            )

    def _cell(self, stem: str | None, day_ms: int, drift: Drift) -> _Cell:
        fact = self._one.fact
        return _Cell(fact.provider, fact.source, None if stem is None else self._names.get(stem, stem), day_ms, drift)

    def _ours(self, begins_ms: int, ends_ms: int) -> dict[str, Ours]:
        """What logs hold; where none covers the provider, its own usage at our prices."""
        found: dict[str, Ours] = {}
        if not self._covered:
            for key, record in self._used(begins_ms, ends_ms):
                stem = self._stem(key.dimensions.model)
                found[stem] = found.get(stem, Ours()) + _ours(usage_sum(key, record), self._cards)
            return found
        for one in self._reader.rollup_sums(begins_ms, ends_ms):
            if one.key.card.status in _NOT_METERED or not self._one.covers(one.key.dimensions, self._sources):
                continue
            stem = self._stem(one.key.dimensions.model)
            found[stem] = found.get(stem, Ours()) + _ours(one, self._cards)
        return found

    def _counted(self, begins_ms: int, ends_ms: int) -> dict[str, Counted]:
        found: dict[str, Counted] = {}
        for key, record in self._used(begins_ms, ends_ms):
            stem = self._stem(key.dimensions.model)
            found[stem] = found.get(stem, Counted()) + _counted(key, record, self._cards)
        return found

    def _used(self, begins_ms: int, ends_ms: int) -> Sequence[tuple[SumKey, UsageSum]]:
        """What the provider counted on a day, where it counts at all."""
        return self._reader.usage_sums(self._one.fact.source, begins_ms, ends_ms) if self._counts else ()

    def _billed(self, begins_ms: int, ends_ms: int) -> dict[str, Billed]:
        found: dict[str, Billed] = {}
        for cost in self._costs.get(begins_ms, ()):
            if _lies_in(cost.begins, cost.width, begins_ms, ends_ms):
                stem = self._stem(cost.model or _item(cost))
                by_class = {cost.token_class: cost.nano_usd} if cost.token_class else {}
                found[stem] = found.get(stem, Billed()) + Billed(nano_usd=cost.nano_usd, by_class=by_class)
        return found

    def _fallen(self, begins_ms: int, ends_ms: int) -> Billed | None:
        fallen = [
            spent.nano
            for spent in self._reader.spent_balances(begins_ms, ends_ms)
            if spent.source == self._one.fact.source and spent.currency == "USD"
        ]
        return Billed(nano_usd=max(fallen)) if fallen else None

    def _stem(self, model: str | None) -> str:
        stem = model_stem(model or "")
        self._names.setdefault(stem, split_provider(self._one.fact.provider, model or "(no model)")[1])
        return stem


def _ours(one: Sum, cards: Cards) -> Ours:
    status, usage, card = one.key.card.status, one.usage, cards.card(one.key.card.card_id)
    failed = one.key.dimensions.outcome.failed
    return Ours(
        nano_usd=one.nano_usd,
        usage=usage,
        requests=one.requests,
        errors=one.requests if failed else 0,
        unknown_tokens=usage.total_tokens if status in UNKNOWN_COST else 0,
        batch_tokens=usage.total_tokens if _is_batch(card) else 0,
        long_tokens=usage.total_tokens if status in _LINEAR and _is_long(card) else 0,
        by_class={
            name: divide_half_even(tokens * rate, TOKENS_PER_MILLION)
            for name, tokens, rate in zip(TOKEN_CLASSES, usage.tokens, card.rates, strict=True)
            if tokens and rate is not None
        },
    )


def _counted(key: SumKey, record: UsageSum, cards: Cards) -> Counted:
    card, tokens = cards.card(key.card.card_id), record.usage.total_tokens
    return Counted(
        usage=record.usage,
        requests=record.requests,
        nano_usd=record.nano_usd,
        batch_tokens=tokens if record.variant == "batch" else 0,
        long_tokens=tokens if key.card.status in _LINEAR and _is_long(card) else 0,
    )


def _is_batch(card: RateCard) -> bool:
    return "batch" in card.conditions


def _is_long(card: RateCard) -> bool:
    return any(condition.startswith("prompt over") for condition in card.conditions)


def _item(cost: CostRecord) -> str:
    """A line without a model by what it is for, which no model is called."""
    return f"({cost.item or 'no line item'})"


def _lies_in(begins: int, width: int, begins_ms: int, ends_ms: int) -> bool:
    return begins_ms <= begins * 1_000 and (begins + width) * 1_000 <= ends_ms


def _grouped(cells: Iterable[_Cell], dimensions: Sequence[str]) -> tuple[DriftRow, ...]:
    """The largest difference first."""
    groups: dict[tuple[str | None, ...], Drift] = {}
    for cell in cells:
        name = tuple(cell.member(dimension) for dimension in dimensions)
        groups[name] = groups[name] + cell.drift if name in groups else cell.drift
    rows = [DriftRow(key=dict(zip(dimensions, name, strict=True)), drift=drift) for name, drift in groups.items()]
    return tuple(sorted(rows, key=lambda row: (-abs(row.drift.nano_usd or 0), tuple(map(str, row.key.values())))))


def _added(drifts: Iterable[Drift]) -> Drift:
    found: Drift | None = None
    for drift in drifts:
        found = drift if found is None else found + drift
    return found or Drift(ours=Ours())


def provider_notes(reader: Reader, sums: Iterable[Sum], seconds: float) -> tuple[str, ...]:
    """What of these sums only providers count, and up to when their figures are complete."""
    facts = reader.providers()
    if not facts:
        return ()
    marks = {record.health.name: record.health.watermark_ms for record in reader.sources()}
    names = {fact.source for fact in facts}
    beside: dict[tuple[str, bool], int] = {}
    for one in sums:
        dimensions = one.key.dimensions
        if dimensions.source in names:
            place = dimensions.source, dimensions.tenant == NOT_THROUGH
            beside[place] = beside.get(place, 0) + one.nano_usd
    return tuple(
        _note(source, nano_usd, seconds, marks.get(source), beyond=beyond)
        for (source, beyond), nano_usd in sorted(beside.items())
    )


def _note(source: str, nano_usd: int, seconds: float, mark_ms: int | None, *, beyond: bool) -> str:
    rate = usd_per_hour(nano_usd, seconds) or Decimal(0)
    reach = "" if mark_ms is None else f", as of {datetime.fromtimestamp(mark_ms / 1_000, UTC):%Y-%m-%d %H:%M}Z"
    what = NOT_THROUGH if beyond else "from its own figures"
    return f"{source}: ${rate:.4f}/h {what}{reach}"

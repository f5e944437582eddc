"""The traffic of a window on other models, with the inputs gathered from the store and the books."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pricing.bill import cost_nano_usd
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.families import smaller_relatives
from pricing.books.listing_classes import models_of
from pricing.books.modelclass import ModelClass
from pricing.times import HOUR_MS
from pricing.usage import Usage
from pricing.whatif.candidates import Blend, Candidate, Route
from pricing.whatif.compare import Comparison, compare
from pricing.whatif.elsewhere import Offered
from pricing.whatif.switches import Switches
from pricing.whatif.traffic import Sender, Traffic
from tui.reading.moment import Moment
from tui.reading.traffic import SeenTraffic

_MOST_SEEN = 8
_MOST_OF_CLASS = 10

HOSTED_ALONE = "own hosts are paid by the hour: moving their traffic saves only what is given back afterwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to compare with: models, classes and blends; nothing means the models in use and their smaller relatives."""

    options: tuple[Candidate | Blend, ...] = ()
    classes: tuple[ModelClass, ...] = ()
    switches: Switches | None = None
    easy: Decimal | None = None
    """Share of the dearest model's requests that its smallest relative would answer, beside the models in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The comparison, its window, and what it leaves out in sentences."""

    at: Moment
    comparison: Comparison
    left_out: tuple[str, ...]


def compared(seen: SeenTraffic, asked: Asked, *, book: PriceBook, catalogue: Catalogue) -> Compared:
    """Price the traffic elsewhere; traffic of own hosts is left out beside other, and compared alone."""
    traffic, left_out = seen.metered, []
    if not traffic and seen.hosted:
        traffic = seen.hosted
        left_out.append(HOSTED_ALONE)
    elif seen.hosted:
        left_out.append(f"{seen.hosted_requests:,} requests to own hosts, which are paid by the hour")
    answering = tuple(one for one in traffic if one.usage.output_tokens)
    if answering and len(answering) < len(traffic):
        silent = sum(one.requests for one in traffic) - sum(one.requests for one in answering)
        left_out.append(f"{silent:,} requests without output, such as embeddings: no chat model does what they do")
        traffic = answering
    return _compared(traffic, seen.at, asked, left_out, book=book, catalogue=catalogue)


def given(
    usage: Usage, requests: int, model: str | None, asked: Asked, *, book: PriceBook, catalogue: Catalogue, now_ms: int
) -> Compared:
    """So many requests an hour that each use this, on the model that answers them now, if any does."""
    each = usage.prompt_tokens
    card = book.card(None, model or "", at_ms=now_ms, prompt_tokens=each)
    cost, partial = cost_nano_usd(usage, card)
    whole = Usage.of(count * requests for count in usage[:9])
    one = Traffic(
        sender=Sender(None, model, None),
        card=card,
        requests=requests,
        usage=whole,
        nano_usd=None if model is None or cost is None else cost * requests,
        partial=partial,
        largest_prompt_tokens=each,
    )
    at = Moment(now_ms=now_ms, since_ms=now_ms - HOUR_MS, until_ms=now_ms, sources=[], states={})
    return _compared((one,), at, asked, (), book=book, catalogue=catalogue)


def _compared(
    traffic: Sequence[Traffic],
    at: Moment,
    asked: Asked,
    left_out: Sequence[str],
    *,
    book: PriceBook,
    catalogue: Catalogue,
) -> Compared:
    members = {one: [_of_record(name) for name in models_of(catalogue, one)] for one in asked.classes}
    options = list(asked.options) + [candidate for found in members.values() for candidate in found]
    if not asked.options and not asked.classes:
        options = [*in_use(traffic), *_routed(traffic, asked.easy)]
    found = compare(
        traffic,
        dict.fromkeys(options),
        book,
        catalogue.context_window,
        at_ms=at.until_ms,
        switches=asked.switches,
    )
    asked_for = {one.name for one in asked.options}
    shown, sentences = _cheapest(found.offered, asked_for, members)
    return Compared(at=at, comparison=replace(found, offered=shown), left_out=(*left_out, *sentences))


def in_use(traffic: Iterable[Traffic]) -> Iterable[Candidate]:
    """The models that most was spent on, each with its smaller relatives."""
    spent: dict[Candidate, int] = {}
    for one in traffic:
        if one.sender.model and one.nano_usd is not None:
            candidate = Candidate(model=one.sender.model, provider=one.sender.provider)
            spent[candidate] = spent.get(candidate, 0) + one.nano_usd
    dearest = sorted(spent, key=lambda one: (-spent[one], one.name))[:_MOST_SEEN]
    for candidate in dearest:
        yield candidate
        yield from (replace(candidate, model=model) for model in smaller_relatives(candidate.model))


def _routed(traffic: Iterable[Traffic], easy: Decimal | None) -> Iterable[Blend]:
    """The dearest model that has smaller relatives, sharing its requests with the smallest of them."""
    if easy is None:
        return
    models = list(in_use(traffic))
    for candidate in models:
        if relatives := smaller_relatives(candidate.model):
            small = replace(candidate, model=relatives[-1])
            yield Blend(
                routes=(
                    Route(label="easy", share=easy, candidate=small),
                    Route(label="hard", share=1 - easy, candidate=candidate),
                )
            )
            return


def _of_record(record: str) -> Candidate:
    provider, _, model = record.partition("/")
    return Candidate(model=model, provider=provider)


def _cheapest(
    offered: Sequence[Offered], asked_for: set[str], members: dict[ModelClass, list[Candidate]]
) -> tuple[tuple[Offered, ...], list[str]]:
    """What was asked for by name, and the cheapest of each class; sentences count the others."""
    hidden: set[str] = set()
    sentences = []
    for one, candidates in members.items():
        names = {candidate.name for candidate in candidates} - asked_for
        known = [row.name for row in offered if row.name in names and row.nano_usd is not None]
        unfit = sum(row.status == "excluded" for row in offered if row.name in names)
        hidden |= names - set(known[:_MOST_OF_CLASS])
        sentences.append(
            f"{one}: the {len(known[:_MOST_OF_CLASS])} cheapest of {len(known)} are shown, "
            f"{unfit} hold no prompt as large as the largest"
        )
    return tuple(row for row in offered if row.name not in hidden), sentences

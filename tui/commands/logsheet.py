"""What `usdtop doctor FILE` says of a log: its format, one record of it, and what was not understood."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from collectors.clock import now_ms
from collectors.formats.registry import FORMATS
from collectors.logs.inspection import Inspection, inspect
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config
from pricing.money import usd_text
from store.facts import PricedEvent
from tui.commands.common import shortened

_KNOWN = ", ".join(known.name for known in FORMATS)


def log_sentences(path: Path, config: Config) -> Iterator[tuple[str, str]]:
    """Sentences, each with its mark."""
    found = inspect(path, config.source)
    if not found.events:
        yield from _nothing(path, found)
    else:
        kind = "records" if found.is_document else "lines"
        yield "ok", f"{path}: format {found.format_name}, {len(found.events):,} requests in {found.lines:,} {kind}."
    for note in found.notes:
        yield "note", note
    if found.events:
        priced = Pricer(price_book(config)).price(found.events, now_ms=now_ms())
        yield from _totals(priced.events)
        yield from _example(max(priced.events, key=lambda one: one.event.usage.total_tokens))
    for reject in found.rejects:
        said = f": {reject.example}" if reject.example else ""
        yield "note" if reject.taken else "warn", f"{reject.count:,} x {reject.reason}{said}"


def _nothing(path: Path, found: Inspection) -> Iterator[tuple[str, str]]:
    """What to do about a log in which no request was found."""
    if found.format_name is not None and found.lines and not found.rejects:
        yield (
            "fail",
            f"{path}: format {found.format_name}, but none of {found.lines:,} lines says what a request has used.",
        )
        return
    yield "fail", f"{path}: none of {found.lines:,} lines is a usage record; formats known here: {_KNOWN}."
    if found.keys and any(reject.reason.startswith("unrecognised") for reject in found.rejects):
        keys = ", ".join(shortened(key, 40) for key in found.keys)
        yield "note", f"Its first record has the keys {keys}."
        yield (
            "todo",
            'Say which of them is what: a [[source]] with this path, format = "generic.jsonl" and [source.fields].',
        )


def _totals(events: Sequence[PricedEvent]) -> Iterator[tuple[str, str]]:
    priced = [one for one in events if one.nano_usd is not None]
    usd = usd_text(sum(one.nano_usd or 0 for one in priced))
    yield "ok", f"{len(priced):,} of them have a known cost: ${usd}."


def _example(one: PricedEvent) -> Iterator[tuple[str, str]]:
    event, usage = one.event, one.event.usage
    yield "note", f"The largest: {shortened(event.id, 60)}"
    yield "note", f"  model {event.model}, provider {event.provider}, tenant {event.tenant}, key {event.key}"
    yield (
        "note",
        (
            f"  input {usage.input_tokens:,}, cache read {usage.cache_read_tokens:,}, cache write"
            f" {usage.cache_write_any_tokens:,}, output {usage.output_tokens:,} (reasoning {usage.reasoning_tokens:,})"
        ),
    )
    yield (
        "note",
        f"  cost {usd_text(one.nano_usd) or 'unknown'}, reported {usd_text(event.reported_nano_usd) or 'nothing'}",
    )

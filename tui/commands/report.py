"""What was spent: totals and groups over any window, as text, JSON (schema 1) or CSV.

Times are RFC 3339 (2026-05-16T14:00:00Z), dates (UTC midnight) or durations before now (1h, 30m, 7d).
"""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from msgspec import structs

from collectors.settings.config import ConfigError
from pricing.filters import FilterError, parse_filter
from pricing.modal import PARTS
from pricing.money import decimal_text, usd_text
from pricing.totals import Totals
from pricing.usage import Usage
from store.facts import SourceHealth
from store.tables import DIMENSIONS, GPU, KEPT_DIMENSIONS, SIDE_DIMENSIONS
from tui.commands.common import add_json, instant, now_of, plain, print_json, reading, shortened
from tui.privacy import Mask
from tui.reading.moment import Moment
from tui.reading.report import Report, instant_text, report, rest_key
from tui.reading.sharing import Rest

_KNOWN = (*DIMENSIONS, *SIDE_DIMENSIONS, *KEPT_DIMENSIONS, GPU)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Window, grouping, filter and form."""
    parser.add_argument("--since", default="1h", metavar="T", help="beginning of the window (default 1h)")
    parser.add_argument("--until", default=None, metavar="T", help="end of the window (default now)")
    parser.add_argument("--by", default="model", metavar="DIM,...", help=f"group by: {', '.join(_KNOWN)}")
    parser.add_argument("--filter", default="", help="e.g. 'model=gpt-* tenant!=ci'")
    parser.add_argument("--private", action="store_true", help="tenants, keys and users as numbers")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--csv", action="store_true", help="a row a group")


def run(options: argparse.Namespace) -> int:
    """Print the report."""
    dimensions = _dimensions(options.by)
    at_ms = now_of(options)
    since_ms = instant(options.since, at_ms)
    until_ms = at_ms if options.until is None else instant(options.until, at_ms)
    if since_ms >= until_ms:
        raise ConfigError("--since must be before --until.")
    try:
        wanted = parse_filter(options.filter, _KNOWN)
    except FilterError as error:
        raise ConfigError(f"--filter: {error}.") from None
    with reading(options) as reader:
        found = report(reader, since_ms, until_ms, dimensions, wanted, at_ms)
        if options.private:
            found = _masked(found, Mask(reader.names()))
    if options.json:
        print_json(found.as_json())
    elif options.csv:
        _print_csv(found)
    else:
        _print_text(found, options.filter)
    return 0


def _masked(found: Report, mask: Mask) -> Report:
    """The same without names, also in what commitments, hosts and sources are called."""
    at = replace(
        found.at,
        sources=[structs.replace(one, health=_nameless(one.health, mask)) for one in found.at.sources],
        states={mask.text(name): state for name, state in found.at.states.items()},
        missing=mask.hide(found.at.missing),
    )
    return replace(
        found,
        at=at,
        groups=tuple(replace(group, key=mask.hide(dict(group.key))) for group in found.groups),
        rests={
            rest._replace(label=mask.aside(rest.label), host=rest.host and mask.text(rest.host)): totals
            for rest, totals in found.rests.items()
        },
        notes=mask.hide(found.notes),
        beside=mask.hide(found.beside),
    )


def _nameless(health: SourceHealth, mask: Mask) -> SourceHealth:
    return structs.replace(health, name=mask.text(health.name))


def _dimensions(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in _KNOWN:
            raise ConfigError(f"--by: nothing is called {plain(name)!r}; known are {', '.join(_KNOWN)}.")
    return names


# Headings, and how wide their columns are at least.
_TEXT = (("requests", 9), ("errors", 7), ("input", 12), ("cached", 12), ("output", 11), ("usd", 14), ("usd/Mtok", 10))


def _print_text(found: Report, filtered: str) -> None:
    if found.is_empty:
        sys.stdout.write(f"{_nothing(found.at, filtered)}\n")
    else:
        _print_table(found)
    sys.stdout.writelines(f"{plain(note)}\n" for note in found.beside)
    for doubt in found.doubts:
        sys.stdout.write(f"≥ {plain(doubt)}\n")


def _nothing(at: Moment, filtered: str) -> str:
    """No table of zeros where nobody has looked."""
    if not any(record.events for record in at.sources):
        return "Nothing was recorded yet: no request has been read. usdtop collect or usdtop import FILE begins."
    what = "Nothing that the filter keeps" if filtered else "Nothing"
    return f"{what} was recorded between {instant_text(at.since_ms)} and {instant_text(at.until_ms)}."


def _print_table(found: Report) -> None:
    names = [_name(group.key) for group in found.groups] + [_rest_name(rest, found) for rest in found.rests]
    name_width = max(20, min(48, max(map(len, names), default=0)))
    heading = f"{' / '.join(found.dimensions) or 'everything':<{name_width}}"
    lines = [(_name(group.key), _cells(group.totals)) for group in found.groups]
    lines += [(_rest_name(rest, found), _cells(totals)) for rest, totals in found.rests.items()]
    lines.append(("total", _cells(found.total)))
    widths = [max(least, *(len(cells[at]) + 2 for _, cells in lines)) for at, (_, least) in enumerate(_TEXT)]
    table = [heading + "".join(f"{title:>{width}}" for (title, _), width in zip(_TEXT, widths, strict=True))]
    table += [
        f"{shortened(name, name_width):<{name_width}}"
        + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        for name, cells in lines
    ]
    sys.stdout.write("\n".join(table) + "\n")
    for sentence in _units(found.total.tokens) if found.knows_units else ():
        sys.stdout.write(f"{plain(sentence)}\n")
    for sentence in _beside(found.total):
        sys.stdout.write(f"{sentence}\n")
    if found.overlapping:
        sys.stdout.write("A request may have several tags or none: the groups do not add up to the total.\n")


def _units(usage: Usage) -> Iterator[str]:
    """What is no text: parts of the columns, and what stands beside them."""
    for heading, inside in (("Of these tokens", True), ("Beside tokens", False)):
        said = [f"{amount:,} {unit}" for unit, amount in usage.units if (unit in PARTS) is inside]
        if said:
            yield f"{heading}: {', '.join(said)}"


def _beside(total: Totals) -> Iterator[str]:
    """What the columns do not tell of the total: what bought nothing, was tried again, or cost nothing."""
    if total.lost_requests:
        mark = "≥" if total.lost_unpriced_requests else ""
        parts = [
            (total.given_up_requests, "failed", total.given_up_nano_usd),
            (total.retried_requests, "failed and tried again", total.retried_nano_usd),
            (total.fallback_requests, "failed and taken over by a fallback", total.fallback_nano_usd),
            (total.cut_requests, "cut off", total.cut_nano_usd),
        ]
        said = ", ".join(f"{count:,} {how} for ${nano / 1e9:.6f}" for count, how, nano in parts if count)
        yield f"Bought nothing: {said}; {mark}${total.lost_nano_usd / 1e9:.6f} in all."
    if total.retries:
        yield f"Attempts of a call that was tried before, fallbacks included: {total.retries:,}."
    if total.cached_requests:
        mark = "≥" if total.saved_requests < total.cached_requests else ""
        saved = f", which saved {mark}${total.saved_nano_usd / 1e9:.6f}" if total.saved_requests else ""
        yield f"Served from the gateway's cache for nothing: {total.cached_requests:,}, {total.cached_tokens:,} tokens{saved}."
    if total.unmetered_requests:
        yield f"Without a word on what they used: {total.unmetered_requests:,}."


def _cells(totals: Totals) -> tuple[str, ...]:
    per_million = totals.usd_per_million_tokens
    mark = "≥" if totals.is_lower_bound else ""
    return (
        f"{totals.requests:,}",
        f"{totals.errors:,}",
        f"{totals.tokens.input_tokens:,}",
        f"{totals.tokens.cache_read_tokens:,}",
        f"{totals.tokens.output_tokens:,}",
        f"{mark}{totals.nano_usd / 1e9:.6f}",
        "--" if per_million is None else f"{mark}{per_million:.4f}",
    )


def _name(key: Mapping[str, str | None]) -> str:
    return " / ".join(plain(value) if value is not None else f"(no {name})" for name, value in key.items())


def _rest_name(rest: Rest, found: Report) -> str:
    """A rest as a group is written, its name last where the report is only by hosts and GPUs."""
    places = [plain(value) for name, value in rest_key(rest, found.dimensions).items() if value and value != rest.label]
    return " / ".join([*places, rest.label])


_CSV = ("requests", "errors", "retries", "unpriced_requests", "usage_missing_requests",
        "failed_requests", "failed_usd", "retried_requests", "retried_usd", "fallback_requests", "fallback_usd",
        "cut_requests", "cut_usd", "bought_nothing_usd", "metered_usd", "committed_usd", "usd", "reported_usd", "input",
        "cache_read", "cache_write", "output", "reasoning", "usd_per_million_tokens")  # fmt: skip


def _print_csv(found: Report) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow((*found.dimensions, *_CSV))
    for group in found.groups:
        writer.writerow((*(_cell(group.key[name]) for name in found.dimensions), *_csv_row(group.totals)))
    for rest, totals in found.rests.items():
        key = rest_key(rest, found.dimensions)
        writer.writerow((*(_cell(key[name]) for name in found.dimensions), *_csv_row(totals)))


def _csv_row(totals: Totals) -> Sequence[Any]:
    tokens, per_million = totals.tokens, totals.usd_per_million_tokens
    return (
        totals.requests, totals.errors, totals.retries, totals.unpriced_requests, totals.unmetered_requests,
        totals.given_up_requests, usd_text(totals.given_up_nano_usd),
        totals.retried_requests, usd_text(totals.retried_nano_usd),
        totals.fallback_requests, usd_text(totals.fallback_nano_usd),
        totals.cut_requests, usd_text(totals.cut_nano_usd),
        usd_text(totals.lost_nano_usd), usd_text(totals.metered_nano_usd),
        usd_text(totals.allocated_nano_usd), usd_text(totals.nano_usd), usd_text(totals.reported_nano_usd),
        tokens.input_tokens, tokens.cache_read_tokens, tokens.cache_write_any_tokens, tokens.output_tokens,
        tokens.reasoning_tokens, "" if per_million is None else decimal_text(per_million),
    )  # fmt: skip


def _cell(value: str | None) -> str:
    """A name for a spreadsheet: never a formula, never a control character."""
    text = plain(value or "")
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text

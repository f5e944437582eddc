"""The price book: what it lists, every price of one model, what changed between two catalogues, and newer ones."""

import argparse
import fnmatch
import sys
from collections.abc import Iterable
from pathlib import Path

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.prices.catalogue_change import catalogue_changes, newest_base
from collectors.prices.catalogue_fetch import DEFAULT_URL
from collectors.prices.catalogue_file import CatalogueError, KeptCatalogue, open_catalogue
from collectors.settings.config import ConfigError
from pricing.books.book import Offer
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook
from pricing.card import RateCard
from pricing.money import usd_text
from pricing.usage import TOKEN_CLASSES
from tui.commands.common import NOTHING_KNOWN, config_of, existing, plain, say, shortened
from tui.commands.prices_update import changes_text, update


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The four things that can be asked."""
    asks = parser.add_subparsers(dest="ask", required=True, metavar="list|show|diff|update")
    listing = asks.add_parser("list", help="every record with its newest price")
    listing.add_argument("pattern", nargs="?", default="*", metavar="PATTERN", help="e.g. 'openai/gpt-4*'")
    show = asks.add_parser("show", help="every price of one model: tiers, dates, variants")
    show.add_argument("model", metavar="MODEL")
    show.add_argument("--provider", metavar="P", help="who sells it")
    diff = asks.add_parser("diff", help="what differs between two catalogue files")
    diff.add_argument(
        "old", type=Path, metavar="OLD", help="a file as `prices update` keeps it, or data.json of genai-prices"
    )
    diff.add_argument("new", type=Path, metavar="NEW", help="another one")
    updating = asks.add_parser("update", help="bring a newer catalogue; the one before is kept")
    updating.add_argument("--url", default=DEFAULT_URL, help="where from (default %(default)s)")
    updating.add_argument("--dry-run", action="store_true", help="say what would change, and keep nothing")


def run(options: argparse.Namespace) -> int:
    """Answer; a catalogue that cannot be used is a sentence, and nothing changes."""
    try:
        return {"list": _list, "show": _show, "diff": _diff, "update": update}[options.ask](options)
    except CatalogueError as error:
        raise ConfigError(str(error)) from None


def _list(options: argparse.Namespace) -> int:
    pattern = options.pattern if any(c in options.pattern for c in "*?[") else f"*{options.pattern}*"
    kept = KeptCatalogue()
    found = [
        (record, priced)
        for record, priced in kept.catalogue.records()
        if fnmatch.fnmatchcase(record.lower(), pattern.lower())
    ]
    _say_doubt(kept)
    say(f"{len(found):,} records of {kept.catalogue.version}, dollars per million tokens; [[price]] entries go first")
    lines = [f"{'RECORD':<56}{'INPUT':>12}{'CACHE READ':>12}{'OUTPUT':>12}  OFFERS"] if found else []
    for record, priced in found:
        card = newest_base(priced)
        rates = dict(zip(TOKEN_CLASSES, card.rates, strict=True))
        figures = "".join(f"{usd_text(rates[name]) or '--':>12}" for name in ("input", "cache_read", "output"))
        lines.append(f"{shortened(record, 55):<56}{figures}{len(priced.offers):>8}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0 if found else NOTHING_KNOWN


def _show(options: argparse.Namespace) -> int:
    config = config_of(options)
    kept = KeptCatalogue()
    for book in (UserBook.from_entries(config.price), kept):
        priced = book.find(options.provider, options.model)
        if priced is not None and priced.offers:
            break
    else:
        card = price_book(config).card(options.provider, options.model, at_ms=now_ms(), prompt_tokens=0)
        sys.stdout.write(f"{plain(options.model)}: {card.status.value}: {plain(card.match_rule)}\n")
        return NOTHING_KNOWN
    _say_doubt(kept)
    card = priced.offers[0].card
    lines = [f"{plain(options.model)}: {plain(card.record)} in book {plain(card.book)}, {plain(card.match_rule)}"]
    lines.append(f"checked {plain(card.checked or 'unknown')}; the last of these that applies is billed")
    for offer in priced.offers:
        lines += ["", *_offer_lines(offer)]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def _offer_lines(offer: Offer) -> Iterable[str]:
    card = offer.card
    since = f"from {card.effective_from}" if card.effective_from else "not dated"
    until = f" until {card.effective_to}" if card.effective_to else ""
    yield f"  {offer.variant or 'standard'}, {since}{until}, card {plain(card.id)}"
    rates = [
        f"{name} {usd_text(rate)}" for name, rate in zip(TOKEN_CLASSES, card.rates, strict=True) if rate is not None
    ]
    yield f"    {'  '.join(rates) or 'no rate by the token'}"
    if others := list(_other_rates(card)):
        yield f"    {'  '.join(others)}"
    for condition in card.conditions:
        if condition != offer.variant:
            yield f"    {plain(condition)}"
    for fallback in card.fallbacks:
        yield f"    billed {plain(fallback)}"


def _other_rates(card: RateCard) -> Iterable[str]:
    if card.reasoning_rate is not None:
        yield f"reasoning {usd_text(card.reasoning_rate)}"
    if card.request_rate is not None:
        yield f"each request {usd_text(card.request_rate)}"
    for rate in card.unit_rates:
        yield f"{plain(rate.unit)} {usd_text(rate.nano_usd)} per {rate.per:,}"


def _diff(options: argparse.Namespace) -> int:
    old, new = (_opened(path) for path in (options.old, options.new))
    sys.stdout.write(changes_text(catalogue_changes(old, new)))
    return 0


def _opened(path: Path) -> Catalogue:
    try:
        body = existing(path).read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return open_catalogue(body, path.name)
    except CatalogueError as error:
        raise CatalogueError(f"{path}: {error}") from None


def _say_doubt(kept: KeptCatalogue) -> None:
    if kept.doubt:
        say(kept.doubt)

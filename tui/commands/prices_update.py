"""Bringing a newer catalogue: it must be whole, no older than ours, and have a price for every model that is used."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from collectors.clock import now_ms
from collectors.prices.catalogue_change import Effect, RecordChange, Traffic, catalogue_changes, effects, vanished
from collectors.prices.catalogue_fetch import STAYS, fetch_catalogue
from collectors.prices.catalogue_file import (
    CatalogueError,
    KeptCatalogue,
    catalogue_folder,
    keep,
    open_catalogue,
    package_version,
    sha256_of,
)
from collectors.settings.config import Config
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook
from pricing.money import decimal_text
from pricing.times import DAY_MS
from store.reader import Reader
from tui.commands.common import config_of, place_of, plain, say, shortened

_CHANGES_SHOWN = 40


def update(options: argparse.Namespace) -> int:
    """Fetch, check, show what changes, and keep; raises CatalogueError, and then nothing has changed."""
    config, at_ms = config_of(options), now_ms()
    kept = KeptCatalogue()
    body = fetch_catalogue(options.url)
    digest = sha256_of(body)
    if kept.snapshot is not None and kept.snapshot.sha256 == digest:
        say(f"{kept.version} is the newest there is.")
        return 0
    new = open_catalogue(body, f"genai-prices data of {datetime.fromtimestamp(at_ms / 1_000, UTC):%Y-%m-%d}")
    _refuse_older(kept.catalogue, new, at_ms)
    books = tuple(_with(config, catalogue) for catalogue in (kept.catalogue, new))
    sys.stdout.write(changes_text(catalogue_changes(kept.catalogue, new)))
    _weigh(options, books, at_ms)
    if options.dry_run:
        say("Nothing was kept: this was a dry run.")
        return 0
    snapshot = keep(catalogue_folder(), body, package=package_version(), now_ms=at_ms)
    say(f"kept {snapshot.path} (sha256 {digest}).")
    say("A collector takes it at its next start; `usdtop reprice` prices the past with it.")
    return 0


def _with(config: Config, catalogue: Catalogue) -> PriceBook:
    return PriceBook([UserBook.from_entries(config.price), catalogue])


def _refuse_older(old: Catalogue, new: Catalogue, at_ms: int) -> None:
    today = datetime.fromtimestamp(at_ms / 1_000, UTC).date()
    before, after = old.newest_day(today), new.newest_day(today)
    if before is not None and (after is None or after < before):
        since = f"is of {after}" if after else "has no date"
        raise CatalogueError(f"that catalogue is older: its newest price {since}, ours is of {before}; {STAYS}.")


def _weigh(options: argparse.Namespace, books: Sequence[PriceBook], at_ms: int) -> None:
    """Refuse a catalogue that leaves used models without a price, and show what the last day would cost."""
    old, new = books
    path = place_of(options).path
    if not path.exists():
        return
    reader = Reader(path)
    try:
        used = [(part.provider, part.model) for part in _traffic(reader, 0, at_ms)]
        lost = vanished(list(dict.fromkeys(used)), old, new, at_ms)
        if lost:
            names = ", ".join(plain(name) for name in lost[:5])
            raise CatalogueError(
                f"that catalogue has no price for {names}, which the store has seen; {STAYS}. Give it one under [[price]]."
            )
        _print_effects(effects(_traffic(reader, at_ms - DAY_MS, at_ms), old, new, at_ms))
    finally:
        reader.close()


def _traffic(reader: Reader, since_ms: int, until_ms: int) -> list[Traffic]:
    return [
        Traffic(
            provider=one.key.dimensions.provider,
            model=one.key.dimensions.model,
            card=reader.card(one.key.card.card_id),
            requests=one.measures[0],
            usage=one.usage,
        )
        for one in reader.sums(since_ms, until_ms)
        if one.key.dimensions.model is not None
    ]


def _print_effects(found: Mapping[str, Effect]) -> None:
    changed = {model: effect for model, effect in found.items() if effect.before_nano_usd != effect.after_nano_usd}
    if not changed:
        sys.stdout.write("The traffic of the last 24 h costs the same.\n")
        return
    lines = [f"{'THE LAST 24 H':<40}{'USD BEFORE':>14}{'USD AFTER':>14}"]
    for model, effect in sorted(changed.items(), key=lambda named: -abs(_difference(named[1]))):
        before, after = effect.before_nano_usd / 1e9, effect.after_nano_usd / 1e9
        lines.append(f"{shortened(model, 39):<40}{before:>14,.4f}{after:>14,.4f}")
    sys.stdout.write("\n".join(lines) + "\n")


def _difference(effect: Effect) -> int:
    return effect.after_nano_usd - effect.before_nano_usd


def changes_text(changes: Sequence[RecordChange]) -> str:
    """What differs, record by record; new records are only counted."""
    counts = {kind: sum(change.kind == kind for change in changes) for kind in ("changed", "new", "gone")}
    lines = [f"{counts['changed']:,} records changed, {counts['new']:,} new, {counts['gone']:,} gone"]
    shown = [change for change in changes if change.kind != "new"]
    lines += [_change_line(change) for change in shown[:_CHANGES_SHOWN]]
    if len(shown) > _CHANGES_SHOWN:
        lines.append(f"  and {len(shown) - _CHANGES_SHOWN:,} more")
    return "\n".join(lines) + "\n"


def _change_line(change: RecordChange) -> str:
    if change.kind == "gone":
        return f"  {plain(change.record)}: gone"
    if not change.rates:
        return f"  {plain(change.record)}: other conditions (a tier, a date, a variant or a unit)"
    rates = [
        f"{rate.item} {'--' if rate.old_usd is None else decimal_text(rate.old_usd)}"
        f" -> {'--' if rate.new_usd is None else decimal_text(rate.new_usd)}"
        for rate in change.rates
    ]
    return f"  {plain(change.record)}: {', '.join(rates)}"

"""Price stored usage again with the book in force now.

Kept requests are priced exactly, each at its own time. Older sums, whose requests are gone, are priced at the base
tier and marked as estimated. What a commitment covered at its time is prepaid, what none covers has a price by the token.
What providers counted is
priced again, too. Tokens and counts never change. Safe to repeat and beside a running collector.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from typing import Any

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.prices.bucket_repricer import BucketRepricing
from collectors.prices.prepaid import Prepaid, in_force
from collectors.prices.pricer import Pricer
from collectors.prices.repricer import BookChooser
from collectors.settings.plans import commitments
from pricing.money import usd_text
from store.repricing import Change, Repricing
from store.tables import StoreError
from store.writer import Writer
from tui.commands.common import add_json, config_of, instant, place_to_write, print_json, say, shortened

_MODEL_WIDTH = 36


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """From when on, and whether it is only looked at."""
    parser.add_argument("--since", metavar="T", help="only what happened from then on (default everything)")
    parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Price again; the summary goes to stdout."""
    config, path = config_of(options), place_to_write(options).path
    since_ms = 0 if options.since is None else instant(options.since)
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet; `usdtop collect` or `usdtop import FILE` begins one.")
    with closing(Writer(path, group=config.store.group)) as writer:
        prepaid = Prepaid(in_force(writer.commitments(), commitments(config, now_ms=now_ms())))
        book = price_book(config)
        chooser = BookChooser(book, prepaid)
        repricing = Repricing(writer, chooser, since_ms=since_ms, dry_run=options.dry_run)
        _go_through(repricing.steps())
        buckets = BucketRepricing(writer, Pricer(book), since_ms=since_ms, dry_run=options.dry_run)
        _go_through(buckets.steps())
    changes = _added(repricing.changes, buckets.changes)
    if options.json:
        print_json(_json(changes, dry_run=options.dry_run))
    else:
        _print_text(changes, dry_run=options.dry_run)
    return 0


def _go_through(steps: Iterable[float]) -> None:
    drawn, draws = -1, sys.stderr.isatty()
    for share in steps:
        percent = round(share * 100)
        if draws and percent != drawn:
            drawn = percent
            sys.stderr.write(f"\rpricing again {percent:3}%")
            sys.stderr.flush()
    if draws:
        sys.stderr.write("\n")


def _added(*changes: Mapping[str | None, Change]) -> dict[str | None, Change]:
    """Changes of requests and of providers' buckets, by model."""
    whole: dict[str | None, Change] = {}
    for some in changes:
        for model, change in some.items():
            whole.setdefault(model, Change()).add(change)
    return whole


def _whole(changes: Mapping[str | None, Change]) -> Change:
    whole = Change()
    for change in changes.values():
        whole.add(change)
    return whole


def _ordered(changes: Mapping[str | None, Change]) -> list[tuple[str | None, Change]]:
    return sorted(
        changes.items(),
        key=lambda named: (-abs(named[1].after_nano_usd - named[1].before_nano_usd), named[0] or ""),
    )


def _json(changes: Mapping[str | None, Change], *, dry_run: bool) -> dict[str, Any]:
    groups = [{"key": {"model": model}, **_measures(change)} for model, change in _ordered(changes)]
    return {"schema": 1, "dry_run": dry_run, "total": _measures(_whole(changes)), "groups": groups}


def _measures(change: Change) -> dict[str, Any]:
    return {
        "requests": change.requests,
        "estimated_requests": change.estimated_requests,
        "unpriced_requests": {"before": change.unpriced_before, "after": change.unpriced_after},
        "metered_usd": {"before": usd_text(change.before_nano_usd), "after": usd_text(change.after_nano_usd)},
    }


def _print_text(changes: Mapping[str | None, Change], *, dry_run: bool) -> None:
    if not changes:
        sys.stdout.write("Nothing changes: every price is the one in force.\n")
        return
    lines = [f"{'MODEL':<{_MODEL_WIDTH}}{'REQUESTS':>12}{'USD BEFORE':>14}{'USD AFTER':>14}"]
    for model, change in _ordered(changes):
        lines.append(_line(shortened(model or "(no model)", _MODEL_WIDTH - 1), change))
    whole = _whole(changes)
    lines.append(_line("total of what changed", whole))
    if whole.estimated_requests:
        lines.append(f"{whole.estimated_requests:,} requests are estimated: only their sums are kept")
    if whole.unpriced_after:
        lines.append(f"{whole.unpriced_after:,} requests have no price now: their cost is unknown, not zero")
    if dry_run:
        lines.append("Nothing was changed: this was a dry run.")
    say(f"{whole.requests:,} requests {'would be' if dry_run else 'were'} priced again")
    sys.stdout.write("\n".join(lines) + "\n")


def _line(name: str, change: Change) -> str:
    before = _dollars(change.before_nano_usd, change.unpriced_before, change.requests)
    after = _dollars(change.after_nano_usd, change.unpriced_after, change.requests)
    return f"{name:<{_MODEL_WIDTH}}{change.requests:>12,}{before:>14}{after:>14}"


def _dollars(nano_usd: int, unpriced: int, requests: int) -> str:
    """Dollars, "unknown" where nothing is known, and a lower bound where something is not."""
    if requests and unpriced == requests:
        return "unknown"
    return f"{'≥' if unpriced else ''}{nano_usd / 1e9:,.4f}"

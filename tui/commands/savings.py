"""What would cost less, ranked in dollars per hour, each with its evidence, its assumption and what could go wrong.

Savings are found in the traffic of the window. Several may be about the same dollars: they do not add up. --patient
names traffic whose answers nobody waits for, beside keys and call types that are named batch, eval, offline, nightly ...
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from collectors.prices.books import price_book
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import overheads, revenue_usd_per_hour
from pricing.totals import usd_per_hour
from pricing.whatif.saving import Missing, Saving
from pricing.whatif.savings import OVERLAP
from tui.commands.common import add_json, config_of, now_of, print_json, reading, shortened
from tui.commands.compare import full_cost_json, full_cost_lines
from tui.commands.paragraphs import dollars, paragraph
from tui.commands.window import add_window, series_filter, window_of
from tui.reading.moment import window
from tui.reading.report import Report, money, opening
from tui.reading.savings import SavingsFound, costs_beside, savings
from tui.reading.traffic import seen_traffic

_MOST_SHOWN = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Window, filter and form."""
    add_window(parser)
    parser.add_argument("--patient", metavar="FILTER", help="traffic that nobody waits for, e.g. 'key=etl-*'")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the savings."""
    config, wanted = config_of(options), window_of(options)
    patient = series_filter(options.patient, "--patient") if options.patient else None
    kept = KeptCatalogue()
    with reading(options) as reader:
        at = window(reader, wanted.since_ms, wanted.until_ms, now_of(options))
        found = savings(
            reader,
            seen_traffic(reader, at, wanted.filter, patient),
            wanted.filter,
            book=price_book(config, kept),
            windows=kept.catalogue.context_window,
            overheads=overheads(config),
            revenue_usd_per_hour=revenue_usd_per_hour(config),
        )
        beside = costs_beside(reader, found.at, wanted.filter)
    if options.json:
        print_json(_json(found, beside))
    else:
        sys.stdout.write("\n".join(_text(found, beside)) + "\n")
    return 0


def _json(found: SavingsFound, beside: Mapping[str, Report]) -> dict[str, Any]:
    total = found.total.total
    return {
        **opening(found.at),
        "usd_per_hour": money(found.full.spend_usd_per_hour),
        "lower_bound": total.is_lower_bound,
        "usd_per_request": money(total.usd_per_request),
        "full_cost": full_cost_json(found.full),
        "savings": [_saving_json(one) for one in found.found.savings],
        "overlapping": True,
        "missing": [_missing_json(one) for one in found.found.missing],
        "costs": {name: _costs_json(costs) for name, costs in beside.items()},
        "cost_notes": {name: list(costs.notes) for name, costs in beside.items() if costs.notes},
    }


def _saving_json(one: Saving) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "title": one.title,
        "usd_per_hour": money(one.usd_per_hour),
        "evidence": one.evidence,
        "assumption": one.assumption,
        "risk": one.risk,
        "beside": None if one.beside is None else one.beside._asdict(),
    }


def _missing_json(one: Missing) -> dict[str, str]:
    return {"rule": one.rule, "why": one.why}


def _costs_json(costs: Report) -> list[dict[str, Any]]:
    return [
        {
            "name": next(iter(group.key.values())),
            "usd_per_hour": money(usd_per_hour(group.totals.nano_usd, costs.at.seconds)),
            "requests": group.totals.requests,
            "usd_per_request": money(group.totals.usd_per_request),
            "lower_bound": group.totals.is_lower_bound,
        }
        for group in costs.groups
    ]


def _text(found: SavingsFound, beside: Mapping[str, Report]) -> Iterator[str]:
    total = found.total.total
    bound = "≥" if total.is_lower_bound else ""
    per_request = total.usd_per_request
    each = "" if per_request is None else f", {bound}${per_request:.6f} per request"
    yield f"{total.requests:,} requests, {bound}${dollars(found.full.spend_usd_per_hour)}/h{each}"
    yield from full_cost_lines(found.full)
    for one in found.found.savings:
        yield ""
        yield from paragraph(one.title, first=f"${dollars(one.usd_per_hour)}/h  ")
        yield from paragraph(one.evidence, first="    seen:    ")
        if one.beside is not None:
            yield from paragraph(str(one.beside), first="    beside:  ")
        yield from paragraph(one.assumption, first="    assumed: ")
        yield from paragraph(one.risk, first="    risk:    ")
    yield ""
    yield OVERLAP if found.found.savings else "No rule found anything that would cost less."
    for missing in found.found.missing:
        yield from paragraph(missing.why, first=f"not known ({missing.rule}): ")
    for name, costs in beside.items():
        yield from _cost_lines(name, costs)


def _cost_lines(name: str, costs: Report) -> Iterator[str]:
    yield ""
    yield f"  {name.upper():<30}{'$/H':>14}{'REQUESTS':>12}{'$/REQUEST':>14}"
    for group in costs.groups[:_MOST_SHOWN]:
        totals = group.totals
        bound, per_request = "≥" if totals.is_lower_bound else "", totals.usd_per_request
        hourly = f"{bound}{dollars(usd_per_hour(totals.nano_usd, costs.at.seconds) or Decimal(0))}"
        each = "--" if per_request is None else f"{bound}{per_request:.6f}"
        label = shortened(next(iter(group.key.values())) or f"(no {name})", 28)
        yield f"  {label:<30}{hourly:>14}{totals.requests:>12,}{each:>14}"
    if len(costs.groups) > _MOST_SHOWN:
        yield f"  and {len(costs.groups) - _MOST_SHOWN} more: `usdtop report --by {name}`"
    if costs.overlapping:
        yield "  A request may have several tags or none: these do not add up."
    for note in costs.notes:
        yield from paragraph(note, indent=2)

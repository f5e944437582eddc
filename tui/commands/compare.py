"""The same traffic on other models: what it would cost, what is saved, and what is assumed.

--with takes names of models and classes (ultra-budget, budget, mid, premium, flagship). Without it, the models in use
and their smaller relatives are compared. The switches change one thing each, for every candidate and for the models
of now. A route divides the traffic: --route easy=gpt-4o-mini:0.70,hard=claude-opus-4-6:0.30

Traffic that nobody has seen yet is given by hand and needs no store:
  usdtop compare --mix 1500:300 --requests 10000 --now gpt-4o --with claude-haiku-4-5,budget
"""

import argparse
import re
import sys
from decimal import Decimal
from typing import Any

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import Config, ConfigError, overheads, revenue_usd_per_hour
from pricing.books.modelclass import MODEL_CLASSES, class_named
from pricing.money import usd_text
from pricing.overhead import FullCost, full_cost
from pricing.totals import usd_per_hour
from pricing.usage import Usage
from pricing.whatif.candidates import Blend, Candidate, Route
from pricing.whatif.elsewhere import Offered
from pricing.whatif.switches import Switches
from tui.commands.arguments import NUMBER, count, mix, number
from tui.commands.common import NOTHING_KNOWN, add_json, config_of, now_of, plain, print_json, reading, say, shortened
from tui.commands.paragraphs import dollars, paragraph
from tui.commands.window import add_window, window_of
from tui.reading.compare import Asked, Compared, compared, given
from tui.reading.moment import window
from tui.reading.report import money, opening
from tui.reading.traffic import seen_traffic

_NOTHING = Decimal(0)
_MOST_NAMED = 50
_REQUESTS = 1_000
_ROUTE = re.compile(r"([^=,]+)=([^,]+):([^:,]+)")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Window, filter, candidates, switches and form."""
    add_window(parser)
    classes = ", ".join(one.name for one in MODEL_CLASSES)
    parser.add_argument("--with", dest="models", metavar="MODEL,...|CLASS", help=f"models, or classes: {classes}")
    parser.add_argument("--cache-hit", type=_share, metavar="X", help="share of each prompt read from a cache, 0 to 1")
    parser.add_argument("--batch", type=_share, metavar="X", help="share sent through the batch interface, 0 to 1")
    parser.add_argument("--retries", type=number, default=number("1"), metavar="X", help="billed attempts per request")
    parser.add_argument("--reasoning", type=number, metavar="R", help="thinking tokens for each visible output token")
    parser.add_argument("--route", metavar="KIND=MODEL:SHARE,...", help="divide the traffic; the shares add up to 1")
    parser.add_argument("--mix", type=mix, metavar="IN[:CACHED]:OUT", help="given traffic: tokens of one request")
    parser.add_argument("--requests", type=count, metavar="N", help="how many of them come in an hour (default 1000)")
    parser.add_argument("--now", metavar="MODEL", help="what answers them now")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the comparison; 3 when there is nothing to compare."""
    config = config_of(options)
    found = _seen(options, config) if options.mix is None else _given(options, config)
    spend = usd_per_hour(found.comparison.nano_usd, found.at.seconds) or _NOTHING
    full = full_cost(spend, overheads(config), revenue_usd_per_hour(config))
    if options.json:
        print_json(_json(found, full))
    else:
        _print_text(found, full)
    if not found.comparison.requests:
        say("there is no traffic with tokens in this window; a longer --since or another --filter may find some.")
        return NOTHING_KNOWN
    return 0


def _seen(options: argparse.Namespace, config: Config) -> Compared:
    asked, wanted = _asked(options), window_of(options)
    if options.requests is not None or options.now is not None:
        raise ConfigError("--requests and --now describe given traffic; say --mix as well, such as --mix 1500:300.")
    with reading(options) as reader:
        at = window(reader, wanted.since_ms, wanted.until_ms, now_of(options))
        seen = seen_traffic(reader, at, wanted.filter)
    kept = KeptCatalogue()
    return compared(seen, asked, book=price_book(config, kept), catalogue=kept.catalogue)


def _given(options: argparse.Namespace, config: Config) -> Compared:
    asked, one = _asked(options), options.mix
    if options.filter:
        raise ConfigError("--filter picks traffic that was seen; --mix describes what was not.")
    if options.now is None and not asked.options and not asked.classes:
        raise ConfigError("say what to compare with: --with, --route, or --now for its smaller relatives.")
    usage = Usage(
        input_tokens=one.input_tokens, cache_read_tokens=one.cache_read_tokens, output_tokens=one.output_tokens
    )
    kept = KeptCatalogue()
    return given(
        usage,
        options.requests or _REQUESTS,
        options.now,
        asked,
        book=price_book(config, kept),
        catalogue=kept.catalogue,
        now_ms=now_ms(),
    )


def _share(text: str) -> Decimal:
    share = number(text)
    if share > 1:
        raise argparse.ArgumentTypeError("a share is 0 to 1; write 0.6 for 60 %")
    return share


def _asked(options: argparse.Namespace) -> Asked:
    names = [name.strip() for name in (options.models or "").split(",") if name.strip()]
    if len(names) > _MOST_NAMED:
        raise ConfigError(f"--with takes at most {_MOST_NAMED} names.")
    routes = () if options.route is None else (_blend(options.route),)
    try:
        switches = Switches(
            cache_hit=options.cache_hit, batch=options.batch, retries=options.retries, reasoning=options.reasoning
        )
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    return Asked(
        options=(*routes, *(Candidate(model=name) for name in names if class_named(name) is None)),
        classes=tuple(one for name in names if (one := class_named(name)) is not None),
        switches=switches,
    )


def _blend(text: str) -> Blend:
    """A route as it was typed; a model's name may itself hold a colon."""
    routes = []
    for part in text.split(","):
        found = _ROUTE.fullmatch(part.strip())
        if found is None or not NUMBER.fullmatch(found[3]):
            raise ConfigError(f"--route: write KIND=MODEL:SHARE, such as easy=gpt-4o-mini:0.70, not {plain(part)!r}.")
        routes.append(Route(label=found[1], candidate=Candidate(model=found[2]), share=number(found[3])))
    try:
        return Blend(routes=tuple(routes))
    except ValueError as error:
        raise ConfigError(f"--route: {error}.") from None


def _json(found: Compared, full: FullCost) -> dict[str, Any]:
    comparison, seconds = found.comparison, found.at.seconds
    return {
        **opening(found.at),
        "traffic": {
            "requests": comparison.requests,
            "usd": usd_text(comparison.nano_usd),
            "usd_per_hour": money(usd_per_hour(comparison.nano_usd, seconds)),
            "lower_bound": comparison.is_lower_bound,
            "largest_prompt_tokens": comparison.largest_prompt_tokens,
        },
        "full_cost": full_cost_json(full),
        "candidates": [_offered_json(one, seconds) for one in comparison.offered],
        "assumptions": list(comparison.assumptions),
        "left_out": list(found.left_out),
    }


def full_cost_json(full: FullCost) -> dict[str, Any]:
    """Spend with overheads, and its part of a revenue dollar."""
    return {
        "usd_per_hour": money(full.usd_per_hour),
        "overheads": [{"name": name, "usd_per_hour": money(usd)} for name, usd in full.overheads],
        "usd_per_revenue_usd": money(full.usd_per_revenue_usd),
    }


def full_cost_lines(full: FullCost) -> list[str]:
    """The same in words; nothing where neither is configured."""
    lines = [f"  overhead {plain(name)}: ${dollars(usd)}/h" for name, usd in full.overheads]
    if lines:
        lines.append(f"  everything together: ${dollars(full.usd_per_hour)}/h")
    if full.usd_per_revenue_usd is not None:
        lines.append(f"  cost per revenue dollar: ${dollars(full.usd_per_revenue_usd)}")
    return lines


def _offered_json(one: Offered, seconds: float) -> dict[str, Any]:
    saved = None if one.saved_nano_usd is None else usd_per_hour(one.saved_nano_usd, seconds)
    cost = None if one.nano_usd is None else usd_per_hour(one.nano_usd, seconds)
    return {
        "model": one.name,
        "status": one.status,
        "usd": usd_text(one.nano_usd),
        "usd_per_hour": money(cost),
        "saved_usd": usd_text(one.saved_nano_usd),
        "saved_usd_per_hour": money(saved),
        "saved_bound": one.saved_bound or None,
        "why": one.why or None,
        "missing": list(one.missing),
        "assumptions": list(one.assumptions),
    }


def _print_text(found: Compared, full: FullCost) -> None:
    comparison, seconds = found.comparison, found.at.seconds
    bound = "≥" if comparison.is_lower_bound else ""
    now = usd_per_hour(comparison.nano_usd, seconds) or _NOTHING
    cost = f"{bound}${dollars(now)}/h" if comparison.nano_usd or not bound else "nobody knows how much"
    lines = [f"{comparison.requests:,} requests cost {cost} now", *full_cost_lines(full), ""]
    lines.append(f"  {'MODEL':<40}{'$/H':>14}{'SAVED $/H':>14}  STATUS")
    for one in comparison.offered:
        lines.append(_row(one, seconds))
        missing = f"no rate for {', '.join(one.missing)}: its cost is a lower bound" if one.missing else ""
        for said in (one.why, *one.assumptions, missing):
            lines += paragraph(said, indent=6) if said else []
    lines.append("")
    for said in comparison.assumptions:
        lines += paragraph(said, first="  assumed:  ")
    for said in found.left_out:
        lines += paragraph(said, first="  left out: ")
    sys.stdout.write("\n".join(lines) + "\n")


_BOUNDS = {">=": "≥", "<=": "≤", "": ""}


def _row(one: Offered, seconds: float) -> str:
    cost = "--"
    if one.nano_usd is not None:
        cost = f"{'≥' if one.missing else ''}{dollars(usd_per_hour(one.nano_usd, seconds) or _NOTHING)}"
    saved = "--"
    if one.saved_nano_usd is not None:
        saved = (
            f"{_BOUNDS[one.saved_bound]}{dollars(usd_per_hour(one.saved_nano_usd, seconds) or _NOTHING, signed=True)}"
        )
    return f"  {shortened(one.name, 38):<40}{cost:>14}{saved:>14}  {one.status}"

"""What one request costs, line by line, with the book, the date and the rule behind each rate.

Exit code 3 when no book knows the model: unknown is not free.
"""

import argparse
import difflib
import sys
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.settings.config import ConfigError
from pricing.bill import Bill, BillLine, make_bill
from pricing.books.book import STANDARD, normal_variant
from pricing.books.units import BILLED_UNITS
from pricing.books.userbook import PriceError, rates_card
from pricing.card import UNKNOWN_COST, RateCard
from pricing.modal import more_than_whole
from pricing.money import TOKENS_PER_MILLION, decimal_text, usd_text
from pricing.usage import INPUT_CLASSES, Usage, invalid_reason
from tui.commands.common import NOTHING_KNOWN, add_json, config_of, instant, plain, print_json, say

_MOST_DIGITS = 15
_US = "us"
"""What the books call inference that stays in the United States (Anthropic's `inference_geo`)."""

_COUNTS = (
    ("--input", "uncached input tokens"),
    ("--cache-read", "input tokens read from the prompt cache"),
    ("--cache-write-5m", "input tokens written to the cache for 5 minutes"),
    ("--cache-write-1h", "input tokens written to the cache for an hour"),
    ("--cache-write-30m", "input tokens written to the cache for half an hour"),
    ("--cache-write-12h", "input tokens written to the cache for twelve hours"),
    ("--cache-write", "input tokens written to the cache, for how long is not said"),
    ("--output", "all billed output tokens, reasoning included"),
    ("--reasoning", "the part of the output that is thinking"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The model, what was used, and the conditions."""
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--provider", metavar="P", help="who sells it")
    for name, what in _COUNTS:
        parser.add_argument(name, type=int, default=0, metavar="N", help=what)
    parser.add_argument(
        "--unit",
        action="append",
        default=[],
        metavar="NAME=N",
        help="something else than text tokens, several times if need be: web_searches=2, audio_seconds=90, images=1",
    )
    parser.add_argument("--requests", type=int, default=1, metavar="N", help="so many such requests")
    parser.add_argument("--at", metavar="T", help="when (default now)")
    parser.add_argument("--batch", action="store_true", help="through the batch interface")
    parser.add_argument(
        "--tier", choices=("flex", "priority", _US), help="service tier; us is inference in the United States alone"
    )
    parser.add_argument("--rates", metavar="input=3,output=15,...", help="rates by hand, dollars per million tokens")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the bill."""
    usage = _usage(options)
    variant = "batch" if options.batch else normal_variant(options.tier)
    bill = make_bill(usage, _card(options, usage, variant))
    if options.json:
        print_json(_json(options, bill))
    else:
        _print_text(options, bill, _card(options, usage, STANDARD) if _US in bill.card.conditions else None)
        if not bill.lines and bill.nano_usd is not None:
            say(
                "No tokens were given: add --input N and --output N, or see `usdtop prices show MODEL` for the rates alone."
            )
    return NOTHING_KNOWN if bill.nano_usd is None else 0


def _usage(options: argparse.Namespace) -> Usage:
    usage = Usage(
        input_tokens=options.input,
        cache_read_tokens=options.cache_read,
        cache_write_5m_tokens=options.cache_write_5m,
        cache_write_1h_tokens=options.cache_write_1h,
        cache_write_30m_tokens=options.cache_write_30m,
        cache_write_12h_tokens=options.cache_write_12h,
        cache_write_tokens=options.cache_write,
        output_tokens=options.output,
        reasoning_tokens=options.reasoning,
        units=_units(options.unit),
    )
    if (wrong := invalid_reason(usage) or more_than_whole(usage)) is not None:
        raise ConfigError(f"these counts cannot be: {wrong}.")
    if options.requests < 1:
        raise ConfigError("--requests must be at least 1.")
    if options.batch and options.tier:
        raise ConfigError("--batch and --tier exclude each other.")
    return usage


def _units(said: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """Units by the names that usage is counted in; raises ConfigError."""
    found: dict[str, int] = {}
    for text in said:
        name, equals, amount = (part.strip() for part in text.partition("="))
        if not equals or not amount.isascii() or not amount.isdigit() or len(amount) > _MOST_DIGITS:
            raise ConfigError(f"--unit: `{plain(text)}` is not NAME=N; write for example web_searches=2.")
        if name not in BILLED_UNITS:
            near = difflib.get_close_matches(name, BILLED_UNITS, 1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(BILLED_UNITS))}."
            raise ConfigError(f"--unit: nothing is billed as `{plain(name)}`; {hint}")
        found[name] = found.get(name, 0) + int(amount)
    return tuple(sorted((name, amount) for name, amount in found.items() if amount))


def _card(options: argparse.Namespace, usage: Usage, variant: str) -> RateCard:
    if options.rates:
        try:
            return rates_card(options.rates)
        except PriceError as error:
            raise ConfigError(str(error)) from None
    return price_book(config_of(options)).card(
        options.provider,
        options.model,
        at_ms=now_ms() if options.at is None else instant(options.at),
        prompt_tokens=usage.prompt_tokens,
        variant=variant,
    )


def _json(options: argparse.Namespace, bill: Bill) -> dict[str, Any]:
    card = bill.card
    known = card.status not in UNKNOWN_COST
    return {
        "schema": 1,
        "model": options.model,
        "status": bill.status,
        "usd": None if bill.nano_usd is None else usd_text(bill.nano_usd * options.requests),
        "usd_per_request": usd_text(bill.nano_usd),
        "lines": [
            {
                "class": line.item,
                "tokens": line.amount,
                "usd_per_million": usd_text(line.nano_usd_per) if line.per == TOKENS_PER_MILLION else None,
                "usd_per": usd_text(line.nano_usd_per),
                "per": line.per,
                "usd": usd_text(line.nano_usd),
                **({"minimum": line.minimum} if line.minimum else {}),
            }
            for line in bill.lines
        ],
        "reasoning_tokens": bill.reasoning_tokens,
        "missing": list(bill.missing),
        "card": {
            "id": card.id,
            "book": card.book if known else None,
            "record": card.record if known else None,
            "match_rule": card.match_rule,
            "effective_from": card.effective_from,
            "checked": card.checked,
            "conditions": list(card.conditions),
            "fallbacks": list(dict.fromkeys((*card.fallbacks, *bill.fallbacks))),
        },
    }


def _print_text(options: argparse.Namespace, bill: Bill, anywhere: RateCard | None) -> None:
    lines = [f"{plain(options.model)}: {bill.status}", ""]
    wide = max([24, *(len(_item(line)) + 2 for line in bill.lines)])
    rate_wide = max([14, *(len(_rate(line)) + 2 for line in bill.lines)])
    lines.append(f"  {'':<{wide}}{'TOKENS':>14}{'RATE $/M':>{rate_wide}}{'USD':>16}")
    for line in bill.lines:
        cost = "--" if line.nano_usd is None else f"{line.nano_usd / 1e9:.9f}"
        lines.append(f"  {_item(line):<{wide}}{line.amount:>14,}{_rate(line):>{rate_wide}}{cost:>16}")
        if line.item == "output" and bill.reasoning_tokens and bill.card.reasoning_rate is None:
            lines.append(
                f"  {'  of which reasoning':<{wide}}{bill.reasoning_tokens:>14,}{'(inside output)':>{rate_wide + 16}}"
            )
    total = "unknown" if bill.nano_usd is None else f"{bill.nano_usd / 1e9:.9f}"
    lines.append(f"  {'one request':<{wide}}{'':>{14 + rate_wide}}{total:>16}")
    if options.requests > 1 and bill.nano_usd is not None:
        said, whole = f"{options.requests:,} requests", bill.nano_usd * options.requests / 1e9
        lines.append(f"  {said:<{wide}}{'':>{14 + rate_wide}}{whole:>16.6f}")
    lines += ["", *_why(bill, anywhere)]
    sys.stdout.write("\n".join(lines) + "\n")


def _item(line: BillLine) -> str:
    return f"{line.item}, at least {line.minimum:,}" if line.minimum else line.item


def _rate(line: BillLine) -> str:
    """Dollars per million tokens, or per so many of a unit."""
    rate = usd_text(line.nano_usd_per)
    if rate is None:
        return "no rate"
    return rate if line.per == TOKENS_PER_MILLION else f"{rate} / {line.per:,}" if line.per != 1 else f"{rate} each"


def _in_us(card: RateCard, anywhere: RateCard | None) -> str:
    """What it costs that inference stays in the United States, beside the same request without that."""
    where = f"{_US}: inference in the United States alone"
    output, usual = card.rates[INPUT_CLASSES], None if anywhere is None else anywhere.rates[INPUT_CLASSES]
    if not output or not usual:
        return where
    if output == usual:
        return f"{where}, for which this model costs no more"
    return f"{where}, where a token costs {decimal_text(Decimal(output) / usual)} times the standard rate"


def _why(bill: Bill, anywhere: RateCard | None) -> list[str]:
    card = bill.card
    if card.status in UNKNOWN_COST:
        return [f"  {card.match_rule}: the cost is unknown, not zero.", "  Give it a price under [[price]], see docs."]
    lines = [f"  book {card.book}   record {card.record}", f"  matched by: {card.match_rule}"]
    dated = f"in force since {card.effective_from}" if card.effective_from else "not dated"
    lines.append(f"  {dated}   checked {card.checked or 'unknown'}")
    lines += [f"  {_in_us(card, anywhere) if condition == _US else condition}" for condition in card.conditions]
    lines += [f"  billed {fallback}" for fallback in bill.fallbacks]
    if bill.missing:
        lines.append(f"  no rate for {', '.join(bill.missing)}: this is a lower bound")
    return lines

"""Worked examples of articles on the cost of inference, computed anew by hand, cost the same here."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pricing.bill import cost_nano_usd, make_bill
from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook, rates_card
from pricing.card import RateCard
from pricing.money import decimal_text, usd_from_nano
from pricing.usage import TOKEN_CLASSES, Usage, invalid_reason

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "worked_examples_engine.json").read_text()
)
"""`engine` counts reasoning beside the output, where `Usage` counts it inside; its cached input is our cache read."""

NANO_PER_LINE = Decimal("3e-9")
"""Dollars by which rounding to nano-dollars may move a bill of a few lines."""

OUR_NAMES = {"cached_input": "cache_read"}


def usage_of(counts: Mapping[str, int], requests: int) -> Usage:
    fields = {
        OUR_NAMES.get(name.removesuffix("_tokens"), name.removesuffix("_tokens")): n for name, n in counts.items()
    }
    reasoning = fields.pop("reasoning", 0)
    fields["output"] = fields.get("output", 0) + reasoning
    assert set(fields) <= set(TOKEN_CLASSES)
    return Usage.of([*(fields.get(name, 0) * requests for name in TOKEN_CLASSES), reasoning * requests])


def rates_of(engine: Mapping[str, Any]) -> dict[str, str]:
    return {OUR_NAMES.get(name, name): rate for name, rate in engine["rates_usd_per_mtok"].items()}


def card_of(engine: Mapping[str, Any]) -> RateCard:
    rates = rates_of(engine)
    multiplier = engine.get("modifiers", {}).get("price_multiplier")
    if multiplier is None:
        return rates_card(",".join(f"{name}={rate}" for name, rate in rates.items()))
    entry = {"model": engine["model"], "batch": {"multiplier": multiplier}, **rates}
    book = PriceBook([UserBook.from_entries([entry])])
    return book.card(engine["provider"], engine["model"], at_ms=0, prompt_tokens=1, variant="batch")


def test_there_are_cases() -> None:
    assert len(CASES) == 74
    assert sum("modifiers" in case["engine"] for case in CASES) == 1


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_a_worked_example_costs_what_it_costs_on_paper(case: dict[str, Any]) -> None:
    engine = case["engine"]
    requests = engine["requests"]
    usage, card = usage_of(engine["usage_per_request"], requests), card_of(engine)
    assert invalid_reason(usage) is None
    bill = make_bill(usage, card, requests)
    assert bill.missing == ()
    assert bill.nano_usd is not None
    expected = Decimal(case["expected"])
    allowed = max(expected * Decimal(case["tolerance"]["rel"]), NANO_PER_LINE)
    assert abs(usd_from_nano(bill.nano_usd) - expected) <= allowed
    assert cost_nano_usd(usage, card, requests) == (bill.nano_usd, False)
    assert decimal_text(sum((usd_from_nano(line.nano_usd or 0) for line in bill.lines), Decimal(0))) == decimal_text(
        usd_from_nano(bill.nano_usd)
    )

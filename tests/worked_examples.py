"""The numeric examples of articles about inference cost, computed by the product's own functions.

`python -m tests.worked_examples` writes docs/worked-examples.md; a test holds the page to these values.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

from pricing.books.userbook import rates_card
from pricing.card import RateCard
from pricing.hosts.allocation import marked_up_usd
from pricing.hosts.breakeven import ApiRates, break_even_tokens
from pricing.hosts.economics import (
    Capacity,
    Served,
    at_utilisation,
    decimal_of,
    price_at,
    requests_per_second,
    tokens_per_year,
    usd_per_million_at,
)
from pricing.hosts.kvcache import KvShape, all_sequences, grouped, host_memory
from pricing.hosts.owned import rented, rented_by_year, straight_line_usd_per_year
from pricing.hosts.tco import YearlyCosts, overhead_usd
from pricing.money import nano_from_usd
from pricing.totals import usd_per_million
from pricing.usage import Usage
from pricing.whatif.caching import (
    CacheRates,
    PrefixTraffic,
    first_then_usd,
    hit_share,
    reads_per_hour_to_pay_storage,
    reads_to_pay_write,
    rewrites_to_pay_longer,
    storage_usd,
)
from pricing.whatif.longcontext import LongContext
from pricing.whatif.rules import (
    Change,
    Route,
    discounted_share,
    discounted_usd,
    fallback_factor,
    per_day,
    per_year,
    retried_usd,
    retry_share,
    routed_usd,
    traffic_usd,
)
from tests.worked_example_notes import NOTES

Inputs: TypeAlias = Mapping[str, Decimal]
Computation: TypeAlias = Callable[[Inputs], Decimal | Fraction | int | None]

CASES_FILE = Path(__file__).parent / "data" / "worked_examples_economics.json"
PAGE = Path(__file__).parents[1] / "docs" / "worked-examples.md"

_USAGE_KEYS = {
    "input_tokens": "input_tokens",
    "cached_input_tokens": "cache_read_tokens",
    "cache_write_5m_tokens": "cache_write_5m_tokens",
    "cache_write_1h_tokens": "cache_write_1h_tokens",
    "output_tokens": "output_tokens",
    "reasoning_tokens": "reasoning_tokens",
}
_RATE_KEYS = {"cached_input": "cache_read"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One figure of an article: what it printed, what goes in, and what comes out when computed right."""

    id: str
    kind: str
    article: str
    section: str
    title: str
    inputs: Inputs
    stated: str | None
    article_is_right: bool
    expected: Decimal
    unit: str
    tolerance: Decimal
    engine: Mapping[str, Any] | None = None

    def ours(self) -> Decimal | None:
        """The figure that the product's functions give."""
        value = _metered(self.engine) if self.engine else COMPUTED[self.id](self.inputs)
        return decimal_of(value) if isinstance(value, Fraction) else None if value is None else Decimal(value)


def examples() -> list[Example]:
    """All of them, in the articles' order within a kind."""
    return [_example(plain) for plain in json.loads(CASES_FILE.read_text())]


def _example(plain: dict[str, Any]) -> Example:
    numbers = {name: Decimal(value) for name, value in plain["inputs"].items()}
    exact = {"expected": Decimal(plain["expected"]), "tolerance": Decimal(plain["tolerance"])}
    return Example(**{**plain, **exact, "inputs": numbers})


def _metered(engine: Mapping[str, Any]) -> Decimal | None:
    """A plain bill by the token. The articles count thinking beside the answer; here it is a part of the output."""
    counts = {_USAGE_KEYS[key]: int(count) for key, count in engine["usage_per_request"].items()}
    counts["output_tokens"] = counts.get("output_tokens", 0) + counts.get("reasoning_tokens", 0)
    usd = traffic_usd(Usage(**counts), _card(engine["rates_usd_per_mtok"]), int(engine["requests"]))  # type: ignore[arg-type]  # plain counts only
    discount = 1 - Decimal(engine.get("modifiers", {}).get("price_multiplier", 1))
    return None if usd is None else discounted_usd(usd, Decimal(1), discount)


def _card(rates: Mapping[str, str | Decimal]) -> RateCard:
    return rates_card(",".join(f"{_RATE_KEYS.get(key, key)}={usd}" for key, usd in rates.items()))


def _output_only(tokens_per_second: Decimal) -> Capacity:
    """A host of which only the output rate is known."""
    rate = int(tokens_per_second)
    return Capacity(prefill_tokens_per_second=rate, decode_tokens_per_second=rate, basis="separate")


def _per_million(i: Inputs) -> Decimal:
    return usd_per_million_at(_hourly(i), i["tokens_per_second"], i.get("utilisation", Decimal(1)))


def _hourly(i: Inputs) -> Decimal:
    if "annual" in i:
        return rented_by_year(i["annual"]).usd_per_hour
    return i["cost_per_second"] * 3600 if "cost_per_second" in i else rented(i["rate"]).usd_per_hour


def _both_streams(i: Inputs) -> Decimal | None:
    capacity = Capacity(prefill_tokens_per_second=int(i["in_tps"]), decode_tokens_per_second=int(i["out_tps"]))
    mix = Served(input_tokens=int(i["in_tps"]), output_tokens=int(i["out_tps"]))
    return price_at(i["rate"], capacity, mix, i["utilisation"]).blended


def _node_price(i: Inputs) -> Decimal | None:
    return usd_per_million(nano_from_usd(i["annual"]), int(i["tokens_millions"]) * 10**6)


def _year(i: Inputs) -> Decimal:
    return rented(i["rate"]).usd_per_year


def _sum_of_years(i: Inputs) -> Decimal:
    return YearlyCosts({"item": tuple(i.values())}).total_usd


def _sum_of_items(i: Inputs) -> Decimal:
    return YearlyCosts({item: (usd,) for item, usd in i.items()}).year_usd(1)


def _depreciation(i: Inputs) -> Decimal:
    return straight_line_usd_per_year(i["capex"], i["years"])


def _hidden(i: Inputs) -> Decimal:
    return overhead_usd(i["spend"], i["share"])


def _requests_per_second(i: Inputs) -> Fraction:
    return requests_per_second(_output_only(i["tokens_per_second"]), Served(output_tokens=int(i["output_tokens"])))


def _stored(i: Inputs) -> Decimal:
    return storage_usd(int(i["tokens"]), i["hours"], i["price"])


def _cached_day(i: Inputs) -> Decimal:
    rates = CacheRates(
        input=i["price_input"], read=i["price_cached_input"], write=i["price_write"], output=i["price_output"]
    )
    traffic = PrefixTraffic(
        prefix_tokens=int(i["prefix_tokens"]),
        fresh_tokens=int(i["input_tokens"]),
        output_tokens=int(i["output_tokens"]),
        requests=int(i["requests"]),
    )
    return traffic.cached_usd(rates, int(i["cache_writes"])) + i["storage"]


def _writes(lifetime: str) -> Computation:
    def cost(i: Inputs) -> Decimal | None:
        usage = Usage(**{f"cache_write_{lifetime}_tokens": int(i["tokens"])})  # type: ignore[arg-type]  # a plain count
        return traffic_usd(usage, _card({f"cache_write_{lifetime}": i["price"]}), int(i["writes"]))

    return cost


def _first_call(i: Inputs) -> Decimal | None:
    return traffic_usd(Usage(input_tokens=int(i["tokens"])), _card({"input": i["price"]}))


def _write_and_ask(i: Inputs) -> Decimal | None:
    usage = Usage(input_tokens=int(i["input_tokens"]), cache_write_5m_tokens=int(i["cache_write_5m_tokens"]))
    return traffic_usd(usage, _card({"input": i["price_input"], "cache_write_5m": i["price_cache_write_5m"]}))


def _request(i: Inputs, requests: int = 1) -> Decimal | None:
    usage = Usage(input_tokens=int(i["input_tokens"]), output_tokens=int(i["output_tokens"]))
    return traffic_usd(usage, _card({"input": i["price_input"], "output": i["price_output"]}), requests)


def _daily_year(i: Inputs) -> Decimal:
    return per_year(i["daily"])


def _yearly_saving(i: Inputs) -> Decimal:
    return per_year(Change(before_usd=i["without"], after_usd=i["with_cache"]).saved_usd)


def _saved_percent(i: Inputs) -> Decimal | None:
    return _percent(Change(before_usd=i["b"], after_usd=i["a"]).saved_share)


def _percent(share: Decimal | None) -> Decimal | None:
    return None if share is None else share * 100


def _multiples(i: Inputs) -> CacheRates:
    """Prices as multiples of the input price."""
    return CacheRates(input=Decimal(1), read=i["read"], write=i["write"])


def _storage_rates(i: Inputs) -> CacheRates:
    price = i["price_input"]
    return CacheRates(input=price, read=i["price_cached_input"], write=price, storage_per_hour=i["price_storage"])


def _mean_price(i: Inputs, input_tokens: int, output_tokens: int) -> Decimal:
    price = ApiRates(input=i["price_input"], output=i["price_output"]).usd_per_million(
        Served(input_tokens=input_tokens, output_tokens=output_tokens)
    )
    assert price is not None
    return price


def _routes(i: Inputs) -> Decimal:
    routes = [Route(share=i[f"s{n}"], usd_per_request=i[f"c{n}"]) for n in (1, 2, 3)]
    return routed_usd(i["n"], routes)


def _kv_megabytes(i: Inputs) -> Fraction:
    # Without grouping all heads together are as wide as the model.
    shape = KvShape(
        layers=int(i["layers"]),
        kv_heads=1,
        head_size=int(i["hidden"]),
        bytes_per_element=Fraction(i["bytes_per_element"]),
    )
    return shape.bytes_per_token / 10**6


def _off_peak(i: Inputs) -> Decimal | None:
    usd = _request(i, int(i["requests"]))
    return None if usd is None else discounted_usd(usd, i["share"], i["discount"])


def _retried_month(i: Inputs) -> Decimal | None:
    usd = _request(i, int(i["users"] * i["messages"]))
    return None if usd is None else retried_usd(usd, i["retry_factor"] - 1)


COMPUTED: dict[str, Computation] = {
    # what a host costs
    "w003-L183-year": _year,
    "w003-L179-hi": _year,
    "w003-L180-hi": _year,
    "w003-L181-hi": _year,
    "w003-L192-sec": lambda i: rented_by_year(i["annual"]).usd_per_second,
    "w003-L1597-qps": _requests_per_second,
    "w003-L1598-qps-b200": _requests_per_second,
    "w003-L1602-tok-h200": lambda i: tokens_per_year(i["qps"] * i["tokens"], i["utilisation"]),
    # what a million tokens cost on it
    "w003-L193-out": _per_million,
    "w003-L194-in": _per_million,
    "w003-L200-in": _per_million,
    "w003-L201-out": _per_million,
    "w003-L202-out": _per_million,
    "w003-L202-in": _per_million,
    "w003-L213-ops-100": _per_million,
    "w003-L213-ops-30": _per_million,
    "w003-L222-lo": _per_million,
    "w003-L222-hi": _per_million,
    "w003-L223-lo": _per_million,
    "w003-L223-hi": _per_million,
    "w003-L224-lo": _per_million,
    "w003-L224-hi": _per_million,
    "w003-L226-lo": _per_million,
    "w003-L226-hi": _per_million,
    "w003-L290-step": _per_million,
    "w003-L291-step": _per_million,
    "w003-L293-step": _per_million,
    "w003-L962-mtok-h100": _per_million,
    "w003-L965-mtok-b200": _per_million,
    "w003-L967-mtok-gh200": _per_million,
    "w003-L962-mtok-h100-60": _per_million,
    "w003-L1099-tpu": _per_million,
    "w003-L64-two-h100": _per_million,
    "d003-h200-real": _per_million,
    "d003-double-count": _both_streams,
    "d003-total-50": _both_streams,
    "w003-L1607-m-h200": _node_price,
    "w003-L1608-m-b200": _node_price,
    "w003-L1614-m-h200-25": lambda i: at_utilisation(i["cost"], Decimal(50), Decimal(25)),
    # total cost of ownership
    "w003-L211-ops": _sum_of_items,
    "w003-L927-row": _sum_of_years,
    "w003-L928-row": _sum_of_years,
    "w003-L929-row": _sum_of_years,
    "w003-L930-row": _sum_of_years,
    "w003-L931-row": _sum_of_years,
    "w003-L932-row": _sum_of_years,
    "w003-L933-year1": _sum_of_items,
    "w003-L933-year2": _sum_of_items,
    "w003-L963-owned-hour": lambda i: YearlyCosts({"all": (i["total"], Decimal(0), Decimal(0))}).usd_per_hour,
    "w003-L1585-dep-h200": _depreciation,
    "w003-L1586-dep-b200": _depreciation,
    "w003-L1660-hidden-lo": _hidden,
    "w003-L1660-hidden-hi": _hidden,
    # break-even
    "w003-L1348-pair-breakeven": lambda i: break_even_tokens(i["annual"], _mean_price(i, 1, 1)),
    "w003-L1621-avg8": lambda i: _mean_price(i, int(i["in_tokens"]), int(i["out_tokens"])),
    "w003-L1621-be-tokens": lambda i: break_even_tokens(i["annual"], i["price"]),
    "w003-L1621-be-day": lambda i: per_day(i["tokens"]),
    "w003-L1623-capacity": lambda i: tokens_per_year(i["tokens_per_second"], i["utilisation"]),
    # prompt caching
    "w003-L860-write-sonnet": _write_and_ask,
    "w003-L860-daily-sonnet": _cached_day,
    "w003-L861-daily-gpt4o": _cached_day,
    "w003-L861-write-gpt4o": _first_call,
    "w003-L862-write-gemini": _first_call,
    "w003-L868-annual-without-sonnet": _daily_year,
    "w003-L869-annual-without-gpt4o": _daily_year,
    "w003-L870-annual-without-gemini": _daily_year,
    "w003-L871-annual-without-deepseek": _daily_year,
    "w003-L868-annual-with-sonnet": _daily_year,
    "w003-L869-annual-with-gpt4o": _daily_year,
    "w003-L870-annual-with-gemini": _daily_year,
    "w003-L868-annual-saving-sonnet": _yearly_saving,
    "w003-L869-annual-saving-gpt4o": _yearly_saving,
    "w003-L870-annual-saving-gemini": _yearly_saving,
    "w003-L871-annual-saving-deepseek": _yearly_saving,
    "w003-L1320-cache-1h": lambda i: rewrites_to_pay_longer(i["write_1h"], i["write_5m"], i["read"]),
    "w003-L1567-w5": _writes("5m"),
    "w003-L1568-w1": _writes("1h"),
    "w003-L1567-s5": _saved_percent,
    "w003-L1570-cut-lo": lambda i: Change(before_usd=i["a"], after_usd=i["b"]).factor,
    "d003-hit-rate": lambda i: _percent(hit_share(int(i["cached"]), int(i["uncached"]))),
    "d003-cache-breakeven-5m": lambda i: reads_to_pay_write(_multiples(i)),
    "w003-L692-cache-storage-flash": _stored,
    "w003-L843-cache-storage-pro": _stored,
    "d003-storage-breakeven": lambda i: reads_per_hour_to_pay_storage(_storage_rates(i)),
    # long prompts
    "w003-L688-gemini-graduated": lambda i: LongContext(
        threshold_tokens=int(i["threshold"]), low=i["price_low"], high=i["price_high"]
    ).graduated_usd(int(i["tokens"])),
    "w003-L1734-lc-ten": lambda i: first_then_usd(i["first"], i["later"], 10),
    # routing, batch, off-peak, retries
    "w003-L1689-none": lambda i: routed_usd(i["n"], [Route(share=Decimal(1), usd_per_request=i["cost"])]),
    "w003-L1690-route-save": _saved_percent,
    "w003-L1691-aggr": _routes,
    "w003-L1691-aggr-save": _saved_percent,
    "w003-L1693-aggr-year": lambda i: per_year(Change(before_usd=i["b"], after_usd=i["a"]).saved_usd),
    "w003-L556-batch-save": lambda i: i["n"] * Change(before_usd=i["sync"], after_usd=i["batch"]).saved_usd,
    "w003-L562-batch-share": lambda i: _percent(discounted_share(i["share"], i["discount"])),
    "d003-offpeak-mix": _off_peak,
    "w003-L418-retry10": lambda i: retried_usd(i["base"], i["factor"] - 1),
    "w003-L997-retry-1": lambda i: _percent(retry_share(i["failure"], int(i["retries"]))),
    "w003-L999-fallback": lambda i: fallback_factor(i["failure"]),
    "d003-retry-factor": _retried_month,
    # memory and chargeback
    "w003-L1706-kv": _kv_megabytes,
    "w003-L1710-kv100": lambda i: all_sequences(Fraction(i["gb"]), int(i["users"])) / 1000,
    "w003-L1714-kvgqa": lambda i: grouped(Fraction(i["gb"]), 64, 8),
    "w003-L951-b200-mem": lambda i: host_memory(int(i["gpus"]), Fraction(i["gb"])),
    "w003-L1194-markup": lambda i: marked_up_usd(i["cost"], i["markup"]),
}

_UNITS = {
    "usd": ("$", ""), "usd_per_day": ("$", "/day"), "usd_per_hour": ("$", "/h"), "usd_per_month": ("$", "/month"),
    "usd_per_mtok": ("$", "/M"), "usd_per_mtok_total": ("$", "/M"), "usd_per_second": ("$", "/s"),
    "usd_per_year": ("$", "/year"), "percent": ("", " %"), "ratio": ("", "x"), "gb": ("", " GB"), "tb": ("", " TB"),
    "mb_per_token": ("", " MB"), "reads": ("", " reads"), "reads_per_hour": ("", " reads/h"),
    "requests_per_second": ("", " requests/s"), "rewrites_per_hour": ("", " re-writes"),
    "tokens_per_day": ("", " tokens/day"), "tokens_per_year": ("", " tokens/year"),
}  # fmt: skip

_KINDS = {
    "self_host": "Hosts", "self_host_mtok": "A million tokens on own hosts", "tco": "Cost of ownership",
    "break_even": "Break-even", "caching": "Prompt caching", "cache_storage": "Cache storage",
    "long_context": "Long prompts", "batch": "Batch", "off_peak": "Off-peak hours", "routing": "Routing",
    "retry": "Retries", "kv_cache": "Memory of the key-value cache", "allocation": "Charging on",
    "cost_per_query": "One request", "daily_cost": "Days and months of requests", "cost_total": "Totals by the token",
    "reasoning": "Reasoning", "multimodal": "Images and video", "unit_economics": "Products",
    "sensitivity": "A chat user's month under other conditions",
}  # fmt: skip

_INTRODUCTION = """\
# Worked examples

Every figure below is printed in, or follows from, an article about what inference costs. *Ours* is what usdtop's
functions give for the same inputs; a test recomputes this page. **No** means that the article's own inputs do not give
its figure. A remark beside a right figure says what it leaves out. "--" means that the article gives the inputs and
prints no result. The first column is the number of the article:
"""
_WRITTEN_BY = "This page is written by `python -m tests.worked_examples`.\n"


def page() -> str:
    """The whole of docs/worked-examples.md."""
    order = list(_KINDS)
    rows = sorted(examples(), key=lambda example: order.index(example.kind))
    wrong = sum(not example.article_is_right for example in rows)
    articles = sorted({example.article for example in rows})
    numbered = "\n".join(f"{number}. {title}" for number, title in enumerate(articles, start=1))
    parts = [
        _INTRODUCTION,
        f"{numbered}\n",
        _WRITTEN_BY,
        f"{len(rows)} figures, {wrong} of them wrong in the article.\n",
    ]
    for kind, group in groupby(rows, key=lambda example: example.kind):
        parts += [f"## {_KINDS[kind]}\n", "\n".join(_table(list(group), articles)) + "\n"]
    return "\n".join(parts)


def _table(rows: list[Example], articles: list[str]) -> Iterator[str]:
    yield "| | case | the article says | ours | right? | remark |"
    yield "|---|---|---|---|---|---|"
    for example in rows:
        verdict = "--" if example.stated is None else "yes" if example.article_is_right else "**no**"
        note = NOTES.get(example.id, "")
        number = articles.index(example.article) + 1
        yield f"| {number} | {example.title} | {example.stated or '--'} | {_figure(example)} | {verdict} | {note} |"


def _figure(example: Example) -> str:
    ours = example.ours()
    if ours is None:
        return "unknown"
    before, after = _UNITS[example.unit]
    digits = max(0, 6 - max(1, ours.adjusted() + 1)) if ours >= 1 else 4 - ours.adjusted()
    number = f"{ours:,.{digits}f}"
    whole, _, fraction = number.partition(".")
    fraction = fraction.rstrip("0")
    if before and len(fraction) == 1:
        fraction += "0"
    return f"{before}{whole}{'.' if fraction else ''}{fraction}{after}"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")

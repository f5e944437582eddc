"""The sheet of `usdtop host`: as JSON, and as text with its plot."""

from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from pricing.card import RateCard
from pricing.hosts.allocation import largest_remainder
from pricing.hosts.breakeven import ApiRates
from pricing.hosts.economics import OwnPrice, Served
from pricing.hosts.hosting import Hosting
from pricing.hosts.owned import HostCost
from pricing.money import NANO_PER_USD, decimal_text, nano_from_usd, usd_text
from tui.commands.common import plain, shortened
from tui.plot import CostPlot

_CLASSES = ("blended", "input", "cache_read", "output")
_CURVE_POINTS = 20
_CENT = NANO_PER_USD // 100


def sheet_json(
    cost: HostCost, hosting: Hosting | None, *, against: str | None, card: RateCard | None, pue: Decimal
) -> dict[str, Any]:
    """Schema 1: money as decimal strings to the nano-dollar, shares as numbers of 0 to 1, unknown as null."""
    sheet: dict[str, Any] = {
        "schema": 1,
        "usd_per_hour": usd_text(cost.nano_usd_per_hour),
        "usd_per_year": _money(cost.usd_per_year),
        "items": [{"item": item.item, "usd_per_hour": usd_text(item.nano_usd_per_hour)} for item in cost.items],
    }
    return sheet | (_capacity_json(hosting, against, card, pue) if hosting else {})


def _capacity_json(hosting: Hosting, against: str | None, card: RateCard | None, pue: Decimal) -> dict[str, Any]:
    capacity, mix, full = hosting.capacity, hosting.mix, hosting.tokens_per_second_at_full
    energy = hosting.energy_at_full
    price = hosting.energy_usd_per_kwh
    return {
        "capacity": {
            "prefill_tokens_per_second": capacity.prefill_tokens_per_second,
            "decode_tokens_per_second": capacity.decode_tokens_per_second,
            "basis": capacity.basis,
        },
        "mix": {"input": mix.input_tokens, "cache_read": mix.cache_read_tokens, "output": mix.output_tokens},
        "utilisation": _share(hosting.used),
        "tokens_per_second": None if hosting.used is None else float(full * hosting.used),
        "tokens_per_second_at_full": float(full),
        "usd_per_million_tokens": _prices(hosting.now),
        "at_full": _prices(hosting.at_full),
        "idle_usd_per_hour": _money(hosting.idle_usd_per_hour),
        "marginal_usd_per_million_tokens": _money(hosting.marginal_usd_per_million),
        "energy_at_full": energy
        and {
            "joules_per_token": float(energy.joules_per_token),
            "kwh_per_million_tokens": float(energy.kwh_per_million_tokens),
            "pue": float(pue),
            "usd_per_million_tokens": _money(None if price is None else energy.usd_per_million_tokens(price)),
        },
        "against": None if hosting.api is None else _against_json(hosting, hosting.api, against, card),
        "curve": [
            {"utilisation": _share(point.utilisation), "usd_per_million_tokens": _money(point.usd_per_million)}
            for point in hosting.curve(_CURVE_POINTS)
        ],
    }


def _against_json(hosting: Hosting, api: ApiRates, against: str | None, card: RateCard | None) -> dict[str, Any]:
    tokens = hosting.break_even_tokens_per_day
    return {
        "name": against,
        "card": card and {"id": card.id, "effective_from": card.effective_from, "checked": card.checked},
        "usd_per_million_tokens": _prices(_api_price(api, hosting.mix)),
        "value_usd_per_hour_at_full": _money(hosting.value_usd_per_hour_at_full),
        "saves_usd_per_hour": _money(hosting.saves_usd_per_hour),
        "break_even_utilisation": _share(hosting.break_even),
        "break_even_tokens_per_day": None if tokens is None else ceil(tokens),
        "pays_when_full": hosting.break_even is not None and hosting.break_even <= 1,
    }


def cost_lines(cost: HostCost) -> list[str]:
    """The hour, item by item, in cents or, where those would hide something, hundredths of them; rounded so that they add up."""
    nanos = {item.item: Fraction(item.nano_usd_per_hour) for item in cost.items}
    places = 2 if all(nano % _CENT == 0 for nano in nanos.values()) else 4
    unit = NANO_PER_USD // 10**places
    hour = round(Fraction(cost.nano_usd_per_hour, unit))
    parts = largest_remainder(hour, nanos) if any(nanos.values()) else {}
    lines = [f"one host: ${hour / 10**places:,.{places}f} an hour, ${cost.usd_per_year:,.0f} a year", ""]
    lines += [f"  {item:<20}{parts.get(item, 0) / 10**places:>18,.{places}f} $/h" for item in nanos]
    return [*lines, ""] if cost.items else lines


def capacity_lines(hosting: Hosting, *, against: str | None, card: RateCard | None, ascii_only: bool) -> list[str]:
    """What a million tokens cost, the comparison in words, and the plot."""
    lines = [*_workload(hosting), "", *_price_table(hosting), ""]
    lines += [f"  {name:<22}{text}" for name, text in _facts(hosting)]
    if hosting.api is not None and against is not None:
        lines += _comparison(hosting, against, card)
    return lines + _plot(hosting, ascii_only=ascii_only)


def _workload(hosting: Hosting) -> list[str]:
    mix, capacity = hosting.mix, hosting.capacity
    cached = f" + {mix.cache_read_tokens:,} cached" if mix.cache_read_tokens else ""
    measured = "measured together" if capacity.basis == "joint" else "measured one at a time"
    return [
        f"requests of {mix.input_tokens:,} input{cached} and {mix.output_tokens:,} output tokens",
        f"capacity {capacity.prefill_tokens_per_second:,} input and {capacity.decode_tokens_per_second:,} output"
        f" tokens/s, {measured}",
    ]


def _price_table(hosting: Hosting) -> list[str]:
    full, used = hosting.tokens_per_second_at_full, hosting.used
    now_head = "NOW" if used is None else f"AT {_percent(used)}"
    columns = [(hosting.now, now_head), (hosting.at_full, "AT 100%")]
    if hosting.api is not None:
        columns.append((_api_price(hosting.api, hosting.mix), "API"))
    rates = ["--" if used is None else f"{full * used:,.0f}", f"{full:,.0f}"]
    lines = [
        f"  {'':<14}{''.join(f'{head:>14}' for _, head in columns)}",
        f"  {'tokens/s':<14}{''.join(f'{rate:>14}' for rate in rates)}",
    ]
    for name in _CLASSES:
        if name == "cache_read" and not hosting.mix.cache_read_tokens:
            continue
        figures = "".join(f" {_aligned(getattr(price, name)):>13}" for price, _ in columns)
        lines.append(f"  {'$/M ' + name.replace('_', ' '):<14}{figures}")
    return lines


def _facts(hosting: Hosting) -> list[tuple[str, str]]:
    facts = []
    if hosting.used is not None:
        idle = f"${_usd(hosting.idle_usd_per_hour)}/h"
        facts.append(("idle tax", idle if hosting.used else f"{idle}: it serves nothing, and no token has a price"))
    energy = hosting.energy_at_full
    if energy is not None:
        facts.append(
            (
                "energy when full",
                f"{energy.joules_per_token:.3f} J/token, {energy.kwh_per_million_tokens:.3f} kWh/M before PUE",
            )
        )
    marginal = hosting.marginal_usd_per_million
    if marginal is None:
        facts.append(("one more token", "unknown without --kw and --usd-per-kwh: it costs its energy"))
    elif marginal:
        facts.append(("one more token", f"at most ${_usd(marginal)}/M, its energy: the hour is paid anyway"))
    else:
        facts.append(("one more token", "nothing while there is room: the hour is paid anyway"))
    return facts


def _comparison(hosting: Hosting, against: str, card: RateCard | None) -> list[str]:
    even, tokens = hosting.break_even, hosting.break_even_tokens_per_day
    lines = ["", f"against {shortened(against, 60)}{_dated(card)}"]
    if even is None or tokens is None:
        return [*lines, "  the price is zero: nothing is cheaper than that."]
    lines.append(f"  {'worth when full':<22}${_usd(hosting.value_usd_per_hour_at_full)}/h of the same tokens there")
    saves = hosting.saves_usd_per_hour
    if saves is not None:
        word = "saves now" if saves >= 0 else "loses now"
        lines.append(f"  {word:<22}${_usd(abs(saves))}/h")
    at = f"{_percent(even)} utilisation, {ceil(tokens):,} tokens a day"
    lines.append(f"  {'break-even':<22}{at}")
    return [*lines, f"  {'':<22}which is never: it cannot serve so many"] if even > 1 else lines


def _plot(hosting: Hosting, *, ascii_only: bool) -> list[str]:
    at_full = hosting.at_full.blended
    if not at_full:
        return []
    price = None if hosting.api is None else hosting.api.usd_per_million(hosting.mix)
    even = hosting.break_even
    plot = CostPlot(
        at_full=float(at_full),
        used=float(hosting.used) if hosting.used else None,
        api=float(price) if price else None,
        break_even=None if even is None else float(even),
        plain=ascii_only,
    )
    return ["", "$/M of the mix against utilisation", *plot.lines(), *filter(None, [plot.legend()])]


def _dated(card: RateCard | None) -> str:
    if card is None:
        return ""
    since = f"in force since {card.effective_from}" if card.effective_from else "not dated"
    return f"  (book {plain(card.book)}, {since}, checked {card.checked or 'unknown'})"


def _api_price(api: ApiRates, mix: Served) -> OwnPrice:
    cached = api.input if api.cache_read is None else api.cache_read
    return OwnPrice(blended=api.usd_per_million(mix), input=api.input, cache_read=cached, output=api.output)


def _prices(price: OwnPrice) -> dict[str, str | None]:
    return {name: _money(getattr(price, name)) for name in _CLASSES}


def _money(usd: Decimal | None) -> str | None:
    return None if usd is None else usd_text(nano_from_usd(usd))


def _usd(usd: Decimal | None) -> str:
    """Dollars to a millionth, without needless zeros beyond cents."""
    if usd is None:
        return "--"
    whole, _, digits = f"{usd:,.6f}".partition(".")
    return f"{whole}.{digits.rstrip('0'):0<2}"


def _aligned(usd: Decimal | None) -> str:
    return "--" if usd is None else f"{usd:,.6f}"


def _percent(share: Decimal) -> str:
    return f"{decimal_text(round(share * 100, 1))}%"


def _share(share: Decimal | None) -> float | None:
    return None if share is None else round(float(share), 6)

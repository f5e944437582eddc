"""What an own or rented host costs per hour and per million tokens, and from where on it beats a price by the token.

  usdtop host --usd-per-hour 20 --prefill 15000 --decode 3000 --mix 1500:300 --utilisation 0.5 --against 0.88/0.88
  usdtop host --capex 280000 --years 4 --residual 0.15 --kw 10 --pue 1.4 --usd-per-kwh 0.10 ...

Exit code 3 when --against names a model that no book can price.
"""

import argparse
import sys
from dataclasses import replace
from decimal import Decimal

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.settings.config import ConfigError
from pricing.card import RateCard
from pricing.hosts.breakeven import ApiRates, api_rates
from pricing.hosts.economics import Capacity, Served
from pricing.hosts.hosting import Hosting
from pricing.hosts.owned import BOARD_TO_WALL, HostCost, OwnedHost, rented, rented_gpus, wall_kw
from tui.commands.arguments import NUMBER, count, mix, number, share_of_one
from tui.commands.common import NOTHING_KNOWN, add_json, config_of, plain, print_json, say
from tui.commands.hostsheet import capacity_lines, cost_lines, sheet_json

_OWNED = (
    ("--years", "until the hardware is sold or scrapped"),
    ("--residual", "share of the price that the sale brings, 0 to 1"),
    ("--cost-of-capital", "interest a year: 0.08 for 8 %%; the hardware is then paid off as an annuity"),
    ("--usd-per-kwh", "price of electricity"),
    ("--pue", "power of the building over power of its computers (default 1)"),
    ("--facility-kw", "kilowatts that the contract for space counts (default --kw)"),
    ("--usd-per-kw-month", "price of that space"),
    ("--maintenance-per-year", "support contracts and spare parts, dollars"),
    ("--operations-per-year", "people, dollars; shared by --hosts"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The hour, rented or owned; what the host can do and is asked to do; what to compare with."""
    rent = parser.add_argument_group("rented")
    rent.add_argument("--usd-per-hour", type=number, metavar="X", help="the whole host")
    rent.add_argument("--usd-per-gpu-hour", type=number, metavar="X", help="one GPU, with --gpus")
    rent.add_argument("--gpus", type=count, metavar="N", help="how many GPUs it has")
    own = parser.add_argument_group("owned")
    own.add_argument("--capex", type=number, metavar="X", help="price of the host, dollars")
    for name, what in _OWNED:
        own.add_argument(name, type=number, metavar="X", help=what)
    own.add_argument("--power-included", action="store_true", help="the price of the space includes electricity")
    own.add_argument("--hosts", type=count, default=1, metavar="N", help="hosts that share the operations (default 1)")
    power = parser.add_argument_group("power, for the energy of a token")
    power.add_argument("--kw", type=number, metavar="X", help="kilowatts at the socket while serving")
    power.add_argument("--gpu-watts", type=number, metavar="X", help="or the power of all GPU boards, as measured")
    power.add_argument("--power-factor", type=number, metavar="X", help=f"socket over boards (default {BOARD_TO_WALL})")
    power.add_argument("--base-watts", type=number, metavar="X", help="what the host draws beside that")
    work = parser.add_argument_group("capacity and traffic")
    work.add_argument("--prefill", type=count, metavar="N", help="input tokens/s at saturation")
    work.add_argument("--decode", type=count, metavar="N", help="output tokens/s at saturation")
    work.add_argument(
        "--basis", choices=("joint", "separate"), default="joint", help="measured together, or one by one"
    )
    work.add_argument("--mix", type=mix, metavar="IN[:CACHED]:OUT", help="tokens of one request (default as capacity)")
    work.add_argument(
        "--utilisation", type=share_of_one, metavar="U", help="0 to 1; without it, only figures at saturation"
    )
    work.add_argument("--against", metavar="IN/OUT", help="$/M tokens, IN/CACHED/OUT, or a MODEL of the price book")
    work.add_argument("--provider", metavar="P", help="of that model")
    parser.add_argument("--ascii", action="store_true", help="draw with ASCII")
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the sheet."""
    kw = _wall_kw(options)
    cost = _cost(options, kw)
    hosting = _hosting(options, cost, kw)
    card, known = None, True
    if hosting is not None and options.against is not None:
        card, api = _against(options, hosting.mix)
        known = api is not None
        hosting = replace(hosting, api=api)
    if options.json:
        print_json(sheet_json(cost, hosting, against=options.against, card=card, pue=options.pue or Decimal(1)))
    else:
        lines = cost_lines(cost)
        if hosting is not None:
            lines += capacity_lines(hosting, against=options.against, card=card, ascii_only=options.ascii)
        else:
            lines.append("  --prefill and --decode say what it can serve, and then what a million tokens cost.")
        sys.stdout.write("\n".join(lines) + "\n")
    if not known:
        say(f"no book can price {options.against}: nothing to compare with; give rates, as --against 0.88/0.88.")
    return 0 if known else NOTHING_KNOWN


def _cost(options: argparse.Namespace, kw: Decimal | None) -> HostCost:
    ways = [options.usd_per_hour, options.usd_per_gpu_hour, options.capex]
    if sum(way is not None for way in ways) != 1:
        raise ConfigError("say what the host costs: one of --usd-per-hour, --usd-per-gpu-hour with --gpus, --capex.")
    if options.capex is not None:
        return _owned(options, kw)
    given = [name for name in ("--capex", *(name for name, _ in _OWNED)) if _value(options, name) is not None]
    if options.power_included or [name for name in given if name != "--pue"]:
        wrong = (given or ["--power-included"])[0]
        raise ConfigError(f"{wrong} belongs to an owned host (--capex); a rent includes power and space.")
    if options.usd_per_hour is not None:
        return rented(options.usd_per_hour)
    if options.gpus is None:
        raise ConfigError("--usd-per-gpu-hour needs --gpus.")
    return rented_gpus(options.usd_per_gpu_hour, options.gpus)


def _owned(options: argparse.Namespace, kw: Decimal | None) -> HostCost:
    if options.years is None:
        raise ConfigError("--capex needs --years: over how many years is it paid off?")
    if options.usd_per_kwh and kw is None:
        raise ConfigError("--usd-per-kwh needs the power: --kw, or --gpu-watts.")
    if options.usd_per_kw_month and kw is None and options.facility_kw is None:
        raise ConfigError("--usd-per-kw-month needs kilowatts: --facility-kw, or --kw.")
    try:
        host = OwnedHost(
            capex_usd=options.capex,
            years=options.years,
            residual=options.residual or Decimal(0),
            cost_of_capital=options.cost_of_capital or Decimal(0),
            wall_kw=kw or Decimal(0),
            pue=Decimal(1) if options.pue is None else options.pue,
            usd_per_kwh=options.usd_per_kwh or Decimal(0),
            facility_kw=options.facility_kw,
            usd_per_kw_month=options.usd_per_kw_month or Decimal(0),
            power_in_facility=options.power_included,
            maintenance_usd_per_year=options.maintenance_per_year or Decimal(0),
            operations_usd_per_year=options.operations_per_year or Decimal(0),
            hosts=options.hosts,
        )
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    return host.cost()


def _wall_kw(options: argparse.Namespace) -> Decimal | None:
    if options.kw is not None and options.gpu_watts is not None:
        raise ConfigError("--kw and --gpu-watts exclude each other.")
    if options.gpu_watts is None:
        if options.power_factor is not None or options.base_watts is not None:
            raise ConfigError("--power-factor and --base-watts go with --gpu-watts.")
        kw: Decimal | None = options.kw
        return kw
    factor = BOARD_TO_WALL if options.power_factor is None else options.power_factor
    return wall_kw(options.gpu_watts, factor, options.base_watts or Decimal(0))


def _hosting(options: argparse.Namespace, cost: HostCost, kw: Decimal | None) -> Hosting | None:
    if options.prefill is None and options.decode is None:
        beside = [name for name in ("--mix", "--utilisation", "--against") if _value(options, name) is not None]
        if beside:
            raise ConfigError(f"{beside[0]} needs the capacity: --prefill and --decode.")
        return None
    if options.prefill is None or options.decode is None:
        raise ConfigError("--prefill and --decode go together: what a token weighs follows from both.")
    return Hosting(
        cost=cost,
        capacity=Capacity(
            prefill_tokens_per_second=options.prefill, decode_tokens_per_second=options.decode, basis=options.basis
        ),
        mix=options.mix or Served(input_tokens=options.prefill, output_tokens=options.decode),
        used=options.utilisation,
        wall_kw=kw,
        energy_usd_per_kwh=_energy_price(options),
    )


def _energy_price(options: argparse.Namespace) -> Decimal | None:
    """What one more kilowatt-hour costs whoever pays for the host; nothing where somebody else pays for power."""
    if options.capex is None or options.power_included:
        return Decimal(0)
    if options.usd_per_kwh is None:
        return None
    price: Decimal = options.usd_per_kwh * (Decimal(1) if options.pue is None else options.pue)
    return price


def _against(options: argparse.Namespace, asked: Served) -> tuple[RateCard | None, ApiRates | None]:
    """Rates given by hand, or those of a model's card."""
    parts = options.against.split("/")
    if len(parts) in (2, 3) and all(NUMBER.fullmatch(part) for part in parts):
        cached = Decimal(parts[1]) if len(parts) == 3 else None
        return None, ApiRates(input=Decimal(parts[0]), output=Decimal(parts[-1]), cache_read=cached)
    prompt_tokens = asked.input_tokens + asked.cache_read_tokens if options.mix else 0
    card = price_book(config_of(options)).card(
        options.provider, plain(options.against), at_ms=now_ms(), prompt_tokens=prompt_tokens
    )
    return card, api_rates(card)


def _value(options: argparse.Namespace, name: str) -> object:
    return getattr(options, name.removeprefix("--").replace("-", "_"))

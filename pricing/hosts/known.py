"""What hosts with known GPUs cost elsewhere: suggestions for whoever sets a price, and never a price by themselves.

Figures of an article of mid-2026 ("AI Inference Cost Economics: The Complete Guide"), which differ from one of its
sections to the next; the widest range of those that speak of the same thing stands here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

SAID_BY = "an article of mid-2026"
RESERVED = (Decimal("0.20"), Decimal("0.50"))
SPOT = (Decimal("0.40"), Decimal("0.80"))
"""Shares off the price on demand: for a year's contract, and for capacity that can be taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHost:
    """Dollars of a whole host with so many GPUs, from and to; None is "the article does not say"."""

    label: str
    pattern: str
    """Of the card's name, as its driver says it."""
    gpus: int
    rent_usd_per_hour: tuple[int, int] | None
    hyperscaler_usd_per_hour: tuple[int, int] | None = None
    buy_usd: tuple[int, int] | None = None
    kw: Decimal | None = None
    """At the socket, at most."""


KNOWN = (
    KnownHost(label="GH200", pattern=r"GH200", gpus=1, rent_usd_per_hour=(4, 4), buy_usd=(40_000, 55_000), kw=Decimal(1)),
    KnownHost(
        label="H100", pattern=r"H100(?!.*PCIe)", gpus=8, rent_usd_per_hour=(15, 25), hyperscaler_usd_per_hour=(25, 40),
        buy_usd=(230_000, 300_000), kw=Decimal(10),
    ),
    KnownHost(label="H200", pattern=r"H200", gpus=8, rent_usd_per_hour=(25, 40), buy_usd=(280_000, 360_000), kw=Decimal(10)),
    KnownHost(label="B200", pattern=r"(?<!G)B200", gpus=8, rent_usd_per_hour=(50, 80), buy_usd=(350_000, 550_000), kw=Decimal(14)),
    KnownHost(label="L40S", pattern=r"L40S", gpus=8, rent_usd_per_hour=(4, 8), buy_usd=(80_000, 110_000), kw=Decimal(4)),
    KnownHost(label="MI300X", pattern=r"MI300X", gpus=8, rent_usd_per_hour=(12, 20), buy_usd=(200_000, 260_000), kw=Decimal(9)),
    KnownHost(label="MI325X", pattern=r"MI325X", gpus=8, rent_usd_per_hour=None, buy_usd=(260_000, 330_000), kw=Decimal(12)),
)  # fmt: skip


def known_host(name: str | None) -> KnownHost | None:
    """The known host whose cards have this name, or None."""
    return next((one for one in KNOWN if name and re.search(one.pattern, name)), None)


def suggestions(name: str | None, gpus: int) -> Iterator[str]:
    """Sentences on what so many of these cards cost elsewhere, in proportion to a whole host; nothing for others."""
    known = known_host(name)
    if known is None or gpus < 1:
        return
    part = Decimal(gpus) / known.gpus
    what = f"{gpus}x {known.label}"
    if known.rent_usd_per_hour is not None:
        rents = f"Renting {what} costs about {_dollars(known.rent_usd_per_hour, part)} an hour"
        if known.hyperscaler_usd_per_hour is not None:
            rents += f" from specialists, {_dollars(known.hyperscaler_usd_per_hour, part)} from hyperscalers"
        yield f"{rents}; {_percent(RESERVED)} less reserved for a year, {_percent(SPOT)} less as spot ({SAID_BY})."
    if known.buy_usd is not None and known.kw is not None:
        yield (
            f"Buying {what} costs about {_dollars(known.buy_usd, part)} and draws up to {float(known.kw * part):g} kW ({SAID_BY})."
        )


def _dollars(amounts: tuple[int, int], part: Decimal) -> str:
    low, high = (_rounded(Decimal(amount) * part) for amount in amounts)
    return low if low == high else f"{low} to {high}"


def _rounded(usd: Decimal) -> str:
    return f"${usd:,.2f}" if usd % 1 and usd < 1_000 else f"${usd:,.0f}"


def _percent(shares: tuple[Decimal, Decimal]) -> str:
    return f"{shares[0] * 100:.0f} to {shares[1] * 100:.0f} %"

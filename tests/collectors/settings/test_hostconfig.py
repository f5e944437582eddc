"""What a configured host costs per hour."""

from decimal import Decimal

import pytest

from collectors.settings.hostconfig import HostConfig
from pricing.money import nano_from_usd


def test_a_host_without_a_price_has_none() -> None:
    assert HostConfig(name="h100-1", gpus=8).usd_per_hour_nano() is None


def test_a_host_is_rented_as_a_whole_or_by_the_gpu() -> None:
    assert HostConfig(usd_per_hour="20").usd_per_hour_nano() == 20 * 10**9
    assert HostConfig(usd_per_gpu_hour="2.5", gpus=8).usd_per_hour_nano() == 20 * 10**9


def test_an_owned_host_costs_what_its_parts_cost() -> None:
    # 280,000 x 0.85 / 35,040 h + 10 kW x 1.4 x 0.10 + 10 kW x 500 x 12 / 8,760 + (25,000 + 80,000) / 8,760 = 27.027854
    host = HostConfig(
        capex_usd="280000",
        years="4",
        residual="0.15",
        wall_kw="10",
        pue="1.4",
        usd_per_kwh="0.10",
        usd_per_kw_month="500",
        maintenance_usd_per_year="25000",
        operations_usd_per_year="80000",
    )
    nano_usd = host.usd_per_hour_nano()
    assert nano_usd is not None
    assert abs(nano_usd - nano_from_usd(Decimal("27.027854"))) < 1_000


@pytest.mark.parametrize(
    ("host", "said"),
    [
        (
            HostConfig(usd_per_hour="20", capex_usd="280000", years="4"),
            "usd_per_hour, capex_usd, years are different ways",
        ),
        (HostConfig(usd_per_hour="20", usd_per_gpu_hour="2.5", gpus=8), "different ways"),
        (HostConfig(name="own-1", capex_usd="280000"), "host `own-1`: an owned host needs years"),
        (HostConfig(usd_per_gpu_hour="2.5"), "needs gpus"),
        (HostConfig(capex_usd="280000", years="0"), "years and hosts must be positive"),
        (HostConfig(capex_usd="much", years="4"), "capex_usd must be a number in quotes"),
    ],
)
def test_a_contradiction_is_a_sentence(host: HostConfig, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        host.usd_per_hour_nano()

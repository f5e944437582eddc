"""What a host costs per hour, rented or owned."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.owned import (
    HostCost,
    OwnedHost,
    annuity_usd_per_year,
    energy_usd_per_hour,
    rented,
    rented_by_year,
    rented_gpus,
    straight_line_usd_per_year,
    wall_kw,
)
from pricing.hosts.tco import YearlyCosts, grown, overhead_usd

H200_NODE = OwnedHost(
    capex_usd=Decimal(280_000),
    years=Decimal(4),
    residual=Decimal("0.15"),
    wall_kw=Decimal(10),
    pue=Decimal("1.4"),
    usd_per_kwh=Decimal("0.10"),
    usd_per_kw_month=Decimal(500),
    maintenance_usd_per_year=Decimal(25_000),
    operations_usd_per_year=Decimal(80_000),
)

dollars = st.decimals(0, 10**7, places=2)
shares = st.decimals(0, 1, places=3)
spans = st.decimals("0.5", 20, places=1)
interests = st.decimals("0.001", "0.4", places=3)


def items(cost: HostCost) -> dict[str, str]:
    return {item.item: f"{item.usd_per_hour:.2f}" for item in cost.items}


def test_an_owned_host_is_hardware_energy_facility_maintenance_and_operations() -> None:
    cost = H200_NODE.cost()

    assert items(cost) == {
        "hardware": "6.79", "energy": "1.40", "facility": "6.85", "maintenance": "2.85", "operations": "9.13",
    }  # fmt: skip
    assert f"{cost.usd_per_hour:.2f}" == "27.03"
    assert cost.usd_per_hour == sum(item.usd_per_hour for item in cost.items)


def test_three_years_of_a_rack_spread_over_every_hour() -> None:
    rows = {
        "hardware": (85, 85, 85), "power": (15, 16, 17), "cooling": (5, 5, 6), "space": (60, 63, 66),
        "support": (25, 25, 25), "operations": (80, 84, 88),
    }  # fmt: skip
    costs = YearlyCosts({item: tuple(Decimal(1000 * usd) for usd in years) for item, years in rows.items()})

    assert [costs.year_usd(year) for year in (1, 2, 3)] == [270_000, 278_000, 287_000]
    assert costs.item_usd("power") == 48_000
    assert costs.total_usd == 835_000
    assert f"{costs.usd_per_hour:.2f}" == "31.77"


def test_a_table_of_years_without_a_figure_for_each_year_is_refused() -> None:
    with pytest.raises(ValueError, match="each year"):
        YearlyCosts({"power": (Decimal(1), Decimal(2)), "space": (Decimal(1),)})
    with pytest.raises(ValueError, match="each year"):
        YearlyCosts({"power": ()})


def test_an_item_that_grows_costs_more_each_year() -> None:
    assert grown(Decimal(100), Decimal("0.05"), 3) == (Decimal(100), Decimal("105.00"), Decimal("110.2500"))
    assert overhead_usd(Decimal(5_000_000), Decimal("0.1")) == 500_000


@given(dollars, spans, shares, shares, dollars, dollars, st.integers(1, 30))
def test_the_items_of_a_host_add_up_to_the_nano_dollar(
    capex: Decimal, years: Decimal, residual: Decimal, interest: Decimal, a: Decimal, b: Decimal, hosts: int
) -> None:
    cost = OwnedHost(
        capex_usd=capex, years=years, residual=residual, cost_of_capital=interest, wall_kw=Decimal("9.7"),
        usd_per_kwh=Decimal("0.123"), maintenance_usd_per_year=a, operations_usd_per_year=b, hosts=hosts,
    ).cost()  # fmt: skip
    assert cost.nano_usd_per_hour == sum(item.nano_usd_per_hour for item in cost.items)
    assert all(item.nano_usd_per_hour > 0 for item in cost.items)
    exact = (annuity_usd_per_year(capex, years, residual, interest) + a + b / hosts) / 8760 + Decimal("9.7") * Decimal(
        "0.123"
    )
    assert abs(cost.usd_per_hour - exact) < Decimal("3e-9")


@given(dollars, spans, shares, interests, interests)
def test_capital_makes_hardware_dearer_and_the_more_so_the_higher_the_interest(
    capex: Decimal, years: Decimal, residual: Decimal, one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    rounding = Decimal("1e-12")
    assert annuity_usd_per_year(capex, years, residual, Decimal(0)) == straight_line_usd_per_year(
        capex, years, residual
    )
    assert (
        straight_line_usd_per_year(capex, years, residual)
        <= annuity_usd_per_year(capex, years, residual, low) + rounding
    )
    assert (
        annuity_usd_per_year(capex, years, residual, low)
        <= annuity_usd_per_year(capex, years, residual, high) + rounding
    )


def test_an_annuity_repays_the_price_with_interest() -> None:
    # 1,000 borrowed at 10 % and paid back in two equal yearly payments: 1000 x 0.1 / (1 - 1.1^-2).
    assert f"{annuity_usd_per_year(Decimal(1000), Decimal(2), interest=Decimal('0.1')):.4f}" == "576.1905"
    # Worth half at the end, only the other half and the interest are paid: each payment less 500 x 0.1 / (1.1^2 - 1).
    half = annuity_usd_per_year(Decimal(1000), Decimal(2), Decimal("0.5"), Decimal("0.1"))
    assert f"{half:.4f}" == "338.0952"
    assert annuity_usd_per_year(Decimal(1000), Decimal(2), interest=Decimal("1e-40")) == 500


def test_interest_stands_as_an_item_of_its_own() -> None:
    cost = OwnedHost(capex_usd=Decimal(1000), years=Decimal(2), cost_of_capital=Decimal("0.1")).cost()

    assert [item.item for item in cost.items] == ["hardware", "cost of capital"]
    assert cost.items[0].nano_usd_per_hour == 57_077_626  # 500 / 8760
    assert cost.items[1].nano_usd_per_hour == 8_697_543  # 76.190476 / 8760


def test_a_colocation_that_bundles_power_is_not_charged_for_power_again() -> None:
    bundled = OwnedHost(
        capex_usd=Decimal(0), years=Decimal(1), wall_kw=Decimal(10), usd_per_kwh=Decimal(1), usd_per_kw_month=Decimal(876),
        power_in_facility=True,
    ).cost()  # fmt: skip

    assert items(bundled) == {"facility": "12.00"}


def test_space_is_charged_for_the_kilowatts_of_its_contract() -> None:
    cost = OwnedHost(
        capex_usd=Decimal(0),
        years=Decimal(1),
        wall_kw=Decimal(10),
        facility_kw=Decimal(20),
        usd_per_kw_month=Decimal(365),
    ).cost()

    assert items(cost) == {"facility": "10.00"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"years": Decimal(0)},
        {"residual": Decimal("1.1")},
        {"pue": Decimal("0.9")},
        {"hosts": 0},
        {"wall_kw": Decimal(-1)},
    ],
)
def test_a_host_that_cannot_be_is_refused(wrong: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match=r"must be|can be negative"):
        OwnedHost(**{"capex_usd": Decimal(1), "years": Decimal(1), **wrong})  # type: ignore[arg-type]  # wrong on purpose


def test_a_rented_host_is_its_rent() -> None:
    assert items(rented(Decimal(20))) == {"rent": "20.00"}
    assert rented_gpus(Decimal("2.50"), 8).usd_per_hour == 20
    assert rented_by_year(Decimal(175_200)).usd_per_hour == 20
    assert rented(Decimal(20), Decimal("0.5")).usd_per_hour == Decimal("20.5")
    assert rented(Decimal(20)).usd_per_year == 175_200
    assert rented(Decimal(36)).usd_per_second == Decimal("0.01")


def test_power_at_the_socket_is_more_than_that_of_the_gpu_boards() -> None:
    assert wall_kw(Decimal(8 * 700)) == Decimal("10.08")
    assert wall_kw(Decimal(5000), Decimal("1.2"), Decimal(800)) == Decimal("6.8")
    assert energy_usd_per_hour(Decimal(10), Decimal("1.4"), Decimal("0.10")) == Decimal("1.4")

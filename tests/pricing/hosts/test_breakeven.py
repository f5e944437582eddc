"""From where on own GPUs beat a price by the token, and what one more token costs on them."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pricing.books.userbook import rates_card
from pricing.card import HOSTED, unpriced
from pricing.hosts.breakeven import (
    ApiRates,
    api_rates,
    break_even_tokens_per_day,
    break_even_utilisation,
    curve,
    value_usd_per_hour,
)
from pricing.hosts.economics import Capacity, Served, price_at, requests_per_second
from pricing.hosts.energy import Energy
from pricing.hosts.hosting import Hosting
from pricing.hosts.owned import rented

JOINT = Capacity(prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000, basis="joint")
SEPARATE = Capacity(prefill_tokens_per_second=15_000, decode_tokens_per_second=3_000, basis="separate")
MIX = Served(input_tokens=1_500, output_tokens=300)
RENT = Decimal(20)

rates = st.decimals("0.01", 100, places=2)
rents = st.decimals("0.1", 1000, places=2)
counts = st.integers(1, 10**5)
capacities = st.builds(
    Capacity, prefill_tokens_per_second=counts, decode_tokens_per_second=counts,
    basis=st.sampled_from(["joint", "separate"]),
)  # fmt: skip
mixes = st.builds(Served, input_tokens=counts, cache_read_tokens=st.integers(0, 10**5), output_tokens=counts)


def flat(usd: str) -> ApiRates:
    return ApiRates(input=Decimal(usd), output=Decimal(usd))


@pytest.mark.parametrize(
    ("api", "worth", "joint", "separate"),
    [
        (flat("0.88"), "57.02", "35.1", "70.1"),
        (ApiRates(input=Decimal("0.59"), output=Decimal("0.79")), "40.39", "49.5", "99.0"),
        (flat("0.60"), "38.88", "51.4", "102.9"),
    ],
)
def test_break_even_of_a_twenty_dollar_host_against_three_prices(
    api: ApiRates, worth: str, joint: str, separate: str
) -> None:
    def percent(capacity: Capacity) -> str:
        even = break_even_utilisation(RENT, capacity, MIX, api)
        assert even is not None
        return f"{even * 100:.1f}"

    assert f"{value_usd_per_hour(JOINT, MIX, api):.2f}" == worth
    assert percent(JOINT) == joint
    assert percent(SEPARATE) == separate


def test_break_even_in_tokens_a_day() -> None:
    tokens = break_even_tokens_per_day(RENT, Decimal("0.88"))

    assert tokens is not None
    assert round(tokens / 10**6) == 545
    assert break_even_tokens_per_day(RENT, Decimal(0)) is None


def test_a_host_at_saturation_serves_the_mix_it_was_measured_with() -> None:
    assert requests_per_second(JOINT, MIX) == 10
    assert requests_per_second(SEPARATE, MIX) == 5
    with pytest.raises(ValueError, match="without tokens"):
        requests_per_second(JOINT, Served())


def test_prices_by_class_at_saturation_and_at_half() -> None:
    full, half = price_at(RENT, JOINT, MIX, Decimal(1)), price_at(RENT, JOINT, MIX, Decimal("0.5"))

    assert f"{full.blended:.3f} {full.input:.3f} {full.output:.3f}" == "0.309 0.185 0.926"
    assert f"{half.blended:.3f} {half.input:.3f} {half.output:.3f}" == "0.617 0.370 1.852"
    assert price_at(RENT, JOINT, MIX, Decimal(0)).blended is None
    assert price_at(RENT, JOINT, Served(), Decimal(1)).blended is None


@given(rents, capacities, mixes, rates, rates)
def test_at_break_even_the_host_costs_what_the_interface_would(
    rent: Decimal, capacity: Capacity, mix: Served, input_usd: Decimal, output_usd: Decimal
) -> None:
    api = ApiRates(input=input_usd, output=output_usd)
    even = break_even_utilisation(rent, capacity, mix, api)
    assert even is not None
    own = price_at(rent, capacity, mix, even).blended
    assert own is not None
    assert own == pytest.approx(api.usd_per_million(mix), rel=Decimal("1e-20"))


@given(rents, rents, capacities, mixes, rates, rates)
def test_break_even_comes_later_for_a_dearer_host_and_earlier_against_a_dearer_interface(
    rent: Decimal, more: Decimal, capacity: Capacity, mix: Served, usd: Decimal, dearer: Decimal
) -> None:
    def even(host: Decimal, price: Decimal) -> Decimal:
        found = break_even_utilisation(host, capacity, mix, ApiRates(input=price, output=price))
        assert found is not None
        return found

    assert even(rent, usd) < even(rent + more, usd)
    assert even(rent, usd) > even(rent, usd + dearer)


@given(rents, capacities, mixes, st.decimals("0.01", 1, places=2))
def test_every_token_at_its_own_price_adds_up_to_the_hour(
    rent: Decimal, capacity: Capacity, mix: Served, used: Decimal
) -> None:
    price = price_at(rent, capacity, mix, used)
    assert price.input is not None
    assert price.cache_read is not None
    assert price.output is not None
    request = (
        mix.input_tokens * price.input + mix.cache_read_tokens * price.cache_read + mix.output_tokens * price.output
    )
    an_hour = request / 10**6 * 3600 * used * Decimal(float(requests_per_second(capacity, mix)))
    assert float(an_hour) == pytest.approx(float(rent), rel=1e-12)


@given(rents, capacities, mixes)
def test_the_curve_falls_from_half_to_saturation_and_ends_there(rent: Decimal, capacity: Capacity, mix: Served) -> None:
    points = curve(rent, capacity, mix, 10)

    assert [point.utilisation for point in points] == [Decimal(tenth) / 10 for tenth in range(1, 11)]
    prices = [point.usd_per_million for point in points]
    assert prices == sorted(prices, reverse=True)
    assert prices[-1] == price_at(rent, capacity, mix, Decimal(1)).blended
    assert prices[4] == pytest.approx(2 * prices[-1], rel=Decimal("1e-20"))


def test_cached_tokens_are_compared_at_the_interface_s_own_cached_price_or_as_input() -> None:
    mix = Served(input_tokens=100, cache_read_tokens=900, output_tokens=100)

    assert ApiRates(input=Decimal(3), output=Decimal(15)).usd(mix) * 10**6 == 1000 * 3 + 100 * 15
    assert ApiRates(input=Decimal(3), cache_read=Decimal("0.3"), output=Decimal(15)).usd(mix) * 10**6 == 2070


def test_a_card_gives_the_rates_to_compare_with_and_an_unknown_price_none() -> None:
    assert api_rates(rates_card("input=3,output=15,cache_read=0.3")) == ApiRates(
        input=Decimal(3), output=Decimal(15), cache_read=Decimal("0.3")
    )
    assert api_rates(unpriced(100)) is None
    assert api_rates(rates_card("input=3")) is None
    free = api_rates(HOSTED)
    assert free is not None
    assert break_even_utilisation(RENT, JOINT, MIX, free) is None


def test_energy_of_a_token_on_a_ten_kilowatt_host() -> None:
    energy = Energy(joules=Decimal(10_000), tokens=Decimal(18_000))

    assert f"{energy.joules_per_token:.3f}" == "0.556"
    assert energy.tokens_per_joule == Decimal("1.8")
    assert f"{energy.kwh_per_million_tokens:.3f}" == "0.154"
    assert f"{energy.usd_per_million_tokens(Decimal('0.10'), Decimal('1.4')):.4f}" == "0.0216"
    assert Energy(joules=Decimal(0), tokens=Decimal(1)).tokens_per_joule is None


@pytest.mark.parametrize(("joules", "tokens"), [(1, 0), (-1, 1)])
def test_energy_without_tokens_or_below_zero_is_refused(joules: int, tokens: int) -> None:
    with pytest.raises(ValueError, match="energy per token"):
        Energy(joules=Decimal(joules), tokens=Decimal(tokens))


def hosting(**changes: object) -> Hosting:
    given_values: dict[str, object] = {"cost": rented(RENT), "capacity": JOINT, "mix": MIX, **changes}
    return Hosting(**given_values)  # type: ignore[arg-type]  # names and types of the fields


def test_a_half_used_host_pays_an_idle_tax_and_still_saves() -> None:
    half = hosting(used=Decimal("0.5"), api=flat("0.88"))

    assert half.tokens_per_second_at_full == 18_000
    assert half.idle_usd_per_hour == 10
    assert half.saves_usd_per_hour == Decimal("28.512") - 20
    assert f"{half.break_even:.4f}" == "0.3507"


def test_what_is_not_known_stays_unknown() -> None:
    bare = hosting()

    assert bare.now.blended is None
    assert bare.at_full.blended is not None
    assert bare.idle_usd_per_hour is bare.saves_usd_per_hour is bare.break_even is None
    assert bare.break_even_tokens_per_day is bare.marginal_usd_per_million is None
    assert bare.energy_at_full is None


def test_one_more_token_costs_its_energy_and_nothing_where_the_rent_pays_for_power() -> None:
    metered = hosting(wall_kw=Decimal(10), energy_usd_per_kwh=Decimal("0.14"))

    assert f"{metered.marginal_usd_per_million:.4f}" == "0.0216"
    assert hosting(energy_usd_per_kwh=Decimal(0)).marginal_usd_per_million == 0
    assert hosting(energy_usd_per_kwh=Decimal("0.14")).marginal_usd_per_million is None


@given(rents, capacities, mixes, rates, rates, st.decimals("0.01", 1, places=2))
def test_a_host_saves_exactly_where_it_is_past_its_break_even(
    rent: Decimal, capacity: Capacity, mix: Served, one: Decimal, other: Decimal, used: Decimal
) -> None:
    case = Hosting(cost=rented(rent), capacity=capacity, mix=mix, used=used, api=ApiRates(input=one, output=other))
    assert case.break_even is not None
    assert case.saves_usd_per_hour is not None
    assume(abs(case.break_even - used) > Decimal("1e-15"))
    assert (case.saves_usd_per_hour > 0) == (used > case.break_even)

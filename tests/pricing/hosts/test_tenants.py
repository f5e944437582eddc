"""A host's dollars over models, tenants and idle time, with bursts charged or not."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.hosts.allocation import (
    ModelPool,
    allocate,
    allocate_host,
    allocate_with_peak,
    by_gpus,
    marked_up_usd,
    peak_work,
)

amounts = st.integers(0, 10**14)
tenants = st.sampled_from(["acme", "globex", "initech", "hooli"])
works = st.dictionaries(tenants, st.fractions(0, 10**6, max_denominator=1000), max_size=4)
saturations = st.none() | st.fractions(0, 10**7, max_denominator=1000)
pools = st.builds(
    ModelPool, model=st.sampled_from(["llama", "qwen"]), gpus=st.integers(0, 3), work=works, peak_work=works,
    saturation_work=saturations,
)  # fmt: skip


@given(amounts, st.lists(pools, max_size=3))
def test_models_tenants_and_idle_time_cost_together_exactly_what_the_host_costs(
    nano_usd: int, on_host: list[ModelPool[str]]
) -> None:
    parts = allocate_host(nano_usd, on_host, 9, "(idle)")

    assert sum(parts.values()) == nano_usd
    assert all(part >= 0 for part in parts.values())


@given(amounts, works, works, saturations, st.fractions(0, 1))
def test_charging_bursts_moves_dollars_between_tenants_and_none_to_or_from_idle_time(
    nano_usd: int, work: dict[str, Fraction], peak: dict[str, Fraction], saturation: Fraction | None, weight: Fraction
) -> None:
    plain = allocate(nano_usd, work, "(idle)", saturation)
    blended = allocate_with_peak(nano_usd, work, peak, "(idle)", saturation, weight)

    assert sum(blended.values()) == nano_usd
    assert abs(blended.get("(idle)", 0) - plain.get("(idle)", 0)) <= 1


def test_a_tenant_who_comes_in_bursts_pays_for_the_size_of_the_host() -> None:
    work = {"steady": Fraction(80), "bursty": Fraction(20)}
    peak = {"steady": Fraction(20), "bursty": Fraction(80)}

    # 70 % by tokens, 30 % by peak: 0.7 x 0.2 + 0.3 x 0.8 = 0.38.
    assert allocate_with_peak(1_000, work, peak, "(idle)", None) == {"steady": 620, "bursty": 380}
    assert allocate_with_peak(1_000, work, peak, "(idle)", Fraction(200)) == {
        "steady": 310,
        "bursty": 190,
        "(idle)": 500,
    }
    assert allocate_with_peak(1_000, work, {}, "(idle)", None) == {"steady": 800, "bursty": 200}
    assert allocate_with_peak(1_000, work, peak, "(idle)", None, Fraction(0)) == {"steady": 800, "bursty": 200}


def test_peak_share_is_the_share_of_the_busiest_twentieth_of_the_minutes() -> None:
    quiet = [{"steady": Fraction(10)} for _ in range(38)]
    busy = [{"steady": Fraction(10), "bursty": Fraction(90)}, {"steady": Fraction(10), "bursty": Fraction(40)}]

    assert peak_work([*quiet, *busy]) == {"steady": 20, "bursty": 130}
    assert peak_work([*busy[:1], *quiet[:9]]) == {"steady": 10, "bursty": 90}
    assert peak_work([]) == {}


@given(st.lists(works, max_size=60), st.randoms())
def test_the_order_of_the_minutes_does_not_change_who_peaked(
    minutes: list[dict[str, Fraction]], random: object
) -> None:
    shuffled = list(minutes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands a random.Random

    assert peak_work(shuffled) == peak_work(minutes)


def test_models_pay_by_the_gpus_they_hold_and_what_nobody_holds_is_idle() -> None:
    assert by_gpus(800, {"llama": 4, "qwen": 2}, 8, "(idle)") == {"llama": 400, "qwen": 200, "(idle)": 200}
    with pytest.raises(ValueError, match="9 GPUs are held on a host of 8"):
        by_gpus(800, {"llama": 9}, 8, "(idle)")


def test_a_model_pays_for_its_gpus_whether_or_not_its_tenants_fill_them() -> None:
    llama = ModelPool(model="llama", gpus=4, work={"acme": Fraction(30)}, saturation_work=Fraction(120))
    qwen = ModelPool(model="qwen", gpus=2, work={"acme": Fraction(1), "globex": Fraction(1)})

    assert allocate_host(800, [llama, qwen], 8, "(idle)") == {
        ("llama", "acme"): 100,
        ("llama", "(idle)"): 300,
        ("qwen", "acme"): 100,
        ("qwen", "globex"): 100,
        (None, "(idle)"): 200,
    }


def test_a_customer_is_billed_a_multiple_of_the_cost() -> None:
    assert marked_up_usd(Decimal(30), Decimal(3)) == 90

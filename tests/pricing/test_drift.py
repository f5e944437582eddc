"""Drift: dollars and percent of ours, and the reason that the views of one thing suggest."""

from decimal import Decimal
from typing import Any

import pytest

from pricing.drift import Billed, Counted, Drift, Ours
from pricing.usage import Usage

USD = 10**9
TOKENS = Usage(input_tokens=900_000, cache_read_tokens=100_000, output_tokens=100_000)
OURS = Ours(nano_usd=10 * USD, usage=TOKENS, requests=100)


def ours(**changes: Any) -> Ours:
    return Ours(**{"nano_usd": 10 * USD, "usage": TOKENS, "requests": 100, **changes})


def counted(**changes: Any) -> Counted:
    return Counted(**{"usage": TOKENS, "requests": 100, "nano_usd": 10 * USD, **changes})


def billed(usd: str, **by_class: int) -> Billed:
    return Billed(nano_usd=int(Decimal(usd) * USD), by_class=by_class)


def test_a_bill_is_the_judge_and_percent_is_of_ours() -> None:
    drift = Drift(ours=OURS, counted=counted(nano_usd=1), billed=billed("10.85"))
    assert (drift.nano_usd, drift.percent) == (850_000_000, Decimal("8.5"))


def test_without_a_bill_the_providers_counts_judge_at_our_prices() -> None:
    drift = Drift(ours=OURS, counted=counted(nano_usd=12 * USD))
    assert (drift.nano_usd, drift.percent) == (2 * USD, Decimal(20))


def test_what_nobody_judges_has_no_drift() -> None:
    drift = Drift(ours=OURS)
    assert (drift.nano_usd, drift.percent, drift.reasons) == (None, None, ())


def test_percent_of_nothing_is_unknown() -> None:
    assert Drift(ours=Ours(), billed=billed("1")).percent is None


@pytest.mark.parametrize("usd", ["10", "10.05", "9.95"])
def test_half_a_percent_is_two_clocks_and_no_reason_is_looked_for(usd: str) -> None:
    assert Drift(ours=OURS, billed=billed(usd)).reasons == ()


def test_a_difference_of_less_than_a_tenth_of_a_cent_is_none() -> None:
    assert Drift(ours=Ours(nano_usd=100_000), billed=Billed(nano_usd=1_000_000)).reasons == ()


MORE = TOKENS._replace(input_tokens=1_900_000)
LESS_CACHE = TOKENS._replace(input_tokens=1_000_000, cache_read_tokens=0)


@pytest.mark.parametrize(
    ("drift", "reason"),
    [
        (Drift(ours=ours(unknown_tokens=5_000), billed=billed("11")), "missing price: 5,000 tokens"),
        (
            Drift(ours=OURS, counted=counted(usage=MORE, requests=150), billed=billed("20")),
            "traffic past the gateway: 1,000,000 tokens are in no log",
        ),
        (Drift(ours=Ours(), billed=billed("20")), "traffic past the gateway: no log holds any of it"),
        (
            Drift(ours=ours(errors=10), counted=counted(usage=MORE, requests=95), billed=billed("20")),
            "retries: 5 calls that failed here were billed there",
        ),
        (Drift(ours=OURS, counted=counted(batch_tokens=500_000), billed=billed("7.5")), "batch not seen: 500,000 tokens"),
        (Drift(ours=OURS, counted=counted(long_tokens=300_000), billed=billed("15")), "long context: 300,000 tokens"),
        (
            Drift(ours=ours(usage=LESS_CACHE), counted=counted(), billed=billed("9")),
            "cache price: the provider counts 100,000 cached tokens more than the log",
        ),
        (Drift(ours=OURS, counted=counted(), billed=billed("0")), "not billed here: your own key"),
        (
            Drift(
                ours=ours(by_class={"input": 9 * USD, "cache_read": USD}),
                counted=counted(),
                billed=billed("11", input=9 * USD, cache_read=2 * USD),
            ),
            "cache price: most of it is in cache read tokens",
        ),
        (
            Drift(
                ours=ours(by_class={"input": 9 * USD, "output": USD}),
                counted=counted(),
                billed=billed("11", input=9 * USD, output=2 * USD),
            ),
            "price: most of it is in output tokens",
        ),
        (Drift(ours=OURS, counted=counted(), billed=billed("11")), "another price than in our book, for the same tokens"),
        (Drift(ours=OURS, billed=billed("11")), "another price than in our book, or traffic past the gateway"),
    ],
)  # fmt: skip
def test_the_likely_reason_comes_first(drift: Drift, reason: str) -> None:
    assert drift.reasons[0].startswith(reason)


def test_sums_of_drifts_are_the_drift_of_sums() -> None:
    one = Drift(ours=OURS, counted=counted(requests=None), billed=billed("11", input=3))
    other = Drift(ours=ours(unknown_tokens=7), counted=counted(), billed=billed("9", input=4, output=5))
    both = one + other
    assert (both.ours.nano_usd, both.ours.unknown_tokens, both.nano_usd) == (20 * USD, 7, 0)
    assert both.counted is not None
    assert (both.counted.requests, both.counted.usage.total_tokens) == (100, 2_200_000)
    assert both.billed == Billed(nano_usd=20 * USD, by_class={"input": 7, "output": 5})
    assert (Drift(ours=OURS) + Drift(ours=OURS)).nano_usd is None
    assert (Drift(ours=OURS) + one).nano_usd == 11 * USD - 20 * USD

"""What known GPUs cost elsewhere: ranges of an article, in proportion, and nothing for what it does not name."""

from decimal import Decimal

import pytest

from pricing.hosts.known import KNOWN, known_host, suggestions


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("NVIDIA H100 80GB HBM3", "H100"),
        ("NVIDIA H200", "H200"),
        ("NVIDIA B200", "B200"),
        ("NVIDIA GH200 480GB", "GH200"),
        ("NVIDIA L40S", "L40S"),
        ("AMD Instinct MI300X OAM", "MI300X"),
        ("NVIDIA H100 PCIe", None),
        ("NVIDIA GB200", None),
        ("NVIDIA L40", None),
        ("Tesla T4", None),
        ("", None),
        (None, None),
    ],
)
def test_a_card_is_known_by_the_name_that_its_driver_says(name: str | None, label: str | None) -> None:
    found = known_host(name)
    assert (found.label if found else None) == label


def test_eight_cards_cost_what_the_article_says_of_a_whole_host() -> None:
    rent, buy = suggestions("NVIDIA H100 80GB HBM3", 8)
    assert "8x H100 costs about $15 to $25 an hour from specialists, $25 to $40 from hyperscalers" in rent
    assert "20 to 50 % less reserved for a year, 40 to 80 % less as spot (an article of mid-2026)" in rent
    assert "about $230,000 to $300,000 and draws up to 10 kW" in buy


def test_fewer_cards_cost_their_part_of_it() -> None:
    rent, buy = suggestions("NVIDIA H200", 2)
    assert "2x H200 costs about $6.25 to $10 an hour;" in rent
    assert "about $70,000 to $90,000 and draws up to 2.5 kW" in buy


def test_one_amount_is_no_range_and_what_is_not_said_is_left_out() -> None:
    assert next(suggestions("NVIDIA GH200 480GB", 1)).startswith("Renting 1x GH200 costs about $4 an hour;")
    assert [sentence.split()[0] for sentence in suggestions("AMD Instinct MI325X", 8)] == ["Buying"]


@pytest.mark.parametrize(("name", "gpus"), [("Tesla T4", 4), (None, 8), ("NVIDIA H100", 0)])
def test_nothing_is_suggested_for_what_nobody_named(name: str | None, gpus: int) -> None:
    assert list(suggestions(name, gpus)) == []


def test_every_range_begins_below_its_end() -> None:
    for one in KNOWN:
        for amounts in (one.rent_usd_per_hour, one.hyperscaler_usd_per_hour, one.buy_usd):
            assert amounts is None or 0 < amounts[0] <= amounts[1]
        assert one.kw is None or one.kw > Decimal(0)

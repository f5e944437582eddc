"""A bill adds up, line by line, and never calls an unknown cost zero."""

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import cost_nano_usd, make_bill
from pricing.books.userbook import rates_card
from pricing.card import CACHED, HOSTED, INVALID, UNUSED, CardStatus, RateCard, UnitRate, unpriced
from pricing.graduated import Bracket
from pricing.money import usd_text
from pricing.totals import add_usage
from pricing.usage import TOKEN_CLASSES, Usage

MILLION = 1_000_000

counts = st.integers(min_value=0, max_value=5 * MILLION)
rates = st.none() | st.integers(min_value=0, max_value=10**11)
units = st.dictionaries(st.sampled_from(["web_searches", "input_audio_tokens", "unheard_of"]), counts, max_size=3)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    tokens = [draw(counts) for _ in range(8)]
    reasoning = draw(st.integers(min_value=0, max_value=tokens[7]))
    return Usage._make([*tokens, reasoning, tuple(sorted(draw(units).items()))])


@st.composite
def cards(draw: st.DrawFn) -> RateCard:
    return RateCard(
        book="test",
        record="model",
        status=draw(st.sampled_from([CardStatus.PRICED, CardStatus.ESTIMATED])),
        rates=tuple(draw(rates) for _ in range(8)),
        reasoning_rate=draw(rates),
        request_rate=draw(rates),
        unit_rates=(UnitRate(unit="input_audio_tokens", nano_usd=3, per=7), UnitRate(unit="web_searches", nano_usd=1)),
        graduated=draw(st.just(()) | brackets()),
        not_covered=draw(st.sampled_from([(), ("a search",)])),
    )


@st.composite
def brackets(draw: st.DrawFn) -> tuple[Bracket, ...]:
    thresholds = sorted(draw(st.frozensets(st.integers(1, 6 * MILLION), min_size=1, max_size=3)))
    return tuple(Bracket(above_prompt_tokens=above, rates=tuple(draw(rates) for _ in range(8))) for above in thresholds)


@st.composite
def whole_cards(draw: st.DrawFn) -> RateCard:
    """Linear cards without anything to round, so that sums are exact whatever the order."""
    whole = st.integers(min_value=0, max_value=10**5).map(lambda per_token: per_token * MILLION)
    return RateCard(
        book="test",
        record="model",
        status=CardStatus.PRICED,
        rates=tuple(draw(whole) for _ in range(8)),
        reasoning_rate=draw(st.none() | whole),
        request_rate=draw(st.none() | st.integers(0, 10**9)),
        unit_rates=(UnitRate(unit="input_audio_tokens", nano_usd=3), UnitRate(unit="web_searches", nano_usd=1)),
    )


def whole_card(*, reasoning_rate: int | None = None) -> RateCard:
    """One, two, ... nano-dollars per token, so that no line has anything to round."""
    per_token = [count * MILLION for count in range(1, 9)]
    return RateCard(
        book="test", record="m", status=CardStatus.PRICED, rates=tuple(per_token), reasoning_rate=reasoning_rate
    )


@given(usages(), cards(), st.integers(min_value=1, max_value=1000))
def test_the_quick_total_is_the_total_of_the_bill(usage: Usage, card: RateCard, requests: int) -> None:
    bill = make_bill(usage, card, requests)
    assert cost_nano_usd(usage, card, requests) == (bill.nano_usd, bool(bill.missing))


@given(usages(), cards())
def test_the_lines_add_up_to_the_total_and_none_is_negative(usage: Usage, card: RateCard) -> None:
    bill = make_bill(usage, card)
    priced = [line.nano_usd for line in bill.lines if line.nano_usd is not None]
    assert sum(priced) == bill.nano_usd
    assert min(priced, default=0) >= 0
    without_rate = {line.item for line in bill.lines if line.nano_usd is None}
    assert without_rate | set(card.not_covered) == set(bill.missing)


@given(usages(), cards(), st.integers(min_value=1, max_value=9))
def test_every_token_stands_in_exactly_one_line(usage: Usage, card: RateCard, requests: int) -> None:
    billed: dict[str, int] = {}
    for line in make_bill(usage, card, requests).lines:
        name = line.item.partition(" over ")[0].replace("reasoning", "output")
        billed[name] = billed.get(name, 0) + line.amount
    billed.pop("requests", None)
    expected = dict(zip(TOKEN_CLASSES, usage.tokens, strict=True)) | dict(usage.units)
    assert billed == {name: amount for name, amount in expected.items() if amount}


@given(st.lists(usages(), min_size=1, max_size=6), whole_cards(), st.integers(min_value=0, max_value=6))
def test_a_stream_costs_the_same_however_it_is_split(stream: list[Usage], card: RateCard, cut: int) -> None:
    stream = [usage._replace(units=tuple(pair for pair in usage.units if pair[0] != "unheard_of")) for usage in stream]
    one_by_one = sum(cost_nano_usd(usage, card)[0] or 0 for usage in stream)
    parts = [part for part in (stream[:cut], stream[cut:]) if part]
    in_parts = [cost_nano_usd(reduce(add_usage, part), card, requests=len(part))[0] or 0 for part in parts]
    assert sum(in_parts) == one_by_one


@given(st.lists(usages(), min_size=1, max_size=6), cards())
def test_rounding_moves_a_split_stream_by_half_a_nano_dollar_a_line_at_most(
    stream: list[Usage], card: RateCard
) -> None:
    card = replace(card, graduated=())
    bills = [make_bill(usage, card) for usage in stream]
    together = make_bill(reduce(add_usage, stream), card, requests=len(stream))
    lines = sum(len(bill.lines) for bill in bills) + len(together.lines)
    assert abs((together.nano_usd or 0) - sum(bill.nano_usd or 0 for bill in bills)) <= lines / 2


@given(usages(), cards(), st.sampled_from(["web_searches", "input_audio_tokens"]), counts)
def test_using_more_of_a_unit_never_costs_less(usage: Usage, card: RateCard, unit: str, more: int) -> None:
    after = add_usage(usage, Usage(units=((unit, more),)))
    assert (cost_nano_usd(after, card)[0] or 0) >= (cost_nano_usd(usage, card)[0] or 0)


@given(usages(), whole_cards(), brackets())
def test_a_graduated_bill_lies_between_the_cheapest_and_the_dearest_rate(
    usage: Usage, card: RateCard, steps: tuple[Bracket, ...]
) -> None:
    usage = usage._replace(units=())
    every = [card.rates, *(tuple(rate or 0 for rate in step.rates) for step in steps)]
    steps = tuple(replace(step, rates=rates) for step, rates in zip(steps, every[1:], strict=True))
    bill = make_bill(usage, replace(card, graduated=steps))
    output = card.rates[7]
    low, high = (tuple(pick(column) for column in zip(*every, strict=True))[:7] for pick in (min, max))
    bounds = [cost_nano_usd(usage, replace(card, rates=(*rates, output)))[0] for rates in (low, high)]
    assert bounds[0] is not None
    assert bounds[1] is not None
    assert bill.nano_usd is not None
    assert bounds[0] - len(bill.lines) <= bill.nano_usd <= bounds[1] + len(bill.lines)


def test_a_cost_that_no_rate_covers_makes_every_bill_a_lower_bound() -> None:
    card = replace(rates_card("input=3,output=15"), not_covered=("the web search of :online",))
    bill = make_bill(Usage(input_tokens=1000), card)
    assert (bill.status, bill.missing, bill.nano_usd) == ("partial", ("the web search of :online",), 3_000_000)
    assert cost_nano_usd(Usage(input_tokens=1000), card) == (3_000_000, True)


@given(usages(), usages())
def test_at_whole_prices_two_requests_cost_what_their_sum_costs(left: Usage, right: Usage) -> None:
    left, right = left._replace(units=()), right._replace(units=())
    both = Usage._make([*(a + b for a, b in zip(left[:9], right[:9], strict=True)), ()])
    card = whole_card(reasoning_rate=11 * MILLION)
    costs = [cost_nano_usd(usage, card)[0] or 0 for usage in (left, right, both)]
    assert costs[0] + costs[1] == costs[2]


@given(usages(), cards(), st.integers(min_value=0, max_value=7), counts)
def test_using_more_never_costs_less(usage: Usage, card: RateCard, position: int, more: int) -> None:
    fields = list(usage)
    fields[position] = usage[:8][position] + more
    card = replace(card, graduated=())  # a longer prompt pushes tokens into other brackets, which may be cheaper
    before, after = cost_nano_usd(usage, card)[0], cost_nano_usd(Usage._make(fields), card)[0]
    assert before is not None
    assert after is not None
    assert after >= before


@pytest.mark.parametrize(
    ("tokens", "rate", "nano_usd"),
    [
        (1, 500_000, 0),  # half a nano-dollar: the even neighbour is 0
        (3, 500_000, 2),  # one and a half: 2
        (5, 500_000, 2),  # two and a half: 2
        (1, 500_001, 1),
        (7, 2_800_000, 20),  # 19.6
    ],
)
def test_each_line_is_rounded_half_to_even(tokens: int, rate: int, nano_usd: int) -> None:
    card = RateCard(book="t", record="m", status=CardStatus.PRICED, rates=(rate,) + (0,) * 7)
    assert cost_nano_usd(Usage(tokens), card) == (nano_usd, False)


def test_a_used_class_without_a_rate_makes_a_partial_bill_and_not_a_cheaper_one() -> None:
    card = rates_card("input=3,output=15,cache_write_5m=3.75")
    bill = make_bill(Usage(input_tokens=1000, cache_write_1h_tokens=10), card)
    assert (bill.status, bill.missing, bill.nano_usd) == ("partial", ("cache_write_1h",), 3_000_000)


def test_a_used_unit_without_a_rate_makes_the_bill_partial() -> None:
    bill = make_bill(Usage(input_tokens=1000, units=(("web_searches", 2),)), rates_card("input=3,output=15"))
    assert (bill.status, bill.missing) == ("partial", ("web_searches",))


def test_reasoning_is_billed_once_at_its_own_rate_where_it_has_one() -> None:
    card = rates_card("input=2,output=8,reasoning=3")
    bill = make_bill(Usage(output_tokens=1_000_000, reasoning_tokens=400_000), card)
    assert [(line.item, line.amount, usd_text(line.nano_usd)) for line in bill.lines] == [
        ("output", 600_000, "4.8"),
        ("reasoning", 400_000, "1.2"),
    ]


def test_reasoning_without_a_rate_of_its_own_is_output() -> None:
    bill = make_bill(Usage(output_tokens=1_000_000, reasoning_tokens=400_000), rates_card("input=2,output=8"))
    assert [(line.item, line.nano_usd) for line in bill.lines] == [("output", 8_000_000_000)]
    assert bill.reasoning_tokens == 400_000


def test_a_fee_per_request_is_charged_for_each_of_them() -> None:
    card = replace(rates_card("input=1,output=1"), request_rate=5_000_000)
    assert cost_nano_usd(Usage(input_tokens=1_000), card) == (6_000_000, False)
    assert cost_nano_usd(Usage(input_tokens=3_000), card, requests=3) == (18_000_000, False)


@pytest.mark.parametrize("card", [unpriced(100), INVALID])
def test_an_unknown_cost_is_none_and_never_zero(card: RateCard) -> None:
    usage = Usage(input_tokens=100, output_tokens=5, units=(("web_searches", 1),))
    assert cost_nano_usd(usage, card) == (None, False)
    assert make_bill(usage, card).nano_usd is None
    assert make_bill(usage, card).status == card.status.value


@pytest.mark.parametrize("card", [HOSTED, CACHED, UNUSED])
def test_what_costs_nothing_costs_nothing_whatever_it_used(card: RateCard) -> None:
    usage = Usage(input_tokens=100, output_tokens=5, units=(("web_searches", 1),))
    assert cost_nano_usd(usage, card) == (0, False)
    bill = make_bill(usage, card)
    assert (bill.nano_usd, bill.missing, bill.status) == (0, (), card.status.value)


# Articles on the cost of inference, their sums computed again by hand: (what, rates, usage, requests, dollars).
EXAMPLES = [
    (
        "10M tokens in, 5M out at 5 and 16",
        "input=5,output=16",
        Usage(10 * MILLION, 0, 0, 0, 0, 0, 0, 5 * MILLION),
        "130",
    ),
    (
        "a model at one price for both",
        "input=0.05,output=0.05",
        Usage(input_tokens=10**7, output_tokens=5 * 10**6),
        "0.75",
    ),
    (
        "1,250 fresh, 18,000 read, 4,096 written for an hour, 640 out",
        "input=3,output=15,cache_read=0.3,cache_write_5m=3.75,cache_write_1h=6",
        Usage(input_tokens=1250, cache_read_tokens=18_000, cache_write_1h_tokens=4096, output_tokens=640),
        "0.043326",
    ),
]


@pytest.mark.parametrize(("what", "text", "usage", "dollars"), EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_a_known_example_costs_what_it_costs_on_paper(what: str, text: str, usage: Usage, dollars: str) -> None:
    assert usd_text(make_bill(usage, rates_card(text)).nano_usd) == dollars


def test_pictures_without_a_price_of_their_own_are_billed_as_output_and_sound_never_is() -> None:
    made = Usage(output_tokens=5, units=(("output_audio_tokens", 3), ("output_image_tokens", 7)))
    bill = make_bill(made, whole_card())
    assert {line.item: line.nano_usd for line in bill.lines} == {
        "output": 5 * 8, "output_audio_tokens": None, "output_image_tokens": 7 * 8,
    }  # fmt: skip
    assert bill.missing == ("output_audio_tokens",)
    assert make_bill(made, HOSTED).nano_usd == 0

    listed = replace(whole_card(), unit_rates=(UnitRate(unit="output_image_tokens", nano_usd=100),))
    assert make_bill(Usage(units=(("output_image_tokens", 7),)), listed).nano_usd == 700

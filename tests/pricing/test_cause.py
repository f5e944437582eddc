"""A jump in dollars per hour is split exactly into what moved it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.card import RateCard
from pricing.cause import CACHE, FACTORS, HOSTS, MIX, OUTPUT, PRICE, PROMPT, REASONING, RETRIES, VOLUME, cause
from pricing.flow import Flow, Span
from pricing.usage import Usage
from tests.fakes.flows import CHEAP, DEAR, flow, span

CENT = 10_000_000

counts = st.integers(0, 10**7)
usages = st.builds(
    lambda fresh, read, write, visible, reasoning: Usage(
        input_tokens=fresh,
        cache_read_tokens=read,
        cache_write_5m_tokens=write,
        output_tokens=visible + reasoning,
        reasoning_tokens=reasoning,
    ),
    counts, counts, counts, counts, counts,
)  # fmt: skip
rates = st.one_of(st.none(), st.integers(0, 10**11))
cards = st.builds(
    lambda eight, reasoning: RateCard(
        book="test", record="any", status=CHEAP.status, rates=tuple(eight), reasoning_rate=reasoning
    ),
    st.lists(rates, min_size=8, max_size=8),
    rates,
)
requests = st.integers(1, 10**6)


@st.composite
def flows(draw: st.DrawFn) -> Flow:
    sent = draw(requests)
    return Flow(
        tenant=draw(st.sampled_from([None, "acme", "globex"])),
        model=draw(st.sampled_from([None, "small", "large"])),
        card=draw(cards),
        requests=sent,
        retries=draw(st.integers(0, sent)),
        usage=draw(usages),
        nano_usd=draw(st.integers(0, 10**15)),
    )


spans = st.builds(
    Span,
    seconds=st.integers(1, 10**6),
    flows=st.lists(flows(), max_size=5).map(tuple),
    hosts=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(0, 10**13)).map(lambda d: tuple(d.items())),
)


@given(spans, spans)
def test_the_parts_add_up_to_the_change_to_the_nano_dollar(before: Span, after: Span) -> None:
    why = cause(before, after)

    assert sum(part.nano_usd_per_hour for part in why.parts) == after.burn_per_hour - before.burn_per_hour
    assert sorted(part.factor for part in why.parts) == sorted(FACTORS)


@given(spans, spans)
def test_what_tenants_and_models_did_adds_up_to_each_part(before: Span, after: Span) -> None:
    for part in cause(before, after).parts:
        moved = sum(mover.nano_usd_per_hour for mover in part.movers)
        assert moved == part.nano_usd_per_hour or (not part.movers and abs(part.nano_usd_per_hour) <= len(FACTORS))


@given(spans)
def test_nothing_moved_is_nothing_explained(seen: Span) -> None:
    assert {part.nano_usd_per_hour for part in cause(seen, seen).parts} == {0}


@given(spans, spans)
def test_the_part_that_explains_most_of_the_change_comes_first(before: Span, after: Span) -> None:
    why = cause(before, after)
    sign = -1 if why.change_nano_usd_per_hour < 0 else 1
    moved = [sign * part.nano_usd_per_hour for part in why.parts]
    assert moved == sorted(moved, reverse=True)


ONE = Usage(input_tokens=1_000, output_tokens=100)
"""0.14 cents at the cheap card: 1,000 x $1/M + 100 x $4/M."""


@pytest.mark.parametrize(
    ("factor", "after", "cents"),
    [
        (VOLUME, flow(requests=300), 28),  # 200 more requests at 0.14 cents
        (PROMPT, flow(each=Usage(input_tokens=3_000, output_tokens=100)), 20),  # 100 x 2,000 x $1/M
        (OUTPUT, flow(each=Usage(input_tokens=1_000, output_tokens=600)), 20),  # 100 x 500 x $4/M
        (REASONING, flow(each=Usage(input_tokens=1_000, output_tokens=600, reasoning_tokens=500)), 20),
        (RETRIES, flow(requests=300, retries=200), 28),  # each call is sent three times
        (PRICE, flow(card=DEAR), 126),  # ten times 14 cents
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_moved_alone_explains_all_of_it(factor: str, after: Flow, cents: int) -> None:
    why = cause(span(flow()), span(after))

    assert {part.factor: part.nano_usd_per_hour for part in why.parts if part.nano_usd_per_hour} == {
        factor: cents * CENT
    }
    assert why.parts[0].movers[0].tenant == "acme"
    assert why.parts[0].movers[0].model == "small"


def test_prompts_that_are_no_longer_cached_are_cache_hits_at_the_difference_of_the_rates() -> None:
    before = span(flow(each=Usage(input_tokens=100, cache_read_tokens=900, output_tokens=100)))
    why = cause(before, span(flow()))

    # 100 requests x 900 tokens x ($1.00 - $0.10) per million
    assert [(p.factor, p.nano_usd_per_hour) for p in why.parts if p.nano_usd_per_hour] == [(CACHE, 81_000_000)]


def test_a_tenants_calls_that_go_to_another_model_are_model_mix_not_volume() -> None:
    why = cause(span(flow()), span(flow(model="large", card=DEAR)))

    assert [(p.factor, p.nano_usd_per_hour) for p in why.parts if p.nano_usd_per_hour] == [(MIX, 126 * CENT)]
    assert [(m.model, m.nano_usd_per_hour) for m in why.parts[0].movers] == [
        ("large", 140 * CENT),
        ("small", -14 * CENT),
    ]


def test_a_tenant_that_was_not_there_is_volume() -> None:
    why = cause(span(flow()), span(flow(), flow("new", "large", card=DEAR)))

    assert [(p.factor, p.nano_usd_per_hour) for p in why.parts if p.nano_usd_per_hour] == [(VOLUME, 140 * CENT)]
    assert [mover.tenant for mover in why.parts[0].movers] == ["new"]


def test_two_things_at_once_are_told_apart_each_at_what_moved_before_it() -> None:
    """Twice the calls, and prompts three times as long: the longer prompts are paid for twice as often."""
    after = flow(requests=200, each=Usage(input_tokens=3_000, output_tokens=100))
    why = cause(span(flow()), span(after))

    assert why.part(VOLUME).nano_usd_per_hour == 14 * CENT
    assert why.part(PROMPT).nano_usd_per_hour == 40 * CENT


def test_a_host_more_is_host_count() -> None:
    hour = 20 * 10**9
    why = cause(span(flow(), hosts=(("a", hour),)), span(flow(), hosts=(("a", hour), ("b", hour))))

    assert (why.parts[0].factor, why.parts[0].nano_usd_per_hour) == (HOSTS, hour)
    assert why.parts[0].movers[0].host == "b"


def test_spans_of_different_lengths_are_compared_per_hour() -> None:
    why = cause(span(flow(requests=1_200), seconds=3_600 * 12), span(flow(requests=5), seconds=180))

    assert why.change_nano_usd_per_hour == 0
    assert {part.nano_usd_per_hour for part in why.parts} == {0}


def test_thousands_of_tenants_are_explained_without_losing_any() -> None:
    before = span(*(flow(f"t{n}", requests=1 + n) for n in range(1_000)))
    after = span(*(flow(f"t{n}", requests=2 + n) for n in range(1_000)))
    why = cause(before, after)

    assert why.part(VOLUME).nano_usd_per_hour == after.metered_per_hour - before.metered_per_hour

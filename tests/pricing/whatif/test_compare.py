"""The same traffic on other models: what is billed there, what is not known, and what is assumed."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.families import smaller_relatives
from pricing.books.listing_classes import models_of
from pricing.books.modelclass import MODEL_CLASSES, class_named, class_of
from pricing.books.userbook import UserBook
from pricing.card import HOSTED, RateCard
from pricing.money import usd_from_nano
from pricing.usage import Usage
from pricing.whatif.candidates import Blend, Candidate, Route
from pricing.whatif.compare import Comparison, compare
from pricing.whatif.elsewhere import AS_NOW, Offered
from pricing.whatif.switches import Switches, split, with_cache_hits
from pricing.whatif.traffic import Sender, Traffic

ENTRIES: list[dict[str, object]] = [
    {"model": "big", "input": "3", "cache_read": "0.30", "cache_write": "3.75", "output": "15",
     "batch": {"multiplier": "0.5"}},
    {"model": "small", "input": "1", "output": "5"},
    {"model": "long", "input": "1", "output": "5",
     "tier": [{"above_input_tokens": 1000, "input": "2", "output": "10"}]},
    {"model": "gift", "free": True},
    {"model": "finder", "input": "1", "output": "5", "fee": [{"unit": "search", "per": 1000, "amount": "10"}]},
]  # fmt: skip
BOOK = PriceBook([UserBook.from_entries(ENTRIES)])
USAGE = Usage(input_tokens=1_000_000, output_tokens=100_000)
WINDOWS = {"small": 8_000}


def traffic(model: str = "big", usage: Usage = USAGE, requests: int = 1_000, **changes: object) -> Traffic:
    """A thousand requests of 1,000 input and 100 output tokens, $4.50 on the big model."""
    card = BOOK.card(None, model, at_ms=0, prompt_tokens=0)
    plain = Traffic(
        sender=Sender(None, model, "web"), card=card, requests=requests, usage=usage, nano_usd=4_500_000_000
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the test names fields of the class


def compared(*groups: Traffic, on: list[Candidate | Blend] | None = None, **switches: Decimal) -> Comparison:
    return compare(
        groups or (traffic(),),
        [Candidate(model="small")] if on is None else on,
        BOOK,
        lambda _, model: WINDOWS.get(model),
        at_ms=0,
        switches=Switches(**switches),
    )


def row(found: Comparison, name: str = "small") -> Offered:
    return next(one for one in found.offered if one.name == name)


def dollars(one: Offered) -> Decimal:
    assert one.nano_usd is not None
    return usd_from_nano(one.nano_usd)


def blend(*parts: tuple[str, str, str]) -> Blend:
    return Blend(
        routes=tuple(
            Route(label=label, candidate=Candidate(model=model), share=Decimal(share)) for label, model, share in parts
        )
    )


SEARCHING = USAGE._replace(units=(("web_searches", 2_000),))


def test_searches_are_billed_where_they_have_a_price_and_are_missing_where_they_have_none() -> None:
    found = compared(traffic(usage=SEARCHING), on=[Candidate(model="small"), Candidate(model="finder")])

    assert dollars(row(found, "finder")) == Decimal("1.5") + 20
    assert row(found, "finder").missing == ()
    assert (dollars(row(found)), row(found).missing) == (Decimal("1.5"), ("web_searches",))


def test_parts_of_a_blend_share_the_searches() -> None:
    halves = blend(("a", "finder", "0.5"), ("b", "finder", "0.5"))
    found = compared(traffic(usage=SEARCHING), on=[halves])
    assert dollars(row(found, halves.name)) == Decimal("21.5")


def test_the_same_tokens_are_billed_at_the_candidates_rates() -> None:
    found = row(compared())

    # 1M input at $1/M and 0.1M output at $5/M, against $4.50.
    assert dollars(found) == Decimal("1.5")
    assert found.saved_nano_usd == 3_000_000_000
    assert (found.status, found.saved_bound) == ("priced", "")


def test_every_comparison_says_what_is_always_assumed() -> None:
    assert any("count them differently" in said for said in compared().assumptions)


def test_cache_hits_divide_the_prompt_anew() -> None:
    found = row(compared(cache_hit=Decimal("0.8")), AS_NOW)

    # 200k at $3 + 800k at $0.30 + 100k output at $15 = 0.60 + 0.24 + 1.50
    assert dollars(found) == Decimal("2.34")
    assert found.saved_nano_usd == 2_160_000_000


def test_cache_hits_on_a_model_without_a_price_for_them_are_input_and_it_says_so() -> None:
    found = row(compared(cache_hit=Decimal("0.8")))

    assert dollars(found) == Decimal("1.5")
    assert "small: cache_read as input" in " ".join(found.assumptions)


def test_a_share_of_the_traffic_goes_as_batches() -> None:
    # Half of $4.50 at full price, half of it at half price.
    assert dollars(row(compared(batch=Decimal("0.5")), AS_NOW)) == Decimal("3.375")


def test_a_model_without_a_batch_price_is_billed_at_the_standard_one_and_says_so() -> None:
    found = row(compared(batch=Decimal("0.5")))

    assert dollars(found) == Decimal("1.5")
    assert any("no known batch price" in said for said in found.assumptions)


def test_traffic_that_is_batched_now_is_compared_with_batch_prices() -> None:
    found = compared(traffic(variant="batch", nano_usd=2_250_000_000), on=[Candidate(model="big")])

    assert row(found, "big").saved_nano_usd == 0


def test_retries_multiply_the_bill() -> None:
    assert dollars(row(compared(retries=Decimal("1.1")))) == Decimal("1.65")


def test_thinking_is_billed_output_for_each_visible_token() -> None:
    # 100k visible and 300k thinking at $5/M beside 1M input at $1/M.
    assert dollars(row(compared(reasoning=Decimal(3)))) == Decimal(3)


def test_a_blend_gives_each_model_its_share() -> None:
    routed = blend(("easy", "small", "0.7"), ("hard", "big", "0.3"))
    found = row(compared(on=[routed]), routed.name)

    # 0.7 x 1.50 + 0.3 x 4.50
    assert dollars(found) == Decimal("2.4")
    assert any("average traffic" in said for said in found.assumptions)


@pytest.mark.parametrize("shares", [("0.7", "0.2"), ("0.7", "0.4")])
def test_a_blend_whose_shares_are_not_one_is_refused(shares: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        blend(("easy", "small", shares[0]), ("hard", "big", shares[1]))


def test_a_blend_with_one_unknown_model_has_no_cost() -> None:
    routed = blend(("easy", "nobody", "0.5"), ("hard", "big", "0.5"))

    assert row(compared(on=[routed]), routed.name).nano_usd is None


def test_a_context_that_the_largest_prompt_does_not_fit_excludes_the_model_and_says_why() -> None:
    found = row(compared(traffic(largest_prompt_tokens=9_000)))

    assert (found.status, found.nano_usd, found.saved_nano_usd) == ("excluded", None, None)
    assert "8,000" in found.why
    assert "9,000" in found.why
    assert row(compared(traffic(largest_prompt_tokens=8_000))).status == "priced"


def test_an_unknown_context_is_said_and_does_not_exclude() -> None:
    found = row(compared(traffic(largest_prompt_tokens=10**7), on=[Candidate(model="big")]), "big")

    assert found.status == "priced"
    assert any("how many tokens the context" in said for said in found.assumptions)


def test_the_context_tier_is_that_of_the_mean_prompt_and_it_says_so() -> None:
    short = row(compared(on=[Candidate(model="long")]), "long")
    tall = row(compared(traffic(requests=500), on=[Candidate(model="long")]), "long")

    # At 1,000 tokens a prompt is not over 1,000; at 2,000 it is.
    assert (dollars(short), dollars(tall)) == (Decimal("1.5"), Decimal(3))
    assert any("mean prompt of 2,000 tokens" in said for said in tall.assumptions)
    assert not any("mean prompt" in said for said in short.assumptions)


def test_an_unknown_model_is_unpriced_and_comes_last() -> None:
    found = compared(on=[Candidate(model="nobody"), Candidate(model="small")])

    assert [one.name for one in found.offered] == ["small", "nobody"]
    assert found.offered[-1].status == "unpriced"
    assert "no book knows" in found.offered[-1].why


def test_own_hosts_are_not_free() -> None:
    own = Candidate(model="llama", provider="hosted_vllm")
    found = row(compared(on=[own]), own.name)

    assert (found.status, found.nano_usd) == (HOSTED.status.value, None)
    assert "by the hour" in found.why


def test_a_free_model_saves_everything() -> None:
    found = row(compared(on=[Candidate(model="gift")]), "gift")

    assert (found.status, found.nano_usd, found.saved_nano_usd) == ("free", 0, 4_500_000_000)


def test_traffic_without_a_price_makes_every_saving_a_lower_bound() -> None:
    found = compared(traffic(), traffic("nobody", nano_usd=None))

    assert found.is_lower_bound
    assert (row(found).saved_nano_usd, row(found).saved_bound) == (1_500_000_000, ">=")


def test_a_candidate_that_lacks_a_rate_saves_at_most_what_is_said() -> None:
    fewer = PriceBook([UserBook.from_entries([{"model": "half", "input": "1"}])])
    found = compare([traffic()], [Candidate(model="half")], fewer, lambda *_: None, at_ms=0)
    (only,) = found.offered

    assert (only.status, only.missing, only.saved_bound) == ("partial", ("output",), "<=")
    assert only.saved_nano_usd == 3_500_000_000


def test_two_lower_bounds_have_no_difference() -> None:
    fewer = PriceBook([UserBook.from_entries([{"model": "half", "input": "1"}])])
    found = compare([traffic(partial=True)], [Candidate(model="half")], fewer, lambda *_: None, at_ms=0)

    assert found.offered[0].saved_nano_usd is None


def test_cache_writes_are_input_where_a_provider_charges_nothing_for_them() -> None:
    written = Usage(cache_write_1h_tokens=1_000_000, output_tokens=100_000)
    catalogue = Catalogue()
    found = compare(
        [traffic(usage=written)],
        [Candidate(model="gpt-4o", provider="openai")],
        PriceBook([catalogue]),
        catalogue.context_window,
        at_ms=1_778_941_380_000,
    )
    (only,) = found.offered

    # 1M at the $2.50/M of input and 0.1M of output at $10/M.
    assert (only.status, dollars(only)) == ("priced", Decimal("3.5"))
    assert any("charges nothing for cache writes" in said for said in only.assumptions)


def test_no_traffic_costs_nothing_anywhere() -> None:
    found = compare([], [Candidate(model="small")], BOOK, lambda *_: None, at_ms=0)

    assert (found.requests, found.nano_usd, found.offered[0].nano_usd) == (0, 0, 0)


@pytest.mark.parametrize(
    "wrong", [{"cache_hit": "1.1"}, {"batch": "-0.1"}, {"retries": "0.9"}, {"reasoning": "-1"}], ids=str
)
def test_switches_that_cannot_be_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"must be|at least|cannot"):
        Switches(**{name: Decimal(value) for name, value in wrong.items()})


counts = st.integers(0, 10**9)
usages = st.builds(
    lambda input_, read, five, hour, visible, thinking: Usage(
        input_tokens=input_, cache_read_tokens=read, cache_write_5m_tokens=five, cache_write_1h_tokens=hour,
        output_tokens=visible + thinking, reasoning_tokens=thinking,
    ),
    counts, counts, counts, counts, counts, counts,
)  # fmt: skip
shares = st.decimals(0, 1, places=4)


@given(usages, shares)
def test_a_new_hit_share_keeps_the_prompt_and_the_output(usage: Usage, share: Decimal) -> None:
    cached = with_cache_hits(usage, share)

    assert (cached.prompt_tokens, cached.output_tokens) == (usage.prompt_tokens, usage.output_tokens)
    assert cached.reasoning_tokens == usage.reasoning_tokens
    assert abs(cached.cache_read_tokens - usage.prompt_tokens * share) <= Decimal("0.5")
    assert min(cached.tokens) >= 0


def test_pictures_keep_their_part_of_what_is_read_and_sound_that_was_not_cached_stays_beside_it() -> None:
    usage = Usage(
        input_tokens=300, cache_read_tokens=100,
        units=(("cache_image_read_tokens", 50), ("input_audio_tokens", 70), ("input_image_tokens", 60)),
    )  # fmt: skip
    assert with_cache_hits(usage, Decimal("0.5")) == Usage(
        input_tokens=200, cache_read_tokens=200,
        units=(("cache_image_read_tokens", 100), ("input_audio_tokens", 70), ("input_image_tokens", 40)),
    )  # fmt: skip
    assert with_cache_hits(usage, Decimal(0)) == Usage(
        input_tokens=400, units=(("input_audio_tokens", 70), ("input_image_tokens", 80))
    )


@given(usages, shares)
def test_a_share_and_its_rest_are_everything(usage: Usage, share: Decimal) -> None:
    part, rest = split(usage, share)

    assert [a + b for a, b in zip(part[:9], rest[:9], strict=True)] == list(usage[:9])
    for one in (part, rest):
        assert min(one[:9]) >= 0
        assert one.reasoning_tokens <= one.output_tokens


@given(usages, st.integers(1, 10**6))
def test_on_the_same_model_without_switches_nothing_is_saved(usage: Usage, requests: int) -> None:
    no_hour = usage._replace(cache_write_1h_tokens=0)
    card = BOOK.card(None, "big", at_ms=0, prompt_tokens=0)
    group = traffic(usage=no_hour, requests=requests, nano_usd=_cost(no_hour, card))

    assert row(compared(group, on=[Candidate(model="big")]), "big").saved_nano_usd == 0


def _cost(usage: Usage, card: RateCard) -> int:
    """Tokens times whole nano-dollars per token, by hand."""
    return sum(tokens * (rate or 0) // 1_000_000 for tokens, rate in zip(usage.tokens, card.rates, strict=True))


@pytest.mark.parametrize(
    ("output", "name"),
    [("0.01", "ultra-budget"), ("0.10", "ultra-budget"), ("0.25", "budget"), ("0.30", "budget"), ("0.57", "mid"),
     ("0.80", "mid"), ("1.20", "premium"), ("2.00", "premium"), ("2.50", "flagship"), ("75", "flagship")],
)  # fmt: skip
def test_a_price_of_output_has_one_class(output: str, name: str) -> None:
    found = class_of(Decimal(output))
    assert found is not None
    assert found.name == name
    assert sum(one.holds(Decimal(output)) for one in MODEL_CLASSES) == 1


def test_free_and_unknown_models_have_no_class() -> None:
    assert class_of(Decimal(0)) is None
    assert class_of(None) is None
    assert class_named("luxury") is None


def test_models_of_a_class_have_its_price_in_the_catalogue() -> None:
    catalogue = Catalogue()
    budget, flagship = class_named("Budget"), class_named("flagship")
    assert budget is not None
    assert flagship is not None

    assert "openai/gpt-4o" in set(models_of(catalogue, flagship))
    assert "openai/gpt-4o" not in set(models_of(catalogue, budget))
    assert not any("embedding" in record for record in models_of(catalogue, budget))


@pytest.mark.parametrize(
    ("model", "smaller"),
    [
        ("claude-opus-4-5-20251101", ("claude-sonnet-4-6", "claude-haiku-4-5")),
        ("anthropic/claude-3-5-sonnet", ("anthropic/claude-haiku-4-5",)),
        ("claude-haiku-4-5", ()),
        ("gpt-5", ("gpt-5-mini", "gpt-5-nano")),
        ("gpt-4o-mini", ()),
        ("gpt-4o-audio-preview", ()),
        ("gemini-2.5-flash", ("gemini-2.5-flash-lite",)),
        ("llama-3.3-70b", ()),
    ],
)
def test_smaller_models_are_of_the_same_family(model: str, smaller: tuple[str, ...]) -> None:
    assert smaller_relatives(model) == smaller


@pytest.mark.parametrize("model", ["gpt-5", "claude-opus-4-6", "gemini-2.5-pro", "gpt-4.1", "gpt-4o", "o3"])
def test_the_catalogue_prices_every_smaller_model_below_the_larger(model: str) -> None:
    book = PriceBook([Catalogue()])
    outputs = [
        book.card(None, name, at_ms=1_778_941_380_000, prompt_tokens=0).rates[-1]
        for name in (model, *smaller_relatives(model))
    ]

    assert outputs == sorted((rate or 0 for rate in outputs), reverse=True)
    assert len(set(outputs)) == len(outputs)


def test_the_catalogue_says_how_much_a_context_holds() -> None:
    catalogue = Catalogue()

    assert catalogue.context_window("openai", "gpt-4o") == 128_000
    assert catalogue.context_window("openai", "no-such-model") is None


def test_traffic_whose_cost_nobody_knows_is_compared_without_a_saving_or_a_row_of_now() -> None:
    found = compared(traffic(nano_usd=None), on=[Candidate(model="small")], batch=Decimal(0))
    assert [(one.name, one.saved_nano_usd, one.saved_bound) for one in found.offered] == [("small", None, "")]

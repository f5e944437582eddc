"""The user's own prices win, say where they are wrong, and are never zero by accident."""

import tomllib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import make_bill
from pricing.books.book import PriceBook, PricedModel
from pricing.books.globs import glob_regex, globs_overlap
from pricing.books.userbook import PriceError, UserBook, rates_card
from pricing.card import CardStatus
from pricing.money import usd_text
from pricing.usage import Usage

NOW_MS = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp() * 1000)


def book(text: str) -> UserBook:
    return UserBook.from_entries(tomllib.loads(text)["price"])


def entry(**keys: object) -> dict[str, object]:
    return {"model": "m", "input": "3", "output": "15", **keys}


def input_rate(
    priced: PricedModel | None, at_ms: int = NOW_MS, prompt_tokens: int = 1, variant: str = ""
) -> int | None:
    card = priced.card(at_ms, prompt_tokens, variant) if priced else None
    return card.rates[0] if card else None


def test_an_entry_prices_its_model_in_dollars_per_million_tokens() -> None:
    mine = book('[[price]]\nmodel = "my-finetune"\ninput = "3"\noutput = "15"\ncache_read = "0.30"\nsource = "order 7"')
    found = mine.find("openai", "openai/My-Finetune")
    assert found is not None
    card = found.offers[0].card
    assert (card.rates[0], card.rates[1], card.rates[7]) == (3_000_000_000, 300_000_000, 15_000_000_000)
    assert (card.book, card.record, card.status) == ("configuration", "my-finetune", CardStatus.PRICED)
    assert (card.match_rule, card.checked) == ("exact name", "order 7")


def test_a_price_of_ours_wins_over_being_self_hosted() -> None:
    mine = UserBook.from_entries([entry(model="meta-llama/Llama-3.3-70B-Instruct")])
    name = "hosted_vllm/meta-llama/Llama-3.3-70B-Instruct"
    card = PriceBook([mine]).card("hosted_vllm", name, at_ms=NOW_MS, prompt_tokens=1)
    assert card.status is CardStatus.PRICED


def test_an_exact_name_beats_a_pattern_and_a_longer_pattern_a_shorter_one() -> None:
    mine = UserBook.from_entries(
        [entry(model="*", input="1"), entry(model="gpt-5*", input="2"), entry(model="gpt-5-mini", input="4")]
    )
    assert [input_rate(mine.find(None, name)) for name in ("gpt-5-mini", "gpt-5-nano", "other")] == [
        4_000_000_000,
        2_000_000_000,
        1_000_000_000,
    ]
    found = mine.find(None, "gpt-5-nano")
    assert found is not None
    assert found.offers[0].card.match_rule == 'pattern "gpt-5*"'


def test_an_entry_for_one_provider_is_for_that_provider_only_and_beats_one_for_all() -> None:
    mine = UserBook.from_entries([entry(input="1"), entry(provider="vertex_ai", input="2")])
    assert input_rate(mine.find("gemini", "m")) == 2_000_000_000  # another name of the same provider
    assert input_rate(mine.find("openai", "m")) == 1_000_000_000
    assert input_rate(mine.find(None, "m")) == 1_000_000_000
    only = UserBook.from_entries([entry(provider="acme-cloud")])
    assert only.find("openai", "m") is None
    assert input_rate(only.find("Acme-Cloud", "m")) == 3_000_000_000


def test_a_new_price_begins_on_its_day_whatever_the_order_of_the_entries() -> None:
    mine = UserBook.from_entries(
        [
            entry(input="2", effective_from=date(2026, 7, 1)),
            entry(input="1"),
            entry(input="5", effective_from="2026-08-01"),
        ]
    )
    days = [
        datetime(2026, 6, 30, 23, 59, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
        datetime(2026, 8, 1, tzinfo=UTC),
    ]
    rates = [input_rate(mine.find(None, "m"), int(day.timestamp() * 1000)) for day in days]
    assert rates == [1_000_000_000, 2_000_000_000, 5_000_000_000]


def test_a_tier_reprices_every_class_of_a_longer_prompt() -> None:
    mine = book(
        '[[price]]\nmodel = "m"\ninput = "1.25"\noutput = "10"\n'
        '[[price.tier]]\nabove_input_tokens = 200000\ninput = "2.50"\noutput = "15"'
    )
    found = mine.find(None, "m")
    assert input_rate(found, prompt_tokens=200_000) == 1_250_000_000
    assert input_rate(found, prompt_tokens=200_001) == 2_500_000_000


def test_a_batch_has_the_price_that_is_written_for_it_and_no_other() -> None:
    mine = UserBook.from_entries([entry(), entry(variant="batch", input="1.5")])
    found = mine.find(None, "m")
    assert [input_rate(found, variant=variant) for variant in ("", "batch", "flex")] == [
        3_000_000_000,
        1_500_000_000,
        None,
    ]


def test_free_is_free_only_where_it_is_written() -> None:
    found = UserBook.from_entries([{"model": "local-*", "free": True, "source": "node gpu-7"}]).find(
        None, "local-embed"
    )
    assert found is not None
    card = found.offers[0].card
    assert (card.status, set(card.rates), card.checked) == (CardStatus.FREE, {0}, "node gpu-7")


WRONG = [
    (entry(input=3.0), r'\[\[price\]\] 1 \("m"\): input = 3.0 is not exact; write it in quotes: input = "3.0"'),
    (entry(input="0", output="0"), "input and output are 0; if that is meant, write free = true"),
    (entry(input=0, output=0), "write free = true"),
    (entry(input="-1"), "input = '-1' is no amount"),
    (entry(input="1e3"), "is no amount"),
    (entry(input="NaN"), "is no amount"),
    (entry(input="0.0000000001"), "nine decimals"),
    (entry(input=True), "is no amount"),
    (entry(input="٣"), "is no amount"),
    (entry(cached_read="1"), 'unknown key "cached_read"; did you mean "cache_read"'),
    (entry(zzz="1"), "known keys are input, output"),
    (entry(free=True), "free = true and input contradict each other"),
    (entry(free="yes"), "free must be true or false"),
    (entry(effective_from="soon"), "effective_from must be a day such as"),
    (entry(effective_from=20260701), "effective_from must be a day such as"),
    (entry(provider=5), "provider must be a text"),
    ({"input": "1"}, r"\[\[price\]\] 1: model is missing"),
    ({"model": "m"}, "no input and no output price"),
    ({"model": "m", "cache_read": "1"}, "no input and no output price"),
    (entry(tier="x"), r"written as \[\[price.tier\]\]"),
    (entry(tier=[{"above_input_tokens": 0, "input": "1", "output": "1"}]), "must be a whole number above 0"),
    (entry(tier=[{"above_input_tokens": 5, "input": "1"}]), "tier 1: it must price the same classes .* output"),
    (entry(tier=[{"above_input_tokens": 5, "input": 1.5, "output": "1"}]), "tier 1: input = 1.5 is not exact"),
    (entry(tier=[{"above_input_token": 5, "input": "1", "output": "1"}]), 'did you mean "above_input_tokens"'),
    (
        entry(tier=[{"above_input_tokens": n, "input": "1", "output": "1"} for n in (9, 9)]),
        "tier 2: above_input_tokens must be more than the 9",
    ),
]


@pytest.mark.parametrize(("raw", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_a_wrong_entry_is_refused_with_a_sentence_that_says_what_to_write(
    raw: dict[str, object], sentence: str
) -> None:
    with pytest.raises(PriceError, match=sentence):
        UserBook.from_entries([raw])


def test_two_prices_for_one_model_and_day_are_refused() -> None:
    with pytest.raises(PriceError, match=r'\[\[price\]\] 2 \("M"\): .*1 \("m"\) prices the same model'):
        UserBook.from_entries([entry(), entry(model="M")])


def test_two_patterns_that_could_both_match_must_not_be_equally_long() -> None:
    with pytest.raises(PriceError, match="equally long"):
        UserBook.from_entries([entry(model="gpt-*"), entry(model="*mini")])
    UserBook.from_entries([entry(model="gpt-*"), entry(model="abc-*")])
    UserBook.from_entries([entry(model="gpt-*"), entry(model="*mini", provider="openai")])


patterns = st.text(alphabet="ab*?", max_size=6)
names = st.text(alphabet="ab", max_size=6)


@given(patterns, patterns, names)
def test_patterns_that_match_one_name_overlap(left: str, right: str, name: str) -> None:
    if glob_regex(left).fullmatch(name) and glob_regex(right).fullmatch(name):
        assert globs_overlap(left, right)


@pytest.mark.parametrize(("left", "right"), [("a*", "b*"), ("*a", "*b"), ("a?", "a"), ("a*c", "a*d"), ("", "?")])
def test_patterns_without_a_common_name_do_not_overlap(left: str, right: str) -> None:
    assert not globs_overlap(left, right)


def test_dots_and_brackets_in_a_pattern_are_just_letters() -> None:
    assert glob_regex("a.b[c]*").fullmatch("a.b[c]d")
    assert not glob_regex("a.b*").fullmatch("axb")


def test_rates_given_by_hand_make_a_card() -> None:
    card = rates_card("input=3, output=15,cache_read=0.3,cache_write_5m=3.75,cache_write_1h=6,reasoning=15")
    assert (card.book, card.match_rule) == ("by hand", "given by hand")
    usage = Usage(input_tokens=1_000_000, cache_write_1h_tokens=1_000_000, output_tokens=1_000_000)
    assert usd_text(make_bill(usage, card).nano_usd) == "24"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no rate is given"),
        ("input", '"input" is no rate'),
        ("inputs=3", '"inputs=3" is no rate'),
        ("input=cheap", "input = 'cheap' is no amount"),
        ("input=1,input=2", "input is given twice"),
    ],
)
def test_rates_that_cannot_be_read_are_refused(text: str, sentence: str) -> None:
    with pytest.raises(PriceError, match=sentence):
        rates_card(text)

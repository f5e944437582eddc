"""The one filter grammar of screen, command line and budgets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.filters import FilterError, parse_filter

DIMENSIONS = ("provider", "model", "tenant", "key")
ROW = {"provider": "openai", "model": "gpt-4o-mini", "tenant": "Acme", "key": None}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "model=gpt-*",
        "model=GPT-4O-MINI",
        "tenant=acme",
        "tenant!=globex",
        "!tenant=globex",
        "tenant!=glob*",
        "key=",
        "model=gpt-?o-mini",
        "4o",
        "ACME",
        "!claude",
        "model=gpt-* tenant=acme 4o",
        '"gpt-4o"',
        "MODEL=gpt-*",
        "tenant='Acme'",
    ],
)
def test_a_filter_lets_through_what_it_describes(text: str) -> None:
    assert parse_filter(text, DIMENSIONS).matches(ROW)


@pytest.mark.parametrize(
    "text",
    [
        "model=gpt",
        "tenant=globex",
        "tenant!=acme",
        "!tenant=acme",
        "key=search",
        "claude",
        "!acme",
        "model=gpt-* tenant=globex",
        "tenant=",
    ],
)
def test_a_filter_keeps_out_what_it_does_not_describe(text: str) -> None:
    assert not parse_filter(text, DIMENSIONS).matches(ROW)


def test_an_amount_is_a_condition_on_single_requests() -> None:
    assert parse_filter(">0.01", DIMENSIONS).above_nano_usd == 10_000_000
    assert parse_filter(">$2", DIMENSIONS).above_nano_usd == 2_000_000_000
    assert not parse_filter(">0", DIMENSIONS).is_empty
    assert parse_filter("   ", DIMENSIONS).is_empty


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("modle=x", "did you mean model"),
        ("zzz=x", "known are provider, model, tenant, key"),
        ("'acme", "quote is not closed"),
        (">dear", "amount of dollars, not 'dear'"),
        (">nan", "amount of dollars"),
        (">", "amount of dollars"),
    ],
)
def test_a_filter_that_cannot_be_read_is_explained(text: str, sentence: str) -> None:
    with pytest.raises(FilterError, match=sentence):
        parse_filter(text, DIMENSIONS)


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    try:
        outcome: object = parse_filter(text, DIMENSIONS).matches(ROW)
    except FilterError as error:
        outcome = str(error)
    assert isinstance(outcome, bool) or outcome


@given(st.sampled_from(DIMENSIONS), st.text("abc*?[]", max_size=4), st.text("abc[]", max_size=6))
def test_a_negated_term_holds_exactly_where_the_term_does_not(name: str, pattern: str, value: str) -> None:
    row = {name: value}
    is_so = parse_filter(f"{name}={pattern}", DIMENSIONS).matches(row)
    is_not = parse_filter(f"{name}!={pattern}", DIMENSIONS).matches(row)
    assert is_so is not is_not


def test_brackets_in_a_name_are_plain_characters() -> None:
    assert parse_filter("model=llama[70b]", DIMENSIONS).matches({"model": "llama[70b]"})
    assert not parse_filter("model=llama[70b]", DIMENSIONS).matches({"model": "llama7"})

"""A name that says nothing of its model is mapped by configuration, and a match by an alias says so."""

import pytest

from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import PriceError, UserBook
from pricing.card import CardStatus, RateCard

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"
ALIASES = [
    {"provider": "azure", "name": "prod-chat-eastus2", "model": "gpt-4o-2024-08-06"},
    {"provider": "bedrock", "name": PROFILE, "model": "us.anthropic.claude-sonnet-4-6"},
    {"provider": "vllm", "name": "sql-lora", "model": "our-llama"},
    {"name": "router-fast", "model": "gpt-4o-mini"},
    {"provider": "anthropic", "name": "router-fast", "model": "claude-haiku-4-5"},
]


def card(provider: str | None, model: str) -> RateCard:
    mine = [{"model": "our-llama", "input": "0.1", "output": "0.2"}]
    prices = PriceBook(UserBook.from_tables(mine, aliases=ALIASES).over([Catalogue()]))
    return prices.card(provider, model, at_ms=1_795_000_000_000, prompt_tokens=1)


@pytest.mark.parametrize(
    ("provider", "model", "record", "rule"),
    [
        (
            "azure",
            "Prod-Chat-EastUS2",
            "openai/gpt-4o",
            'alias "Prod-Chat-EastUS2" for gpt-4o-2024-08-06, listed name, ',
        ),
        ("azure_ai", "azure/prod-chat-eastus2", "openai/gpt-4o", 'alias "azure/prod-chat-eastus2" for gpt-4o'),
        ("bedrock", f"bedrock/{PROFILE}", "aws/regional.anthropic.claude-sonnet-4-6-v1:0", 'alias "bedrock/arn:'),
        ("vllm", "sql-lora", "our-llama", 'alias "sql-lora" for our-llama, exact name'),
        ("openai", "router-fast", "openai/gpt-4o-mini", 'alias "router-fast" for gpt-4o-mini, exact name'),
        ("anthropic", "router-fast", "anthropic/claude-haiku-4-5", 'alias "router-fast" for claude-haiku-4-5'),
    ],
)
def test_an_alias_finds_its_model_and_says_so(provider: str, model: str, record: str, rule: str) -> None:
    found = card(provider, model)
    assert (found.record, found.status) == (record, CardStatus.PRICED)
    assert found.match_rule.startswith(rule)


def test_an_alias_of_one_provider_means_nothing_with_another() -> None:
    assert card("openai", "prod-chat-eastus2").status is CardStatus.UNPRICED
    assert card("openai", "sql-lora").status is CardStatus.UNPRICED


def test_names_without_an_alias_are_found_as_ever() -> None:
    assert card("openai", "gpt-4o").match_rule == "exact name"


WRONG = [
    ([{"name": "a"}], r'\[\[alias\]\] 1 \("a"\): model is missing; write model = "gpt-4o-2024-08-06"'),
    ([{"model": "a"}], r"\[\[alias\]\] 1: name is missing"),
    ([{"name": "a", "model": "b", "to": "c"}], 'unknown key "to"'),
    ([{"name": "a", "model": "b"}, {"name": "A", "model": "c"}], r'2 \("A"\): \[\[alias\]\] 1 \("a"\) maps the same'),
    ([{"name": "a", "model": "b"}, {"name": "b", "model": "c"}], 'model = "b" is itself an alias'),
]


@pytest.mark.parametrize(("raw", "sentence"), WRONG, ids=[sentence[:40] for _, sentence in WRONG])
def test_a_wrong_alias_is_refused_with_a_sentence(raw: list[dict[str, object]], sentence: str) -> None:
    with pytest.raises(PriceError, match=sentence):
        UserBook.from_tables([], aliases=raw)

"""Raw names, as gateways and spans write them, find the right record, or none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.bill import make_bill
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.names import (
    LATEST_RULE,
    SNAPSHOT_RULE,
    is_self_hosted,
    model_stem,
    only_adds_version,
    provider_id,
    shares_bill,
    spellings,
    split_provider,
    without_snapshot,
)
from pricing.card import CardStatus
from pricing.usage import Usage

CATALOGUE = Catalogue()
SEPARATORS = "{}, separators read as -"
READ = "provider read from the name"

FOUND = [
    # provider, model -> record, rule
    ("openai", "gpt-4o", "openai/gpt-4o", "exact name"),
    ("openai", "openai/gpt-4o-mini", "openai/gpt-4o-mini", "exact name"),
    ("openai", "GPT-4o", "openai/gpt-4o", "exact name"),
    ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13", "exact name"),
    ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o", "listed name"),
    ("openai", "gpt-5.1-2025-11-13", "openai/gpt-5.1", "listed name"),
    ("openai", "gpt-5.2-20251211", "openai/gpt-5.2", "listed name, date written with dashes"),
    ("openai", "openai/text-embedding-3-small", "openai/text-embedding-3-small", "exact name"),
    ("openai", "openai/o4-mini", "openai/o4-mini", "exact name"),
    ("openai", "ft:gpt-4o-2024-08-06:acme::abc", "openai/ft:gpt-4o", "starts with ft:gpt-4o-2024-"),
    (
        "openai",
        "gpt-4o-mini-realtime-preview-2024-12-17",
        "openai/gpt-4o-mini-realtime-preview",
        "starts with gpt-4o-mini-realtime",
    ),
    ("default/openai/route/x/rule/0", "gpt-5-2025-08-07", "openai/gpt-5", "listed name"),
    (
        "anthropic",
        "anthropic/claude-haiku-4-5-20251001",
        "anthropic/claude-haiku-4-5",
        "starts with claude-haiku-4-5",
    ),
    (
        "anthropic",
        "anthropic/claude-sonnet-4-5-20250929",
        "anthropic/claude-sonnet-4-5",
        "starts with claude-sonnet-4-5",
    ),
    ("anthropic", "claude-sonnet-4-5@20250929", "anthropic/claude-sonnet-4-5", "starts with claude-sonnet-4-5"),
    ("anthropic", "claude-2.1", "anthropic/claude-2", "starts with claude-2"),
    ("gemini", "gemini/gemini-2.5-pro", "google/gemini-2.5-pro", "exact name"),
    ("gemini", "models/gemini-2.5-flash", "google/gemini-2.5-flash", "exact name, path removed"),
    ("vertex_ai", "publishers/google/models/gemini-2.5-pro", "google/gemini-2.5-pro", "exact name, path removed"),
    ("gcp.vertex_ai", "gemini-1.5-pro-002", "google/gemini-1.5-pro", "contains gemini-1.5-pro"),
    ("vertex_ai", "vertex_ai/claude-sonnet-4-5@20250929", "google/claude-sonnet-4-5", "contains claude-sonnet-4-5"),
    (
        "bedrock",
        "bedrock/us-east-1/anthropic.claude-3-5-sonnet-20240620-v1:0",
        "aws/regional.anthropic.claude-3-5-sonnet-20240620-v1:0",
        "contains claude-3-5-sonnet-20240620, routing segment removed",
    ),
    (
        "aws.bedrock",
        "us.anthropic.claude-sonnet-4-6",
        "aws/regional.anthropic.claude-sonnet-4-6-v1:0",
        "contains us.anthropic.claude-sonnet-4-6",
    ),
    (
        "bedrock",
        "converse/global.anthropic.claude-sonnet-4-6",
        "aws/global.anthropic.claude-sonnet-4-6-v1:0",
        "contains global.anthropic.claude-sonnet-4-6, routing segment removed",
    ),
    (
        "bedrock",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "contains us.anthropic.claude-sonnet-4-5-20250929, path removed",
    ),
    (
        "bedrock",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0",
        "aws/regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "starts with anthropic.claude-sonnet-4-5-20250929, path removed",
    ),
    (
        "bedrock",
        "eu.meta.llama3-3-70b-instruct-v1:0",
        "aws/meta.llama3-3-70b-instruct-v1:0",
        "contains meta.llama3-3-70b-instruct",
    ),
    ("bedrock", "amazon.nova-pro-v1:0:24k", "aws/amazon.nova-pro-v1:0", "contains amazon.nova-pro"),
    (
        "vertex_ai",
        "projects/p/locations/us-central1/publishers/anthropic/models/claude-sonnet-4-5@20250929",
        "google/claude-sonnet-4-5",
        "contains claude-sonnet-4-5, path removed",
    ),
    ("anthropic", "claude-3-7-sonnet-latest", "anthropic/claude-3-7-sonnet-latest", "exact name"),
    ("openai", "chatgpt-4o-latest", "openai/chatgpt-4o-latest", "exact name"),
    (
        "anthropic",
        "Claude_Sonnet 4.5",
        "anthropic/claude-sonnet-4-5",
        SEPARATORS.format("starts with claude-sonnet-4.5"),
    ),
    (None, "GPT_4o", "openai/gpt-4o", SEPARATORS.format("exact name, provider read from the name")),
    (
        "openrouter",
        "anthropic/claude-3.7-sonnet:thinking",
        "openrouter/anthropic/claude-3.7-sonnet",
        "listed name",
    ),
    ("openrouter", "openai/gpt-4o:extended", "openrouter/openai/gpt-4o:extended", "exact name"),
    ("azure", "azure/gpt-4o", "openai/gpt-4o", "exact name, at the list price of openai"),
    ("azure.ai.openai", "gpt-4o-2024-11-20", "openai/gpt-4o", "listed name, at the list price of openai"),
    ("deepseek", "deepseek/deepseek-chat", "deepseek/deepseek-chat", "exact name"),
    (
        "openrouter",
        "openrouter/meta-llama/llama-3.3-70b-instruct",
        "openrouter/meta-llama/llama-3.3-70b-instruct",
        "exact name",
    ),
    ("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o", "exact name"),
    (
        "together_ai",
        "together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "together/meta-llama/Llama-3.3-70B-Instruct-Turbo",
        "exact name",
    ),
    ("fireworks_ai", "accounts/fireworks/models/gpt-oss-120b", "fireworks/gpt-oss-120b", "listed name"),
    (None, "ft:gpt-4o-2024-08-06:acme::abc", "openai/ft:gpt-4o", f"starts with ft:gpt-4o-2024-, {READ}"),
    (
        None,
        "eu.anthropic.claude-sonnet-4-6",
        "aws/regional.anthropic.claude-sonnet-4-6-v1:0",
        f"contains eu.anthropic.claude-sonnet-4-6, {READ}",
    ),
    (
        "litellm",
        "global.anthropic.claude-sonnet-4-6-v1:0",
        "aws/global.anthropic.claude-sonnet-4-6-v1:0",
        f"exact name, {READ}",
    ),
    (
        None,
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-6",
        "aws/regional.anthropic.claude-sonnet-4-6-v1:0",
        f"contains us.anthropic.claude-sonnet-4-6, path removed, {READ}",
    ),
    (None, "amazon.nova-pro-v1:0", "aws/amazon.nova-pro-v1:0", f"exact name, {READ}"),
    ("groq", "groq/llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile", "exact name"),
    ("mistral_ai", "mistral-large-latest", "mistral/mistral-large", "listed name"),
    ("xai", "xai/grok-4", "x-ai/grok-4-0709", "listed name"),
    ("perplexity", "perplexity/sonar", "perplexity/sonar", "exact name"),
    (None, "gpt-4o", "openai/gpt-4o", "exact name, provider read from the name"),
    ("", "gemini-2.5-pro", "google/gemini-2.5-pro", "exact name, provider read from the name"),
    ("litellm", "anthropic/claude-haiku-4-5", "anthropic/claude-haiku-4-5", "exact name"),
    (None, "openai/gpt-4o", "openai/gpt-4o", "exact name"),
]


@pytest.mark.parametrize(("provider", "model", "record", "rule"), FOUND, ids=[f"{row[0]} {row[1]}" for row in FOUND])
def test_a_raw_name_finds_its_record_and_says_how(provider: str | None, model: str, record: str, rule: str) -> None:
    found = CATALOGUE.find(provider, model)
    assert found is not None
    cards = {offer.card for offer in found.offers}
    assert {(card.record, card.match_rule, card.status) for card in cards} == {(record, rule, CardStatus.PRICED)}


ONLY_PRICE = "exact name, provider not said: the only price listed for it"

ESTIMATED = [
    ("openai", "gpt-4o-latest", "openai/gpt-4o", f"exact name, {LATEST_RULE}"),
    ("openai", "gpt-4-1", "openai/gpt-4.1", "exact name, read as gpt-4.1"),
    ("groq", "llama-3-3-70b-versatile", "groq/llama-3.3-70b-versatile", "exact name, read as llama-3.3-70b-versatile"),
    (
        "openrouter",
        "openai/gpt-5:thinking",
        "openrouter/openai/gpt-5",
        "exact name, :thinking assumed to cost what the plain model costs",
    ),
    (
        "openrouter",
        "openai/gpt-4o:floor",
        "openrouter/openai/gpt-4o",
        "exact name, :floor assumed to cost what the plain model costs",
    ),
    (None, "llama-3.3-70b-versatile", "groq/llama-3.3-70b-versatile", ONLY_PRICE),
    (
        None,
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
        "together/mistralai/Mixtral-8x7B-Instruct-v0.1",
        ONLY_PRICE,
    ),
    ("openai", "gpt-4o-2031-01-31", "openai/gpt-4o", f"exact name, {SNAPSHOT_RULE}"),
    ("openai", "gpt-4o-20310131", "openai/gpt-4o", f"exact name, {SNAPSHOT_RULE}"),
    ("groq", "llama-3.3-70b-versatile-0131", "groq/llama-3.3-70b-versatile", f"exact name, {SNAPSHOT_RULE}"),
    (
        "openrouter",
        "openai/gpt-4o:nitro",
        "openrouter/openai/gpt-4o",
        "exact name, :nitro assumed to cost what the plain model costs",
    ),
]


@pytest.mark.parametrize(("provider", "model", "record", "rule"), ESTIMATED, ids=[row[1] for row in ESTIMATED])
def test_a_guess_is_marked_as_an_estimate(provider: str | None, model: str, record: str, rule: str) -> None:
    found = CATALOGUE.find(provider, model)
    assert found is not None
    card = found.offers[0].card
    assert (card.record, card.match_rule, card.status) == (record, rule, CardStatus.ESTIMATED)


UNKNOWN = [
    ("openai", "openai/support-tuned-7b"),
    (None, "tuned-support"),
    (None, "support-tuned-7b"),
    ("openai", "my-gpt-4o"),
    ("openai", "gpt-4o-our-own"),
    ("openai", "gpt-5-nano-internal"),
    ("openai", "o3-foo"),
    ("openai", "x-moderation-y"),
    # a fine-tune is never billed as its base
    ("openai", "ft:gpt-4.1-2025-04-14:acme::x"),
    ("openai", "ft:gpt-4.1-latest:acme::x"),
    (None, "ft:gpt-4.1-2025-04-14:acme::x"),
    (None, "acme.claude-sonnet-4-6"),
    (None, "anthropic.claude-sonnet-4-6-internal"),
    ("azure", "gpt-4o-2024-08-06.ft-0123456789abcdef"),
    ("vertex_ai", "projects/p/locations/us-central1/endpoints/1234567890"),
    ("gemini", "tunedModels/gemini-2.5-flash-acme"),
    # nor is an adapter
    ("openai", "gpt-4o+sql-lora"),
    ("together_ai", "acme/Llama-3.3-70B-Instruct-Turbo-sql-lora"),
    ("fireworks_ai", "accounts/acme/models/sql-lora"),
    ("fireworks_ai", "accounts/fireworks/models/gpt-oss-120b#accounts/acme/deployments/abc"),
    ("groq", "llama-3.3-70b-versatile:sql-lora"),
    ("openrouter", "openai/gpt-5:extended"),  # longer outputs are a product of their own
    ("openrouter", "openai/gpt-5:free"),
    ("openrouter", "openai/gpt-5:made-up"),
    ("bedrock", "sa.anthropic.claude-sonnet-4-6"),
    ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123"),
    ("anthropic", "claude-opus-4-10"),
    ("anthropic", "claude-sonnet-4-5-acme"),
    ("anthropic", "claude-haiku"),
    ("google", "gemini-3.6-flash-lite"),
    ("deepseek", "deepseek-r1-distill-llama-70b"),
    ("azure", "my-o4-mini-deployment"),
    ("azure", "prod-chat-eastus2"),
    ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123"),
    ("hosted_vllm", "hosted_vllm/meta-llama/Llama-3.3-70B-Instruct"),
    ("openai_like", "gpt-4o"),  # somebody's server that speaks the same protocol
    ("nobody-knows", "gpt-4o"),
    (None, "local-llama"),
    (None, ""),
    (None, "/"),
    ("openai", "openai/"),
    ("cerebras", "qwen-3-coder-480b"),  # the record is empty: unknown, not free
    ("github_copilot", "gpt-4o"),
]


@pytest.mark.parametrize(("provider", "model"), UNKNOWN, ids=[f"{row[0]} {row[1]}" for row in UNKNOWN])
def test_a_name_that_only_looks_alike_has_no_price(provider: str | None, model: str) -> None:
    assert CATALOGUE.find(provider, model) is None


AMBIGUOUS = ["meta-llama/Llama-3.3-70B-Instruct", "qwen/qwen3-32b", "Qwen/Qwen3-32B"]


@pytest.mark.parametrize("model", AMBIGUOUS)
def test_a_name_sold_by_many_at_different_prices_is_unpriced_and_says_between_which(model: str) -> None:
    book = PriceBook([CATALOGUE])
    card = book.card(None, model, at_ms=0, prompt_tokens=1)
    assert card.status is CardStatus.UNPRICED
    assert card.match_rule.startswith("the name does not decide between ")
    assert f"groq/{model}".lower() in card.match_rule.lower()
    assert card.match_rule.endswith("more; say the provider or give it a price")
    found = CATALOGUE.find(None, model)
    assert found is not None
    sellers = [record.partition("/")[0] for record in found.between]
    assert len(set(sellers)) > 2
    for seller, record in zip(sellers, found.between, strict=True):
        one = CATALOGUE.find(seller, model)
        assert one is not None
        assert one.offers[0].card.record == record


def test_a_region_on_bedrock_costs_a_tenth_more_than_the_global_profile() -> None:
    rates = {}
    for prefix in ("global.", "us.", "eu.", "jp.", ""):
        found = CATALOGUE.find("bedrock", f"{prefix}anthropic.claude-sonnet-4-6")
        assert found is not None
        rates[prefix] = (found.offers[0].card.rates[0], found.offers[0].card.rates[7])
    assert rates.pop("global.") == (3_000_000_000, 15_000_000_000)
    assert set(rates.values()) == {(3_300_000_000, 16_500_000_000)}


def test_a_fine_tune_costs_what_fine_tunes_cost() -> None:
    tuned = CATALOGUE.find("openai", "ft:gpt-4o-mini-2024-07-18:acme::x")
    assert tuned is not None
    assert (tuned.offers[0].card.rates[0], tuned.offers[0].card.rates[7]) == (300_000_000, 1_200_000_000)


def test_a_search_that_the_name_asks_for_makes_the_bill_a_lower_bound() -> None:
    found = CATALOGUE.find("openrouter", "openai/gpt-4o:online")
    assert found is not None
    bill = make_bill(Usage(input_tokens=1_000_000), found.offers[0].card)
    assert (bill.status, bill.missing, bill.nano_usd) == ("partial", ("the web search of :online",), 2_500_000_000)


def test_a_free_listing_is_free_only_where_it_is_listed() -> None:
    free = CATALOGUE.find("openrouter", "meta-llama/llama-3.3-70b-instruct:free")
    assert free is not None
    assert free.offers[0].card.status is CardStatus.FREE
    assert CATALOGUE.find("openrouter", "openai/gpt-4o:free") is None


@pytest.mark.parametrize(
    ("raw", "known"),
    [
        ("openai", "openai"),
        ("vertex_ai", "google"),
        ("gemini", "google"),
        ("gcp.gemini", "google"),
        ("aws.bedrock", "aws"),
        ("bedrock", "aws"),
        ("azure.ai.openai", "azure"),
        ("az.ai.inference", "azure"),
        ("azure_ai", "azure"),
        ("x_ai", "x-ai"),
        ("x-ai", "x-ai"),
        ("together_ai", "together"),
        ("fireworks-ai", "fireworks"),
        ("vercel_ai_gateway", "vercel"),
        (" OpenAI ", "openai"),
        ("default/openai/route/x", "openai"),
        # LangChain
        ("google_vertexai", "google"),
        ("google_genai", "google"),
        ("google_anthropic_vertex", "google"),
        ("amazon_bedrock", "aws"),
        # Cloudflare and Portkey
        ("google-vertex-ai", "google"),
        ("google-ai-studio", "google"),
        ("azure-openai", "azure"),
        ("aws-bedrock", "aws"),
        ("perplexity-ai", "perplexity"),
        ("workers-ai", "cloudflare"),
        ("grok", "x-ai"),
        # TensorZero
        ("gcp_vertex_gemini", "google"),
        ("gcp_vertex_anthropic", "google"),
        ("google_ai_studio_gemini", "google"),
        # OpenRouter
        ("Google AI Studio", "google"),
        ("Amazon Bedrock", "aws"),
        # Vercel's AI SDK
        ("openai.chat", "openai"),
        ("openai.responses", "openai"),
        ("anthropic.messages", "anthropic"),
        ("google.generative-ai", "google"),
        ("google.vertex.chat", "google"),
        ("vertex.anthropic.messages", "google"),
        ("azure-openai.chat", "azure"),
        ("xai.chat", "x-ai"),
        ("openai.example.com", None),
        ("ibm.watsonx.ai", None),
        ("custom_openai", None),
        ("", None),
        (None, None),
    ],
)
def test_a_provider_is_known_by_the_names_gateways_give_it(raw: str | None, known: str | None) -> None:
    assert provider_id(raw) == known


@pytest.mark.parametrize(
    "provider", ["hosted_vllm", "vllm", "ollama_chat", "SGLang", "sgl", "lm-studio", "llama.cpp", "triton"]
)
def test_an_engine_on_our_own_hosts_is_self_hosted(provider: str) -> None:
    assert is_self_hosted(provider)


@pytest.mark.parametrize("provider", ["openai", "together_ai", "", None])
def test_a_provider_that_sends_bills_is_not_self_hosted(provider: str | None) -> None:
    assert not is_self_hosted(provider)


@pytest.mark.parametrize(
    ("provider", "model", "split"),
    [
        ("openrouter", "openrouter/meta-llama/llama", ("openrouter", "meta-llama/llama")),
        ("openrouter", "openai/gpt-4o", ("openrouter", "openai/gpt-4o")),
        ("vertex_ai", "google/gemini", ("vertex_ai", "gemini")),
        (None, "ollama/llama3", ("ollama", "llama3")),
        (None, "meta-llama/Llama", (None, "meta-llama/Llama")),
        (None, "mistralai/Mixtral-8x7B", (None, "mistralai/Mixtral-8x7B")),
        (None, "mistral/mistral-large", ("mistral", "mistral-large")),
        ("acme", "acme/model", ("acme", "model")),
        ("openai", "openai/", ("openai", "openai/")),
    ],
)
def test_only_the_providers_own_prefix_is_taken_off(
    provider: str | None, model: str, split: tuple[str | None, str]
) -> None:
    assert split_provider(provider, model) == split


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5"),
        ("gpt-4-0613", "gpt-4"),
        ("mistral-large-2512", None),  # a year and a month, not a day
        ("model-2024-13-01", None),
        ("model-2025-02-29", None),
        ("claude-opus-4-5", None),
    ],
)
def test_only_a_date_is_taken_for_a_snapshot(name: str, alias: str | None) -> None:
    assert without_snapshot(name) == alias


@pytest.mark.parametrize(
    ("name", "literal", "same"),
    [
        ("claude-haiku-4-5-20251001", "claude-haiku-4-5", True),
        ("claude-haiku-4-5-latest", "claude-haiku-4-5", True),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-2025", True),
        ("us.meta.llama3-3-70b-instruct-v1:0", "meta.llama3-3-70b-instruct", True),
        ("claude-opus-4-10", "claude-opus-4-1", False),
        ("my-o4-mini", "o4-mini", False),
        ("gpt-5-nano-internal", "gpt-5-nano-", False),
        ("gemini-3.6-flash-lite", "gemini-3.6-flash", False),
        ("llama-8b-instruct", "llama", False),
        ("something-else", "claude", False),
    ],
)
def test_a_version_is_told_from_another_model(name: str, literal: str, same: bool) -> None:
    assert only_adds_version(name, literal) is same


@given(st.text(max_size=60), st.none() | st.text(max_size=20))
def test_any_text_may_come_as_a_name(model: str, provider: str | None) -> None:
    said, plain = split_provider(provider, model)
    assert is_self_hosted(said) in (True, False)
    assert all(isinstance(spelling.name, str) for spelling in spellings(plain))


@pytest.mark.parametrize(
    ("provider", "other", "shared"),
    [
        ("vertex", "vertex_ai", True),
        ("vertex", "gcp.vertex_ai", True),
        ("vertex", "google", True),
        ("vertex", "gemini", False),
        ("gcp.gemini", "vertex_ai_beta", False),
        ("vercel", "vercel_ai_gateway", True),
        ("bedrock", "aws.bedrock", True),
        ("openai", "azure", False),
        ("somebody", "Somebody ", True),
    ],
)
def test_two_names_are_of_one_bill_unless_they_say_otherwise(provider: str, other: str, shared: bool) -> None:
    assert shares_bill(provider, other) is shared
    assert shares_bill(other, provider) is shared


@pytest.mark.parametrize(
    "names",
    [
        # As Anthropic's list of models names each on its own interface, at Bedrock and at Vertex; OpenRouter's two at the end.
        (
            "claude-sonnet-4-5-20250929", "anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5@20250929",
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic/claude-4.5-sonnet-20250929", "anthropic/claude-sonnet-4.5",
        ),
        ("claude-opus-4-1-20250805", "anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1@20250805"),
        ("claude-opus-4-6", "anthropic.claude-opus-4-6-v1", "global.anthropic.claude-opus-4-6-v1"),
        ("claude-sonnet-4-20250514", "anthropic.claude-sonnet-4-20250514-v1:0", "anthropic/claude-4-sonnet-20250522"),
        (
            "claude-3-5-haiku-20241022", "anthropic.claude-3-5-haiku-20241022-v1:0", "claude-3-5-haiku@20241022",
            "claude-3-5-haiku-latest", "anthropic/claude-3.5-haiku",
        ),
        ("claude-3-haiku-20240307", "anthropic.claude-3-haiku-20240307-v1:0", "eu.anthropic.claude-3-haiku-20240307-v1:0"),
        (
            "amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0",
        ),
        ("deepseek/deepseek-chat-v3.1", "deepseek/deepseek-chat-v3.1:free"),
        ("gpt-4.1", "openai/gpt-4.1-2025-04-14"),
    ],
)  # fmt: skip
def test_one_model_has_one_stem_wherever_it_is_called(names: tuple[str, ...]) -> None:
    assert len({model_stem(name) for name in names}) == 1


@pytest.mark.parametrize(
    ("name", "another"),
    [
        ("amazon.titan-embed-text-v1", "amazon.titan-embed-text-v2:0"),
        ("claude-3-5-sonnet-20241022", "claude-3-7-sonnet-20250219"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4-5-20250929"),
        ("anthropic.claude-v2:1", "anthropic.claude-instant-v1"),
        ("gpt-4o", "gpt-4o-mini"),
    ],
)
def test_another_model_has_another_stem(name: str, another: str) -> None:
    assert model_stem(name) != model_stem(another)

"""The names under which spans say things: the newest of the GenAI conventions first, then those that came before.

Sources: the GenAI semantic conventions up to 1.41 and their own repository after it, OpenInference, the Vercel AI SDK,
OpenLLMetry, Sentry's instrumentation, and LiteLLM's own spans, whose response model is the alias that was asked for.
"""

OPERATION = ("gen_ai.operation.name",)
REQUEST_TYPE = ("llm.request.type",)
KIND = ("openinference.span.kind",)
PROVIDER = ("gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider")
LITELLM_MODEL = ("litellm.provider.model",)
MODEL = (
    *LITELLM_MODEL,
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.request.model",
    "llm.model_name",
    "ai.response.model",
    "ai.model.id",
)
INPUT = (
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
)
OUTPUT = (
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
)
CACHE_READ = (
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "gen_ai.usage.input_tokens.cached",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.cachedInputTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
)
CACHE_WRITE = (
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
)
VERCEL_CACHED = ("ai.usage.cachedInputTokens",)
VERCEL_DETAILS = (
    "ai.usage.inputTokenDetails.noCacheTokens",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
)
"""From version 6 of the Vercel AI SDK on, whose input contains the cache for every provider."""
REASONING = (
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "llm.usage.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.reasoningTokens",
)
TOTAL = ("gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens")
INPUT_AUDIO = ("gen_ai.usage.audio.input_tokens", "llm.token_count.prompt_details.audio")
OUTPUT_AUDIO = ("gen_ai.usage.audio.output_tokens", "llm.token_count.completion_details.audio")
CACHED_AUDIO = ("gen_ai.usage.audio.cache_read.input_tokens",)
INPUT_IMAGE = ("gen_ai.usage.image.input_tokens",)
CACHED_IMAGE = ("gen_ai.usage.image.cache_read.input_tokens",)
OUTPUT_IMAGE = ("gen_ai.usage.image.output_tokens",)
COST = ("gen_ai.usage.cost", "gen_ai.cost.total_cost", "llm.cost.total")
COST_TICKS = ("gen_ai.usage.cost_in_usd_ticks",)
RESPONSE_ID = ("gen_ai.response.id", "ai.response.id")
TIER = (
    "gen_ai.cost.service_tier",
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "openai.request.service_tier",
    "gen_ai.openai.request.service_tier",
)
ERROR = ("error.type",)
CALL_ID = ("litellm.call_id",)
DEPLOYMENT = ("litellm.model_group",)
TEAM = (
    "metadata.user_api_key_team_alias",
    "metadata.user_api_key_team_id",
    "metadata.user_api_key_org_alias",
    "metadata.user_api_key_org_id",
)
KEY = ("metadata.user_api_key_alias",)
GATEWAY_USAGE = ("metadata.usage_object",)
USER = ("metadata.user_api_key_user_id", "user.id")
END_USER = ("metadata.user_api_key_end_user_id", "enduser.id", "langfuse.user.id")
SESSION = ("gen_ai.conversation.id", "session.id")
SERVICE = ("service.name",)

USAGE = (*INPUT, *OUTPUT)
"""Whoever says one of these has used tokens, or repeats what its children used."""

WANTED = frozenset(
    name
    for names in (
        OPERATION, REQUEST_TYPE, KIND, PROVIDER, MODEL, USAGE, CACHE_READ, CACHE_WRITE, VERCEL_DETAILS, REASONING, TOTAL, INPUT_AUDIO,
        OUTPUT_AUDIO, CACHED_AUDIO, INPUT_IMAGE, CACHED_IMAGE, OUTPUT_IMAGE, COST, COST_TICKS, RESPONSE_ID, TIER, ERROR, CALL_ID, DEPLOYMENT, TEAM, KEY,
        GATEWAY_USAGE, USER, END_USER, SESSION, SERVICE,
    )
    for name in names
)  # fmt: skip
"""Every attribute that is read; all others, prompts and answers among them, are skipped without being decoded."""

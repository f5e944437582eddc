"""Names as gateways write them, and the plainer spellings under which a price book may know them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

_ALIASES = {
    "openai": "openai text_completion_openai",
    "azure": "azure azure_ai azure_text azure_openai azure.ai.openai azure.ai.inference az.ai.openai az.ai.inference",
    "anthropic": "anthropic anthropic_text",
    "google": "google gemini vertex_ai vertex_ai_beta vertex vertexai google_vertex google_vertexai google_vertex_ai "
    "google_anthropic_vertex google.vertex vertex.anthropic gcp_vertex_gemini gcp_vertex_anthropic google_genai "
    "google_ai_studio google_ai_studio_gemini google.generative_ai gcp.gemini gcp.vertex_ai gcp.gen_ai",
    "aws": "aws bedrock bedrock_converse aws_bedrock amazon_bedrock aws.bedrock",
    "x-ai": "xai x_ai grok",
    "mistral": "mistral mistralai mistral_ai codestral text_completion_codestral",
    "together": "together together_ai togetherai",
    "fireworks": "fireworks fireworks_ai",
    "cohere": "cohere cohere_chat",
    "moonshotai": "moonshot moonshotai moonshot_ai",
    "voyageai": "voyage voyageai voyage_ai",
    "github-copilot": "github_copilot",
    "meta": "meta",
    "zai": "zai z_ai",
    "zhipuai": "zhipuai zhipu_ai",
    "vercel": "vercel vercel_ai_gateway",
    "perplexity": "perplexity perplexity_ai",
    "cloudflare": "cloudflare workers_ai workersai",
}
_SAME_NAME = (
    "arcee avian baseten cerebras cursor databricks deepseek doubleword elevenlabs groq minimax modal novita "
    "openrouter ovhcloud quicksilverpro typesafe"
)
PROVIDER_IDS = {alias: provider for provider, aliases in _ALIASES.items() for alias in aliases.split()} | {
    name: name for name in _SAME_NAME.split()
}
"""Provider names of LiteLLM, OpenTelemetry and plain speech (folded by `_folded`) -> the catalogue's provider id."""

_ACCOUNTS = {
    name: account
    for account, names in {
        "vertex": "vertex_ai vertex_ai_beta vertex vertexai google_vertex google_vertexai google_vertex_ai "
        "google_anthropic_vertex google.vertex vertex.anthropic gcp_vertex_gemini gcp_vertex_anthropic gcp.vertex_ai",
        "ai studio": "gemini google_ai_studio google_ai_studio_gemini google.generative_ai gcp.gemini",
    }.items()
    for name in names.split()
}
"""Names that say which of a provider's two doors a call went through: each writes a bill of its own at one price."""

_SELF_HOSTED = frozenset(
    [
        "hosted_vllm",
        "vllm",
        "sglang",
        "sgl",
        "ollama",
        "ollama_chat",
        "llamafile",
        "lm_studio",
        "lmstudio",
        "llama_cpp",
        "llamacpp",
        "llama.cpp",
        "triton",
        "xinference",
        "tgi",
        "text_generation_inference",
        "localai",
        "oobabooga",
        "docker_model_runner",
        "lemonade",
    ]
)
_NO_PROVIDER = frozenset({"", "litellm", "litellm_proxy", "unknown", "none", "custom"})

_NAMESPACES = frozenset({"google", "meta", "minimax", "mistralai", "moonshotai", "x_ai", "z_ai"})
"""Prefixes under which other hosts list a maker's models: by themselves they do not say who sends the bill."""

_INTERFACE = re.compile(r"\.(?:chat|responses|completions?|messages|embeddings?|image|speech|transcription)$")
_PATH_STARTS = ("models/", "publishers/", "projects/", "arn:")
_BEDROCK_ID = re.compile(
    r"(?:(?:us|us-gov|eu|apac|ap|au|ca|jp|sa|global)\.)?"
    r"(?:ai21|amazon|anthropic|cohere|deepseek|google|luma|meta|minimax|mistral|moonshot|nvidia|openai|qwen|stability"
    r"|twelvelabs|writer|zai)\.[a-z][\w.:-]*"
)
_BEDROCK_ARN = "arn:aws:bedrock:"
_OPENAI_FINE_TUNE = re.compile(r"ft:(?:gpt|o\d|davinci|babbage)-.*")
_ROUTE_SEGMENT = re.compile(r"(?:converse|invoke|converse_like|global|global-standard|[a-z]{2}(?:-gov)?-[a-z]+-\d)/")
_BEDROCK_MAKER = re.compile(r"(?:[a-z-]+\.)?([a-z0-9]+)\.")
_BEDROCK_REVISION = re.compile(r"(?::\d+)?(?::\d+k)?$")
_CLAUDE_REVISION = re.compile(r"(?<=\d)-v\d+$")
_CLAUDE_NUMBER_FIRST = re.compile(r"^claude-(\d+(?:-\d+)?)-([a-z]+)")
_ROUTING_SUFFIXES = (":nitro", ":floor", ":thinking", ":online")
_VARIANT_SUFFIXES = (*_ROUTING_SUFFIXES, ":free", ":extended", ":beta")
ONLINE_SUFFIX = ":online"
"""OpenRouter's own web search beside the model: a fee that no listing of the model contains."""

_SEPARATORS = re.compile(r"[\s_]+")
_DOTTED = re.compile(r"(?<!\d)(?<!\d[.-])(\d)\.(\d)(?![\da-z.]|-\d{1,3}\b)")
_DASHED = re.compile(r"(?<!\d)(?<!\d[.-])(\d)-(\d)(?![\da-z.]|-\d{1,3}\b)")
_LATEST = "-latest"
_SNAPSHOT = re.compile(r"-(?:(20\d\d)-(\d\d)-(\d\d)|(20\d\d)(\d\d)(\d\d)|()(\d\d)(\d\d))$")
_COMPACT_DATE = re.compile(r"-(20\d\d)(\d\d)(\d\d)$")
_VERSION_WORDS = frozenset(
    ["latest", "preview", "exp", "experimental", "beta", "thinking", "instruct", "it", "native", "audio", "customtools"]
)
_VERSION_TOKEN = re.compile(r"v?\d+|\d+k")

SNAPSHOT_RULE = "dated snapshot assumed to cost what its alias costs"
LATEST_RULE = "-latest assumed to cost what the plain name costs"


class Spelling(NamedTuple):
    """One way to write a model's name; `rule` says what was changed, `estimated` that the price may differ."""

    name: str
    rule: str = ""
    estimated: bool = False


def _folded(provider: str) -> str:
    """The name in one spelling, without the interface that the Vercel AI SDK writes behind it ("openai.chat")."""
    return _INTERFACE.sub("", provider.strip().lower().replace("-", "_").replace(" ", "_"))


def provider_id(provider: str | None) -> str | None:
    """The catalogue's id for a provider as a gateway or a span names it, or None when it is not known.

    A path, as Envoy AI Gateway writes one ("default/openai/route/..."), is known by its first known segment.
    """
    if provider is None:
        return None
    for segment in provider.split("/"):
        known = PROVIDER_IDS.get(_folded(segment))
        if known is not None:
            return known
    return None


def provider_key(provider: str | None) -> str | None:
    """What two names of one provider have in common: the catalogue's id where it is known, else the plain name."""
    return None if provider is None else provider_id(provider) or provider.strip().lower()


def shares_bill(provider: str, other: str) -> bool:
    """Whether two names may be of one account: AI Studio's Gemini is on no bill of Vertex, "google" may be on either."""
    doors = {_ACCOUNTS.get(_folded(name)) for name in (provider, other)} - {None}
    return provider_key(provider) == provider_key(other) and len(doors) < 2


def is_self_hosted(provider: str | None) -> bool:
    """Whether this provider is a serving engine that somebody runs on hosts of their own (vLLM, Ollama, ...)."""
    return provider is not None and _folded(provider) in _SELF_HOSTED


def split_provider(provider: str | None, model: str) -> tuple[str | None, str]:
    """The provider, if one is said or the model's name begins with a known one, and the name without that prefix.

    Only the provider's own prefix goes: the inner slashes of "openrouter/meta-llama/..." are part of the name.
    """
    said = None if provider is None or _folded(provider) in _NO_PROVIDER else provider.strip()
    if said is None and (owner := written_only_by(model.strip().lower())) is not None:
        return owner, model.strip()
    head, slash, rest = model.strip().partition("/")
    if not slash or not rest:
        return said, model.strip()
    if said is None:
        billed_by = is_self_hosted(head) or (_folded(head) in PROVIDER_IDS and _folded(head) not in _NAMESPACES)
        return (head, rest) if billed_by else (None, model.strip())
    same = _folded(head) == _folded(said) or (_folded(head) in PROVIDER_IDS and provider_id(head) == provider_id(said))
    return said, rest if same else model.strip()


def written_only_by(name: str) -> str | None:
    """The provider of a name that only one provider writes so: ids of Bedrock, fine-tunes of OpenAI."""
    if name.startswith(_BEDROCK_ARN) or _BEDROCK_ID.fullmatch(name):
        return "bedrock"
    return "openai" if _OPENAI_FINE_TUNE.fullmatch(name) else None


def spellings(model: str) -> Iterator[Spelling]:
    """The spellings under which to look for a model (without its provider's prefix), most faithful first."""
    name, rule = _without_path(model.strip().lower())
    yield Spelling(name, rule)
    if "@" in name:
        base, _, version = name.partition("@")
        name = base if version in ("default", "latest") else f"{base}-{version}"
        rule = _joined(rule, "@ read as -")
        yield Spelling(name, rule)
    if _is_fine_tune(name):
        return
    estimated = name.endswith(_ROUTING_SUFFIXES)
    if estimated:
        name, _, suffix = name.rpartition(":")
        rule = _joined(rule, f":{suffix} assumed to cost what the plain model costs")
        yield Spelling(name, rule, estimated)
    if _SEPARATORS.search(name):
        name, rule = _SEPARATORS.sub("-", name), _joined(rule, "separators read as -")
        yield Spelling(name, rule, estimated)
    for swapped in (_DOTTED.sub(r"\1-\2", name), _DASHED.sub(r"\1.\2", name)):
        if swapped != name:
            yield Spelling(swapped, _joined(rule, f"read as {swapped}"), estimated=True)
    if dashed := _dashed_date(name):
        yield Spelling(dashed, _joined(rule, "date written with dashes"), estimated)
    if (alias := without_snapshot(name)) is not None:
        yield Spelling(alias, _joined(rule, SNAPSHOT_RULE), estimated=True)
    elif name.endswith(_LATEST):
        yield Spelling(name.removesuffix(_LATEST), _joined(rule, LATEST_RULE), estimated=True)


def model_stem(model: str) -> str:
    """What the names of one model have in common on a gateway's log and on its provider's bill.

    Without a path, a date, "latest" or OpenRouter's ":free", with dashes only and Claude's number at its end:
    "openai/gpt-4.1-2025-04-14" is "gpt-4-1", "us.anthropic.claude-3-5-sonnet-20241022-v2:0" is "claude-sonnet-3-5".
    """
    name = _SEPARATORS.sub("-", model.strip().lower().rpartition("/")[2]).replace("@", "-")
    for suffix in _VARIANT_SUFFIXES:
        name = name.removesuffix(suffix)
    if _BEDROCK_ID.fullmatch(name):
        name = _bedrock_model(name)
    name = name.replace(".", "-")
    name = _dashed_date(name) or name
    name = (without_snapshot(name) or name).removesuffix(_LATEST)
    return _CLAUDE_NUMBER_FIRST.sub(r"claude-\2-\1", name)


def _bedrock_model(name: str) -> str:
    """Bedrock's id without region, maker and revision; only at Anthropic is "-v2" a revision, and no other model."""
    maker = _BEDROCK_MAKER.match(name)
    if maker is None:
        return name
    plain = _BEDROCK_REVISION.sub("", name[maker.end() :], count=1)
    return _CLAUDE_REVISION.sub("", plain) if maker[1] == "anthropic" else plain


def without_snapshot(name: str) -> str | None:
    """The name without one trailing -YYYY-MM-DD, -YYYYMMDD or -MMDD that is a date, or None."""
    found = _SNAPSHOT.search(name)
    if found is None:
        return None
    year, month, day = (part for part in found.groups() if part is not None)
    return name[: found.start()] if _is_date(year or "2024", month, day) else None


def only_adds_version(name: str, literal: str) -> bool:
    """Whether `name` is `literal` plus what versions are written with: dates, numbers, "latest", "preview", ...

    Guards against patterns that merely begin alike: "claude-opus-4-10" is not a "claude-opus-4-1", and
    "gpt-5-nano-internal" is somebody's own model. Fine-tunes ("ft:...") end in free text by design.
    """
    before, found, after = name.partition(literal)
    if not found or (before and before[-1] not in "./:"):
        return False
    if _is_fine_tune(literal):
        return True
    if after[:1].isdigit() and literal[-1:].isdigit():
        run = _digits_at_end(literal) + _digits_at_end(after[::-1])
        if run < 3:
            return False
    tokens = [token for token in re.split(r"[-._:@/]", after) if token]
    return all(token in _VERSION_WORDS or _VERSION_TOKEN.fullmatch(token) for token in tokens)


def _is_fine_tune(name: str) -> bool:
    return name.startswith("ft:") or ".ft-" in name


def _digits_at_end(text: str) -> int:
    return len(text) - len(text.rstrip("0123456789"))


def _without_path(name: str) -> tuple[str, str]:
    if name.startswith(_PATH_STARTS):
        return name.rpartition("/")[2], "path removed"
    rule = ""
    while route := _ROUTE_SEGMENT.match(name):
        name, rule = name[route.end() :], "routing segment removed"
    return name, rule


def _dashed_date(name: str) -> str | None:
    found = _COMPACT_DATE.search(name)
    return f"{name[: found.start()]}-{'-'.join(found.groups())}" if found and _is_date(*found.groups()) else None


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        return False
    return True


def _joined(rule: str, step: str) -> str:
    return f"{rule}, {step}" if rule else step

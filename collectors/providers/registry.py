"""Every provider by name, each loaded when it is asked for; and those that are known to tell nothing."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collectors.providers.provider import Provider

NAMES = (
    "openai", "anthropic", "openrouter", "deepseek", "moonshot", "together", "fireworks", "deepinfra", "vercel", "xai", "groq",
    "azure", "vertex", "bedrock", "claude_code", "litellm_activity", "langfuse_metrics", "portkey",
)  # fmt: skip
"""Types of sources; each is the file of the same name here, with a `PROVIDER` in it."""

WITHOUT_FIGURES = {
    "cohere": "Cohere has no usage or cost endpoint: only a gateway's log can tell what it costs.",
    "mistral": "Mistral's admin API (enterprise) tells what a month has cost so far by category, and does not document in which unit"
    " its amounts are: only a gateway's log can tell what it costs.",
    "gemini": "An AI Studio key has no usage or cost endpoint: only a gateway's log can tell what Gemini costs.",
}
"""Providers that cannot be asked, with the sentence that says so."""

_KEYS_WITHOUT_FIGURES = {
    "COHERE_API_KEY": "cohere",
    "CO_API_KEY": "cohere",
    "GEMINI_API_KEY": "gemini",
    "MISTRAL_API_KEY": "mistral",
}


def key_variables() -> dict[str, str]:
    """Where keys commonly stand, and of which provider each is: the first, where one key opens several."""
    known: dict[str, str] = {}
    for name in NAMES:
        for variable in provider(name).key_variables:
            known.setdefault(variable, name)
    return {**known, **_KEYS_WITHOUT_FIGURES}


def found_keys(variables: Iterable[str]) -> dict[str, str]:
    """Those of the variables that hold a provider's key, and of which provider."""
    known = key_variables()
    return {variable: known[variable] for variable in variables if variable in known}


def provider(name: str) -> Provider:
    """A provider by the type of its source; KeyError for one that is not known."""
    if name not in NAMES:
        raise KeyError(name)
    found: Provider = import_module(f"collectors.providers.{name}").PROVIDER
    return found

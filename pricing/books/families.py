"""Families of models that one maker sells in several sizes: which ones are smaller."""

from fnmatch import fnmatchcase
from typing import NamedTuple


class Rung(NamedTuple):
    """Names of one size (a pattern), and the model of that size to move to."""

    pattern: str
    model: str


_FAMILIES = (
    (
        Rung("claude*opus*", "claude-opus-4-6"),
        Rung("claude*sonnet*", "claude-sonnet-4-6"),
        Rung("claude*haiku*", "claude-haiku-4-5"),
    ),
    (Rung("gpt-5*", "gpt-5"), Rung("gpt-5*mini*", "gpt-5-mini"), Rung("gpt-5*nano*", "gpt-5-nano")),
    (Rung("gpt-4.1*", "gpt-4.1"), Rung("gpt-4.1-mini*", "gpt-4.1-mini"), Rung("gpt-4.1-nano*", "gpt-4.1-nano")),
    (Rung("gpt-4o*", "gpt-4o"), Rung("gpt-4o-mini*", "gpt-4o-mini")),
    (Rung("o3*", "o3"), Rung("o[34]-mini*", "o4-mini")),
    (
        Rung("gemini-2.5-pro*", "gemini-2.5-pro"),
        Rung("gemini-2.5-flash*", "gemini-2.5-flash"),
        Rung("gemini-2.5-flash-lite*", "gemini-2.5-flash-lite"),
    ),
    (
        Rung("mistral-large*", "mistral-large-latest"),
        Rung("mistral-medium*", "mistral-medium-latest"),
        Rung("mistral-small*", "mistral-small-latest"),
    ),
)
"""From large to small; a name belongs to the smallest size whose pattern it fits."""

_OTHER_USES = ("audio", "realtime", "image", "tts", "transcribe", "search", "live", "codex", "embed", "moderation")


def smaller_relatives(model: str) -> tuple[str, ...]:
    """Smaller models of the same family, the next smaller first, with whatever prefix the name has.

    None for models whose use is not text: a smaller chat model does not do what they do.
    """
    prefix, slash, name = model.rpartition("/")
    name = name.lower()
    if any(use in name for use in _OTHER_USES):
        return ()
    for family in _FAMILIES:
        sizes = [size for size, rung in enumerate(family) if fnmatchcase(name, rung.pattern)]
        if sizes:
            return tuple(f"{prefix}{slash}{rung.model}" for rung in family[max(sizes) + 1 :])
    return ()

"""Which spans of a trace are calls of a model, each counted once: agents, tools and wrappers repeat what others used."""

from collections.abc import Sequence
from typing import TypeAlias

from collectors.formats.spans import names
from collectors.formats.spans.span import Span, count, text

_OPERATIONS = frozenset({"chat", "generate_content", "text_completion", "embeddings"})
_KINDS = frozenset({"LLM", "EMBEDDING"})
_REQUEST_TYPES = frozenset({"chat", "completion", "embedding", "embeddings"})
_VERCEL = "ai."
_VERCEL_INNER = ".do"
_DEEPEST = 1_000

_Key: TypeAlias = tuple[str, str]


def calls(spans: Sequence[Span]) -> list[Span]:
    """The spans of one export that stand for one call of a model each, in their order.

    A span that names its operation is believed. One that does not counts when it has usage and nothing below it has.
    Where one call was seen twice, by a client and by what it called, the inner one counts.
    """
    using = [span for span in spans if _is_call(span) is not False and (_is_call(span) or _has_usage(span))]
    below = _below(spans, using)
    return [span for span in using if not _is_repeated(span, below.get((span.trace_id, span.span_id)))]


def _is_call(span: Span) -> bool | None:
    """Whether the span says that it is one call of a model; None where it does not say."""
    if span.name.startswith(_VERCEL):
        return _VERCEL_INNER in span.name.split(" ", 1)[0]
    if operation := text(span.attributes, names.OPERATION):
        return operation in _OPERATIONS
    if kind := text(span.attributes, names.KIND):
        return kind.upper() in _KINDS
    if request := text(span.attributes, names.REQUEST_TYPE):
        return request in _REQUEST_TYPES or None
    return None


def _has_usage(span: Span) -> bool:
    return count(span.attributes, names.USAGE) is not None


def _below(spans: Sequence[Span], using: Sequence[Span]) -> dict[_Key, set[str | None]]:
    """For each span above one that counts: the response ids below it, None for one that says none."""
    parents = {(span.trace_id, span.span_id): span.parent_id for span in spans if span.parent_id}
    below: dict[_Key, set[str | None]] = {}
    for span in using:
        answer = text(span.attributes, names.RESPONSE_ID)
        parent = span.parent_id
        for _ in range(_DEEPEST):
            known = below.setdefault((span.trace_id, parent), set())
            if not parent or answer in known:
                break
            known.add(answer)
            parent = parents.get((span.trace_id, parent), "")
    return below


def _is_repeated(span: Span, below: set[str | None] | None) -> bool:
    """Whether what the span used stands in one below it, too."""
    if not below:
        return False
    answer = text(span.attributes, names.RESPONSE_ID)
    return _is_call(span) is None or (answer is not None and answer in below)

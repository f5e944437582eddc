"""The answer of any provider, as a gateway keeps it beside counts of its own."""

from collections.abc import Sequence

import msgspec

from collectors.formats.bodies import anthropic, chat, cohere, cohere_stream, converse, gemini, responses
from collectors.formats.format import LineFormat, NotUsageError
from store.facts import UsageEvent

WHOLE: tuple[LineFormat, ...] = (
    gemini.FORMAT, responses.FORMAT, chat.FORMAT, anthropic.FORMAT, cohere.FORMAT, converse.FORMAT,
)  # fmt: skip
"""Formats of whole answers, the most telling keys first."""

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode


def body_events(raw: bytes) -> Sequence[UsageEvent]:
    """The calls that an answer ends, which is JSON or a text with JSON; none where it is no answer."""
    try:
        body = _text(raw).encode() if raw[:1] == b'"' else raw
        keys = frozenset(_keys(body))
        return next((known.parse(body) for known in (*WHOLE, cohere_stream.FORMAT) if known.recognises(keys)), ())
    except (ValueError, ArithmeticError, RecursionError, NotUsageError):
        return ()

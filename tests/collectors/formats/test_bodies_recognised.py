"""Every body is recognised as what it is among all formats, also in a log that mixes them."""

import json
from typing import Any

import pytest

from collectors.formats.lines import LineReader
from pricing.usage import Usage
from tests.fakes.bodies import BODIES, EMBEDDINGS, RERANK

ANTHROPIC_CALL = Usage(input_tokens=200, cache_read_tokens=4000, cache_write_5m_tokens=1000, output_tokens=410)


@pytest.mark.parametrize(
    ("name", "record"), [*BODIES.items(), ("openai.chat", EMBEDDINGS), ("cohere.v2", RERANK)]
)  # fmt: skip
def test_a_record_is_recognised_among_all_formats(name: str, record: dict[str, Any]) -> None:
    parsed = LineReader().read([json.dumps(record).encode()])
    assert (parsed.format_name, len(parsed.events), parsed.rejects) == (name, 1, ())


@pytest.mark.parametrize("first", BODIES)
def test_a_log_that_mixes_bodies_loses_none(first: str) -> None:
    mixed = [json.dumps(record).encode() for record in (BODIES[first], *BODIES.values(), *reversed(BODIES.values()))]
    apart = [event for line in mixed for event in LineReader().read([line]).events]

    assert LineReader().read(mixed).events == apart
    assert len(apart) == len(mixed)


def test_one_call_is_the_same_whoever_reports_it() -> None:
    (anthropic,) = LineReader().read([json.dumps(BODIES["anthropic.messages"]).encode()]).events
    (bedrock,) = LineReader().read([json.dumps(BODIES["bedrock.converse"]).encode()]).events

    assert anthropic.usage == bedrock.usage == ANTHROPIC_CALL

"""Keys and credentials that stand in a log's line are in no event that is made of it, wherever they stand."""

import json
from typing import Any

import msgspec
import pytest

from collectors.formats.lines import LineReader
from tests.collectors.formats.test_recognition_matrix import LINES

SECRET = "sk-planted-0f1e2d3c4b5a69788796a5b4"
FIELDS = (
    "api_key", "apikey", "authorization", "Authorization", "user_api_key", "user_api_key_hash", "hashed_api_key", "token",
    "key", "virtual_key", "virtualKey", "virtual_key_id", "selected_key_id", "helicone_api_key", "auth_hash", "api_base",
    "headers", "proxy_server_request", "hidden_params", "messages", "request_url", "callerIpAddress",
)  # fmt: skip
"""Where gateways put them, and prompts."""
_NAMED = ("user_api_key_alias", "virtual_key_name")
"""Names of keys, without which nothing else may stand in for them."""
_FREE = ("request_properties", "requestMetadata", "tags", "usageDetails", "costDetails", "attributes")
"""What callers fill as they like becomes tags or counts by design."""


def planted(value: Any, free: tuple[str, ...]) -> Any:
    """The same record with a secret in each of these fields of every object, and without names of keys."""
    if isinstance(value, list):
        return [planted(item, free) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {name: item if name in free else planted(item, free) for name, item in value.items() if name not in _NAMED}
    return dict.fromkeys(FIELDS, SECRET) | kept


@pytest.mark.parametrize("name", LINES)
def test_no_secret_of_a_line_is_in_its_events(name: str) -> None:
    record = planted(LINES[name][1], _FREE if name.startswith("litellm") else (*_FREE, "metadata"))
    parsed = LineReader().read([json.dumps(record).encode()])
    assert SECRET in json.dumps(record)
    assert SECRET.encode() not in msgspec.json.encode((parsed.events, parsed.rejects, parsed.memory))
    # Events of a stream are told by all of their keys; what is rejected shows nothing of it either.
    assert [reject.count for reject in parsed.rejects] == ([1] if name in ("anthropic.stream", "cohere.stream") else [])

"""Lines as LiteLLM writes them, of an invented request."""

import json
from typing import Any


def payload(record_id: str, **changes: Any) -> bytes:
    """One line, with whatever differs from an ordinary request of 1,000 + 100 tokens to gpt-4o."""
    plain = {
        "id": record_id, "litellm_call_id": f"call of {record_id}", "status": "success", "call_type": "acompletion",
        "custom_llm_provider": "openai", "model": "gpt-4o", "model_group": "gpt-4o", "stream": None, "cache_hit": None,
        "startTime": 1764000000.0, "endTime": 1764000001.0, "completionStartTime": 1764000001.0,
        "prompt_tokens": 1000, "completion_tokens": 100, "response_cost": 0.0035,
        "metadata": {"user_api_key_alias": "search", "user_api_key_team_alias": "acme"},
    }  # fmt: skip
    return json.dumps({**plain, **changes}).encode()

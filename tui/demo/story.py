"""What happens in the demo: a launch, a deploy that breaks a cache, a campaign's spike, and a tenant that runs away.

Times are seconds after the demo's start; all of it has begun by then, so that each screen has something to say at once.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

LAUNCH_S = -720.0
CACHE_BROKE_S = -420.0
SPIKE_S = (-300.0, -210.0)
RUNAWAY_S = (-150.0, 900.0)

MARKS = ((LAUNCH_S, "launch"), (CACHE_BROKE_S, "deploy support 41"), (SPIKE_S[0], "growth campaign"))
"""What people wrote down meanwhile; nobody wrote down the runaway tenant."""

_SONNET, _HAIKU = "anthropic/claude-sonnet-4-5-20250929", "anthropic/claude-haiku-4-5-20251001"
_CACHED_TEAM, _CACHED_MODEL = "support", _HAIKU
_CAMPAIGN_KEY, _CAMPAIGN_COPIES = "growth-copy", 5
_LOOPING_KEY, _LOOP_COPIES = "claude-code-ana", 2
_RUNAWAY_TEAM, _RUNAWAY_KEY = "agents-lab", "loop-dev"
_RUNAWAY_PROMPT_TOKENS, _GROWTH_TOKENS_PER_S, _LARGEST_PROMPT_TOKENS = 20_000, 60, 120_000
_INPUT_USD, _OUTPUT_USD = 3e-6, 15e-6
"""What claude-sonnet-4-5 costs per token, as the gateway reports it."""

_DEARER_USD = 1e-6 - 0.1e-6
"""How much more a token of claude-haiku-4-5 costs that is not read from the cache."""


class Told(NamedTuple):
    """A record as it happens in the story; `copy` tells those of one record apart."""

    record: dict[str, Any]
    copy: int


def told(record: dict[str, Any], due_s: float) -> Iterator[Told]:
    """What becomes of a recorded request at this time."""
    yield Told(_uncached(record) if due_s >= CACHE_BROKE_S and _loses_its_cache(record) else record, 0)
    key = record["metadata"].get("user_api_key_alias")
    if key == _CAMPAIGN_KEY and SPIKE_S[0] <= due_s < SPIKE_S[1]:
        yield from (Told(record, copy) for copy in range(1, _CAMPAIGN_COPIES + 1))
    if key == _LOOPING_KEY and record["model"] == _SONNET and RUNAWAY_S[0] <= due_s < RUNAWAY_S[1]:
        yield from (Told(_looping(record, due_s - RUNAWAY_S[0]), copy) for copy in range(1, _LOOP_COPIES + 1))


def _loses_its_cache(record: dict[str, Any]) -> bool:
    return (record["metadata"].get("user_api_key_team_alias"), record["model"]) == (_CACHED_TEAM, _CACHED_MODEL)


def _uncached(record: dict[str, Any]) -> dict[str, Any]:
    """The same prompt with nothing read from the cache, at the price of that."""
    usage = record["metadata"].get("usage_object") or {}
    cached = usage.get("cache_read_input_tokens") or 0
    if not cached or record.get("response_cost") is None:
        return record
    details = {**(usage.get("prompt_tokens_details") or {}), "cached_tokens": 0}
    metadata = {
        **record["metadata"],
        "usage_object": {**usage, "cache_read_input_tokens": 0, "prompt_tokens_details": details},
    }
    dearer = record["response_cost"] + cached * _DEARER_USD
    return {**record, "metadata": metadata, "response_cost": dearer}


def _looping(record: dict[str, Any], seconds: float) -> dict[str, Any]:
    """An agent that sends its whole, growing history again and again, and reads none of it from a cache."""
    prompt = min(_LARGEST_PROMPT_TOKENS, int(_RUNAWAY_PROMPT_TOKENS + _GROWTH_TOKENS_PER_S * seconds))
    output = record["completion_tokens"] or 0
    return {
        **record,
        "prompt_tokens": prompt,
        "total_tokens": prompt + output,
        "status": "success",
        "cache_hit": None,
        "response_cost": prompt * _INPUT_USD + output * _OUTPUT_USD,
        "metadata": {"user_api_key_alias": _RUNAWAY_KEY, "user_api_key_team_alias": _RUNAWAY_TEAM},
    }

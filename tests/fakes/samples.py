"""Ten minutes of a real gateway's log, and its sums as they were computed without us."""

import gzip
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

_DATA = Path(__file__).parents[1] / "data"


class FromCache(NamedTuple):
    """What the gateway's own cache answered."""

    requests: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    saved_usd: str | None = None


NOT_FROM_CACHE = FromCache()


def lines() -> list[bytes]:
    """600 lines without prompts, answers and the price map, each without its newline."""
    return gzip.decompress((_DATA / "litellm_600.jsonl.gz").read_bytes()).splitlines()


def whole_lines() -> list[bytes]:
    """Every thirtieth line as it was written, about 13 KB each."""
    return gzip.decompress((_DATA / "litellm_whole_20.jsonl.gz").read_bytes()).splitlines()


def totals() -> dict[str, Any]:
    """Sums of the 600 lines: `all`, `by_model`, `by_key_alias`."""
    found: dict[str, Any] = json.loads((_DATA / "litellm_totals.json").read_text())
    return found


def expected_measures(group: dict[str, Any], from_cache: FromCache = NOT_FROM_CACHE) -> dict[str, Any]:
    """What a report says of a group of the sums; `from_cache` is what its cache served.

    The sums hold what the gateway's cache served among the tokens, a report holds it apart.
    """
    hits, cached_prompt, cached_output, saved_usd = from_cache
    read, written = group["cached_tokens"], group["cache_creation_tokens"]
    return {
        "requests": group["lines"],
        "errors": group["failure"],
        "tokens": {
            "input": group["prompt_tokens"] - cached_prompt - read - written,
            "cache_read": read,
            "cache_write": written,
            "output": group["completion_tokens"] - cached_output,
            "reasoning": group["reasoning_tokens"],
        },
        "served_from_cache": {
            "requests": hits,
            "tokens": cached_prompt + cached_output,
            "saved_usd": saved_usd,
            "lower_bound": False,
        },
    }


def served_from_cache(wanted: str = "", of: str = "model") -> FromCache:
    """The cache hits, straight from the lines."""
    hits = [line for raw in lines() if (line := json.loads(raw, parse_float=Decimal))["cache_hit"]]
    mine = [line for line in hits if not wanted or _member(line, of) == wanted]
    prompt, output, saved = (
        sum((line[name] for line in mine), Decimal(0))
        for name in ("prompt_tokens", "completion_tokens", "saved_cache_cost")
    )
    return FromCache(len(mine), int(prompt), int(output), f"{saved.normalize():f}" if mine else None)


def reported_usd(wanted: str = "", of: str = "model") -> Decimal:
    """What the gateway said it all cost, each line rounded to the nano-dollar."""
    nano = Decimal("1e-9")
    costs = [json.loads(raw, parse_float=Decimal) for raw in lines()]
    mine = [line for line in costs if not wanted or _member(line, of) == wanted]
    return sum((Decimal(line["response_cost"]).quantize(nano) for line in mine), Decimal(0))


def _member(line: dict[str, Any], of: str) -> str:
    return str(line["model"] if of == "model" else line["metadata"]["user_api_key_alias"])

"""Small price catalogues in the form in which the genai-prices project publishes its own."""

import json
from typing import Any


def provider(models: dict[str, Any], name: str = "openai") -> dict[str, Any]:
    """A provider that sells these models: name to prices."""
    return {
        "id": name,
        "name": name.title(),
        "api_pattern": rf"https://api\.{name}\.com",
        "model_match": {"starts_with": "gpt-"},
        "models": [
            {"id": model, "name": model, "match": {"equals": model}, "prices": prices}
            for model, prices in models.items()
        ],
    }


def catalogue_json(models: dict[str, Any], name: str = "openai") -> bytes:
    """The file of one provider."""
    return json.dumps([provider(models, name)]).encode()


def dated(input_usd: float, since: str) -> list[dict[str, Any]]:
    """A price that took the place of one of twice as much on a day."""
    return [
        {"prices": {"input_mtok": 2 * input_usd, "output_mtok": 10}},
        {"constraint": {"start_date": since}, "prices": {"input_mtok": input_usd, "output_mtok": 10}},
    ]

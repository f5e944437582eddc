"""Bills that providers might write for a gateway's traffic, made from what the gateway itself reported."""

import json
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tests.fakes.provider_server import Asked, Told

DAY = 86_400


def reported(lines: Iterable[bytes], provider: str) -> Counter[tuple[int, str]]:
    """Nano-dollars that a LiteLLM log reports, by (day in epoch seconds, model)."""
    found = Counter[tuple[int, str]]()
    for line in lines:
        payload = json.loads(line, parse_float=Decimal)
        if payload["custom_llm_provider"] == provider and payload["response_cost"]:
            day = int(payload["endTime"]) // DAY * DAY
            found[day, payload["model"].rpartition("/")[2]] += round(Decimal(payload["response_cost"]) * 10**9)
    return found


def openai_bill(nano_usd: dict[tuple[int, str], Decimal]) -> Told:
    """OpenAI's cost endpoint with these amounts, each model's as one line item; no usage is given."""

    def answer(asked: Asked, _page_size: int) -> Any:
        if asked.path.endswith("/spend_limit"):
            return None
        begins, end = int(asked.value("start_time")), int(asked.value("end_time"))
        named = asked.path.endswith("/costs")
        data = [
            {"object": "bucket", "start_time": day, "end_time": day + DAY, "results": [
                {"object": "organization.costs.result", "line_item": f"{model}, input", "project_id": "proj_1",
                 "amount": {"value": float(amount / 10**9), "currency": "usd"}}
            ]}
            for (day, model), amount in nano_usd.items() if named and begins <= day < end
        ]  # fmt: skip
        return {"object": "page", "data": data, "has_more": False, "next_page": None}

    return Told(answer, needed="amount")

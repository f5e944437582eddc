"""Azure Monitor's metrics of an Azure OpenAI resource, in the shape of its REST reference."""

from datetime import UTC, datetime
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told

_MINUTE = NOW_MS // 60_000 * 60
_TRAFFIC: list[tuple[Any, ...]] = [
    (_MINUTE - 3 * 86_400, "gpt-4o-prod", "gpt-4o", 1_000, 200, 3),
    (_MINUTE - 1_800, "gpt-4o-prod", "gpt-4o", 5_000, 700, 4),
    (_MINUTE - 1_800, "mini", "gpt-4o-mini", 90, 10, 1),
]
_METRICS = {"ProcessedPromptTokens": 3, "GeneratedTokens": 4, "AzureOpenAIRequests": 5}


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path != "/acct/providers/Microsoft.Insights/metrics":
        return None
    first, end = (datetime.fromisoformat(one).timestamp() for one in asked.value("timespan").split("/"))
    width = {"PT1M": 60, "PT1H": 3_600}[asked.value("interval")]
    return {
        "cost": 0, "timespan": asked.value("timespan"), "interval": asked.value("interval"),
        "value": [
            {
                "name": {"value": metric, "localizedValue": metric},
                "timeseries": [_series(row, row[place], width) for row in _TRAFFIC if first <= row[0] // width * width < end],
            }
            for metric, place in _METRICS.items()
        ],
    }  # fmt: skip


def _series(row: tuple[Any, ...], amount: int, width: int) -> dict[str, Any]:
    begins = row[0] // width * width
    return {
        "metadatavalues": [
            {"name": {"value": "modeldeploymentname"}, "value": row[1]},
            {"name": {"value": "modelname"}, "value": row[2]},
        ],
        "data": [{"timeStamp": _text(begins), "total": float(amount)}, {"timeStamp": _text(begins + width)}],
    }


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SCRIPT = Told(
    _answer,
    needed="timeStamp",
    usage={
        "gpt-4o": Usage(input_tokens=6_000, output_tokens=900),
        "gpt-4o-mini": Usage(input_tokens=90, output_tokens=10),
    },
)

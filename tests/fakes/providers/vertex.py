"""Cloud Monitoring's time series of Vertex AI, in the shape of its REST reference: counts as text, the newest point first."""

from datetime import UTC, datetime
from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told, rows_of_page

_MINUTE = NOW_MS // 60_000 * 60
_TOKENS = [
    ("gemini-2.5-pro", "input", {_MINUTE - 2 * 86_400: 900, _MINUTE - 1_200: 4_000, _MINUTE - 1_260: 0}),
    ("gemini-2.5-pro", "output", {_MINUTE - 1_200: 350}),
    ("gemini-2.5-flash", "input", {_MINUTE - 1_200: 70}),
]
_CALLS = [("gemini-2.5-pro", None, {_MINUTE - 1_200: 6})]


def _answer(asked: Asked, page_size: int) -> Any:
    if asked.path != "/v3/projects/acct/timeSeries":
        return None
    first, end = (datetime.fromisoformat(asked.value(f"interval.{name}Time")).timestamp() for name in ("start", "end"))
    width = int(asked.value("aggregation.alignmentPeriod").rstrip("s"))
    rows = _CALLS if "model_invocation_count" in asked.value("filter") else _TOKENS
    series = [one for row in rows if (one := _series(row, first, end, width))["points"]]
    shown, following = rows_of_page(series, asked, page_size, "pageToken")
    return {"timeSeries": shown, "nextPageToken": following or ""}


def _series(row: tuple[Any, ...], first: float, end: float, width: int) -> dict[str, Any]:
    model, kind, counts = row
    points = [(at // width * width, count) for at, count in counts.items() if first <= at // width * width < end]
    return {
        "metric": {"type": "aiplatform.googleapis.com/...", "labels": {"type": kind} if kind else {}},
        "resource": {"type": "aiplatform.googleapis.com/PublisherModel", "labels": {
            "model_user_id": model, "publisher": "google", "location": "us-central1", "model_version_id": "",
        }},
        "metricKind": "DELTA", "valueType": "INT64",
        "points": [
            {"interval": {"startTime": _text(at), "endTime": _text(at + width)}, "value": {"int64Value": str(count)}}
            for at, count in sorted(points, reverse=True)
        ],
    }  # fmt: skip


def _text(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


SCRIPT = Told(
    _answer,
    needed="int64Value",
    usage={
        "gemini-2.5-pro": Usage(input_tokens=4_900, output_tokens=350),
        "gemini-2.5-flash": Usage(input_tokens=70),
    },
)

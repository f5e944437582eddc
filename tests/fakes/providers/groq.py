"""Groq's metrics, as Prometheus' query interface answers: rates per second over the five minutes before each instant."""

from typing import Any

from pricing.usage import Usage
from tests.fakes.provider_server import NOW_MS, Asked, Told

_STEP = 300
_NEWEST = NOW_MS // 1_000 // _STEP * _STEP
_RATES = {
    "model_project_id:tokens_in:rate5m": {_NEWEST - 3_600: "10", _NEWEST - 3_300: "0.5", _NEWEST - 3_000: "0"},
    "model_project_id:tokens_out:rate5m": {_NEWEST - 3_600: "2.5"},
    "model_project_id_status_code:requests:rate5m": {_NEWEST - 3_600: "0.02"},
}


def _answer(asked: Asked, _page_size: int) -> Any:
    if asked.path != "/v1/metrics/prometheus/api/v1/query_range" or asked.value("step") != str(_STEP):
        return None
    start, end = int(asked.value("start")), int(asked.value("end"))
    values = [[at, rate] for at, rate in sorted(_RATES[asked.value("query")].items()) if start <= at <= end]
    metric = {"model": "llama-3.3-70b-versatile", "project_id": "project_1", "status_code": "200"}
    result = [{"metric": metric, "values": values}] if values else []
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


SCRIPT = Told(
    _answer,
    needed="values",
    usage={"llama-3.3-70b-versatile": Usage(input_tokens=3_150, output_tokens=750)},
)

"""LangSmith's runs over HTTP.

Source of the endpoints: `resources/runs/runs.py` and `types/run_query_v2_params.py` of langchain-ai/langsmith-sdk. `POST
/api/v2/runs/query` gives only the ids of runs unless fields are selected; older servers have `POST /api/v1/runs/query`.
Both page by a cursor, and want the ids of projects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from collectors.errors import CollectorError
from collectors.formats.langsmith import NAME
from collectors.gateways.polled import Page, Window, utc_text
from collectors.web.fetch import address
from collectors.web.polite import NoSuchPageError, PoliteClient

if TYPE_CHECKING:
    import httpx

URL = "https://api.smith.langchain.com"

_NEW, _OLD = "/api/v2/runs/query", "/api/v1/runs/query"
_BOTH = (
    "id", "trace_id", "run_type", "start_time", "end_time", "first_token_time", "status", "error", "prompt_tokens",
    "completion_tokens", "total_tokens", "prompt_token_details", "completion_token_details", "total_cost", "tags",
)  # fmt: skip
_SELECTS = [name.upper() for name in (*_BOTH, "thread_id", "metadata")]
_SELECT = [*_BOTH, "extra"]
_KEY = "a LangSmith API key of the workspace"


class _New(msgspec.Struct):
    items: list[msgspec.Raw]
    next_cursor: str | None = None


class _Cursors(msgspec.Struct):
    next: str | None = None


class _Old(msgspec.Struct):
    runs: list[msgspec.Raw]
    cursors: _Cursors = msgspec.field(default_factory=_Cursors)


_decode_new = msgspec.json.Decoder(_New).decode
_decode_old = msgspec.json.Decoder(_Old).decode


class Langsmith:
    """Asks for the runs of models in some projects."""

    kind: ClassVar[str] = "langsmith"
    format_name: ClassVar[str] = NAME
    overlap_ms: ClassVar[int] = 15 * 60_000
    lag_ms: ClassVar[int] = 60_000
    poll_seconds: ClassVar[float] = 30.0

    def __init__(self, url: str, client: httpx.AsyncClient, key: str, projects: Sequence[str]) -> None:
        self._url = url.rstrip("/")
        self._client = PoliteClient(client, {"x-api-key": key}, _KEY)
        self._projects = list(projects)
        self._is_old = False

    async def page(self, window: Window, place: str | None, now_ms: int) -> Page:
        """The next runs of a window."""
        try:
            if not self._is_old:
                try:
                    return await self._new(window, place, now_ms)
                except NoSuchPageError:
                    self._is_old, place = True, None
            return await self._old(window, place, now_ms)
        except NoSuchPageError:
            self._is_old = False
            raise CollectorError(f"{address(self._url)} is no LangSmith (404): give its API address as `url`") from None
        except msgspec.MsgspecError:
            raise CollectorError(f"{address(self._url)} does not answer with runs: is it LangSmith's API?") from None

    async def _new(self, window: Window, place: str | None, now_ms: int) -> Page:
        asked = {
            "project_ids": self._projects,
            "run_type": "LLM",
            "min_start_time": utc_text(window.since_ms),
            "max_start_time": utc_text(window.until_ms),
            "page_size": 1_000,
            "cursor": place,
            "selects": _SELECTS,
        }
        answer = _decode_new(await self._send(_NEW, asked, now_ms))
        return Page([bytes(run) for run in answer.items], answer.next_cursor)

    async def _old(self, window: Window, place: str | None, now_ms: int) -> Page:
        asked = {
            "session": self._projects,
            "run_type": "llm",
            "start_time": utc_text(window.since_ms),
            "limit": 100,
            "cursor": place,
            "select": _SELECT,
        }
        answer = _decode_old(await self._send(_OLD, asked, now_ms))
        detail = f"this LangSmith is older: read from {_OLD}"
        return Page([bytes(run) for run in answer.runs], answer.cursors.next, detail)

    async def _send(self, path: str, asked: dict[str, Any], now_ms: int) -> bytes:
        body = msgspec.json.encode(asked)
        headers = {"Content-Type": "application/json"}
        return await self._client.send("POST", self._url + path, {}, now_ms=now_ms, headers=headers, body=body)

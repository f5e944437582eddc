"""Langfuse, Helicone and LangSmith over real HTTP: to the last page, once each, with manners."""

import json
import random
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from collectors.errors import CollectorError
from collectors.gateways.helicone import Helicone
from collectors.gateways.keepers import polled_source
from collectors.gateways.langfuse import Langfuse
from collectors.gateways.langsmith import Langsmith
from collectors.gateways.polled import DEEP_EVERY_MS, Keeper, PolledSource
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.sourceconfig import SourceConfig
from collectors.source import Poll, Source
from tests.fakes.gateway_lines import RECORDS
from tests.fakes.webserver import Asked, Told, serving

NOW_MS = 1_795_335_400_000
"""2026-11-22T08:16:40Z, a minute after the records."""

SECRET = "sk-very-secret"


def records(name: str, number: int, field: str = "id", **changes: Any) -> list[dict[str, Any]]:
    return [{**RECORDS[name], field: f"{field}-{at}", **changes} for at in range(number)]


def instant(text: str) -> float:
    return datetime.fromisoformat(text if text.endswith("Z") or "+" in text else f"{text}+00:00").timestamp() * 1_000


class Server:
    """One keeper's server: what it keeps, what it was asked, and what it says before it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.rows: list[dict[str, Any]] = []
        self.most = 1_000
        """Rows of a page, however many are asked for."""
        self.chance = random.Random(7)
        self.missing: set[str] = set()
        self.before: list[Told] = []
        self.asked: list[Asked] = []
        self.answers: Callable[[Asked], Told] = lambda _: Told(404)

    def answer(self, asked: Asked) -> Told:
        self.asked.append(asked)
        if self.before:
            return self.before.pop(0)
        return Told(404) if asked.path in self.missing else self.answers(asked)

    def langfuse(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Basic {b64encode(f'pk-lf-1:{SECRET}'.encode()).decode()}":
            return Told(401)
        since, until = instant(asked.query["fromStartTime"]), instant(asked.query["toStartTime"])
        found = [r for r in self.rows if r["type"] == asked.query["type"] and since <= instant(r["startTime"]) <= until]
        size = min(self.most, int(asked.query["limit"]))
        if asked.path.endswith("/v2/observations"):
            begin = int(asked.query.get("cursor", "0"))
            following = str(begin + size) if begin + size < len(found) else None
            return told({"data": found[begin : begin + size], "meta": {"cursor": following}})
        size, page = min(size, 100), int(asked.query["page"])
        meta = {"page": page, "limit": size, "totalItems": len(found), "totalPages": -(-len(found) // size)}
        return told({"data": found[(page - 1) * size : page * size], "meta": meta})

    def helicone(self, asked: Asked) -> Told:
        if asked.headers.get("authorization") != f"Bearer {SECRET}":
            return Told(401)
        wanted = json.loads(asked.body)
        between = wanted["filter"]
        since = instant(between["left"]["request_response_rmt"]["request_created_at"]["gte"])
        until = instant(between["right"]["request_response_rmt"]["request_created_at"]["lte"])
        found = [row for row in self.rows if since <= instant(row["request_created_at"]) <= until]
        self.chance.shuffle(found)  # rows of one instant have no order of their own
        found.sort(key=lambda row: instant(row["request_created_at"]))
        begin = wanted["offset"]
        return told({"data": found[begin : begin + wanted["limit"]], "error": None})

    def langsmith(self, asked: Asked) -> Told:
        if asked.headers.get("x-api-key") != SECRET:
            return Told(403)
        wanted = json.loads(asked.body)
        is_new = "/v2/" in asked.path
        fields = [name.lower() for name in wanted.get("selects" if is_new else "select") or ["id"]]
        since = instant(wanted["min_start_time" if is_new else "start_time"])
        found = [
            {name: row[name] for name in fields if name in row}
            for row in self.rows
            if instant(row["start_time"]) >= since
        ]
        size = min(self.most, wanted["page_size" if is_new else "limit"])
        begin = int(wanted["cursor"] or 0)
        following = str(begin + size) if begin + size < len(found) else None
        page = found[begin : begin + size]
        return told(
            {"items": page, "next_cursor": following} if is_new else {"runs": page, "cursors": {"next": following}}
        )


def told(body: dict[str, Any]) -> Told:
    return Told(body=json.dumps(body).encode())


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with serving(made.answer) as made.url:
        yield made


async def polled(source: Source, now_ms: int = NOW_MS) -> list[Poll]:
    """Polls until there is no more."""
    polls = [await source.poll(now_ms)]
    while polls[-1].more:
        polls.append(await source.poll(now_ms))
    return polls


def ids(polls: list[Poll]) -> list[str]:
    return [event.id for poll in polls for event in poll.events]


def langfuse(server: Server, client: httpx.AsyncClient, key: str = SECRET) -> Langfuse:
    server.answers = server.langfuse
    server.rows = server.rows or records("langfuse.observation", 25)
    return Langfuse(server.url + "/", client, "pk-lf-1", key)


def helicone(server: Server, client: httpx.AsyncClient, key: str = SECRET) -> Helicone:
    server.answers = server.helicone
    server.rows = server.rows or records("helicone.request", 25, "request_id")
    return Helicone(server.url, client, key)


def langsmith(server: Server, client: httpx.AsyncClient, key: str = SECRET) -> Langsmith:
    server.answers = server.langsmith
    server.rows = server.rows or records("langsmith.run", 25)
    return Langsmith(server.url, client, key, ["6f0c"])


Make = Callable[..., Keeper]
ALL = pytest.mark.parametrize("make", [langfuse, helicone, langsmith])


@ALL
async def test_everything_is_read_once_and_what_comes_late_or_changes_in_the_overlap(
    server: Server, client: httpx.AsyncClient, make: Make
) -> None:
    server.most = 10
    source = PolledSource("keeper", make(server, client))
    polls = await polled(source)
    assert sorted(ids(polls)) == sorted(str(row.get("request_id") or row["id"]) for row in server.rows)
    assert [poll.rejects for poll in polls if poll.rejects] == []
    # What is asked for comes up to a minute late, so nothing younger than that is known for sure.
    assert [poll.watermark_ms for poll in polls] == [None] * (len(polls) - 1) + [NOW_MS - 60_000]

    at_ms = NOW_MS + DEEP_EVERY_MS
    assert ids(await polled(source, at_ms)) == []
    changed = server.rows[0] = {**server.rows[0], "total_tokens": 1, "extra_field": 2, "name": "changed"}
    changed.update({"totalCost": 1.5, "costUSD": 1.5, "total_cost": 1.5})
    (event,) = [event for poll in await polled(source, at_ms + DEEP_EVERY_MS) for event in poll.events]
    assert event.reported_nano_usd == 1_500_000_000


@ALL
async def test_a_key_that_does_not_fit_is_named_not_shown_and_left_alone_for_five_minutes(
    server: Server, client: httpx.AsyncClient, make: Make
) -> None:
    source = PolledSource("keeper", make(server, client, key="sk-of-somebody-else"))
    for later_ms in (0, 299_999):
        with pytest.raises(CollectorError, match=r"refuses the key \(40[13]\): it wants a") as refused:
            await source.poll(NOW_MS + later_ms)
        assert "sk-of" not in str(refused.value)
    assert len(server.asked) == 1


@ALL
async def test_a_server_that_wants_a_pause_or_is_broken_gets_one_and_nothing_is_lost(
    server: Server, client: httpx.AsyncClient, make: Make
) -> None:
    server.most = 10
    source = PolledSource("keeper", make(server, client))
    polls = [await source.poll(NOW_MS)]
    server.before = [Told(429, headers={"Retry-After": "7"}), Told(503)]
    with pytest.raises(CollectorError, match=r"wants fewer requests \(429\)"):
        await source.poll(NOW_MS)
    with pytest.raises(CollectorError, match=r"\(429\)"):
        await source.poll(NOW_MS + 6_999)
    with pytest.raises(CollectorError, match="HTTP 503"):
        await source.poll(NOW_MS + 7_000)
    polls += await polled(source, NOW_MS + 60_000)
    assert sorted(ids(polls)) == sorted(str(row.get("request_id") or row["id"]) for row in server.rows)


@ALL
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"data": 3}'])
async def test_another_program_is_a_sentence(
    server: Server, client: httpx.AsyncClient, make: Make, body: bytes
) -> None:
    source = PolledSource("keeper", make(server, client))
    server.before = [Told(body=body)]
    with pytest.raises(CollectorError, match="does not answer with"):
        await source.poll(NOW_MS)
    server.before = [Told(404)] * 2
    with pytest.raises(CollectorError, match=r"\(404\): give "):
        await source.poll(NOW_MS + 3_600_000)


@pytest.mark.parametrize(
    ("make", "newer", "older"),
    [
        (langfuse, "/api/public/v2/observations", "/api/public/observations"),
        (langsmith, "/api/v2/runs/query", "/api/v1/runs/query"),
    ],
)
async def test_an_older_server_is_asked_at_its_older_endpoint_and_it_says_so(
    server: Server, client: httpx.AsyncClient, make: Make, newer: str, older: str
) -> None:
    keeper = make(server, client)
    server.missing = {newer}
    server.rows = server.rows * 1 + [{**row, "id": f"more-{row['id']}"} for row in server.rows * 9]
    server.rows = [{**row, "id": f"{at}"} for at, row in enumerate(server.rows)]
    source = PolledSource("keeper", keeper)
    polls = await polled(source)
    assert sorted(ids(polls), key=int) == [str(at) for at in range(250)]
    assert polls[-1].detail.endswith(f"read from {older}")
    await polled(source, NOW_MS + 1)
    assert [asked.path for asked in server.asked].count(newer) == 1


async def test_langfuse_is_asked_for_embeddings_too_and_for_nothing_that_repeats_their_sums(
    server: Server, client: httpx.AsyncClient
) -> None:
    plain = RECORDS["langfuse.observation"]
    server.rows = [
        {**plain, "id": "a"}, {**plain, "id": "b", "type": "EMBEDDING"}, {**plain, "id": "c", "type": "AGENT"},
    ]  # fmt: skip
    assert ids(await polled(PolledSource("keeper", langfuse(server, client)))) == ["a", "b"]
    assert {asked.query["type"] for asked in server.asked} == {"GENERATION", "EMBEDDING"}


async def test_an_error_that_helicone_answers_with_is_told(server: Server, client: httpx.AsyncClient) -> None:
    source = PolledSource("keeper", helicone(server, client))
    server.before = [told({"data": None, "error": "filter is wrong"})]
    with pytest.raises(CollectorError, match="answers with an error: filter is wrong"):
        await source.poll(NOW_MS)


async def test_langsmith_is_asked_for_runs_of_models_by_field(server: Server, client: httpx.AsyncClient) -> None:
    await polled(PolledSource("keeper", langsmith(server, client)))
    wanted = json.loads(server.asked[0].body)
    assert (wanted["project_ids"], wanted["run_type"]) == (["6f0c"], "LLM")
    assert {"ID", "PROMPT_TOKENS", "COMPLETION_TOKEN_DETAILS", "TOTAL_COST", "METADATA"} <= set(wanted["selects"])
    assert "INPUTS" not in wanted["selects"]
    assert "OUTPUTS" not in wanted["selects"]


async def test_a_place_that_fails_again_and_again_is_left_and_the_reading_begins_anew(
    server: Server, client: httpx.AsyncClient
) -> None:
    server.most = 10
    source = PolledSource("keeper", langfuse(server, client))
    polls = [await source.poll(NOW_MS)]
    server.before = [Told(400)] * 3
    for later_ms in (0, 10_000, 30_000):
        with pytest.raises(CollectorError, match="HTTP 400"):
            await source.poll(NOW_MS + later_ms)
    polls += await polled(source, NOW_MS + 120_000)
    assert len(server.asked) == 1 + 3 + 4  # three pages of generations, one of embeddings
    assert sorted(ids(polls)) == sorted(str(row["id"]) for row in server.rows)


async def test_requests_of_one_instant_that_come_in_another_order_each_time_are_all_read(
    server: Server, client: httpx.AsyncClient
) -> None:
    server.rows = [
        {
            **RECORDS["helicone.request"],
            "request_id": f"{second}-{at}",
            "request_created_at": f"2026-11-22T08:15:{second}.000Z",
        }
        for second in range(10, 45)
        for at in range(40)
    ]
    found = ids(await polled(PolledSource("keeper", helicone(server, client))))
    assert sorted(found) == sorted(str(row["request_id"]) for row in server.rows)


async def test_between_whole_overlaps_only_the_youngest_part_is_asked_for(
    server: Server, client: httpx.AsyncClient
) -> None:
    source = PolledSource("keeper", langfuse(server, client))
    for at_ms in (NOW_MS, NOW_MS + 30_000, NOW_MS + 60_000):
        await polled(source, at_ms)
    newest_ms = max(instant(row["endTime"]) for row in server.rows)
    begins = [instant(asked.query["fromStartTime"]) for asked in server.asked[::2]]
    # A day at first; two minutes before the end of the newest call; fifteen before it.
    assert begins == [NOW_MS - 24 * 3_600_000, newest_ms - 120_000, newest_ms - 15 * 60_000]


async def test_a_row_that_cannot_be_read_is_counted_once_however_often_it_is_answered(
    server: Server, client: httpx.AsyncClient
) -> None:
    server.rows = [
        *records("langfuse.observation", 2),
        {"id": "odd", "type": "GENERATION", "startTime": "2026-11-22T08:15:30Z", "usageDetails": 3},
    ]
    source = PolledSource("keeper", langfuse(server, client))
    polls = [*await polled(source), *await polled(source, NOW_MS + 1_000), *await polled(source, NOW_MS + 90_000)]
    assert sum(reject.count for poll in polls for reject in poll.rejects) == 1
    assert len(ids(polls)) == 2


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({"type": "langfuse"}, "needs `public_key`"),
        ({"type": "langsmith"}, "needs `projects`"),
        ({"type": "postgres"}, "needs `url`"),
    ],
)
def test_what_a_source_needs_is_said(source: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        from_mapping({"source": [source]}, None)


@pytest.mark.parametrize(
    "source",
    [
        SourceConfig(type="helicone"),
        SourceConfig(type="langfuse", public_key="pk"),
        SourceConfig(type="langsmith", projects=("p",)),
    ],
)
async def test_a_keeper_without_a_key_is_refused_before_it_is_asked(
    client: httpx.AsyncClient, source: SourceConfig
) -> None:
    with pytest.raises(ConfigError, match="wants a key: name it by api_key_env"):
        polled_source(source, client, watermark_ms=None, now_ms=NOW_MS)


async def test_a_source_goes_on_from_its_watermark_else_from_its_start(
    server: Server, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
    server.answers = server.langfuse

    async def begins(start: str, watermark_ms: int | None) -> float:
        config = SourceConfig(
            type="langfuse", url=server.url, public_key="pk-lf-1", api_key_env="LANGFUSE_SECRET_KEY", start=start
        )
        await polled(polled_source(config, client, watermark_ms=watermark_ms, now_ms=NOW_MS))
        return (instant(server.asked[-1].query["fromStartTime"]) - NOW_MS) / 60_000

    assert await begins("beginning", None) == -24 * 60
    assert await begins("2h", None) == -120
    assert await begins("end", None) == 0
    assert await begins("end", NOW_MS - 600_000) == -25  # fifteen minutes before where it stopped

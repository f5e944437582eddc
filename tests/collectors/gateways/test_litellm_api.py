"""The spend logs of a LiteLLM proxy over real HTTP: every row once, and manners when it refuses."""

import gzip
import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from collectors.errors import CollectorError
from collectors.gateways.litellm_api import OVERLAP_MS, LitellmProxy
from collectors.gateways.polled import PolledSource
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config, ConfigError, from_mapping
from collectors.source import Poll
from store.writer import Writer
from tests.fakes.events import batch
from tests.fakes.webserver import Asked, Told, serving

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in gzip.decompress(
        (Path(__file__).parents[2] / "data" / "litellm_rows_150.jsonl.gz").read_bytes()
    ).splitlines()
]
"""Rows that a real proxy answered with."""


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1_000)


NOW_MS = max(ms(row["endTime"]) for row in ROWS) + 60_000
SECRET = "sk-very-secret"


class Proxy:
    """A proxy that pages as LiteLLM does: rows of a window, ascending by their beginning."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rows = list(ROWS)
        self.page_cap = 1_000
        self.newest_first = False
        self.chance: random.Random | None = None
        """Who decides the order of rows that began at one instant."""
        self.sums_dates = False
        self.endpoints = {"/spend/logs/v2", "/spend/logs/ui"}
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        """(status, headers, body) to give before anything else."""
        self.asked: list[dict[str, str]] = []

    def unpaged(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """The rows of whole days, or in a proxy that is still older their sums, and without dates all rows."""
        if "start_date" not in query:
            return self.rows
        found = [row for row in self.rows if query["start_date"] <= row["startTime"] < query["end_date"]]
        if self.sums_dates:
            return [{"startTime": query["start_date"], "spend": sum(row["spend"] for row in found)}]
        return found

    def answer(self, path: str, key: str | None) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append({"path": parts.path, **query})
        if self.answers:
            return self.answers.pop(0)
        if key != f"Bearer {SECRET}":
            return 401, {}, b'{"error":{"message":"Authentication Error"}}'
        if parts.path not in self.endpoints:
            return 404, {}, b'{"detail":"Not Found"}'
        if parts.path == "/spend/logs":
            return 200, {}, json.dumps(self.unpaged(query)).encode()
        size, page = min(int(query["page_size"]), self.page_cap), int(query["page"])
        begin, end = (datetime.fromisoformat(f"{query[name]}+00:00") for name in ("start_date", "end_date"))
        found = [row for row in self.rows if begin <= datetime.fromisoformat(row["startTime"]) <= end]
        if self.chance is not None:
            self.chance.shuffle(found)
        found.sort(key=lambda row: row["startTime"], reverse=self.newest_first)
        body = {
            "data": found[(page - 1) * size : page * size], "total": len(found), "page": page, "page_size": size,
            "total_pages": -(-len(found) // size), "total_is_capped": False,
        }  # fmt: skip
        return 200, {}, json.dumps(body).encode()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = served.answer(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Proxy(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield served
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def source(proxy: Proxy, client: httpx.AsyncClient) -> PolledSource:
    return of(proxy, client)


def of(proxy: Proxy, client: httpx.AsyncClient, key: str = SECRET, since_ms: int | None = None) -> PolledSource:
    headers = {"Authorization": f"Bearer {key}"}
    return PolledSource("proxy", LitellmProxy(proxy.url + "/", client, headers), since_ms=since_ms)


async def polled(source: PolledSource, now_ms: int = NOW_MS) -> list[Poll]:
    """Polls until there is no more."""
    polls = [await source.poll(now_ms)]
    while polls[-1].more:
        polls.append(await source.poll(now_ms))
    return polls


def ids(polls: list[Poll]) -> list[str]:
    return [event.id.partition("_cache_hit")[0] for poll in polls for event in poll.events]


EXPECTED = sorted(row["request_id"].partition("_cache_hit")[0] for row in ROWS)


@pytest.mark.parametrize("page_cap", [1_000, 150, 50, 7])
async def test_every_row_is_read_once_page_by_page(proxy: Proxy, source: PolledSource, page_cap: int) -> None:
    proxy.page_cap = page_cap
    polls = await polled(source)

    assert sorted(ids(polls)) == EXPECTED
    assert [poll.rejects for poll in polls if poll.rejects] == []
    assert len(polls) == 1 if page_cap > len(ROWS) else len(polls) >= len(ROWS) // page_cap
    assert {asked["sort_order"] for asked in proxy.asked} == {"asc"}
    assert proxy.asked[0]["page_size"] == "1000"


@pytest.mark.parametrize(("newest_first", "page_cap"), [(False, 13), (False, 20), (True, 3), (True, 13)])
async def test_rows_of_one_instant_that_come_in_another_order_each_time_are_all_read(
    proxy: Proxy, source: PolledSource, newest_first: bool, page_cap: int
) -> None:
    instants = [f"2026-11-22T18:00:0{second}.{fraction}00+00:00" for second in range(3) for fraction in range(3)]
    proxy.rows = [
        {
            **ROWS[0],
            "request_id": f"{at}-{number}",
            "litellm_call_id": f"c-{at}-{number}",
            "startTime": at,
            "endTime": at,
        }
        for at in instants
        for number in range(4)
    ]
    proxy.page_cap, proxy.newest_first = page_cap, newest_first
    if not newest_first:
        proxy.chance = random.Random(page_cap)
    assert sorted(ids(await polled(source))) == sorted(row["request_id"] for row in proxy.rows)


def of_one_second(milliseconds: int, each: int, at_ms: int = NOW_MS - 6 * 3_600_000) -> list[dict[str, Any]]:
    """Rows that began within one second, long before the overlap: so many in each of so many milliseconds."""
    second = at_ms // 1_000 * 1_000
    rows = []
    for instant in range(milliseconds):
        at = datetime.fromtimestamp((second + instant) / 1_000, UTC).isoformat(timespec="milliseconds")
        for number in range(each):
            name = f"{instant}-{number}"
            rows.append({**ROWS[0], "request_id": name, "litellm_call_id": f"c-{name}", "startTime": at, "endTime": at})
    return rows


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("seed", range(4))
async def test_a_second_of_more_rows_than_a_page_holds_loses_none_though_equal_ones_change_places(
    proxy: Proxy, source: PolledSource, tmp_path: Path, seed: int, newest_first: bool
) -> None:
    proxy.rows, proxy.page_cap = of_one_second(milliseconds=300, each=3), 100
    proxy.chance, proxy.newest_first = random.Random(seed), newest_first
    polls = await polled(source)
    assert set(ids(polls)) == {row["request_id"] for row in proxy.rows}
    writer, pricer = Writer(tmp_path / "usdtop.db"), Pricer(price_book(Config()))
    for poll in polls:
        priced = pricer.price(poll.events, now_ms=NOW_MS)
        writer.write(batch(priced.events, source="proxy", at_ms=NOW_MS), priced.cards)
    with writer.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM requests").fetchone() == (900,), "and each once"
    writer.close()
    assert {poll.detail for poll in polls} == {""}
    assert len(proxy.asked) < 15, "900 rows by the hundred, each page repeating a few"


async def test_rows_that_are_deleted_from_such_a_second_between_two_pages_hide_none_behind_them(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.rows, proxy.page_cap = of_one_second(milliseconds=900, each=1), 100
    expected = sorted(row["request_id"] for row in proxy.rows)
    polls = [await source.poll(NOW_MS)]
    while polls[-1].more:
        proxy.rows = proxy.rows[12:]
        polls.append(await source.poll(NOW_MS))
    assert sorted(ids(polls)) == expected


async def test_rows_that_come_into_such_a_second_between_two_pages_are_read_once_and_at_the_next_reading_at_the_latest(
    proxy: Proxy, source: PolledSource
) -> None:
    rows = of_one_second(milliseconds=900, each=1, at_ms=NOW_MS - 30_000)
    rare, proxy.rows = rows[::7], [row for place, row in enumerate(rows) if place % 7]
    proxy.page_cap = 100
    polls = [await source.poll(NOW_MS)]
    while polls[-1].more:
        # Some late rows stand before the place that was reached, and some behind it.
        proxy.rows += [rare.pop(0), rare.pop()] if rare else []
        polls.append(await source.poll(NOW_MS))
    proxy.rows += rare
    polls += await polled(source, NOW_MS + 60_000)
    assert sorted(ids(polls)) == sorted(row["request_id"] for row in rows)


async def test_an_instant_of_more_rows_than_pages_tell_apart_is_said(proxy: Proxy, source: PolledSource) -> None:
    proxy.rows, proxy.page_cap = of_one_second(milliseconds=2, each=150), 100
    polls = await polled(source)
    assert set(ids(polls)) == {row["request_id"] for row in proxy.rows}, "nothing moved"
    assert "more calls began in one instant than its pages tell apart: some may be missing" in {
        poll.detail for poll in polls
    }


async def test_a_proxy_that_begins_to_give_smaller_pages_is_asked_for_the_same_rows_again(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.rows, proxy.page_cap = of_one_second(milliseconds=900, each=1), 200
    polls = [await source.poll(NOW_MS) for _ in range(3)]
    proxy.page_cap = 70
    polls += await polled(source)
    assert set(ids(polls)) == {row["request_id"] for row in proxy.rows}


async def test_rows_that_are_deleted_between_two_pages_hide_none_of_those_behind_them(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.page_cap = 50
    polls = [await source.poll(NOW_MS)]
    proxy.rows = sorted(proxy.rows, key=lambda row: str(row["startTime"]))[20:]
    assert sorted(ids(polls + await polled(source))) == EXPECTED


async def test_a_page_that_is_too_large_is_asked_for_in_parts(
    proxy: Proxy, source: PolledSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = len(json.dumps(ROWS))
    monkeypatch.setattr("collectors.web.polite.LIMIT_BYTES", whole // 5)
    assert sorted(ids(await polled(source))) == EXPECTED
    sizes = [int(asked["page_size"]) for asked in proxy.asked]
    assert sizes == sorted(sizes, reverse=True), "and in parts from then on"
    assert sizes[-1] < len(ROWS) / 2
    monkeypatch.setattr("collectors.web.polite.LIMIT_BYTES", 100)
    with pytest.raises(CollectorError, match="answers with more than"):
        await of(proxy, source._keeper._client._client).poll(NOW_MS)  # type: ignore[attr-defined]


async def test_a_redirect_takes_the_key_to_nobody(proxy: Proxy, source: PolledSource) -> None:
    asked: list[Asked] = []

    def elsewhere(one: Asked) -> Told:
        asked.append(one)
        return Told(body=b'{"data": []}')

    with serving(elsewhere) as url:
        for status in (301, 302, 303, 307, 308):
            proxy.answers = [(status, {"Location": f"{url}/spend/logs/v2"}, b"")]
            with pytest.raises(CollectorError, match="redirects elsewhere"):
                await source.poll(NOW_MS + status * 400_000)
    assert asked == []


async def test_a_day_with_more_rows_than_an_old_proxy_answers_with_says_so(proxy: Proxy, source: PolledSource) -> None:
    proxy.endpoints = {"/spend/logs"}
    proxy.rows = [{**ROWS[0], "request_id": str(number)} for number in range(10_000)]
    assert any("10,000 alone, so some are missing" in poll.detail for poll in await polled(source))


async def test_the_next_poll_reads_the_overlap_again_and_hands_over_what_is_new(
    proxy: Proxy, source: PolledSource
) -> None:
    recent = [row for row in ROWS if ms(row["startTime"]) > NOW_MS - OVERLAP_MS]
    late, proxy.rows = recent[0], [row for row in ROWS if row is not recent[0]]
    await polled(source)
    assert ids(await polled(source, NOW_MS + 1_000)) == []

    proxy.rows.append(late)
    changed = dict(recent[1], completion_tokens=recent[1]["completion_tokens"] + 5)
    proxy.rows = [changed if row is recent[1] else row for row in proxy.rows]
    again = await polled(source, NOW_MS + 61_000)

    assert sorted(ids(again)) == sorted(row["request_id"].partition("_cache_hit")[0] for row in (late, changed))
    newest_ms = max(ms(row["endTime"]) for row in ROWS if row is not late)
    begins = datetime.fromtimestamp((newest_ms - OVERLAP_MS) // 1_000, UTC)
    assert proxy.asked[-1]["start_date"] == begins.strftime("%Y-%m-%d %H:%M:%S")


async def test_a_store_counts_the_rows_once_when_a_new_collector_asks_again(
    proxy: Proxy, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    writer, pricer = Writer(tmp_path / "usdtop.db"), Pricer(price_book(Config()))
    written = []
    for _ in range(2):
        for poll in await polled(of(proxy, client, since_ms=writer.watermark_ms("proxy"))):
            priced = pricer.price(poll.events, now_ms=NOW_MS)
            written.append(writer.write(batch(priced.events, source="proxy", at_ms=NOW_MS), priced.cards))
    with writer.transaction() as connection:
        tokens = connection.execute("SELECT sum(output), sum(reported_nano_usd) FROM requests").fetchone()
    writer.close()

    assert sum(one.events for one in written) == len(ROWS)
    assert written[0].events == len(ROWS)
    assert tokens[0] == sum(row["completion_tokens"] for row in ROWS)
    assert tokens[1] == pytest.approx(sum(row["spend"] for row in ROWS) * 1e9, abs=len(ROWS))
    begins = datetime.fromtimestamp((NOW_MS - OVERLAP_MS) // 1_000, UTC)
    assert proxy.asked[-1]["start_date"] == begins.strftime("%Y-%m-%d %H:%M:%S")


async def test_a_key_that_does_not_fit_is_named_not_shown_and_not_tried_for_five_minutes(
    proxy: Proxy, client: httpx.AsyncClient
) -> None:
    source = of(proxy, client, key="sk-of-somebody-else")
    for later_ms in (0, 60_000, 299_999):
        with pytest.raises(CollectorError, match=r"refuses the key \(401\): it wants LiteLLM's master key") as refused:
            await source.poll(NOW_MS + later_ms)
        assert "sk-of" not in str(refused.value)
    assert len(proxy.asked) == 1
    with pytest.raises(CollectorError):
        await source.poll(NOW_MS + 300_000)
    assert len(proxy.asked) == 2


async def test_an_older_proxy_is_asked_at_its_older_endpoint_and_it_says_so(proxy: Proxy, source: PolledSource) -> None:
    proxy.endpoints = {"/spend/logs/ui"}
    polls = await polled(source)

    assert sorted(ids(polls)) == EXPECTED
    assert polls[-1].detail == "this proxy is older: read from /spend/logs/ui"
    await source.poll(NOW_MS)
    assert proxy.asked[-1]["path"] == "/spend/logs/ui"


@pytest.mark.parametrize("sums_dates", [False, True])
async def test_a_proxy_without_pages_is_asked_by_the_day_and_seldom(
    proxy: Proxy, source: PolledSource, sums_dates: bool
) -> None:
    proxy.endpoints, proxy.sums_dates = {"/spend/logs"}, sums_dates
    before = {
        **ROWS[0],
        "request_id": "the-day-before",
        "startTime": "2026-11-21T23:59:59",
        "endTime": "2026-11-21T23:59:59",
    }
    proxy.rows = [before, *ROWS]
    polls = await polled(source)

    assert sorted(ids(polls)) == sorted([*EXPECTED, "the-day-before"])
    assert polls[-1].detail == "this proxy is old: read from /spend/logs, all of a day at once"
    assert source.poll_seconds == 300
    assert ids(await polled(source, NOW_MS + 300_000)) == []
    dates = {
        (asked.get("start_date"), asked.get("summarize")) for asked in proxy.asked if asked["path"] == "/spend/logs"
    }
    assert {("2026-11-22", "false")} <= dates


async def test_a_server_that_has_no_spend_logs_is_named(proxy: Proxy, source: PolledSource) -> None:
    proxy.endpoints = set()
    with pytest.raises(CollectorError, match="has no spend logs"):
        await source.poll(NOW_MS)


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [("7", 7), (format_datetime(datetime.fromtimestamp(NOW_MS // 1_000 + 90, UTC), usegmt=True), 90), ("soon", 5)],
)
async def test_a_server_that_wants_a_pause_gets_it(proxy: Proxy, source: PolledSource, wait: str, seconds: int) -> None:
    proxy.answers = [(429, {"Retry-After": wait}, b"")]
    at_ms = NOW_MS // 1_000 * 1_000
    for later_ms in (0, seconds * 1_000 - 1):
        with pytest.raises(CollectorError, match=r"wants fewer requests \(429\)"):
            await source.poll(at_ms + later_ms)
    assert len(proxy.asked) == 1
    assert (await source.poll(at_ms + seconds * 1_000)).events


async def test_pauses_after_failures_double_up_to_five_minutes_and_a_success_ends_them(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.answers = [(503, {}, b"")] * 8
    at_ms, pauses = NOW_MS, []
    while proxy.answers:
        asked, began_ms = len(proxy.asked), at_ms
        while len(proxy.asked) == asked:
            with pytest.raises(CollectorError, match="answers with HTTP 503"):
                await source.poll(at_ms)
            at_ms += 1_000
        pauses.append((at_ms - 1_000 - began_ms) // 1_000)
    assert pauses[1:] == [4, 9, 19, 39, 79, 159, 299]
    with pytest.raises(CollectorError):
        await source.poll(at_ms)
    assert (await source.poll(at_ms + 300_000)).events
    proxy.answers = [(503, {}, b"")]
    with pytest.raises(CollectorError):
        await source.poll(at_ms + 300_000)
    assert (await source.poll(at_ms + 305_000)).more is False


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, {}, b"<html>LiteLLM</html>"), "does not answer with spend logs: give the proxy's address"),
        ((200, {}, b'{"rows": []}'), "does not answer with spend logs"),
        ((302, {"Location": "https://elsewhere/"}, b""), "redirects elsewhere"),
    ],
)
async def test_anything_else_is_a_sentence(
    proxy: Proxy, source: PolledSource, answer: tuple[int, dict[str, str], bytes], sentence: str
) -> None:
    proxy.answers = [answer]
    with pytest.raises(CollectorError, match=sentence):
        await source.poll(NOW_MS)


async def test_a_page_in_the_middle_that_fails_is_asked_again_and_nothing_is_lost(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.page_cap = 50
    polls = [await source.poll(NOW_MS)]
    proxy.answers = [(500, {}, b"")]
    with pytest.raises(CollectorError):
        await source.poll(NOW_MS + 1)
    polls += await polled(source, NOW_MS + 5_001)
    assert sorted(ids(polls)) == EXPECTED


async def test_a_row_that_cannot_be_read_is_counted_and_the_others_are_taken(
    proxy: Proxy, source: PolledSource
) -> None:
    proxy.rows = [*ROWS[:3], dict(ROWS[3], prompt_tokens="many")]
    (poll,) = await polled(source)
    assert len(poll.events) == 3
    assert [reject.count for reject in poll.rejects] == [1]


@pytest.mark.parametrize(
    ("more", "fits"), [({"url": "http://proxy:4000", "api_key_env": "LITELLM_KEY"}, True), ({}, False)]
)
def test_it_is_configured_by_an_address_and_a_key(more: dict[str, object], fits: bool) -> None:
    make: Callable[[], object] = lambda: from_mapping({"source": [{"type": "litellm", **more}]}, None)  # noqa: E731 - used once, below
    if fits:
        make()
    else:
        with pytest.raises(ConfigError, match="a source of type `litellm` needs `url`"):
            make()

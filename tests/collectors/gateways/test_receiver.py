"""Spans over HTTP: real posts to a real socket on loopback, acknowledged when they are recorded and not before."""

import asyncio
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from collectors.errors import CollectorError
from collectors.formats import otlp
from collectors.gateways.receiver import OtlpReceiver, is_loopback
from collectors.prices.pricer import Pricer
from collectors.runner import Runner
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.written import host_and_port
from collectors.source import Poll
from pricing.books.book import PriceBook
from store.facts import UsageEvent
from store.writer import Writer

NOW_MS = 1_764_000_000_000
PROTOBUF = (Path(__file__).parents[2] / "data" / "otlp_export.pb").read_bytes()
JSON = {"Content-Type": "application/json"}

Answer = TypeVar("Answer")


def export(*span_ids: str) -> bytes:
    """An export request of one call for each id."""
    spans = [
        {
            "traceId": "5b8efff798038103d269b633813fc60c", "spanId": span_id, "endTimeUnixNano": "1764000000000000000",
            "attributes": [
                {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
                {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "10"}},
            ],
        }
        for span_id in span_ids
    ]  # fmt: skip
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}).encode()


def ids(poll: Poll) -> list[str]:
    return [event.id[32:] for event in poll.events]


class Sender:
    """Posts to one receiver; what waits for its acknowledgement goes on meanwhile."""

    def __init__(self, receiver: OtlpReceiver, client: httpx.AsyncClient) -> None:
        self.receiver = receiver
        self._client = client

    def post(self, content: bytes, headers: dict[str, str] | None = None) -> "asyncio.Task[httpx.Response]":
        return asyncio.create_task(self.send("POST", "/v1/traces", content=content, headers=headers or JSON))

    async def send(self, method: str, path: str, **request: Any) -> httpx.Response:
        return await self._client.request(method, f"http://127.0.0.1:{self.receiver.port}{path}", **request)

    async def poll_until(self, done: Awaitable[Answer]) -> tuple[Answer, list[UsageEvent]]:
        """Poll, as the runner does, until the answer is there; what all polls handed over."""
        asked = asyncio.ensure_future(done)
        events: list[UsageEvent] = []
        while not asked.done():
            events += (await self.receiver.poll(NOW_MS)).events
            await asyncio.sleep(0)
        return asked.result(), events


async def started(receiver: OtlpReceiver) -> AsyncIterator[Sender]:
    await receiver.poll(NOW_MS)
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        yield Sender(receiver, client)
    await receiver.close()


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    async for one in started(OtlpReceiver("otlp", port=0)):
        yield one


@pytest.fixture
async def small() -> AsyncIterator[Sender]:
    async for one in started(OtlpReceiver("otlp", port=0, max_body_bytes=2_000, max_events=2)):
        yield one


async def first_events(sender: Sender) -> Poll:
    """The first poll that hands something over."""
    while True:
        poll = await sender.receiver.poll(NOW_MS)
        if poll.events:
            return poll
        await asyncio.sleep(0)


async def test_an_export_is_acknowledged_when_it_was_recorded_and_not_before(sender: Sender) -> None:
    posted = sender.post(export("a1", "a2"))
    poll = await first_events(sender)

    assert ids(poll) == ["a1", "a2"]
    assert not posted.done(), "the runner writes after this poll"
    answer, later = await sender.poll_until(posted)
    assert (answer.status_code, answer.json(), answer.headers["Content-Type"]) == (200, {}, "application/json")
    assert later == [], "handed over once"


async def test_protobuf_and_gzip_are_understood(sender: Sender) -> None:
    protobuf = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    answer, events = await sender.poll_until(sender.post(gzip.compress(PROTOBUF, mtime=0), protobuf))

    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"", "application/x-protobuf")
    assert [event.usage.prompt_tokens for event in events] == [1500, 0]
    answer, events = await sender.poll_until(
        sender.post(gzip.compress(export("b"), mtime=0), {**JSON, "Content-Encoding": "gzip"})
    )
    assert (answer.status_code, len(events)) == (200, 1)


async def test_a_gzip_body_of_several_members_is_taken_as_a_whole(sender: Sender) -> None:
    whole = export("m1", "m2")
    content = gzip.compress(whole[:40], mtime=0) + gzip.compress(whole[40:], mtime=0)
    answer, events = await sender.poll_until(sender.post(content, {**JSON, "Content-Encoding": "gzip"}))
    assert (answer.status_code, len(events)) == (200, 2)


async def test_one_span_that_is_none_does_not_cost_the_others_of_its_export(sender: Sender) -> None:
    content = json.loads(export("g1", "odd", "g2"))
    content["resourceSpans"][0]["scopeSpans"][0]["spans"][1]["endTimeUnixNano"] = [1]
    answer = sender.post(json.dumps(content).encode())
    poll = await first_events(sender)
    assert ids(poll) == ["g1", "g2"]
    rejects = list(poll.rejects)
    while not answer.done() or not rejects:
        rejects += (await sender.receiver.poll(NOW_MS)).rejects
        await asyncio.sleep(0)
    (reject,) = rejects
    assert (answer.result().status_code, reject.count, reject.taken) == (200, 1, False)


async def test_an_export_that_ends_in_a_bug_is_refused_for_good_and_the_next_one_is_taken(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_spans: object) -> list[UsageEvent]:
        raise KeyError("a bug")

    monkeypatch.setattr(otlp, "events_of", broken)
    answer = await sender.post(export("a1"))
    assert (answer.status_code, "unexpected: KeyError('a bug')" in answer.text) == (400, True)
    monkeypatch.undo()
    again, events = await sender.poll_until(sender.post(export("a2")))
    assert (again.status_code, len(events)) == (200, 1)


async def test_an_export_that_is_larger_than_the_queue_is_taken_when_nothing_waits(small: Sender) -> None:
    answer, events = await small.poll_until(small.post(export("a1", "a2", "a3")))
    assert (answer.status_code, len(events)) == (200, 3)


async def test_chunked_bodies_and_connections_that_stay_open_are_understood(sender: Sender) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        whole = export("c1")
        for start in range(0, len(whole), 50):
            yield whole[start : start + 50]

    for _ in range(3):
        request = sender.send("POST", "/v1/traces", content=pieces(), headers=JSON)
        answer, events = await sender.poll_until(request)
        assert (answer.status_code, len(events)) == (200, 1)


async def test_spans_of_other_things_are_acknowledged_at_once(sender: Sender) -> None:
    answer = await sender.post(b'{"resourceSpans": []}')
    assert (answer.status_code, (await sender.receiver.poll(NOW_MS)).events) == (200, [])


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{", JSON),
        (b'{"resourceSpans": 3}', JSON),
        (PROTOBUF[:-5], {"Content-Type": "application/x-protobuf"}),
        (b"not gzip", {**JSON, "Content-Encoding": "gzip"}),
        (gzip.compress(export("x"), mtime=0)[:-9], {**JSON, "Content-Encoding": "gzip"}),
    ],
)
async def test_what_cannot_be_read_is_refused_for_good_and_counted(
    sender: Sender, content: bytes, headers: dict[str, str]
) -> None:
    first, again = await sender.post(content, headers), await sender.post(content, headers)
    poll = await sender.receiver.poll(NOW_MS)

    assert (first.status_code, again.status_code) == (400, 400)
    (reject,) = poll.rejects
    assert reject.count == 2
    assert first.text.strip() == reject.reason
    assert (await sender.receiver.poll(NOW_MS)).rejects == ()


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/v1/metrics", JSON, 404),
        ("GET", "/v1/traces", JSON, 405),
        ("POST", "/v1/traces", {"Content-Type": "text/plain"}, 415),
        ("POST", "/v1/traces", {}, 415),
        ("POST", "/v1/traces", {**JSON, "Content-Encoding": "br"}, 415),
    ],
)
async def test_what_is_not_taken_is_refused_in_a_sentence(
    sender: Sender, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = await sender.send(method, path, content=b"{}", headers=headers)
    assert answer.status_code == status
    assert " " in answer.text.strip()


async def test_a_full_queue_says_when_to_come_again_and_keeps_what_it_has(small: Sender) -> None:
    first = small.post(export("a1", "a2"))
    poll = await first_events(small)
    full = await small.post(export("b1"))

    assert ids(poll) == ["a1", "a2"]
    assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
    answer, _ = await small.poll_until(first)
    assert answer.status_code == 200
    again, events = await small.poll_until(small.post(export("b1")))
    assert (again.status_code, len(events)) == (200, 1), "there is room again"


async def test_a_body_that_is_too_large_is_refused_and_the_next_one_is_taken(small: Sender) -> None:
    assert (await small.post(b" " * 2_001)).status_code == 413
    answer, events = await small.poll_until(small.post(export("a1")))
    assert (answer.status_code, len(events)) == (200, 1)


async def test_all_bodies_together_take_a_bounded_room_that_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectors.gateways.receiver._MAX_HELD_BYTES", 1_000)
    async for one in started(OtlpReceiver("otlp", port=0)):
        full = await one.post(b" " * 1_001)
        assert (full.status_code, full.headers["Retry-After"]) == (503, "1")
        for _ in range(3):
            answer, events = await one.poll_until(one.post(export("a1").ljust(900)))
            assert (answer.status_code, len(events)) == (200, 1)


async def test_a_small_body_that_unpacks_to_too_much_is_refused(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collectors.gateways.receiver.MAX_UNPACKED_BYTES", 10_000)
    answer = await sender.post(gzip.compress(b" " * 10_001, mtime=0), {**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 413


async def test_whoever_does_not_speak_http_is_told_so(sender: Sender) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", sender.receiver.port)
    writer.write(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()


async def test_an_export_that_is_not_recorded_when_usdtop_ends_is_sent_again_by_its_exporter() -> None:
    async for one in started(OtlpReceiver("otlp", port=0)):
        posted = one.post(export("a1"))
        await first_events(one)
        await one.receiver.close()
        answer = await posted
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")


async def test_a_port_that_is_taken_is_said_and_tried_again(sender: Sender) -> None:
    second = OtlpReceiver("second", port=sender.receiver.port)
    with pytest.raises(CollectorError, match=r"cannot listen at 127\.0\.0\.1:\d+: .*`listen`"):
        await second.poll(NOW_MS)
    await sender.receiver.close()
    assert "listening" in (await second.poll(NOW_MS)).detail
    await second.close()


async def test_what_was_acknowledged_is_in_the_store(tmp_path: Path) -> None:
    receiver, store = OtlpReceiver("otlp", port=0), tmp_path / "usdtop.db"
    runner = Runner(
        lambda: Writer(store), Pricer(PriceBook([])), clock=lambda: NOW_MS, sleep=lambda _: asyncio.sleep(0)
    )
    await runner.start()
    await receiver.poll(NOW_MS)
    following = asyncio.create_task(runner.follow(receiver))
    async with httpx.AsyncClient(trust_env=False, timeout=20) as client:
        one = Sender(receiver, client)
        for span_ids in (("a1", "a2"), ("a2", "a3")):
            assert (await one.post(export(*span_ids))).status_code == 200
            with closing(sqlite3.connect(store)) as connection:
                (recorded,) = connection.execute("SELECT count(*) FROM requests").fetchone()
            assert recorded == int(span_ids[-1][1]), "a2 was sent twice and counts once"
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    await receiver.close()
    await runner.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "gateway.test", ""])
async def test_other_machines_reach_it_only_when_that_is_configured(host: str) -> None:
    with pytest.raises(CollectorError, match="allow_remote"):
        await OtlpReceiver("otlp", host, 0).poll(NOW_MS)
    assert not is_loopback(host)


async def test_an_open_receiver_listens_where_it_is_told() -> None:
    receiver = OtlpReceiver("otlp", "0.0.0.0", 0, allow_remote=True)
    await receiver.poll(NOW_MS)
    assert receiver.port > 0
    await receiver.close()


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("4318", ("127.0.0.1", 4318)),
        (":4319", ("127.0.0.1", 4319)),
        ("[::1]:4318", ("::1", 4318)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_where_to_listen_is_an_address_or_a_port(listen: str, place: tuple[str, int]) -> None:
    assert host_and_port(listen) == place


@pytest.mark.parametrize("listen", ["", "localhost", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1"])
def test_an_address_that_is_none_is_an_error_of_the_configuration(listen: str) -> None:
    with pytest.raises(ConfigError, match="address to listen at"):
        from_mapping({"source": [{"type": "otlp", "listen": listen}]}, None)


async def test_a_call_whose_counts_contradict_each_other_is_recorded_and_counted_as_a_doubt(sender: Sender) -> None:
    cached = {"key": "gen_ai.usage.cache_read.input_tokens", "value": {"intValue": "900"}}
    body = json.loads(export("a" * 16))
    body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].append(cached)
    asked, polls = sender.post(json.dumps(body).encode()), []
    while not asked.done():
        polls.append(await sender.receiver.poll(NOW_MS))
        await asyncio.sleep(0)
    polls.append(await sender.receiver.poll(NOW_MS))
    assert asked.result().status_code == 200
    assert [event.usage.prompt_tokens for poll in polls for event in poll.events] == [910]
    assert [(reject.count, reject.taken) for poll in polls for reject in poll.rejects] == [(1, True)]

"""A receiver of OpenTelemetry spans over HTTP, so that any SDK or collector can send its model calls to usdtop."""

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import NamedTuple

import msgspec

from collectors.door import visible
from collectors.errors import CollectorError
from collectors.formats import otlp
from collectors.formats.doubts import as_rejects, collecting
from collectors.formats.spans.wire import spans_of
from collectors.source import Poll
from collectors.web.httpserver import Reply, Request, Room, converse
from store.facts import Reject, UsageEvent

PORT = 4318
"""Where OpenTelemetry exporters send to over HTTP unless they are told otherwise."""

POLL_SECONDS = 0.25
MAX_BODY_BYTES = 8 * 1024 * 1024
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
MAX_EVENTS = 50_000
"""Calls that were received and are not recorded yet."""

_MAX_CONNECTIONS = 256
_MAX_HELD_BYTES = 32 * 1024 * 1024
_FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_MAX_REASONS = 20
_GZIP = 31
_JSON = "application/json"
_PROTOBUF = "application/x-protobuf"
_ANSWERS = {_JSON: b"{}", _PROTOBUF: b""}
_RETRY = (("Retry-After", "1"),)
_UNREADABLE = (ValueError, ArithmeticError, RecursionError)


class _Delivery(NamedTuple):
    events: Sequence[UsageEvent]
    recorded: "asyncio.Future[bool]"


class _UnpackedTooLargeError(Exception):
    """What was sent packed is more than is taken unpacked."""


class OtlpReceiver:
    """Listens from its first poll on, and hands over what came since the last one.

    An export is acknowledged when the poll after the one that handed it over begins: the runner has recorded it by
    then. So nothing that was acknowledged is lost, and whoever hears nothing sends again, which counts once.
    """

    kind = "otlp"
    poll_seconds = POLL_SECONDS

    def __init__(
        self,
        name: str,
        host: str = "127.0.0.1",
        port: int = PORT,
        *,
        allow_remote: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_events: int = MAX_EVENTS,
    ) -> None:
        self.name = name
        self._host, self._port = host, port
        self._allow_remote = allow_remote
        self._max_body_bytes, self._max_events = max_body_bytes, max_events
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._room = Room(_MAX_HELD_BYTES)
        self._unpacking = asyncio.Semaphore(1)
        self._waiting: list[_Delivery] = []
        self._handed_over: list[_Delivery] = []
        self._rejects: dict[str, Reject] = {}

    @property
    def port(self) -> int:
        """The port that is listened at; with a configured 0, the one that the system chose."""
        sockets = self._server.sockets if self._server else ()
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def poll(self, _now_ms: int, /) -> Poll:
        """What came since the last poll; raises CollectorError where nobody may or can listen."""
        await self._listen()
        _settle(self._handed_over, recorded=True)
        self._handed_over, self._waiting = self._waiting, []
        rejects, self._rejects = tuple(self._rejects.values()), {}
        events = [event for delivery in self._handed_over for event in delivery.events]
        return Poll(events=events, rejects=rejects, detail=f"listening at {self._host}:{self.port}")

    async def close(self) -> None:
        """Stop listening; exports that are not recorded yet are told to come again."""
        if self._server is not None:
            self._server.close()
        _settle(self._handed_over + self._waiting, recorded=False)
        tasks = tuple(self._connections)
        if tasks:
            _, open_still = await asyncio.wait(tasks, timeout=0.2)
            for task in open_still:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        if self._server is not None:
            return
        if not self._allow_remote and not is_loopback(self._host):
            raise CollectorError(
                f"{self._host} can be reached from other machines, and whoever reaches it can add spend; listen at"
                " 127.0.0.1, or set allow_remote = true for this source."
            )
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            raise CollectorError(
                f"cannot listen at {self._host}:{self._port}: {error.strerror or error}; stop the other program or set"
                " `listen` of this source."
            ) from None

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._connections) >= _MAX_CONNECTIONS:
            writer.write(_FULL)
            writer.close()
            return
        self._connections.add(task)
        try:
            # A cancelled connection is one that ended with the receiver; nobody waits for its outcome.
            with suppress(asyncio.CancelledError):
                await converse(reader, writer, self._answer, max_body_bytes=self._max_body_bytes, room=self._room)
        finally:
            self._connections.discard(task)

    async def _answer(self, request: Request) -> Reply:
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if (refusal := _refusal(request, content_type)) is not None:
            return refusal
        try:
            async with self._unpacking:
                with collecting() as doubts:
                    events = await asyncio.to_thread(_events, request.body, request.headers, content_type)
        except _UnpackedTooLargeError:
            return Reply(413, f"unpacked at most {MAX_UNPACKED_BYTES:,} bytes are taken\n".encode())
        except _UNREADABLE as error:
            return self._reject(f"an export that cannot be read: {error}", request.body)
        except Exception as error:  # noqa: BLE001 - to send again what ends in a bug would hold up what comes after it
            return self._reject(f"an export that cannot be read, unexpected: {error!r}", request.body)
        if events:
            waiting = sum(len(one.events) for one in self._waiting + self._handed_over)
            if waiting and waiting + len(events) > self._max_events:
                return Reply(503, b"more calls came than could be recorded yet\n", headers=_RETRY)
            delivery = _Delivery(events, asyncio.get_running_loop().create_future())
            self._waiting.append(delivery)
            if not await delivery.recorded:
                return Reply(503, b"usdtop ends; send this again later\n", headers=_RETRY)
        for doubt in as_rejects(doubts):
            self._count(doubt)
        return Reply(200, _ANSWERS[content_type], content_type)

    def _reject(self, why: str, body: bytes) -> Reply:
        """Count what could not be read, by reason, and say so to the sender, who need not send it again."""
        reason = visible(why.encode("utf-8", "replace"), 120)
        self._count(Reject(reason=reason, count=1, example=f"{len(body):,} bytes"))
        return Reply(400, f"{reason}\n".encode())

    def _count(self, reject: Reject) -> None:
        before = self._rejects.get(reject.reason)
        if before is not None or len(self._rejects) < _MAX_REASONS:
            count = reject.count + (before.count if before else 0)
            self._rejects[reject.reason] = msgspec.structs.replace(reject, count=count)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that is bound to this address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refusal(request: Request, content_type: str) -> Reply | None:
    """Why a request is not even looked into."""
    if request.path.partition("?")[0] != "/v1/traces":
        return Reply(404, b"only spans are taken here: POST /v1/traces\n")
    if request.method != "POST":
        return Reply(405, b"send spans with POST\n", headers=(("Allow", "POST"),))
    if content_type not in _ANSWERS:
        return Reply(415, f"send {_PROTOBUF} or {_JSON}\n".encode())
    if request.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        return Reply(415, b"send it as it is, or packed with gzip\n")
    return None


def _events(body: bytes, headers: Mapping[str, str], content_type: str) -> Sequence[UsageEvent]:
    if headers.get("content-encoding", "").lower() == "gzip":
        body = _unpacked(body)
    read: Callable[[bytes], Sequence[UsageEvent]] = otlp.parse if content_type == _JSON else _from_protobuf
    return read(body)


def _from_protobuf(body: bytes) -> Sequence[UsageEvent]:
    return otlp.events_of(spans_of(body))


def _unpacked(body: bytes) -> bytes:
    """Of all members: a gzip body may have several."""
    unpacked = bytearray()
    while body:
        unpacker = zlib.decompressobj(wbits=_GZIP)
        try:
            unpacked += unpacker.decompress(body, MAX_UNPACKED_BYTES - len(unpacked) + 1)
        except zlib.error:
            raise ValueError("not gzip") from None
        if len(unpacked) > MAX_UNPACKED_BYTES:
            raise _UnpackedTooLargeError
        if not unpacker.eof:
            raise ValueError("gzip that ends too early")
        body = unpacker.unused_data
    return bytes(unpacked)


def _settle(deliveries: Sequence[_Delivery], *, recorded: bool) -> None:
    for delivery in deliveries:
        if not delivery.recorded.done():
            delivery.recorded.set_result(recorded)

"""Just enough of an HTTP/1.1 server for programs on this machine that push: bodies of bounded size, one answer each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, TypeAlias

import h11

IDLE_SECONDS = 75.0
"""A connection on which nothing happens for so long is closed."""

_READ_BYTES = 64 * 1024
_MAX_HEAD_BYTES = 32 * 1024


class Request(NamedTuple):
    """One request with its whole body; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


Handle: TypeAlias = Callable[[Request], Awaitable[Reply]]


class RefusedError(Exception):
    """A request that is not read to its end, with what to answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply._replace(headers=(*reply.headers, ("Connection", "close")))


class Room:
    """How many bytes of bodies all connections of a server may hold together."""

    def __init__(self, total_bytes: int) -> None:
        self._left_bytes = total_bytes

    def take(self, size_bytes: int) -> None:
        """Take some of it; RefusedError when there is not as much, and then nothing is taken."""
        if size_bytes > self._left_bytes:
            raise RefusedError(Reply(503, b"too much comes at once\n", headers=(("Retry-After", "1"),)))
        self._left_bytes -= size_bytes

    def give_back(self, size_bytes: int) -> None:
        """Give back what was taken."""
        self._left_bytes += size_bytes


async def converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handle: Handle, *, max_body_bytes: int, room: Room
) -> None:
    """Answer the requests of one connection until it ends; a peer that breaks off or breaks the rules ends it."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
    try:
        while await _converse_once(connection, reader, writer, handle, _Body(max_body_bytes, room)):
            connection.start_next_cycle()
    except RefusedError as error:
        await _send(connection, writer, error.reply)
    except h11.RemoteProtocolError as error:
        if connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            reply = Reply(error.error_status_hint, b"not HTTP/1.1\n", headers=(("Connection", "close"),))
            await _send(connection, writer, reply)
    except (OSError, TimeoutError):
        pass
    finally:
        writer.close()


class _Body:
    """A body while it comes."""

    def __init__(self, max_bytes: int, room: Room) -> None:
        self._max_bytes, self._room = max_bytes, room
        self._taken_bytes = 0
        self.content = bytearray()

    def add(self, piece: bytes | bytearray) -> None:
        if self._taken_bytes + len(piece) > self._max_bytes:
            limit = f"a request may have at most {self._max_bytes:,} bytes; send smaller batches\n"
            raise RefusedError(Reply(413, limit.encode()))
        self._room.take(len(piece))
        self._taken_bytes += len(piece)
        self.content += piece

    def taken(self) -> bytes:
        content = bytes(self.content)
        self.content = bytearray()
        return content

    def drop(self) -> None:
        self.content = bytearray()
        self._room.give_back(self._taken_bytes)
        self._taken_bytes = 0


async def _converse_once(
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    handle: Handle,
    body: _Body,
) -> bool:
    """Answer one request; whether another one may follow."""
    try:
        request = await _request(connection, reader, writer, body)
        if request is None:
            return False
        await _send(connection, writer, await handle(request))
    finally:
        body.drop()
    return connection.our_state is h11.DONE and connection.their_state is h11.DONE


async def _request(
    connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: _Body
) -> Request | None:
    """The next request, or None when the peer has gone."""
    head: h11.Request | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            if connection.they_are_waiting_for_100_continue:
                proceed = connection.send(h11.InformationalResponse(status_code=100, headers=[]))
                writer.write(proceed or b"")
            async with asyncio.timeout(IDLE_SECONDS):
                connection.receive_data(await reader.read(_READ_BYTES))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body.add(event.data)
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return Request(head.method.decode(), head.target.decode("latin-1"), _named(head), body.taken())
        else:
            return None


def _named(head: h11.Request) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = [("Content-Type", reply.content_type), ("Content-Length", str(len(reply.body))), *reply.headers]
    response = h11.Response(status_code=reply.status, headers=headers)
    for event in (response, h11.Data(data=reply.body), h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")
    await writer.drain()

"""A loopback server that answers as a provider documents, with a switch for everything that goes wrong with providers.

A provider's script (tests/fakes/providers/NAME.py) says what stands at which path and what it all adds up to; the server
checks the key, cuts into pages, and behaves as badly as it is told to.
"""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlsplit

from pricing.usage import Usage

NOW_MS = 1_795_000_000_000
"""2026-11-18T11:06:40Z: when every script is read."""

KEY = "canary-7f3a9c"
"""The one key that is let in; nobody may ever see it again."""


class Asked(NamedTuple):
    """One request as the server got it."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    def value(self, name: str, default: str = "") -> str:
        """The last value of a name in the query."""
        return dict(self.query).get(name, default)


class Script(Protocol):
    """What a provider says, and what it adds up to."""

    def answer(self, asked: Asked, page_size: int) -> Any:
        """The JSON at a path, with at most `page_size` rows on a page; None where there is nothing (404)."""
        ...

    @property
    def usage(self) -> Mapping[str | None, Usage]:
        """Everything that was used, by model."""
        ...

    @property
    def costs_nano_usd(self) -> int:
        """Everything that is billed."""
        ...

    @property
    def balances(self) -> Mapping[str, int]:
        """What stands in each account, in billionths."""
        ...

    @property
    def needed(self) -> str:
        """A field without which a row says nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Told:
    """A script whose answers come from one function."""

    answers: Callable[[Asked, int], Any]
    needed: str
    usage: Mapping[str | None, Usage] = field(default_factory=dict)
    costs_nano_usd: int = 0
    balances: Mapping[str, int] = field(default_factory=dict)

    def answer(self, asked: Asked, page_size: int) -> Any:
        """As the function says."""
        return self.answers(asked, page_size)


class Trouble(NamedTuple):
    """What happens to one request instead of its answer."""

    status: int = 200
    headers: Mapping[str, str] = {}
    drops: bool = False
    """The connection ends in the middle of the body."""
    hangs: bool = False
    """Nothing is ever answered."""


def rows_of_page(
    rows: Sequence[Any], asked: Asked, page_size: int, name: str = "page"
) -> tuple[Sequence[Any], str | None]:
    """The rows that a cursor named `name` stands at, and the next cursor."""
    first = int(asked.value(name, "c0").removeprefix("c"))
    last = first + page_size
    return rows[first:last], f"c{last}" if last < len(rows) else None


class ProviderServer:
    """A provider's side of the conversation."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.url = ""
        self.page_size = 1_000
        self.troubles: list[Trouble] = []
        """Happen to the next requests, one each; None of them is answered."""
        self.troubles_from: int | None = None
        """They begin with this request, counted from 0; None is at once."""
        self.unknown_fields = False
        self.broken: str | None = None
        """"field" leaves the needed field out of the first row that has it, "row" the whole row."""
        self.broke = False
        """Something was left out so."""
        self.key = KEY
        self.echo = False
        """A refusal repeats the key, as careless servers do."""
        self.asked: list[Asked] = []
        self.ended = threading.Event()

    def take(self, asked: Asked) -> tuple[Trouble, bytes]:
        """What happens to a request."""
        number = len(self.asked)
        self.asked.append(asked)
        if self.troubles and number >= (self.troubles_from or 0):
            trouble = self.troubles.pop(0)
            if not trouble.drops:
                return trouble, b'{"error": {"message": "no"}}'
            return trouble, self._body(asked)
        if not any(self.key in value for value in (*asked.headers.values(), _basic(asked.headers))):
            return Trouble(401), json.dumps({"error": f"invalid key {KEY if self.echo else ''}"}).encode()
        body = self._body(asked)
        return Trouble(200 if body else 404), body or b'{"error": {"message": "not found"}}'

    def _body(self, asked: Asked) -> bytes:
        found = self.script.answer(asked, self.page_size)
        if found is None:
            return b""
        found = json.loads(json.dumps(found))
        if self.broken is not None:
            self.broke |= _break(found, self.script.needed, whole=self.broken == "row")
        if self.unknown_fields:
            _add_unknown(found)
        return json.dumps(found).encode()


@contextmanager
def serving(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[ProviderServer]:
    """A server on loopback while the block lasts, over TLS where it has a certificate."""
    server = ProviderServer(script)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, tuple(parse_qsl(parts.query)), headers, body)
            trouble, answer = server.take(asked)
            if trouble.hangs:
                server.ended.wait(20)
                return
            self.send_response(trouble.status)
            for name, value in {"Content-Length": str(len(answer)), **trouble.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer[: len(answer) // 2] if trouble.drops else answer)
            self.close_connection = self.close_connection or trouble.drops

        do_POST = do_GET  # noqa: N815 - the base class's name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        listening.socket = tls.wrap_socket(listening.socket, server_side=True)
    server.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        listening.shutdown()
        thread.join()
        listening.server_close()


def _basic(headers: Mapping[str, str]) -> str:
    """What an `Authorization: Basic` header says."""
    scheme, _, said = headers.get("authorization", "").partition(" ")
    return base64.b64decode(said).decode() if scheme == "Basic" else ""


def _break(value: Any, name: str, *, whole: bool) -> bool:
    """Leave a field, or the whole row that has it, out of the first row; whether there was one."""
    if isinstance(value, dict):
        if name in value and not whole:
            del value[name]
            return True
        return any(_break(one, name, whole=whole) for one in value.values())
    if isinstance(value, list):
        for position, one in enumerate(value):
            if whole and isinstance(one, dict) and _has(one, name):
                del value[position]
                return True
            if _break(one, name, whole=whole):
                return True
    return False


def _has(row: Mapping[str, Any], name: str) -> bool:
    """Whether a row has the field itself, or in a part of it that is no list of rows."""
    return name in row or any(isinstance(one, dict) and _has(one, name) for one in row.values())


def _add_unknown(value: Any) -> None:
    if isinstance(value, dict):
        for one in list(value.values()):
            _add_unknown(one)
        value["not_yet_known"] = {"nested": [1, None, "x"]}
    elif isinstance(value, list):
        for one in value:
            _add_unknown(one)

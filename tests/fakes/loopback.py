"""HTTP on loopback, as hundreds of tests use it: what a client reads anew is read once, and a server ends at once."""

import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from socketserver import BaseServer
from typing import Any

import pytest


def quick_clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Read each bundle of authorities once, and do not search the whole import path for sniffio six times a request.

    httpcore asks that package which event loop runs, and takes asyncio's where it is absent, as it is here.
    """
    create = ssl.create_default_context
    trusting = cache(create)

    def created(purpose: ssl.Purpose = ssl.Purpose.SERVER_AUTH, **where: Any) -> ssl.SSLContext:
        return trusting(purpose, **where) if where else create(purpose)

    monkeypatch.setattr(ssl, "create_default_context", created)
    monkeypatch.setitem(sys.modules, "sniffio", None)
    yield


def quick_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wake a server that is to end: by itself it looks twice a second whether it is."""
    shutdown = BaseServer.shutdown

    def ended(server: BaseServer) -> None:
        server._BaseServer__shutdown_request = True  # type: ignore[attr-defined] # what shutdown begins with
        with suppress(OSError):
            socket.create_connection(server.server_address).close()  # type: ignore[arg-type] # all of ours are TCP
        shutdown(server)

    monkeypatch.setattr(BaseServer, "shutdown", ended)
    yield

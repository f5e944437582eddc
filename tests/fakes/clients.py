"""HTTP clients of tests, which open them by the hundred: what each reads anew is read once."""

import ssl
import sys
from collections.abc import Iterator
from functools import cache
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

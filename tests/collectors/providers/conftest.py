"""Stores of accounts are opened in passing."""

from collections.abc import Iterator

import pytest

from tests.fakes.stores import closing_connections


@pytest.fixture(autouse=True)
def _closed_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from closing_connections(monkeypatch)

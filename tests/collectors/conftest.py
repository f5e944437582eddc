"""What tests of collectors ask servers with."""

from collections.abc import AsyncIterator

import httpx
import pytest

from collectors.web.fetch import open_client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """The collector's own client."""
    async with open_client() as opened:
        yield opened

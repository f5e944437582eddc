"""What a provider says of the account now stands beside its figures until it says otherwise."""

from pathlib import Path
from typing import Any

from tests.fakes.provider_accounts import SCRIPTS, account, holds_everything
from tests.fakes.provider_server import NOW_MS, Asked, Told, serving

OPENAI = SCRIPTS["openai"]


def with_limit(status: str) -> Told:
    """OpenAI with a spend limit."""

    def answer(asked: Asked, page_size: int) -> Any:
        if asked.path == "/v1/organization/spend_limit":
            return {
                "threshold_amount": 50_000,
                "currency": "USD",
                "interval": "month",
                "enforcement": {"status": status},
            }
        return OPENAI.answer(asked, page_size)

    return Told(answer, needed=OPENAI.needed, usage=OPENAI.usage, costs_nano_usd=OPENAI.costs_nano_usd)


async def test_a_limit_that_refuses_calls_is_said_until_it_is_lifted(tmp_path: Path) -> None:
    store = tmp_path / "usdtop.db"
    with serving(with_limit("enforcing")) as server:
        async with account("openai", server, store) as reader:
            await reader.read()
            assert "the organization's spend limit of $500.00 a month is reached" in reader.polls[-1].detail
            assert reader.polls[-1].late is None
            server.script = OPENAI
            reader.now_ms = NOW_MS + 600_000
            await reader.read()
            assert reader.polls[-1].detail == ""
    assert holds_everything(store, OPENAI)


async def test_a_limit_that_is_not_reached_is_no_news(tmp_path: Path) -> None:
    with serving(with_limit("inactive")) as server:
        async with account("openai", server, tmp_path / "usdtop.db") as reader:
            await reader.read()
            assert reader.errors == []

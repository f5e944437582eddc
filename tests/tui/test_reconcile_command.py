"""Ten minutes of a real gateway against a bill that is right but for one model: reconcile finds it, by how much, and says why."""

import asyncio
import json
import re
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.formats.lines import LineReader
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config
from store.provider_facts import ProviderFact
from store.writer import Writer
from tests.fakes.bills import openai_bill, reported
from tests.fakes.events import batch
from tests.fakes.provider_accounts import account
from tests.fakes.provider_server import serving
from tests.fakes.samples import lines
from tui import cli

DAY_MS = 86_400_000


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture(scope="module")
def bill() -> dict[tuple[int, str], int]:
    return dict(reported(lines(), "openai"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """What the gateway's log holds."""
    path = tmp_path / "usdtop.db"
    priced = Pricer(price_book(Config())).price(LineReader().read(lines()).events, now_ms=2**42)
    with closing(Writer(path)) as writer:
        writer.write(batch(priced.events), priced.cards)
        writer.set_providers([ProviderFact(source="openai", provider="openai")])
    return path


def judge(store: Path, bill: dict[tuple[int, str], Decimal], now_ms: int) -> None:
    """Let the provider's account be read."""

    async def read() -> None:
        with serving(openai_bill(bill)) as server:
            async with account("openai", server, store, now_ms=now_ms) as reader:
                await reader.read()

    asyncio.run(read())


def said(
    store: Path, now_ms: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str
) -> str:
    monkeypatch.setattr("tui.commands.common.now_ms", lambda: now_ms)
    assert cli.main(["--store", str(store), "reconcile", *words]) == 0
    return capsys.readouterr().out


def test_one_model_that_is_billed_eight_and_a_half_percent_higher_is_found(
    store: Path,
    bill: dict[tuple[int, str], int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_ms = (max(day for day, _ in bill) + 3 * 86_400) * 1_000
    model = max(bill, key=lambda place: bill[place])[1]
    higher = {place: Decimal(n) * (Decimal("1.085") if place[1] == model else 1) for place, n in bill.items()}
    judge(store, higher, now_ms)

    found: dict[str, Any] = json.loads(said(store, now_ms, capsys, monkeypatch, "--by", "model", "--json"))
    (first, *others) = found["groups"]
    expected = sum(n for place, n in bill.items() if place[1] == model) * Decimal("0.085") / 10**9
    assert first["key"]["model"].endswith(model)
    assert Decimal(first["drift_usd"]) == pytest.approx(expected, rel=Decimal("0.001"))
    assert Decimal(first["drift_percent"]) == pytest.approx(Decimal("8.5"), abs=Decimal("0.01"))
    assert first["reasons"] != []
    assert [(one["key"], one["reasons"]) for one in others if one["reasons"]] == []

    text = said(store, now_ms, capsys, monkeypatch)
    (line,) = re.findall(rf"openai / \S*{re.escape(model)} .*", text)
    assert line.endswith("+8.5")

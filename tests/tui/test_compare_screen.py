"""The Compare screen: what would cost less, the traffic elsewhere, own engines; and what is supposed by keys."""

from decimal import Decimal
from pathlib import Path

import pytest

from collectors.prices.books import price_book
from collectors.prices.catalogue_file import KeptCatalogue
from collectors.settings.config import Config
from store.reader import Reader
from store.writer import Writer
from tests.fakes import pictures
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.explaining.compare import compare_figures
from tui.pictures.compare import ComparePicture, Conditions
from tui.pictures.view import View
from tui.reading.comparison import comparison
from tui.screens.compare import CompareScreen

pytestmark = pytest.mark.usefixtures("closed_stores")


async def test_savings_stand_by_dollars_with_what_was_seen_assumed_and_risked() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        text = shown(app)
        assert ">     88.70  key rag-prod on claude-sonnet-4-6 reads the prompt cache less than" in text
        assert "cache the prefix" in text, "what to do is said whole where its line is cut"
        for said in ("cache hits fell from 71% to 4%", "prompts are as alike as before", "do not add up"):
            assert said in text
        await press(pilot, "j")
        assert "answers take up to a day" in shown(app)


async def test_the_next_parts_are_other_models_and_own_engines() -> None:
    app = monitor()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "v")
        text = shown(app)
        assert "+125.5" in text
        assert "holds no prompt as large" in text
        await press(pilot, "v")
        text = shown(app)
        assert "vllm-a" in text
        assert "utilisation" in text
        assert "100%" in text
        await press(pilot, "v")
        assert "SAVES $/H" in shown(app)


async def test_keys_suppose_and_the_feed_is_asked_again() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "c", "c", "x", "r")
        assert "cache 80%   batch 50%   routed 30%" in shown(app)
        screen = app.screen
        assert isinstance(screen, CompareScreen)
        assert screen.shown is not None
        assert screen.shown.conditions == Conditions(
            cache_hit=Decimal("0.8"), batch=Decimal("0.5"), easy=Decimal("0.3")
        )
        await press(pilot, "c", "c")
        assert "cache" not in shown(app).splitlines()[1]


async def test_it_is_read_seldom_because_it_costs_much() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        asked = len(feed.asked)
        for _ in range(29):
            app._tick()
            await settle(pilot)
        assert len(feed.asked) <= asked + 1


def test_each_saving_model_and_engine_is_explained() -> None:
    found = list(compare_figures(pictures.COMPARE))
    assert len(found) == 2 + 3 + 1
    assert found[0].confidence == "risk: none known"
    assert found[3].arithmetic[0] == "now $188.200000/h, there $62.700000/h, saved  $125.500000/h"


def test_the_traffic_drilled_to_is_priced_elsewhere(tmp_path: Path) -> None:
    events = [priced(f"a{n}", ended_at_ms=AT_MS - 1000) for n in range(30)]
    events += [priced(f"b{n}", ended_at_ms=AT_MS - 1000, tenant="a*[b]") for n in range(10)]
    Writer(tmp_path / "s.db").write(batch(events, at_ms=AT_MS), [CARD])

    def read(view: View, **conditions: Decimal) -> ComparePicture:
        return comparison(
            Reader(tmp_path / "s.db"), view, Conditions(**conditions), AT_MS,
            book=price_book(Config()), catalogue=KeptCatalogue().catalogue, machine="here",
        )  # fmt: skip

    everything, part = read(View()), read(View(path=(("tenant", "a*[b]"),)))
    assert (everything.requests, part.requests) == (40, 10)
    # 40 requests of 0.0035 dollars in an hour.
    assert everything.usd_per_hour == pytest.approx(Decimal("0.14"), rel=Decimal("0.001"))
    assert (everything.header.window_seconds, everything.header.own_window) == (3600, True), (
        "five minutes were asked for"
    )
    day = read(View(window_seconds=86_400)).header
    assert (day.window_seconds, day.own_window) == (86_400, False)
    names = [row.name for row in everything.offered]
    assert "openai/gpt-4o-mini" in names, "the smaller relative of what is in use"
    routed = [row.name for row in read(View(), easy=Decimal("0.5")).offered]
    assert any(name.startswith("easy 50") for name in routed)

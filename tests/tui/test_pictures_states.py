"""How every screen looks when it is empty, stale, paused, in the past, or cannot be read, at three sizes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.fakes import alerts as fake_alerts
from tests.fakes import budgets as fake_budgets
from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle
from tui.app import MonitorApp
from tui.pictures.header import Header

SIZES = [(80, 24), (120, 40), (200, 50)]
SCREENS = {"gpus": "2", "budgets": "3", "requests": "4", "compare": "5", "sources": "6", "alerts": "7"}
AGO_MS = 130_000

EVERY_SIZE = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])
EVERY_SCREEN = pytest.mark.parametrize("key", SCREENS.values(), ids=SCREENS.keys())


def feed(header: Header = pictures.HEADER) -> FakeFeed:
    """Every screen's picture under one header."""
    return FakeFeed(
        pictures.burn(header=header),
        requests=replace(pictures.REQUESTS, header=header),
        sources=replace(pictures.SOURCES, header=header),
        machines=replace(pictures.MACHINES, header=header),
        compare=replace(pictures.COMPARE, header=header),
        alerts=replace(fake_alerts.ALERTS, header=header),
        budgets=replace(fake_budgets.BUDGETS, header=header),
    )


def nothing() -> FakeFeed:
    """Nothing was seen by anybody."""
    header = replace(pictures.HEADER, as_of_ms=None, sources_ok=0, sources_total=0)
    return FakeFeed(
        pictures.NOTHING,
        requests=replace(pictures.REQUESTS, header=header, rows=(), kept_since_ms=None),
        sources=replace(pictures.SOURCES, header=header, rows=(), found=()),
        machines=replace(pictures.MACHINES, header=header, hosts=(), absent="no NVIDIA driver on this machine"),
        compare=replace(
            pictures.COMPARE, header=header, requests=0, usd_per_hour=None, savings=(), offered=(), engines=(),
            assumptions=(), left_out=(),
        ),
        alerts=replace(fake_alerts.ALERTS, header=header, rows=(), waiting=(), asked_ms=None),
        budgets=replace(fake_budgets.BUDGETS, header=header, lines=(), launch=None, doubts=()),
    )  # fmt: skip


def after(*keys: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press these keys, and wait until all is drawn."""

    async def run_before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    return run_before


def then_fails(key: str) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Look at a screen; from then on nothing can be read."""

    async def run_before(pilot: Pilot[Any]) -> None:
        await after(key)(pilot)
        app = pilot.app
        assert isinstance(app, MonitorApp)
        app.feed.failure = "The store is locked by another program; trying again."  # type: ignore[attr-defined]  # a FakeFeed
        app.ask()
        await settle(pilot)

    return run_before


@EVERY_SIZE
@EVERY_SCREEN
def test_empty(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert snap_compare(monitor(nothing()), terminal_size=size, run_before=after(key))


@EVERY_SIZE
@EVERY_SCREEN
def test_stale(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    stale = replace(pictures.HEADER, read_at_ms=pictures.AS_OF_MS + AGO_MS, sources_ok=1)
    assert snap_compare(monitor(feed(stale)), terminal_size=size, run_before=after(key))


@EVERY_SIZE
@EVERY_SCREEN
def test_paused(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert snap_compare(monitor(feed()), terminal_size=size, run_before=after(key, "space"))


@EVERY_SIZE
@EVERY_SCREEN
def test_past(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert snap_compare(monitor(feed()), terminal_size=size, run_before=after(key, *"[" * 2))


@EVERY_SIZE
@EVERY_SCREEN
def test_failing(snap_compare: Any, size: tuple[int, int], key: str) -> None:
    assert snap_compare(monitor(feed()), terminal_size=size, run_before=then_fails(key))


@pytest.mark.parametrize("state", ["empty", "stale", "paused", "failing"])
def test_burn_in_a_large_terminal(snap_compare: Any, state: str) -> None:
    stale = replace(pictures.HEADER, read_at_ms=pictures.AS_OF_MS + AGO_MS, sources_ok=1)
    app = monitor({"empty": nothing(), "stale": feed(stale)}.get(state, feed()))
    ways = {"paused": after("space"), "failing": then_fails("1")}
    assert snap_compare(app, terminal_size=(200, 50), run_before=ways.get(state, after()))


@EVERY_SIZE
def test_burn_over_budget(snap_compare: Any, size: tuple[int, int]) -> None:
    launch = fake_budgets.line()
    spent = fake_budgets.line("support-daily", spent_usd=launch.limit_usd + 200, runs_out_ms=None, crossed="hard")
    plain = pictures.burn()
    headline = replace(plain.headline, budget=launch, gone_before=spent)
    assert snap_compare(monitor(FakeFeed(replace(plain, headline=headline))), terminal_size=size, run_before=after())

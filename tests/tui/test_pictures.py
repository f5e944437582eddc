"""How every screen looks, in every state, at the size of a small terminal and of a large one."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle

SIZES = [(80, 24), (120, 40)]

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40"])


def after(*keys: str, then: Callable[[FakeFeed], None] | None = None) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """Press these keys, change the feed, and wait until all is drawn."""

    async def run_before(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *keys)
        if then is not None:
            then(pilot.app.feed)  # type: ignore[attr-defined]  # the app is ours, on a FakeFeed
            pilot.app._tick()  # type: ignore[attr-defined]  # the timer of these apps stays silent
            await settle(pilot)

    return run_before


def fail(feed: FakeFeed) -> None:
    """Nothing can be read from now on."""
    feed.failure = "The store is locked by another program; trying again."


def fall_behind(feed: FakeFeed) -> None:
    """The collector has stopped two minutes ago."""
    header = replace(pictures.HEADER, read_at_ms=pictures.AS_OF_MS + 130_000, sources_ok=1)
    feed.burn_answer = pictures.burn(header=header)


def test_burn_live(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after())


def test_burn_with_nothing_found(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(FakeFeed(pictures.NOTHING)), terminal_size=size, run_before=after())


def test_burn_stale(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after(then=fall_behind))


def test_burn_failing(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after(then=fail))


def test_burn_paused(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("space"))


def test_burn_drilled_and_filtered(snap_compare: Any, size: tuple[int, int]) -> None:
    keys = ("j", "enter", "slash", *"acme")
    assert snap_compare(monitor(), terminal_size=size, run_before=after(*keys))


def test_burn_in_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(ascii_only=True), terminal_size=size, run_before=after())


def test_gpus(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("2"))


def test_an_engine_s_page(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("2", "j", "enter"))


def test_a_gpu_s_page(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("2", "j", "j", "enter"))


def test_prices_of_hosts(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("2", "dollar_sign"))


def test_an_engine_explained(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("2", "j", "i", "n", "n", "n", "n"))


def test_requests(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("4"))


def test_bill(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("4", "enter"))


def test_sources(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("6"))


def test_help(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("question_mark"))


def test_group_by(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("b"))


def test_palette(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(), terminal_size=size, run_before=after("colon"))

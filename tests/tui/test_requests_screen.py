import pytest
from msgspec.structs import replace

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.pictures.view import View
from tui.questions.requests import RequestsQuestion
from tui.screens.bill import BillScreen
from tui.screens.burn import BurnScreen
from tui.screens.requests import draw_row
from tui.widgets.table import Table


async def test_requests_show_their_cost_and_unknown_cost_is_a_dash() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        text = shown(app)
        assert "0.164196" in text
        assert "<0.000001" in text
        assert "≥0.009000" in text
        assert [row.cells[8] for row in app.screen.query_one(Table).rows][2] == "--"
        assert "1 of these 5 have no known price" in text


async def test_the_dearest_come_first_on_request() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        assert "newest first" in shown(app)
        await press(pilot, "j", "j", "s")
        assert "dearest first" in shown(app)
        assert feed.asked[-1] == RequestsQuestion(View(), dearest=True)
        assert app.screen.query_one(Table).cursor_key == app.screen.query_one(Table).rows[0].key
        await press(pilot, "s")
        assert feed.asked[-1] == RequestsQuestion(View()), "the newest again, in the order of a column"


async def test_a_request_opens_its_bill_and_the_way_back_ends_on_the_request_seen_last() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "j", "enter")
        assert isinstance(app.screen, BillScreen)
        assert app.screen.request_id == 2
        assert "2 of 5" in shown(app)
        await press(pilot, "n", "n", "p")
        assert app.screen.request_id == 3
        await press(pilot, "p", "p", "p", "p")
        assert app.screen.request_id == 1
        await press(pilot, "n", "escape")
        assert app.screen.query_one(Table).cursor_key == 2
        await press(pilot, "escape")
        assert isinstance(app.screen, BurnScreen)


async def test_an_empty_window_says_since_when_requests_are_kept() -> None:
    empty = replace(pictures.REQUESTS, rows=(), kept_since_ms=pictures.AS_OF_MS - 259_200_000)
    app = monitor(FakeFeed(requests=empty))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4")
        assert "kept since 2026-05-13 14:23Z" in " ".join(shown(app).split())


@pytest.mark.parametrize(
    ("outcome", "said", "role"),
    [
        ("ok", "ok", ""),
        ("cache", "cache", ""),
        ("cut", "cut", "warn"),
        ("error", "error", "bad"),
        ("error-retried", "retried", "bad"),
        ("error-fallback", "fallback", "bad"),
    ],
)
def test_what_failed_stands_out_and_what_a_cache_answered_does_not(outcome: str, said: str, role: str) -> None:
    row = draw_row(pictures.request(outcome=outcome))
    assert (row.cells[9], row.role) == (said, role)

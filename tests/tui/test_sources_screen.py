from msgspec.structs import replace

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.widgets.table import Table


async def test_every_source_says_its_state_in_a_word() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        states = {row.cells[0]: row.cells[1] for row in app.screen.query_one(Table).rows}
        assert states == {"gateway": "ok", "vllm-a": "LATE", "openai": "FAILING"}
        assert "sources 2/4" in shown(app)


async def test_the_source_at_the_cursor_shows_what_it_could_not_read() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "3 rejected: not JSON" in shown(app)
        assert '{"id": "chatcmpl-9' in shown(app)
        assert "4.0 KiB were gone before they could be read" in shown(app)
        await press(pilot, "j", "j")
        assert "HTTP 401: the key in OPENAI_ADMIN_KEY is not an admin key" in shown(app)
        assert "not JSON" not in shown(app)


async def test_what_was_found_is_shown_even_without_a_source() -> None:
    app = monitor(FakeFeed(sources=replace(pictures.SOURCES, rows=())))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "No source is configured or was found." in shown(app)
        assert "ANTHROPIC_API_KEY is set" in shown(app)

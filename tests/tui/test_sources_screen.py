from pathlib import Path

import pytest
from msgspec.structs import replace

from collectors.providers.registry import WITHOUT_FIGURES
from store.reader import Reader
from store.writer import Writer
from tests.fakes import pictures
from tests.fakes.events import AT_MS, batch
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.acts.keys import AllowKey
from tui.pictures.sources import DriftNote, RejectRow
from tui.pictures.view import View
from tui.reading.sources import sources
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


async def test_a_doubt_about_what_was_taken_is_not_called_a_reject() -> None:
    source = pictures.SOURCES.rows[0]
    doubt = RejectRow(reason="usage_mismatch", count=7, example="", seen_ms=pictures.AS_OF_MS, taken=True)
    rows = (replace(source, rejects=(doubt, *source.rejects)),)
    app = monitor(FakeFeed(sources=replace(pictures.SOURCES, rows=rows)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "7 taken in doubt: usage_mismatch" in shown(app)
        assert "3 rejected: not JSON" in shown(app)


async def test_what_was_found_is_shown_even_without_a_source() -> None:
    app = monitor(FakeFeed(sources=replace(pictures.SOURCES, rows=())))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "No source is configured or was found." in shown(app)
        assert "ANTHROPIC_API_KEY is set" in shown(app)


DRIFT = DriftNote(
    nano_usd=4_250_000_000, percent=8.5, by="bill", until_ms=pictures.AS_OF_MS - 86_400_000,
    models=(("gpt-5.1", 4_250_000_000, 8.5, "another price than in our book, for the same tokens"),),
)  # fmt: skip


async def test_a_provider_shows_its_drift_and_what_probably_made_it() -> None:
    row = replace(pictures.SOURCES.rows[2], state="ok", detail="", drift=DRIFT)
    app = monitor(FakeFeed(sources=replace(pictures.SOURCES, rows=(row,))))
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "+8.5%" in app.screen.query_one(Table).rows[0].cells
        assert "drift of 7 days by its bill: +4.2500 USD, +8.5% of ours" in shown(app)
        assert "gpt-5.1 +4.2500 USD (+8.5%): another price than in our book, for the same tokens" in shown(app)
        assert "as of" in shown(app)


async def test_one_key_lets_the_collector_use_a_key_that_was_found() -> None:
    offered = replace(pictures.SOURCES.rows[2], state="absent", detail="OPENAI_ADMIN_KEY is set and not used")
    feed = FakeFeed(sources=replace(pictures.SOURCES, rows=(pictures.SOURCES.rows[0], offered)))
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "u")
        assert feed.done == []
        assert "u use key" not in shown(app), "a log has no key"
        await press(pilot, "j")
        assert "u use key" in shown(app)
        await press(pilot, "u")
        assert feed.done == [AllowKey("openai")]
        assert "done: AllowKey" in shown(app)
        feed.failure = "the store is read-only"
        await press(pilot, "u")
        assert "the store is read-only" in shown(app)


@pytest.mark.parametrize(
    ("state", "detail"),
    [
        ("ok", "OPENAI_ADMIN_KEY is set and not used"),
        ("absent", "no key: set OPENAI_ADMIN_KEY, or name one with api_key_env, api_key_file or api_key_command"),
        ("absent", f"COHERE_API_KEY is set. {WITHOUT_FIGURES['cohere']}"),
        ("absent", "AZURE_API_KEY is set; its [[source]] needs `account`: the resource's id."),
    ],
    ids=["asked already", "configured without a key", "has no figures", "needs an account"],
)
async def test_a_key_that_would_do_nothing_is_not_offered(state: str, detail: str) -> None:
    row = replace(pictures.SOURCES.rows[2], state=state, detail=detail)
    app = monitor(FakeFeed(sources=replace(pictures.SOURCES, rows=(row,))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "use key" not in shown(app)


async def test_in_the_past_sources_stay_those_of_now_and_say_so() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "[", "6")
        assert "LIVE" in shown(app)
        assert "this is their state now" in shown(app)
        assert "L live" in shown(app)
        before = len(feed.asked)
        app._tick()
        await settle(pilot)
        assert len(feed.asked) == before + 1, "what is of now is read on"
        await press(pilot, "L")
        assert "their state now" not in shown(app)
        await press(pilot, "space")
        before = len(feed.asked)
        app._tick()
        await settle(pilot)
        assert len(feed.asked) == before, "paused is paused"
        assert "their state now" not in shown(app)


def test_a_source_that_nobody_asks_any_more_says_so_beside_what_it_said_last(tmp_path: Path) -> None:
    writer = Writer(tmp_path / "usdtop.db")
    writer.write(batch([], at_ms=AT_MS, detail="litellm.slp"))
    reader = Reader(tmp_path / "usdtop.db")
    (row,) = sources(reader, View(), AT_MS + 1_000, machine="here").rows
    assert (row.state, row.detail) == ("ok", "litellm.slp")
    (row,) = sources(reader, View(), AT_MS + 60_000, machine="here").rows
    assert row.state == "late"
    assert row.detail.startswith("Nothing was heard of it since 14:23Z: the collector does not run, or cannot write.")
    assert row.detail.endswith("litellm.slp")
    reader.close()

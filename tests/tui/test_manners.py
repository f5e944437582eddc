"""Terminal manners: keys and colours of one's own, the mouse when it is wanted, few bytes when they are dear."""

import pytest
from msgspec.structs import replace
from textual.command import CommandPalette
from textual.widgets import OptionList

from collectors.settings.config import ConfigError, ScreenConfig
from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.app import MonitorApp
from tui.keymap import all_bindings, dress
from tui.palette import NOT_IN_PALETTE
from tui.screens.group_by import GroupByScreen
from tui.widgets.footer import Keys
from tui.widgets.table import Table

SECTIONS = tuple(MonitorApp.MODES)


pytestmark = pytest.mark.usefixtures("utc_again")


def test_every_binding_has_a_name_so_that_it_can_be_given_another_key() -> None:
    assert [binding for binding in all_bindings() if binding.id is None] == []


@pytest.mark.parametrize("section", SECTIONS)
async def test_every_action_is_in_the_palette_and_in_help(section: str) -> None:
    app = monitor()
    async with app.run_test(size=(120, 200)) as pilot:
        await settle(pilot)
        app.action_show(section)
        await settle(pilot)
        wanted = {
            binding.tooltip or binding.description
            for _, binding, enabled, _ in app.screen.active_bindings.values()
            if enabled and binding.description and binding.action.split("(")[0] not in NOT_IN_PALETTE
        }
        await press(pilot, "colon")
        assert isinstance(app.screen, CommandPalette)
        labels = {str(option.prompt).rpartition(" (")[0].lower() for option in app.screen.query_one(OptionList).options}
        assert {text.lower() for text in wanted} <= labels
        await press(pilot, "escape", "question_mark")
        helped = shown(app).lower()
        assert [text for text in wanted if text.lower()[:40] not in helped] == []


async def test_a_key_of_ones_own_takes_the_place_of_ours() -> None:
    app = monitor()
    dress(app, ScreenConfig(keys={"burn.by": "f2"}, theme="colour-blind", local_time=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "b")
        assert not isinstance(app.screen, GroupByScreen)
        await press(pilot, "f2")
        assert isinstance(app.screen, GroupByScreen)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (ScreenConfig(keys={"burn.bye": "x"}), "did you mean `burn.by`"),
        (ScreenConfig(theme="colour-blnd"), "did you mean `colour-blind`"),
    ],
    ids=["keys", "theme"],
)
def test_what_is_not_known_names_the_nearest(config: ScreenConfig, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        dress(monitor(), config)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light", "colour-blind", "textual-light"])
async def test_every_theme_draws(theme: str) -> None:
    app = MonitorApp(FakeFeed(), refresh_seconds=3600, theme=theme)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert app.theme == theme
        assert "$412.6" in shown(app)


async def test_a_click_moves_the_cursor_and_a_second_one_opens() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        table = app.screen.query_one(Table)
        await pilot.click(table, offset=(10, 2))
        assert table.cursor_key == (False, "gpt-4o")
        await pilot.click(table, offset=(10, 2), times=2)
        await settle(pilot)
        assert app.view.path == (("model", "gpt-4o"),)


async def test_where_bytes_are_dear_there_are_no_curves() -> None:
    app = MonitorApp(FakeFeed(), refresh_seconds=3600, low_bandwidth=True)
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        text = shown(app)
        assert "TREND" not in text
        assert not set("▁▂▃▄▅▆▇") & set(text)
        await press(pilot, "v")
        assert "╎launch" in shown(app), "who asks for the chart has it"


@pytest.mark.parametrize("section", "1234567")
async def test_a_very_small_terminal_still_shows_rows_and_keys(section: str) -> None:
    app = monitor()
    async with app.run_test(size=(40, 10)) as pilot:
        await settle(pilot)
        await press(pilot, section)
        assert app.screen.query_one(Table).size.height >= 2, "the titles and the row under the cursor"
        assert app.screen.query_one(Keys).region.bottom == 10
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert app.screen.query_one(Keys).region.bottom == 24


async def test_what_is_sent_to_the_terminal_is_shown_on_request() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "B/s" not in shown(app)
        await press(pilot, "B")
        assert shown(app).splitlines()[-1].endswith("-- B/s")
        await press(pilot, "B")
        assert "B/s" not in shown(app)


async def test_a_source_that_does_not_speak_is_named_on_every_screen_but_the_one_that_lists_it() -> None:
    note = pictures.HEADER.sources[0]
    header = replace(pictures.HEADER, sources_ok=3, sources=(note, replace(note, name="vllm-a", state="failing")))
    feed = FakeFeed(
        pictures.burn(header=header),
        machines=replace(pictures.MACHINES, header=header),
        sources=replace(pictures.SOURCES, header=header),
    )
    app = monitor(feed)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for key, is_named in (("1", True), ("2", True), ("6", False)):
            await press(pilot, key)
            assert ("vllm-a is failing, 6 says why" in shown(app)) is is_named
        await press(pilot, "1", "[")
        assert "vllm-a is failing" not in shown(app), "it may have spoken then"

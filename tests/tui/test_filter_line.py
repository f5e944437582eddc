"""The filter line completes dimensions and names from what exists."""

import pytest
from textual.events import Key

from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle
from tui.widgets.filter import FilterLine, completed
from tui.widgets.footer import Keys

NAMES = {"tenant": ["acme", "Acme Labs", "globex"], "model": ["gpt-4o", "gpt-4o-mini"], "key": ["it's"]}


@pytest.mark.parametrize(
    ("typed", "whole"),
    [
        ("ten", "tenant="),
        ("tenant=gl", "tenant=globex"),
        ("model=GPT-4o-", "model=GPT-4o-mini"),
        ("model=gpt* tenant!=ac", "model=gpt* tenant!=acme"),
        ("!mo", "!model="),
        ("tenant=acme", None),
        ("tenant=zz", None),
        ("key=it", None),
        ("tenant=", None),
        ("nothing=a", None),
        ("", None),
        ("acme ", None),
    ],
)
def test_the_last_word_is_completed(typed: str, whole: str | None) -> None:
    assert completed(typed, NAMES) == whole


async def test_right_takes_what_is_suggested() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(100, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "slash", *"tenant=gl")
        line = app.screen.query_one(FilterLine)
        for _ in range(50):
            if line._suggestion:
                break
            await pilot.pause(0.01)
        assert line._suggestion == "tenant=globex"
        await press(pilot, "right")
        assert app.view.filter == "tenant=globex"


async def test_what_is_typed_quickly_behind_the_slash_is_all_filter() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        for character in "/qmbss model=gpt":
            key = {"/": "slash", " ": "space", "=": "equals_sign"}.get(character, character)
            app.post_message(Key(key, character))
        await settle(pilot)
        assert app.screen.query_one(FilterLine).value == "qmbss model=gpt"
        assert app.view.filter == "qmbss model=gpt"


async def test_while_a_line_is_typed_the_keys_are_those_of_the_line() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "w")
        assert app.screen.query_one(Keys).text == "enter answer  esc leave it"
        await press(pilot, "escape", "slash")
        assert app.screen.query_one(Keys).text == "enter keep filter  esc clear filter"

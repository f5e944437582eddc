"""The filter line: one line at the bottom that filters as it is typed."""

import asyncio
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from tui.feed import FeedError
from tui.widgets.oneline import OneLine

Names: TypeAlias = Callable[[], Mapping[str, Sequence[str]]]
"""Every member of every dimension, asked for once, in a thread."""


class Completion(Suggester):
    """Completes the last word from what exists: a dimension, or one of its members."""

    def __init__(self, names: Names) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names
        self._known: Mapping[str, Sequence[str]] | None = None

    async def get_suggestion(self, value: str) -> str | None:
        """The whole line, completed; None when nothing fits."""
        if self._known is None:
            try:
                self._known = await asyncio.to_thread(self._names)
            except FeedError:
                return None
        return completed(value, self._known)


def completed(text: str, names: Mapping[str, Sequence[str]]) -> str | None:
    """The text with its last word completed; a name that would need quotes is left to be typed."""
    before, word = text[: text.rfind(" ") + 1], text[text.rfind(" ") + 1 :]
    negated = "!" if word.startswith("!") else ""
    name, equals, begun = word.removeprefix("!").partition("=")
    if not name:
        return None
    if not equals:
        found = next((one for one in sorted(names) if one.startswith(name) and one != name), None)
        return None if found is None else f"{before}{negated}{found}="
    members = names.get(name.removesuffix("!"), ())
    fits = (one for one in members if one.lower().startswith(begun.lower()) and one != begun)
    found = next((one for one in fits if begun and one == shlex.quote(one)), None)
    return None if found is None else f"{before}{negated}{name}={begun}{found[len(begun) :]}"


class FilterLine(OneLine):
    """`enter` keeps the filter, `escape` clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "keep filter", id="filter.keep"),
        Binding("escape", "clear", "clear filter", id="filter.clear"),
    ]

    @dataclass
    class Typed(Message):
        """The filter's text changed."""

        text: str

    class Closed(Message):
        """The line is not needed any more."""

    def __init__(self, text: str, names: "Names | None" = None) -> None:
        super().__init__(
            text,
            "filter, e.g. model=gpt-* tenant!=acme   right complete   enter keep   esc clear",
            None if names is None else Completion(names),
        )
        self._typed = self.value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed."""
        event.stop()
        if event.value != self._typed:
            self._typed = event.value
            self.post_message(self.Typed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter."""
        event.stop()
        self.post_message(self.Closed())

    def action_clear(self) -> None:
        """Filter nothing."""
        self.post_message(self.Typed(""))
        self.post_message(self.Closed())

"""Names of tenants, keys and users as numbers, for a shared screen: tenant-3 stays tenant-3 as long as the store lives."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, TypeVar, cast

import msgspec

from store.tables import DIMENSIONS
from tui.feed import Act, Feed, Question
from tui.questions.burn import NamesQuestion

P = TypeVar("P")

MASKED = ("tenant", "key", "user", "end_user")
"""Dimensions whose members may not be shown to everybody."""

_OWN_WORDS = frozenset(
    ("basis", "by", "counts", "crossed", "dimension", "factor", "freshness", "kind", "outcome", "period", "rule", "severity",
     "state", "status", "tier")
)  # fmt: skip
"""Fields that hold words of ours and never a name: a tenant who is called "launch" or "ok" changes none of them."""

_OWN_PHRASES = (
    "cache hits", "cache reads", "cache writes", "prompt cache", "batch interface",
    "batch price", "long-context price", "output length", "output tokens", "prompt tokens", "first token", "first tokens",
    "price book", "price books", "own engines", "own hosts", "burn rate", "of what this hour of day usually costs",
    "at this hour on the day before", "24 hours cost", "the mean day of the week before", "its own week", "of its cap of",
    "of all tokens have no price", "have no known price", "requests have no", "cost differ by", "over the last day",
    "slowed down", "does not answer any more", "the hour before", "fires at", "of which the lower counts",
)  # fmt: skip
"""What our sentences say in several words: a tenant who is called as one of them is not meant there."""

_SHORT = 3
"""A name this short is masked where it stands alone; inside sentences it would hit ordinary words."""


class Mask:
    """Numbers for names in the order in which the store first saw them, and back."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._masked: dict[str, str] = {}
        for dimension in MASKED:
            for number, name in enumerate(names.get(dimension, ()), start=1):
                self._masked.setdefault(name, f"{dimension}-{number}")
        self._names = {mask: name for name, mask in self._masked.items()}
        # Loaded late: the screen is there before anybody asks for this.
        from pricing.alerts.names import RULES, words
        from pricing.cause import FACTORS

        own = (*_OWN_PHRASES, *FACTORS, *map(words, RULES))
        phrases = [phrase for phrase in own if " " in phrase and phrase not in self._masked]
        self._in_sentences = _pattern([*phrases, *(name for name in self._masked if len(name) >= _SHORT)])
        self._masks = _pattern(list(self._names))

    def hide(self, value: Any) -> Any:
        """The same value without the names, whatever it is made of."""
        return _changed(value, self._hidden)

    def reveal(self, value: Any) -> Any:
        """The same value with the names that stand behind its numbers."""
        return _changed(value, lambda text: self._names.get(text) or self._masks.sub(lambda m: self._names[m[0]], text))

    def _hidden(self, text: str) -> str:
        whole = self._masked.get(text)
        return whole or self._in_sentences.sub(lambda found: self._masked.get(found[0], found[0]), text)


def _pattern(texts: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(texts, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])" if texts else r"(?!)")


def _changed(value: Any, change: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return change(value)
    if isinstance(value, msgspec.Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
        return type(value)(
            **{name: one if name in _OWN_WORDS else _changed(one, change) for name, one in parts.items()}
        )
    if is_dataclass(value) and not isinstance(value, type):
        named = {one.name: getattr(value, one.name) for one in fields(value) if one.init and one.name not in _OWN_WORDS}
        return dataclasses.replace(value, **{name: _changed(one, change) for name, one in named.items()})
    if isinstance(value, tuple) and len(value) == 2 and value[0] in DIMENSIONS:
        # A step of a path: what it is of, and the name.
        return value[0], _changed(value[1], change)
    if isinstance(value, tuple | list):
        changed = [_changed(one, change) for one in value]
        return type(value)(*changed) if hasattr(value, "_fields") else type(value)(changed)
    if isinstance(value, dict):
        return {_changed(name, change): _changed(one, change) for name, one in value.items()}
    return value


class PrivateFeed:
    """Another feed's pictures without names; questions and acts reach it with the names put back."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def read(self, question: Question[P]) -> P:
        """The answer without names."""
        mask = self._mask()
        return cast("P", mask.hide(self._feed.read(mask.reveal(question))))

    def do(self, act: Act) -> str:
        """What was done, without names."""
        mask = self._mask()
        return cast("str", mask.hide(self._feed.do(mask.reveal(act))))

    def _mask(self) -> Mask:
        return Mask(self._feed.read(NamesQuestion()))

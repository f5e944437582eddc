"""Names of tenants, keys and users as numbers, for a shared screen: tenant-3 stays tenant-3 as long as the store lives.

A picture keeps our sentences and the names that they are about in fields apart, and who draws puts them together. So a
sentence of ours stays as it is, whatever somebody is called, and a name is exchanged as a whole. Names are looked for
only in what others wrote: marks, what budgets, models and sources are called, what a source says of itself.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from tui import format as fmt
from tui.feed import Act, Feed, FeedError, Question
from tui.questions.burn import NamesQuestion

P = TypeVar("P")

MASKED = ("tenant", "key", "user", "end_user")
"""Dimensions whose members may not be shown to everybody."""

OURS: Mapping[str, tuple[str, ...]] = {
    "AlertRow": ("rule", "which", "title", "evidence", "reason"),
    "AlertsPicture": ("waiting",),
    "Bill": ("missing",),
    "BillLine": ("item",),
    "BillPicture": ("call_type",),
    "BudgetLine": ("period", "counts", "burns", "basis", "crossed", "spent_per_hour"),
    "BurnPicture": ("by",),
    "ChartPicture": ("unit",),
    "ComparePicture": ("assumptions", "left_out"),
    "DriftNote": ("by",),
    "EngineRow": ("kind", "state", "utilisation_tier", "assumed", "freshness"),
    "Fired": ("text",),
    "Hint": ("text", "why", "role"),
    "LackRow": ("rule", "what"),
    "OfferedRow": ("status", "saved_bound", "assumptions"),
    "Part": ("factor",),
    "RateCard": ("book", "conditions", "not_covered"),
    "RequestRow": ("outcome", "status"),
    "SavingRow": ("rule", "what", "evidence", "assumption", "risk"),
    "SourceNote": ("state",),
    "SourceRow": ("kind", "state"),
    "UnitRate": ("unit",),
    "User": ("dimension",),
    "View": ("by",),
}
"""Fields that hold words of ours and no name of anybody or anything."""

_NUMBERS = ("Totals", "Usage", "Decimal", "int", "float", "NoneType", "bool")
"""What is made of nothing else but numbers, and names of units."""

_OF_ITS_TABLE = "*"
_MEMBERS = {
    "GroupRow": {"key": _OF_ITS_TABLE},
    "Mover": {"tenant": "tenant"},
    "RequestRow": {"tenant": "tenant", "key": "key"},
    "Sender": {"key": "key"},
    "Series": {"name": _OF_ITS_TABLE},
    "User": {"name": _OF_ITS_TABLE},
}
"""Fields that hold a member of a dimension and nothing else; of some their table says which."""
_GROUPED = {"BurnPicture": "by", "User": "dimension"}
"""Where a table says what its rows are members of."""

_PLAIN = ("call_type", "outcome")
"""Dimensions whose members are words of ours, or of every gateway."""

_WITHHELD = {"RejectRow": ("example",)}
"""Fields in which a name may stand that the store never took."""
_NOT_SHOWN = "(not shown while names are hidden)"

_MOST_REMEMBERED = 10_000

_WORD = re.compile(r"[\w-]+")
_MASK = re.compile(rf"(?<![\w-])(?:{'|'.join(MASKED)})-\d+(?![\w-])")
_TERM = re.compile(r"""(?:"[^"]*"|'[^']*'|[^\s"'])+""")
_HIDDEN = "…"


class Mask:
    """Numbers for names in the order in which the store first saw them, and back."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._of = {
            dimension: {name: f"{dimension}-{number}" for number, name in enumerate(names.get(dimension, ()), start=1)}
            for dimension in MASKED
        }
        for members in self._of.values():
            members |= {fmt.safe(name): number for name, number in members.items()} | members
        self._any = {name: mask for dimension in reversed(MASKED) for name, mask in self._of[dimension].items()}
        self._lower = {name.lower(): mask for name, mask in self._any.items()}
        self._by_word: dict[str, list[str]] = {}
        for name in sorted(self._any, key=len, reverse=True):
            if word := _WORD.search(name):
                self._by_word.setdefault(word[0].lower(), []).append(name)
        self._names = {mask: name for members in self._of.values() for name, mask in reversed(members.items())}
        self._was: dict[str, str] = {}
        """What texts were before names in them were exchanged: a budget is asked for by what it is called."""
        self.text = lru_cache(maxsize=_MOST_REMEMBERED)(self._text)
        """What others wrote, without the names in it; a name inside a longer word is not meant."""

    def member(self, dimension: str, name: str | None) -> str | None:
        """A member of a dimension; one that nobody has heard of stays hidden, too."""
        if name is None or dimension in _PLAIN:
            return name
        if dimension not in MASKED:
            return self.text(name)
        return self._of[dimension].get(name) or (name if name.startswith("(") else f"{dimension}-?")

    def aside(self, text: str) -> str:
        """What is no member: named by us, and perhaps after something that others named: (unused: NAME)."""
        said, colon, of = text.partition(": ")
        return f"{said}{colon}{self.text(of)}"

    def filter(self, text: str) -> str:
        """A filter without the names that it asks for, and without parts of them."""
        return _TERM.sub(self._term, text)

    def hide(self, value: Any, by: str | None = None) -> Any:
        """The same value without the names, whatever it is made of; `by` is what the rows of a table are members of."""
        kind = type(value).__name__
        if kind in _NUMBERS:
            return value
        if isinstance(value, dict):
            return {name: self._members(name, one) for name, one in value.items()}
        if isinstance(value, str) and not isinstance(value, Enum):
            return self.text(value)
        by = getattr(value, _GROUPED[kind]) if kind in _GROUPED else by
        return _rebuilt(value, lambda name, one: self._part(value, name, one, by))

    def reveal(self, value: Any) -> Any:
        """The same value with the names that stand behind its numbers."""
        if isinstance(value, str) and not isinstance(value, Enum):
            known = self._names.get(value) or self._was.get(value)
            return known or _MASK.sub(lambda found: self._names.get(found[0], found[0]), value)
        return _rebuilt(value, lambda _, one: self.reveal(one))

    def _part(self, whole: Any, name: str, one: Any, by: str | None) -> Any:
        """One part of a value by what is known of its field."""
        kind = type(whole).__name__
        if name in OURS.get(kind, ()):
            return one
        if name in _WITHHELD.get(kind, ()):
            return _NOT_SHOWN if one else one
        if name == "path":
            return tuple((dimension, self.member(dimension, member)) for dimension, member in one)
        if name == "filter":
            return self.filter(one)
        dimension = _MEMBERS.get(kind, {}).get(name, "")
        if dimension == _OF_ITS_TABLE:
            return self.aside(one) if by is None or getattr(whole, "aside", False) else self.member(by, one)
        return self.member(dimension, one) if dimension else self.hide(one, by)

    def _members(self, dimension: str, names: Any) -> Any:
        if names is None or isinstance(names, str):
            return self.member(dimension, names)
        return [self.member(dimension, name) for name in names]

    def _text(self, text: str) -> str:
        masked = self._any.get(text) or "".join(self._exchanged(text))
        if masked != text:
            if len(self._was) > _MOST_REMEMBERED:
                self._was.clear()
            self._was[masked] = text
        return masked

    def _exchanged(self, text: str) -> Iterator[str]:
        """The text in pieces: at each word the longest name that has it as its first one, if that stands there."""
        done = 0
        for word in _WORD.finditer(text):
            for name in self._by_word.get(word[0].lower(), ()):
                begin = word.start() - name.lower().index(word[0].lower())
                end = begin + len(name)
                said = text[max(begin, 0) : end]
                if begin >= done and said.lower() == name.lower() and _stands_alone(text, begin, end):
                    yield text[done:begin]
                    yield self._any.get(said) or self._lower[said.lower()]
                    done = end
                    break
        yield text[done:]

    def _term(self, found: re.Match[str]) -> str:
        """One condition: what a dimension must be, or a word that may be part of any name."""
        name, equals, pattern = found[0].partition("=")
        dimension = name.strip("!").lower()
        wanted = (pattern if equals else name.removeprefix("!")).strip("\"'").lower()
        if equals and dimension in MASKED:
            masks = (mask for one, mask in self._of[dimension].items() if one.lower() == wanted)
            return f"{name}={next(masks, f'{dimension}-?') if wanted else ''}"
        is_part = not equals and wanted not in self._lower and any(wanted in one for one in self._lower)
        return _HIDDEN if is_part else self.text(found[0])


def _stands_alone(text: str, begin: int, end: int) -> bool:
    """Whether this part of a text is no part of a longer word."""
    return not _WORD.match(text[begin - 1 : begin]) and not _WORD.match(text[end : end + 1])


def _rebuilt(value: Any, changed: Callable[[str, Any], Any]) -> Any:
    """A value with its parts changed, each by the name of its field; the very same where none is another one."""
    if isinstance(value, msgspec.Struct):
        parts = {name: getattr(value, name) for name in value.__struct_fields__}
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
    elif isinstance(value, tuple | list):
        names = getattr(value, "_fields", ("",) * len(value))
        new = [changed(name, one) for name, one in zip(names, value, strict=True)]
        if all(one is other for one, other in zip(value, new, strict=True)):
            return value
        return type(value)(*new) if hasattr(value, "_fields") else type(value)(new)
    else:
        return value
    others = {name: new for name, one in parts.items() if (new := changed(name, one)) is not one}
    if not others:
        return value
    return (
        msgspec.structs.replace(value, **others)
        if isinstance(value, msgspec.Struct)
        else dataclasses.replace(value, **others)
    )


class PrivateFeed:
    """Another feed's pictures without names; questions and acts reach it with the names put back."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._known: object = None
        self._mask = Mask({})

    def read(self, question: Question[P]) -> P:
        """The answer without names."""
        return cast("P", self._privately(self._feed.read, question))

    def do(self, act: Act) -> str:
        """What was done, without names."""
        return cast("str", self._privately(self._feed.do, act))

    def _privately(self, ask: Callable[[Any], Any], wanted: object) -> object:
        names = self._feed.read(NamesQuestion())
        if names != self._known:
            self._known, self._mask = names, Mask(names)
        try:
            return self._mask.hide(ask(self._mask.reveal(wanted)))
        except FeedError as error:
            raise FeedError(self._mask.text(str(error))) from None

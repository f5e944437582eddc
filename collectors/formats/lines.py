"""Lines of any known format become events: the format is recognised from a line's keys, never from its content."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from collectors.door import example, visible
from collectors.formats.doubts import as_rejects, collecting
from collectors.formats.format import Follower, LineFormat, NotUsageError
from collectors.formats.registry import FORMATS
from store.facts import Reject, UsageEvent

_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode

_WRAPPERS = ("standard_logging_object", "records", "Records")
_PAGES = ("data", "items", "runs", "logs", "result", "results")
"""Where interfaces put the records of a page, beside little else."""
_ONE = "data"
"""Where they put a single one."""
_BESIDE = frozenset({
    "meta", "total", "page", "page_size", "total_pages", "total_is_capped", "next_cursor", "cursors", "error", "errors",
    "success", "messages", "result_info", "pagination", "offset", "limit", "count", "has_more", "object",
})  # fmt: skip
_STREAMED = re.compile(rb"(?:(data): ?|event: ?[\w.\-]+\s*$|id: ?\S*\s*$|retry: ?\d+\s*$|: ?[A-Za-z][\w .\-]*$)")
"""A line of server-sent events, as a gateway logs a stream."""
MOST_REASONS = 100
"""So many are told apart."""

_OPERATIONAL = {"message", "level", "timestamp"}
_UNREADABLE = (NotUsageError, ValueError, ArithmeticError, RecursionError)


class Parsed(NamedTuple):
    """What a chunk of lines held."""

    events: Sequence[UsageEvent]
    rejects: Sequence[Reject]
    format_name: str | None
    """The last format that was recognised."""
    memory: bytes = b""
    """What the format remembers of the lines so far."""


@dataclass(slots=True)
class _Refused:
    """Lines refused for one reason; an example is made of the newest alone."""

    count: int = 0
    line: bytes = b""

    def add(self, line: bytes) -> None:
        self.count += 1
        self.line = line

    def reject(self, reason: str) -> Reject:
        return Reject(reason=reason, count=self.count, example=example(self.line))


class LineReader:
    """Parses lines of one source; remembers the last format, which is nearly always that of the next line."""

    def __init__(self, format_name: str | None = None, mapped: LineFormat | None = None) -> None:
        """`mapped` is a format that the configuration made of a field map: then no other is looked for."""
        self._mapped = mapped
        self._format = mapped or next((f for f in FORMATS if f.name == format_name), None)
        self._reasons: set[str] = set()
        self._memory = b""
        self._follower: Follower | None = None
        """Of the last format, where its lines hang together."""

    def read(self, lines: Sequence[bytes], memory: bytes | None = None) -> Parsed:
        """Every line either becomes events or is counted among the rejects by reason; nothing stops.

        `memory` is what was remembered of the lines before these; without it they go on where the last ones ended.
        """
        if memory is not None:
            self._memory, self._follower = memory, None
        events: list[UsageEvent] = []
        with collecting() as doubts:
            refused = self._read(lines, events)
        if self._follower is not None:
            self._memory = self._follower.memory()
        rejects = [
            *(some.reject(reason) for reason, some in refused.items()),
            *as_rejects(doubts),
        ]
        return Parsed(events, tuple(rejects), self._format.name if self._format else None, self._memory)

    def rest(self, memory: bytes | None = None) -> Parsed:
        """What the lines leave open, for when no more will come; `memory` as for `read`."""
        if memory is not None:
            self._memory, self._follower = memory, None
        for known in FORMATS:
            found = known.rest(self._memory) if known.rest is not None else None
            if found is not None:
                self._memory, self._follower = found.memory, None
                return Parsed(found.events, (), known.name, self._memory)
        return Parsed((), (), self._format.name if self._format else None, self._memory)

    def _read(self, lines: Sequence[bytes], events: list[UsageEvent]) -> dict[str, _Refused]:
        refused: dict[str, _Refused] = {}
        parse = self._parse()
        for line in lines:
            try:
                if parse is None:
                    raise ValueError
                events += parse(line)
            except Exception:  # noqa: BLE001 - the lines before and after this one are read in any case
                for reason in self._read_strange(line, events):
                    refused.setdefault(self._known_reason(reason), _Refused()).add(line)
                parse = self._parse()
        return refused

    def _parse(self) -> Callable[[bytes], Sequence[UsageEvent]] | None:
        """How the last format reads the next line."""
        if self._format is None or self._format.follow is None:
            return self._format.parse if self._format else None
        if self._follower is None:
            self._follower = self._format.follow(self._memory)
        return self._follower.parse

    def _turn_to(self, known: LineFormat) -> Callable[[bytes], Sequence[UsageEvent]]:
        if known is not self._format:
            if self._follower is not None:
                self._memory = self._follower.memory()
            self._format, self._follower = known, None
        return self._parse() or known.parse

    def _known_reason(self, reason: str) -> str:
        """The reason, or a common one where a source has shown too many: they are kept for as long as the store."""
        reason = visible(reason.encode("utf-8", "replace"))
        if reason not in self._reasons:
            if len(self._reasons) >= MOST_REASONS:
                return "something else"
            self._reasons.add(reason)
        return reason

    def _read_strange(self, line: bytes, events: list[UsageEvent]) -> list[str]:
        """A line that the last format could not read: unwrap it, tell its format, and say why each rest is no usage."""
        reasons: list[str] = []
        try:
            parts = [line] if self._mapped else _unwrap(line)
        except (ValueError, RecursionError) as error:
            return [_reason(error)]
        for part in parts:
            try:
                events += self._read_one(part)
            except Exception as error:  # noqa: BLE001 - a bug in one format costs one line
                reasons.append(_reason(error))
        return reasons

    def _read_one(self, raw: bytes) -> Sequence[UsageEvent]:
        if self._mapped:
            return self._mapped.parse(raw)
        keys = frozenset(_keys(raw))
        claiming = [known for known in FORMATS if known.recognises(keys)]
        # Pieces of streams may have the keys of two formats: it is that of the one before, or else of the one that knows it.
        claiming.sort(key=lambda known: known is not self._format)
        for known in claiming[:-1]:
            before = self._format, self._follower, self._memory
            try:
                return self._turn_to(known)(raw)
            except NotUsageError:
                self._format, self._follower, self._memory = before
        if claiming:
            return self._turn_to(claiming[-1])(raw)
        if keys >= _OPERATIONAL:
            raise NotUsageError("an operational log line, which carries no tokens: no source of costs")
        raise NotUsageError("unrecognised: no known format has these keys")


def _reason(error: Exception) -> str:
    """Why a record was not taken, in few distinct words: rejects are counted by them."""
    if isinstance(error, msgspec.ValidationError):
        return f"a field is not as expected: {error}"
    if isinstance(error, msgspec.DecodeError):
        return "not JSON"
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, UnicodeError):
        return "not UTF-8"
    return str(error)[:120] if isinstance(error, _UNREADABLE) else f"unexpected: {error!r}"[:120]


def _unwrap(line: bytes) -> Sequence[bytes]:
    """The records inside an array, a page or a wrapper object, or of a stream's event; else the line itself."""
    if (event := _STREAMED.match(line)) is not None:
        line = line[event.end() :]
        if event[1] != b"data" or line.strip() == b"[DONE]":
            return ()
    start = line.lstrip()[:1]
    if start == b"[":
        return [bytes(item) for item in _array(line)]
    fields = _keys(line)
    for name in _WRAPPERS:
        if name in fields:
            raw = bytes(fields[name])
            return [bytes(item) for item in _array(raw)] if raw.lstrip()[:1] == b"[" else [raw]
    for name in _PAGES:
        if name in fields and not fields.keys() - {name} - _BESIDE:
            raw = bytes(fields[name])
            if raw.lstrip()[:1] == b"[":
                return [bytes(item) for item in _array(raw)]
            if name == _ONE:
                return [raw]
    return [line]

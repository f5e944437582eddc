"""Rollouts of Codex: one file per session, in which counters tell what the model used and other lines which model it was.

The format is documented by its readers only. Counts are cumulative beside those of the last call, and identical counts
are written again. A session that was forked, or that another one has started, begins with a copy of its parent's
history, all of it with new times: what counts begins at the first turn whose own id is as young as the session.
"""

from collections.abc import Sequence

import msgspec

from collectors.door import cut, names, text_milliseconds
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.litellm import Count
from collectors.formats.memory import kept, recalling
from collectors.formats.split import inclusive
from pricing.usage import NOTHING, Usage
from store.facts import UsageEvent

NAME = "codex.jsonl"

_KINDS = ("session_meta", "turn_context", "event_msg", "response_item", "compacted")
_COPIED_WITHIN_MS = 1_000
"""A copied history is written in one go: a longer pause ends it where no turn has an id that tells its age."""


class _Line(msgspec.Struct, gc=False):
    timestamp: str
    type: str
    payload: msgspec.Raw


class _Session(msgspec.Struct, gc=False):
    id: str | None = None
    timestamp: str | None = None
    cwd: str | None = None
    model_provider: str | None = None
    forked_from_id: str | None = None
    source: msgspec.Raw = msgspec.Raw(b"null")


class _Turn(msgspec.Struct, gc=False):
    model: str | None = None
    turn_id: str | None = None


class _Counts(msgspec.Struct, gc=False, frozen=True):
    input_tokens: Count | None = None
    cached_input_tokens: Count | None = None
    output_tokens: Count | None = None
    reasoning_output_tokens: Count | None = None


class _Info(msgspec.Struct, gc=False):
    total_token_usage: _Counts | None = None
    last_token_usage: _Counts | None = None


class _Event(msgspec.Struct, gc=False):
    type: str
    info: _Info | None = None


class _Memory(msgspec.Struct, tag=NAME):
    """What is known of a session from the lines so far."""

    session: str | None = None
    began_ms: int | None = None
    provider: str | None = None
    directory: str | None = None
    model: str | None = None
    total: _Counts = _Counts()
    """Cumulative counts of the last line that had some."""
    copying: bool = False
    """What comes is a copy of another session's history."""
    line_ms: int = 0
    """Time of the line before, while a copy goes on."""
    dated: bool = False
    """A copied turn has told its age, so that the next one will, too."""


_decode = msgspec.json.Decoder(_Line).decode
_decode_session = msgspec.json.Decoder(_Session).decode
_decode_turn = msgspec.json.Decoder(_Turn).decode
_decode_event = msgspec.json.Decoder(_Event).decode
_recall = recalling(_Memory)


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a line of a rollout."""
    return {"timestamp", "type", "payload"} <= keys


class Rollout:
    """Reads one rollout; a memory that is none of a rollout counts as empty."""

    def __init__(self, memory: bytes = b"") -> None:
        self._known = _recall(memory)

    def memory(self) -> bytes:
        """What to know of the lines so far."""
        return kept(self._known)

    def parse(self, line: bytes) -> Sequence[UsageEvent]:
        """The call that a line counts; none for a line that counts nothing new."""
        said = _decode(line)
        if said.type not in _KINDS:
            raise NotUsageError("a kind of line that no rollout of Codex is known to have")
        at_ms = text_milliseconds(said.timestamp)
        if self._known.copying:
            self._end_copy_after_pause(at_ms)
        if said.type == "session_meta":
            self._begin(_decode_session(said.payload), at_ms)
        elif said.type == "turn_context":
            self._take_turn(_decode_turn(said.payload))
        elif said.type == "event_msg":
            return self._count(_decode_event(said.payload), at_ms)
        return ()

    def _begin(self, session: _Session, at_ms: int) -> None:
        """The first such line is the session's own; those after it are of its ancestors, save its own once more."""
        known = self._known
        if known.session is not None:
            known.copying = known.copying and session.id != known.session
            return
        known.session = session.id or f"unnamed-{at_ms}"
        known.began_ms = text_milliseconds(session.timestamp) if session.timestamp else at_ms
        known.provider, known.directory = session.model_provider, session.cwd
        known.copying = bool(session.forked_from_id) or b'"parent_thread_id"' in bytes(session.source)
        known.line_ms = at_ms

    def _end_copy_after_pause(self, at_ms: int) -> None:
        known = self._known
        known.copying = known.dated or at_ms - known.line_ms < _COPIED_WITHIN_MS
        known.line_ms = at_ms

    def _take_turn(self, turn: _Turn) -> None:
        known = self._known
        known.model = turn.model or known.model
        minted_ms = _minted_ms(turn.turn_id)
        if known.copying and minted_ms is not None:
            born_ms = _minted_ms(known.session) or known.began_ms or 0
            known.copying = known.dated = minted_ms < born_ms

    def _count(self, event: _Event, at_ms: int) -> Sequence[UsageEvent]:
        if event.type != "token_count" or event.info is None:
            return ()
        known, total, last = self._known, event.info.total_token_usage, event.info.last_token_usage
        before, known.total = known.total, total or known.total
        is_old = known.copying or (known.began_ms is not None and at_ms < known.began_ms)
        if is_old or total == before or (total is None and last is None):
            return ()
        usage = _usage(last) if last else _beyond(_usage(total or before), _usage(before))
        return () if usage == NOTHING else (self._event(usage, total or last or before, at_ms),)

    def _event(self, usage: Usage, counts: _Counts, at_ms: int) -> UsageEvent:
        known = self._known
        numbers = "-".join(str(count or 0) for count in msgspec.structs.astuple(counts))
        record = f"{known.session or at_ms}#{numbers}"
        return UsageEvent(
            id=record,
            # Its own id as the call's, too: an archived copy of the session is the same session.
            call_id=record,
            ended_at_ms=at_ms,
            provider=cut(known.provider or "openai"),
            model=cut(known.model),
            call_type="responses",
            usage=usage,
            session=cut(known.session),
            tags=names((f"directory:{known.directory}",)) if known.directory else (),
        )


def _usage(counts: _Counts) -> Usage:
    return inclusive(
        counts.input_tokens,
        counts.output_tokens,
        read=counts.cached_input_tokens,
        reasoning=counts.reasoning_output_tokens,
    )


def _beyond(total: Usage, before: Usage) -> Usage:
    """What a cumulative count says beyond the one before; all of it where it began anew."""
    if total.total_tokens < before.total_tokens:
        return total
    grown = Usage.of(max(0, now - then) for now, then in zip(total[:-1], before[:-1], strict=True))
    return NOTHING if grown == NOTHING else grown


def _minted_ms(identifier: str | None) -> int | None:
    """When a UUID of version 7 was made; None for any other identifier."""
    digits = (identifier or "").replace("-", "")
    if len(digits) != 32 or digits[12] != "7":
        return None
    try:
        return int(digits[:12], 16)
    except ValueError:
        return None


def parse(line: bytes) -> Sequence[UsageEvent]:
    """A line that stands alone: its count without the model, which only the lines before it name."""
    return Rollout().parse(line)


FORMAT = LineFormat(NAME, recognises, parse, Rollout)

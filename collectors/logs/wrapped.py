"""Lines that a container runtime or journald has wrapped: taken out, and put together where they were cut.

Docker's `json-file` driver writes `{"log":"...\\n","stream":"stdout","time":"..."}` and cuts at 16 KiB: only the last
part ends with a newline. CRI runtimes (containerd, CRI-O) write `<time> <stream> <P|F> <text>`, where P is a part and F
the last one. `journalctl -o json` writes one object per line with the text in `MESSAGE`, as numbers where it is not
UTF-8.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

_CRI = re.compile(rb"\d{4}-\d\d-\d\dT\S{9,40} (stdout|stderr) ([PF])(?::\S*)?(?: (.*))?", re.DOTALL)


class _DockerLine(msgspec.Struct, gc=False):
    log: str
    stream: str = ""


class _JournalLine(msgspec.Struct, gc=False):
    realtime: str = msgspec.field(name="__REALTIME_TIMESTAMP")
    message: str | list[int] | None = msgspec.field(name="MESSAGE", default=None)


class _Part(NamedTuple):
    """What one wrapped line holds: a whole line, or a part that the next one of its stream goes on with."""

    stream: bytes
    text: bytes
    is_last: bool


_docker = msgspec.json.Decoder(_DockerLine).decode
_journal = msgspec.json.Decoder(_JournalLine).decode
_Open: TypeAlias = Callable[[bytes], _Part | None]


class Unwrapper:
    """Takes the lines of one file, or of one stream, in their order; what is not wrapped passes untouched.

    A cut line is held back until its last part has come, up to `max_line_bytes`; longer ones are let pass unheld and
    counted in `too_long`.
    """

    def __init__(self, max_line_bytes: int) -> None:
        self.held_bytes = 0
        """Of the wrapped lines, with their newlines, from the first one on of which a part is held back."""
        self.too_long = 0
        self._max_line_bytes = max_line_bytes
        self._parts: dict[bytes, bytearray | None] = {}
        """What is held back of each stream; None where it has become too long."""

    def feed(self, lines: list[bytes]) -> list[bytes]:
        """The lines as they were before somebody wrapped them."""
        wrapping = _wrapping(lines[0]) if lines else None
        if wrapping is None and not self._parts:
            return lines
        whole: list[bytes] = []
        for line in lines:
            part = (wrapping or _wrapping(line) or _nothing)(line)
            if part is None:
                whole.append(line)
            elif not part.is_last or part.stream in self._parts:
                whole += self._join(part)
            elif part.text.strip():
                whole.append(part.text)
            self.held_bytes = self.held_bytes + len(line) + 1 if self._parts else 0
        return whole

    @property
    def holds_a_part(self) -> bool:
        """Whether a line was begun whose end has not come."""
        return bool(self._parts)

    def go_on_from(self, before: "Unwrapper") -> None:
        """Take over what was begun in the file before this one, which nobody will complete there."""
        self._parts, before._parts = before._parts, {}

    def take_rest(self) -> list[bytes]:
        """What is held back, as the lines they are when no more parts will come."""
        rest = [bytes(parts) for parts in self._parts.values() if parts]
        self._parts.clear()
        self.held_bytes = 0
        return rest

    def _join(self, part: _Part) -> Sequence[bytes]:
        held = self._parts.setdefault(part.stream, bytearray())
        if held is not None:
            held += part.text
            if len(held) > self._max_line_bytes:
                self._parts[part.stream] = held = None
        if not part.is_last:
            return ()
        del self._parts[part.stream]
        if held is None:
            self.too_long += 1
            return ()
        return (bytes(held),) if held.strip() else ()


def wrapping_of(line: bytes) -> str | None:
    """Who has wrapped this line, for a person; None where nobody has."""
    return _NAMES.get(_wrapping(line) or _nothing)


def _wrapping(line: bytes) -> _Open | None:
    """How this line is wrapped, told from its beginning; None where it is not."""
    if line.startswith(b'{"log":'):
        return _from_docker
    if line[:2] == b'{"' and (line[2:3] == b"_" or line[2:3].isupper()) and b'"__REALTIME_TIMESTAMP"' in line:
        return _from_journal
    return _from_cri if line[:1].isdigit() and _CRI.fullmatch(line) else None


def _from_docker(line: bytes) -> _Part | None:
    try:
        found = _docker(line)
    except (msgspec.MsgspecError, ValueError):
        return None
    text = found.log.encode("utf-8", "surrogatepass")
    return _Part(found.stream.encode("utf-8", "surrogatepass"), text.rstrip(b"\r\n"), text.endswith(b"\n"))


def _from_cri(line: bytes) -> _Part | None:
    found = _CRI.fullmatch(line)
    return _Part(found[1], found[3] or b"", found[2] == b"F") if found else None


def _from_journal(line: bytes) -> _Part | None:
    try:
        message = _journal(line).message
    except (msgspec.MsgspecError, ValueError):
        return None
    if isinstance(message, list):
        text = bytes(byte & 0xFF for byte in message)
    else:
        text = (message or "").encode("utf-8", "surrogatepass")
    return _Part(b"", text, is_last=True)


def _nothing(_line: bytes) -> _Part | None:
    return None


_NAMES: dict[_Open, str] = {
    _from_docker: "Docker",
    _from_journal: "journald",
    _from_cri: "a container runtime (CRI)",
}

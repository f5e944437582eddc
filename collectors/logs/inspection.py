"""A look into one log before it is trusted: what it is, what was understood in it, and what was not."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from collectors.formats.dimensions import DimensionMap
from collectors.formats.generic import MAPPED_NAMES, mapped_format
from collectors.formats.lines import LineReader
from collectors.logs.chunk import Chunk
from collectors.logs.document import is_document, opened
from collectors.logs.gathered import Gathered
from collectors.logs.tail import Tail
from collectors.logs.wrapped import wrapping_of
from collectors.settings.sourceconfig import SourceConfig
from collectors.settings.sources import source_for
from store.facts import Reject, UsageEvent

MOST_BYTES = 32 * 1024 * 1024
"""Of a larger log the beginning is enough."""

_PIECE_BYTES = 1024 * 1024
_FIRST_BYTES = 1024 * 1024
_MAGIC = {
    b"\x1f\x8b": (".gz", "gzip"), b"\x28\xb5\x2f\xfd": (".zst", "zstd"), b"BZh": (".bz2", "bzip2"),
    b"\xfd7zXZ\0": (".xz", "xz"),
}  # fmt: skip
_MOST_KEYS = 30
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a log holds."""

    lines: int
    """Or records, of a document."""
    events: Sequence[UsageEvent]
    rejects: Sequence[Reject]
    format_name: str | None
    notes: Sequence[str]
    """Sentences on how it is packed, wrapped or mapped, and what went wrong."""
    keys: Sequence[str]
    """Of its first record, as far as that is an object."""
    is_document: bool


def inspect(path: Path, sources: Sequence[SourceConfig]) -> Inspection:
    """Read a log's beginning as an import would, or where a source is configured for it, as that source would."""
    source = source_for(path, sources)
    whole = is_document(path)
    looking = _Looking(_reader(source))
    tail = Tail(str(path), (), whole=whole)
    looking.read(tail, whole=whole)
    tail.close()
    found = looking.gathered.poll("")
    count = len(found.events) + sum(reject.count for reject in found.rejects) if whole else looking.lines
    return Inspection(
        lines=count,
        events=DimensionMap((source.dimensions if source else None) or {}).apply(found.events),
        rejects=found.rejects,
        format_name=looking.format_name,
        notes=(*_about(path, source, whole=whole), *looking.rest(), *([found.detail] if found.detail else [])),
        keys=looking.keys,
        is_document=whole,
    )


@dataclass(slots=True)
class _Looking:
    """What was seen so far."""

    reader: LineReader
    gathered: Gathered = field(default_factory=Gathered)
    lines: int = 0
    format_name: str | None = None
    keys: Sequence[str] = ()
    is_whole: bool = False

    def rest(self) -> Iterator[str]:
        """What was not looked at."""
        if not self.is_whole:
            yield f"Only its first {MOST_BYTES >> 20} MiB were looked at."

    def read(self, tail: Tail, *, whole: bool) -> None:
        taken, more = 0, True
        while more and (whole or taken < MOST_BYTES):
            chunk = tail.read(_PIECE_BYTES)
            self._take(chunk)
            more, taken = chunk.more, taken + _PIECE_BYTES
        self.is_whole = not more
        if not more:
            self._take(tail.finish())
            self.gathered.take(self.reader.rest().events, ())

    def _take(self, chunk: Chunk) -> None:
        lines = chunk.lines
        parsed = self.reader.read(lines)
        self.gathered.add(chunk, parsed.events, parsed.rejects)
        self.lines += len(lines) + chunk.too_long
        self.format_name = parsed.format_name
        if lines and not self.keys:
            self.keys = _keys_of(lines[0])


def _reader(source: SourceConfig | None) -> LineReader:
    if source is None or source.format is None:
        return LineReader()
    if source.format in MAPPED_NAMES:
        return LineReader(source.format, mapped_format(source.format, source.fields or {}))
    return LineReader(source.format)


def _about(path: Path, source: SourceConfig | None, *, whole: bool) -> Iterator[str]:
    """What the file is beside its records."""
    if source is not None:
        yield f"It is read as the source `{source.label}` says: {source.format or 'the format is told from each line'}."
    if whole:
        yield "It is one JSON document and no lines: `usdtop import` reads it, but it cannot be followed while it grows."
    with suppress(OSError, EOFError, ValueError):
        with path.open("rb") as file:
            magic = file.read(8)
        if _is_framed(magic, path.stat().st_size):
            yield (
                "It looks like spans that a collector's file exporter has written as `proto` or packed: let it write JSON without"
                ' compression, or send them to usdtop itself (type = "otlp").'
            )
        for start, (ending, name) in _MAGIC.items():
            if magic.startswith(start) and path.suffix != ending:
                yield f"It is packed with {name}, which its name does not say: give it the ending {ending}."
        with opened(path) as unpacked:
            first = unpacked.readline(_FIRST_BYTES)
        if wrapping := wrapping_of(first.rstrip(b"\r\n")):
            yield f"Its lines are wrapped by {wrapping}; what is inside is read."
        elif first.startswith((b"data:", b"event:")):
            yield "It holds streams, event by event (server-sent events): the events with the counts of a call are read."


def _is_framed(start: bytes, size_bytes: int) -> bool:
    """Whether a file begins with the length of a message and a message of OpenTelemetry, plain or packed with zstd."""
    length, message = int.from_bytes(start[:4]), start[4:]
    return 0 < length <= size_bytes - 4 and (message[:1] == b"\n" or message == b"\x28\xb5\x2f\xfd")


def _keys_of(line: bytes) -> Sequence[str]:
    try:
        return tuple(_keys(line))[:_MOST_KEYS]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return ()

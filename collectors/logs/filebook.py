"""Every file of one tail: how far each was read, which are open, and what the next chunk says of them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import msgspec

from collectors.logs.chunk import Draft, Piece
from collectors.logs.fileid import Key, key_of
from collectors.logs.gziplog import GzipLog
from collectors.logs.lines import LineSplitter
from collectors.logs.logfile import LogFile, Look, open_to_read
from collectors.logs.packed import packing
from store.facts import Position


class FileBook:
    """What the logs of one tail share, so that a file that has two names is read under one of them."""

    def __init__(
        self, positions: Iterable[Position], max_line_bytes: int, splitter: type[LineSplitter] = LineSplitter
    ) -> None:
        self.known = {key_of(position): position for position in positions}
        """How far every file was read that was ever seen."""
        self.open: dict[Key, LogFile] = {}
        self.parked: dict[Key, Look] = {}
        """How files looked when they had been read to their end and were closed."""
        self.draft = Draft()
        self._max_line_bytes = max_line_bytes
        self._splitter = splitter
        self._mentioned: set[str] = set()

    def say(self, sentence: str) -> None:
        """Put a sentence into the chunk."""
        self.draft.notes[sentence] = None

    def say_trouble(self, sentence: str) -> None:
        """Put a sentence into the chunk about a log that is followed and cannot be read."""
        self.draft.notes[sentence] = self.draft.troubles[sentence] = None

    def say_compressed(self, path: str) -> None:
        """Say once that a compressed file is left to an import."""
        if path not in self._mentioned:
            self._mentioned.add(path)
            self.say(f"{path} is compressed and is not followed: `usdtop import` reads it.")

    def keep(self, position: Position) -> None:
        """Remember a position and hand it over for the store.

        Not for its time alone, save at 0: there the time is all that knows the file again.
        """
        key = key_of(position)
        known = self.known.get(key)
        if known is not None and position.offset > 0:
            known = msgspec.structs.replace(known, modified_ms=position.modified_ms)
        if known != position:
            self.known[key] = self.draft.positions[key] = position

    def settle(self, position: Position) -> None:
        """Nothing more is owed of this file."""
        self.keep(msgspec.structs.replace(position, finished=True))

    def open_file(self, log: str, path: str, position: Position | None) -> LogFile | None:
        """The file at `path`, which is followed as `log`, or None and a sentence; nobody holds it yet."""
        make = packing(path) or LogFile
        try:
            descriptor = open_to_read(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.say_trouble(f"{path} cannot be read: {error.strerror or error}.")
            return None
        try:
            return make(log, descriptor, position, max_line_bytes=self._max_line_bytes, splitter=self._splitter)
        except OSError as error:
            self.say_trouble(f"{path} cannot be read: {error.strerror}.")
            return None

    def take(self, file: LogFile, limit_bytes: int) -> int:
        """Read on in a file; how many bytes that took."""
        before = file.read_bytes
        with self.telling(file):
            offset = file.offset
            self._draw_up(file, offset, file.read(limit_bytes))
            self.record(file)
        if isinstance(file, GzipLog) and file.damage:
            self.say(f"{file.log} breaks off: {file.damage}. What stands before that was read.")
        return file.read_bytes - before

    def take_rest(self, file: LogFile) -> None:
        """Take the last line of a file, which has no newline."""
        offset = file.offset
        self._draw_up(file, offset, file.take_rest())
        self.record(file)

    def remember(self, key: Key, memory: bytes) -> None:
        """Keep what a format remembers of the lines up to a file's position."""
        if key in self.known:
            self.known[key] = msgspec.structs.replace(self.known[key], memory=memory)
        if key in self.open:
            self.open[key].memory = memory

    def _draw_up(self, file: LogFile, offset: int, lines: list[bytes]) -> None:
        if lines:
            self.draft.pieces.append(Piece(file.key, offset, file.memory, lines))

    def record(self, file: LogFile) -> None:
        """Note how far a file was read."""
        self.draft.too_long += file.take_too_long()
        self.keep(file.position())

    @contextmanager
    def telling(self, file: LogFile) -> Iterator[None]:
        """Turn a disk's error into a sentence; the other files go on."""
        try:
            yield
        except OSError as error:
            self.say_trouble(f"{file.log} cannot be read: {error.strerror}.")

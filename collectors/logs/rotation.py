"""Where the rest of a log went: the files beside it that hold what was written before it was rotated."""

import errno
import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

import msgspec

from collectors.logs.fileid import WINDOW_BYTES, Key, begins_with, digest, key_of, recognises
from collectors.logs.logfile import Look, open_to_read
from collectors.logs.packed import COMPRESSED, READABLE, packing
from store.facts import Position

ROTATED = re.compile(r"[.\-_]\d[\dTZ:._+\-]*|\.old")
"""What logrotate and its kin add to a log's name: a number, a date, or `.old`."""
NUMBERED = re.compile(r"\.(\d{1,4})")
_FOR_WANT_OF_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Owed(NamedTuple):
    """A file with lines that were not read: where it lies, and from where on."""

    path: str
    position: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is left of a log's past: files to read, oldest first, and what cannot be read."""

    owed: Sequence[Owed]
    copied: Sequence[Position]
    """Positions whose rest is read from a copy."""
    missing: Sequence[Position]
    """Positions whose file is nowhere beside the log."""
    unowed: Sequence[Position]
    """Positions at 0 whose inode was given to a file that is not owed."""
    compressed: Sequence[str]
    """Rotated files that were compressed before they were read to their end."""


class _Sibling(NamedTuple):
    path: str
    suffix: str
    """What its name adds to the log's, without the ending of a compressor; empty when it does not begin with that."""
    look: Look
    is_namesake: bool

    @property
    def is_compressed(self) -> bool:
        return self.path.endswith(COMPRESSED)

    @property
    def is_readable(self) -> bool:
        return self.path.endswith(READABLE)

    @property
    def modified_ms(self) -> int:
        return self.look.modified_ns // 1_000_000

    def is_surely(self, position: Position) -> bool:
        """Whether this file, which holds what the position has read, is its file even when that is nothing."""
        return position.offset > 0 or position.modified_ms == self.modified_ms


def originals(path: str) -> Iterator[str]:
    """The paths of which this one may be a rotation."""
    folder, slash, name = path.rpartition("/")
    for at in range(1, len(name)):
        if ROTATED.fullmatch(name, at):
            yield folder + slash + name[:at]


def search(
    path: str,
    lost: Sequence[Position],
    *,
    known: Mapping[Key, Position],
    held: Mapping[Key, int],
    but: Collection[Key | None],
    since_ms: int,
) -> Search:
    """Look beside `path` for the files of `lost`, for their copies, and for what was rotated after them.

    `known` are all positions, `held` how far the files of this log that are open were read, `but` those to leave out.
    A file of which nothing was read is owed when its name is the log's with a rotation's number or date, and
    it is younger than the oldest file found; where none was, when it changed since `since_ms`. Of one that was compressed
    nothing was read when it does not begin with what is known of any file.
    """
    siblings = {sibling.look.key: sibling for sibling in _siblings(path) if sibling.look.key not in but}
    unread = {key: s for key, s in siblings.items() if key not in held and _is_unread(s, known)}
    places = [(position, _place_of(position, siblings, unread)) for position in lost]
    found = {
        place.look.key: _owed(place, position) for position, place in places if place and place.is_surely(position)
    }
    anchors = {key for key in siblings if key in found or key in held}
    rotated = {key for key, s in unread.items() if ROTATED.fullmatch(s.suffix) or key in map(key_of, lost)}
    later = _later([siblings[key] for key in anchors | rotated], anchors, since_ms)
    start = Position(path=path, device=0, inode=0, offset=0)
    packed = {s.look.key: s for s in later if s.is_compressed and s.look.key not in found}
    placed = {key_of(position) for position, place in places if place}
    was_read = _read_before(packed, [p for key, p in known.items() if p.offset > 0 and key not in placed])
    from_ms = min((siblings[key].modified_ms for key in anchors), default=since_ms)
    plain = {s.suffix for s in siblings.values() if not s.is_compressed}
    unsure = {
        key
        for key, s in packed.items()
        if not s.is_readable or s.modified_ms < from_ms or s.suffix in plain or 0 in held.values()
    }
    owed = [
        found.get(s.look.key) or _owed(s, start)
        for s in later
        if s.look.key in found or not (s.look.key in {*unsure, *was_read, *held} or is_copy(s.path, path))
    ]
    keys = {key_of(position) for _, position in owed}
    missing = [position for position, place in places if not place and not position.finished]
    return Search(
        owed=owed,
        copied=[position for position, place in places if place and place.look.key != key_of(position)],
        missing=missing,
        unowed=[p for p, place in places if place and place.look.key not in keys and not p.finished],
        compressed=[s.path for key, s in packed.items() if key not in keys | was_read] if anchors or missing else [],
    )


def _later(siblings: list[_Sibling], anchors: Collection[Key], since_ms: int) -> list[_Sibling]:
    """Those from the first anchor on, oldest first."""
    if not anchors:
        siblings = [sibling for sibling in siblings if sibling.modified_ms >= since_ms]
    return list(dropwhile(lambda s: bool(anchors) and s.look.key not in anchors, _oldest_first(siblings)))


def _read_before(packed: Mapping[Key, _Sibling], positions: Sequence[Position]) -> set[Key]:
    """Those compressed files that were read before they were compressed."""
    return {key for key, sibling in packed.items() if sibling.is_readable and _was_read(sibling, positions)}


def _was_read(packed: _Sibling, positions: Sequence[Position]) -> bool:
    """Whether a compressed file begins with what was read of a file before it was compressed.

    What is shorter than the window may be no more than a heading that all logs share: of a file that was read to its
    end it must be all.
    """
    try:
        head = _head(packed.path)
    except OSError:
        return False
    heads = {length: digest(head[:length]) for length in {min(WINDOW_BYTES, p.offset) for p in positions}}
    return any(
        (len(head) == p.offset if p.finished and p.offset < WINDOW_BYTES else _holds(packed, p))
        for p in positions
        if heads[min(WINDOW_BYTES, p.offset)] == p.head_digest
    )


def _head(path: str) -> bytes:
    kind = packing(path)
    assert kind is not None, "it was found readable by its ending"
    packed = kind(path, open_to_read(path), None, max_line_bytes=1)
    try:
        return packed.first_bytes()
    finally:
        packed.close()


def _is_unread(sibling: _Sibling, known: Mapping[Key, Position]) -> bool:
    """Whether nothing was read of this file; an inode that was given to another file is no proof."""
    position = known.get(sibling.look.key)
    return position is None or position.offset == 0 or not _holds(sibling, position)


def _place_of(position: Position, siblings: Mapping[Key, _Sibling], unread: Mapping[Key, _Sibling]) -> _Sibling | None:
    """Where the file of a position lies now, or a copy of it that nobody has read."""
    place = siblings.get(key_of(position))
    if place is not None and _holds(place, position):
        return place
    if position.finished or position.offset == 0:
        return None
    copies = [s for s in unread.values() if s.is_namesake and (s.is_readable or not s.is_compressed)]
    # Younger files may begin alike where little was read.
    copies.sort(key=lambda s: s.look.modified_ns)
    return next((copy for copy in copies if _holds(copy, position)), None)


def _owed(place: _Sibling, position: Position) -> Owed:
    device, inode = place.look.key
    modified_ms = place.modified_ms
    return Owed(place.path, msgspec.structs.replace(position, device=device, inode=inode, modified_ms=modified_ms))


def _holds(sibling: _Sibling, position: Position) -> bool:
    """Whether the file there begins with what the position has read; by its identity when it cannot be opened."""
    try:
        if (kind := packing(sibling.path)) is not None:
            packed = kind(sibling.path, open_to_read(sibling.path), position, max_line_bytes=1)
            packed.close()
            return position.offset > 0 and packed.recognised
        with _opened(sibling.path) as descriptor:
            return recognises(position, descriptor)
    except OSError:
        return sibling.look.key == key_of(position)


def is_copy(path: str, log: str) -> bool:
    """Whether a copytruncate has made this file and not yet emptied the log: its bytes are read there."""
    try:
        with _opened(path) as descriptor, _opened(log) as standing:
            return begins_with(standing, descriptor)
    except OSError as error:
        # Of what cannot be looked at for want of descriptors or memory nothing is known until there are some.
        return error.errno in _FOR_WANT_OF_ROOM


def gone(positions: Sequence[Position]) -> list[Position]:
    """Those whose folder is there, on their device, and holds their file under no name."""
    held: dict[Path, frozenset[Key] | None] = {}

    def is_gone(position: Position) -> bool:
        for folder in {Path(position.path).parent, Path(os.path.realpath(position.path)).parent}:
            if folder not in held:
                held[folder] = _keys_in(folder)
            keys = held[folder]
            if keys is None or key_of(position) in keys or all(device != position.device for device, _ in keys):
                return False
        return True

    return [position for position in positions if is_gone(position)]


def _keys_in(folder: Path) -> frozenset[Key] | None:
    """The folder itself and what lies in it; None where that cannot be told."""
    try:
        device = folder.stat()
        with os.scandir(folder) as places:
            return frozenset({(device.st_dev, device.st_ino), *((device.st_dev, place.inode()) for place in places)})
    except OSError:
        return None


@contextmanager
def _opened(path: str) -> Iterator[int]:
    descriptor = open_to_read(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _oldest_first(siblings: list[_Sibling]) -> list[_Sibling]:
    """By number where all names have one (.2 is older than .1), else by date in the name, else by last change."""
    if all(NUMBERED.fullmatch(s.suffix) for s in siblings):
        return sorted(siblings, key=lambda s: -int(s.suffix[1:]))
    if all(ROTATED.fullmatch(s.suffix) for s in siblings):
        return sorted(siblings, key=lambda s: s.suffix)
    return sorted(siblings, key=lambda s: s.look.modified_ns)


def _siblings(path: str) -> Iterator[_Sibling]:
    """The regular files beside the log, and beside what it points to when it is a symbolic link."""
    log = Path(path)
    for folder in {log.parent, Path(os.path.realpath(path)).parent}:
        with suppress(OSError):
            for place in folder.iterdir():
                with suppress(OSError):
                    status = place.lstat()
                    if S_ISREG(status.st_mode):
                        yield _sibling(log, place, Look.of(status))


def _sibling(log: Path, place: Path, look: Look) -> _Sibling:
    name = place.name
    for ending in COMPRESSED:
        name = name.removesuffix(ending)
    suffix = name[len(log.name) :] if name.startswith(log.name) else ""
    return _Sibling(str(place), suffix, look, is_namesake=place.name.startswith(log.stem))

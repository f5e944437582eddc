"""Following log files so that every byte is read exactly once, whatever rotates them."""

import glob
import os
import stat
from collections.abc import Collection, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from collectors.logs.chunk import Chunk, Draft
from collectors.logs.document import MAX_BYTES
from collectors.logs.filebook import FileBook
from collectors.logs.fileid import Key, key_of
from collectors.logs.followed import FollowedLog
from collectors.logs.lines import LineSplitter, WholeKeeper
from collectors.logs.logfile import LogFile, Look
from collectors.logs.packed import COMPRESSED, READABLE
from collectors.logs.rotation import gone, is_copy, originals
from store.facts import Position

READ_BYTES = 4 * 1024 * 1024
MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_OPEN_FILES = 128
MAX_KNOWN_FILES = 20_000
"""Of which how far they were read is known beside those that stand there; some hundred bytes each."""
KEPT_OPEN_FILES = 64
"""How many quiet files stay open, so that what is renamed or deleted next is still read to its end."""


class Tidied(NamedTuple):
    """What became of positions whose files came or went."""

    changed: Sequence[Position]
    forgotten: Sequence[Key]


class Tail:
    """The lines of every file that a path or a glob names, from where the stored positions end.

    `start="end"` leaves out what stands in files at the first look, when no position is stored yet; files that
    come later are read from their start. With `whole`, each file is one line, given back at the finish. A compressed file is read only when the pattern itself
    ends so, or where it holds the rest of a log.
    Memory holds one chunk, and per open file one unfinished line of at most `max_line_bytes`.
    """

    def __init__(
        self,
        pattern: str,
        positions: Sequence[Position],
        *,
        start: Literal["beginning", "end"] = "beginning",
        max_line_bytes: int = MAX_LINE_BYTES,
        whole: bool = False,
    ) -> None:
        self._pattern = pattern
        self._is_glob = glob.has_magic(pattern) and not os.path.lexists(pattern)
        self._from_end = start == "end" and not positions
        self._book = FileBook(positions, MAX_BYTES if whole else max_line_bytes, WholeKeeper if whole else LineSplitter)
        self._logs: dict[str, FollowedLog] = {}
        self._turn = 0
        for position in positions:
            path = position.path
            if path == pattern or (self._is_glob and fnmatch(path, pattern.replace("**/", "*"))):
                log = self._logs.setdefault(path, FollowedLog(path, set(), self._book))
                log.keys.add(key_of(position))

    def read(self, limit_bytes: int = READ_BYTES) -> Chunk:
        """The next complete lines, from at most `limit_bytes` bytes; blocks on the disk and on nothing else."""
        self._book.draft = Draft()
        seen = self._look()
        self._drain(limit_bytes)
        for log in self._logs.values():
            log.let_go()
        if self._is_glob:
            self._forget(seen)
        if len(self._book.open) >= MAX_OPEN_FILES:
            self._park(KEPT_OPEN_FILES)
        return self._chunk()

    def finish(self) -> Chunk:
        """What is left, the last lines without newline included: for files that nobody writes any more."""
        book = self._book
        book.draft = Draft()
        book.parked = {key: look for key, look in book.parked.items() if look.size_bytes <= book.known[key].offset}
        waiting = True
        while waiting:
            book.draft.waiting_bytes = 0
            self._look()
            for file in list(book.open.values()):
                while file.backlog_bytes and book.take(file, READ_BYTES):
                    pass
                book.take_rest(file)
            self._park(0)
            waiting = book.draft.waiting_bytes > 0 and len(book.open) < MAX_OPEN_FILES
        return self._chunk()

    def tidy(self, now_ms: int, forget_after_ms: int) -> Tidied:
        """Note which files are gone, and forget those that have been for so long: they will not come back.

        Gone is what no name that is followed stands for, and no name in its folder, which must be there and on the same
        device: a folder that is not mounted is no proof.
        """
        book = self._book
        busy = book.open.keys() | {look.key for look in self._listing().values()}
        absent = {key_of(position) for position in gone([p for key, p in book.known.items() if key not in busy])}
        changed, forgotten = [], []
        for key, position in list(book.known.items()):
            since_ms = (position.gone_ms or now_ms) if key in absent else 0
            if since_ms and now_ms - since_ms >= forget_after_ms:
                forgotten.append(key)
                del book.known[key]
                book.parked.pop(key, None)
            elif since_ms != position.gone_ms:
                book.known[key] = msgspec.structs.replace(position, gone_ms=since_ms)
                changed.append(book.known[key])
        return Tidied(changed, forgotten)

    def remember(self, key: Key, memory: bytes) -> None:
        """Keep what the format of a file's lines remembers of those that were read."""
        self._book.remember(key, memory)

    @property
    def has_met_a_file(self) -> bool:
        """Whether there ever was a file to follow, however long ago."""
        return bool(self._book.known or self._book.open or self._logs)

    def position(self, key: Key) -> Position | None:
        """How far a file was read; None where it is not known any more."""
        return self._book.known.get(key)

    def close(self) -> None:
        """Give every descriptor back; to go on, make a new Tail from the stored positions."""
        for log in self._logs.values():
            log.close()

    def _chunk(self) -> Chunk:
        return self._book.draft.chunk(sum(file.backlog_bytes for file in self._book.open.values()))

    def _look(self) -> dict[str, Look]:
        """See what stands where, and open what is to be read."""
        seen = self._listing()
        for path in sorted(seen.keys() - self._logs.keys(), key=lambda path: (seen[path].modified_ns, path)):
            self._logs[path] = FollowedLog(path, set(), self._book)
        for log in self._logs.values():
            log.look(seen[log.path].key if log.path in seen else None)
        book, standing = self._book, [(log, seen[log.path]) for log in self._logs.values() if log.path in seen]
        for is_known in (True, False):  # what became of the known ones says whether a new one is a copy
            for log, look in standing:
                if look.key not in book.open and (look.key in book.known) is is_known:
                    self._take_up(log, look)
        self._from_end = False
        return seen

    def _listing(self) -> dict[str, Look]:
        """The regular files that the pattern names now, and a sentence for each thing that is none."""
        paths: Collection[str] = (self._pattern,)
        if self._is_glob:
            paths = glob.glob(self._pattern, recursive=True)  # noqa: PTH207  Path.glob takes no absolute one
            if not paths:
                self._say_none()
            # A pattern passes over what it may not look into, logs that were read before among it.
            paths = sorted(self._logs.keys() | set(paths))
        looks = ((path, self._stat(path)) for path in paths)
        return {path: look for path, look in looks if look is not None}

    def _stat(self, path: str) -> Look | None:
        try:
            path.encode()
            status = Path(path).stat()
        except FileNotFoundError:
            if Path(path).is_symlink():
                self._say_trouble(path, "is a link to what does not exist.")
            elif not self._is_glob:
                self._say_missing(path)
        except OSError as error:
            self._say_trouble(path, f"cannot be read: {error.strerror}.")
        except ValueError:
            self._book.say(f"{path!a} is not read: its name is not UTF-8 text.")
        else:
            if stat.S_ISREG(status.st_mode):
                return Look.of(status)
            if not self._is_glob or path in self._logs:
                self._say_trouble(path, "is not a regular file.")
        return None

    def _say_missing(self, path: str) -> None:
        """A log may be away between two rotations; its folder is not."""
        if Path(path).parent.is_dir():
            self._book.say(f"{path} does not exist.")
        else:
            self._book.say_trouble(f"{path} does not exist, nor does its folder.")

    def _say_none(self) -> None:
        """A pattern may have no logs yet; the folder that they come into is there, and can be looked into."""
        folder = _folder_of(self._pattern)
        try:
            os.scandir(folder).close()
        except FileNotFoundError:
            self._book.say_trouble(f"No file matches {self._pattern}: {folder} does not exist.")
        except OSError as error:
            self._book.say_trouble(f"No file matches {self._pattern}: {folder} cannot be read: {error.strerror}.")
        else:
            self._book.say(f"No file matches {self._pattern}.")

    def _say_trouble(self, path: str, what: str) -> None:
        """Of the many that a pattern names, one that cannot be read and never was may be no log that is missed."""
        say = self._book.say_trouble if not self._is_glob or path in self._logs else self._book.say
        say(f"{path} {what}")

    def _take_up(self, log: FollowedLog, look: Look) -> None:
        """Open what stands at the path now, unless there is nothing new in it."""
        book, position = self._book, self._book.known.get(look.key)
        if self._is_quiet(log, look, position):
            return
        if len(book.open) >= MAX_OPEN_FILES and not self._from_end:
            book.draft.waiting_bytes += max(1, look.size_bytes - (position.offset if position else 0))
            return
        file = book.open_file(log.path, log.path, position)
        if file is None:
            return
        is_new = position is None or position.offset == 0 or not file.recognised
        if file.key != look.key or (is_new and self._is_copy(file)):
            file.close()
            return
        if position is not None and not file.recognised and not (position.finished and position.path != log.path):
            was = book.parked.pop(look.key, None)
            size_bytes = was.size_bytes if was else position.size_bytes
            log.start_over(position, max(0, size_bytes - position.offset))
        elif position is not None and position.offset == 0:
            log.catch_up()
        if self._from_end:
            file.skip_to_end()
        log.adopt(file)
        if len(book.open) > MAX_OPEN_FILES:
            log.park(file)

    def _is_quiet(self, log: FollowedLog, look: Look, position: Position | None) -> bool:
        """Whether nothing in this file is to be read: it is as it was when it was read to its end, or compressed."""
        book = self._book
        if look == book.parked.get(look.key):
            return True
        is_packed = log.path.endswith(READABLE)
        if (
            is_packed
            and position is not None
            and position.finished
            and position.modified_ms == look.modified_ns // 1_000_000
        ):
            book.parked[look.key] = look
            return True
        if log.path.endswith(COMPRESSED) and not (is_packed and self._pattern.endswith(READABLE)):
            book.say_compressed(log.path)
            return True
        if position is None or look.key in book.parked or position.modified_ms != look.modified_ns // 1_000_000:
            return False
        if not is_packed and position.offset == look.size_bytes:
            book.parked[look.key] = look
            return True
        return False

    def _is_copy(self, file: LogFile) -> bool:
        """Whether a copytruncate is making this copy: its bytes are read where they were written."""
        return any(path in self._logs and is_copy(file.log, path) for path in originals(file.log))

    def _drain(self, limit_bytes: int) -> None:
        """Read log by log; the next read begins after the log at which the limit was reached."""
        logs = [log for log in self._logs.values() if log.files]
        turn = self._turn % len(logs) if logs else 0
        for number, log in enumerate(logs[turn:] + logs[:turn]):
            limit_bytes -= log.read(limit_bytes)
            if limit_bytes <= 0:
                self._turn = turn + number + 1
                return

    def _park(self, keep: int) -> None:
        """Close the files that are read to their end and have been quiet longest, but for `keep` open ones."""
        book = self._book
        quiet = sorted((f for f in book.open.values() if not f.backlog_bytes), key=lambda f: f.look.modified_ns)
        for file in quiet[: max(0, len(book.open) - keep)]:
            self._logs[file.log].park(file)

    def _forget(self, seen: dict[str, Look]) -> None:
        """Let memory not grow with files that came and went; how far the last of them were read stays known: they may return."""
        book, standing = self._book, {look.key for look in seen.values()}
        for log in [log for log in self._logs.values() if log.path not in seen and not log.files]:
            if all(book.known[key].finished for key in log.keys & book.known.keys()):
                del self._logs[log.path]
                for key in log.keys - standing - book.open.keys():
                    book.parked.pop(key, None)
        if len(book.known) > MAX_KNOWN_FILES + len(standing):
            went = [key for key, p in book.known.items() if p.finished and key not in standing and key not in book.open]
            went.sort(key=lambda key: book.known[key].modified_ms)
            for key in went[: len(went) - MAX_KNOWN_FILES // 2]:
                del book.known[key]


def _folder_of(pattern: str) -> str:
    """The folder below which all that a pattern names lies."""
    folder = os.path.dirname(pattern)  # noqa: PTH120  a Path would read `**` as a name
    while glob.has_magic(folder):
        folder = os.path.dirname(folder)  # noqa: PTH120
    return folder or "."

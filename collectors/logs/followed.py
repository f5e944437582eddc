"""One log as its users know it: a path, and the files that carry its lines as they are rotated."""

from collectors.logs.filebook import FileBook
from collectors.logs.fileid import Key, key_of
from collectors.logs.gziplog import GzipLog
from collectors.logs.logfile import LogFile
from collectors.logs.rotation import Search, search
from store.facts import Position


class FollowedLog:
    """The files behind one path, oldest first; the last may be the one that stands there now."""

    def __init__(self, path: str, keys: set[Key], book: FileBook) -> None:
        self.path = path
        self.keys = keys
        """Every file that was read under this path."""
        self.files: list[LogFile] = []
        self.standing: Key | None = None
        self._is_complete = False
        """Whether all that was owed at the last look could be opened."""
        self._book = book

    def look(self, standing: Key | None) -> None:
        """See what became of the files, `standing` being the one at the path now."""
        if standing != self.standing or not self._is_complete:
            self._move_on(standing)
        for file in list(self.files):
            with self._book.telling(file):
                before = file.look
                if not file.is_intact():
                    self._replaced(file)
                elif file.read_bytes == 0 and before != file.look and file.key == standing:
                    self.catch_up()

    def adopt(self, file: LogFile, before: LogFile | None = None) -> None:
        """Read this file from now on: before another one, or last, but not after the one that stands at the path."""
        if before is None and self.files and self.files[-1].key == self.standing:
            before = self.files[-1]
        self.files.insert(self.files.index(before) if before else len(self.files), file)
        self.keys.add(file.key)
        self._book.open[file.key] = file
        self._book.parked.pop(file.key, None)
        self._book.record(file)

    def read(self, limit_bytes: int) -> int:
        """Read on, a file only when those before it are at their end; how many bytes that took.

        Of a line that a rotation cut, nothing counts as read before its parts are put together.
        """
        taken, cut = 0, None
        for file in self.files:
            if cut is not None and file.read_bytes == 0:
                cut.go_on_in(file)
                cut = None
            taken += self._book.take(file, limit_bytes - taken)
            if file.backlog_bytes:
                break
            if file.holds_a_part:
                cut = file
        for file in reversed(self.files):
            if file.has_ended:
                self._book.take_rest(file)
        return taken

    def let_go(self) -> None:
        """Close what was rotated away, save the newest: a writer may still hold that one."""
        rotated = [file for file in self.files if file.key != self.standing]
        for file in rotated:
            if file.backlog_bytes == 0:
                file.finished = not file.is_cut
                self._book.record(file)
                is_over = file.look.links == 0 or isinstance(file, GzipLog)
                if file.finished and (is_over or file is not rotated[-1]):
                    self.park(file)

    def park(self, file: LogFile) -> None:
        """Close a file that was read to its end; when it was rotated away, nobody will complete its last line."""
        if file.key != self.standing:
            self._book.take_rest(file)
        self._drop(file)
        self._book.parked[file.key] = file.look

    def catch_up(self) -> None:
        """Queue what was rotated while nothing was read of the file at the path: it cannot tell that it was replaced."""
        self._queue(self._search([]))

    def start_over(self, position: Position, unread_bytes: int, file: LogFile | None = None) -> None:
        """Other bytes stand where this position was: a copy of the old ones, if there is one, comes before `file`."""
        found = self._search([position], key_of(position))
        if not found.missing:
            self._book.say(f"{self.path} was truncated; the copy beside it is finished first.")
        elif position.offset or not found.owed:
            self._book.draft.gap_bytes += unread_bytes
            lost = (
                f"at least {unread_bytes} bytes that had not been read are lost"
                if unread_bytes
                else "nothing known is lost"
            )
            self._book.say(f"{self.path} was truncated or replaced and is read from its start; {lost}.")
        self._queue(found, file)

    def _move_on(self, standing: Key | None) -> None:
        """Queue what was written between the last look and the file that stands there now."""
        known, lost = self._book.known, self._lost(standing)
        is_new = standing is not None and standing not in known and bool(self.keys)
        self.standing, self._is_complete = standing, True
        if is_new or not all(position.finished for position in lost):
            found = self._search(lost)
            for position in found.missing:
                self._lose(position)
            for position in found.unowed:
                self._book.settle(position)
            self._queue(found)

    def _lost(self, standing: Key | None) -> list[Position]:
        book = self._book
        positions = [book.known[key] for key in self.keys - {standing} - book.open.keys() if key in book.known]
        return [position for position in positions if position.path == self.path]

    def _search(self, lost: list[Position], *emptied: Key) -> Search:
        known = self._book.known
        times = [known[key].modified_ms for key in self.keys if key in known]
        return search(
            self.path,
            lost,
            known=known,
            held={file.key: file.offset for file in self.files if file.key != self.standing},
            but={self.standing, *emptied},
            since_ms=max(times, default=0),
        )

    def _queue(self, found: Search, before: LogFile | None = None) -> None:
        for position in found.copied:
            self._book.settle(position)
        for path in found.compressed:
            self._book.say_compressed(path)
        owed = [owed for owed in found.owed if key_of(owed.position) not in self._book.open]
        for _, position in owed:
            self.keys.add(key_of(position))
            self._book.keep(position)
        for path, position in owed:
            self._open(path, position, before)

    def _open(self, path: str, position: Position, before: LogFile | None) -> None:
        """Take up a file beside the log, or see to it that it is looked for again."""
        file = self._book.open_file(self.path, path, position)
        if file is not None and file.key == key_of(position) and file.recognised:
            self.adopt(file, before)
            return
        self._is_complete = False
        if file is not None:
            file.close()

    def _replaced(self, file: LogFile) -> None:
        """An open file no longer begins with what was read of it."""
        position, unread_bytes = self._book.known[file.key], file.unread_bytes
        file.begin_again()
        self.start_over(position, unread_bytes, file)
        self._book.record(file)

    def _lose(self, position: Position) -> None:
        """A file is gone that may have held more than was read."""
        look = self._book.parked.pop(key_of(position), None)
        lost_bytes = max(0, (position.size_bytes if look is None else look.size_bytes) - position.offset)
        self._book.draft.gap_bytes += lost_bytes
        if look is None:
            known = f", at least {lost_bytes} bytes of them" if lost_bytes else ""
            self._book.say(
                f"{self.path} was rotated or removed while nobody read it, and the old file is not beside it: "
                f"lines after its byte {position.offset} may be missing{known}."
            )
        self._book.settle(position)

    def close(self) -> None:
        """Give the descriptors back."""
        for file in list(self.files):
            self._drop(file)

    def _drop(self, file: LogFile) -> None:
        self.files.remove(file)
        del self._book.open[file.key]
        file.close()

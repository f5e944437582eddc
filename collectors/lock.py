"""Who collects and who watches: locks of the operating system, which die with their holder."""

import fcntl
import os
from pathlib import Path


class StoreLock:
    """A lock file beside a store; the lock ends with the process, however it ends."""

    def __init__(self, store: Path, role: str) -> None:
        self.path = store.with_name(f"{store.name}.{role}.lock")
        self._file: int | None = None

    def acquire(self, *, shared: bool = False) -> bool:
        """Take the lock without waiting; whether it was taken. Raises OSError where no file can be made."""
        if self._file is None:
            self._file = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let go; harmless when it was never held."""
        if self._file is not None:
            # A child that is just being started shares the open file until it has begun its own program.
            fcntl.flock(self._file, fcntl.LOCK_UN)
            os.close(self._file)
            self._file = None

    def is_free(self) -> bool:
        """Whether nobody holds it in any way."""
        taken = self.acquire()
        self.release()
        return taken


def collector_lock(store: Path) -> StoreLock:
    """Held alone by the one process that polls and writes."""
    return StoreLock(store, "collector")


def monitors_lock(store: Path) -> StoreLock:
    """Shared by every monitor that watches; a collector that was started for them ends when it is free."""
    return StoreLock(store, "monitors")

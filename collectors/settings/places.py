"""Where things stand on this machine: the store, and a place for it when the home cannot be written."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import platformdirs


class Place(NamedTuple):
    """A store's path; `notice` is a sentence for the screen when it is not where it should be."""

    path: Path
    notice: str | None = None


def store_place(named: Path | None, environment: Mapping[str, str] = os.environ) -> Place:
    """The store to use: the named one, USDTOP_STORE, the state folder, or a temporary one where that cannot be written."""
    if named is not None:
        return Place(named)
    if from_environment := environment.get("USDTOP_STORE"):
        return Place(Path(from_environment))
    path = Path(platformdirs.user_state_dir("usdtop")) / "usdtop.db"
    if _can_write(path):
        return Place(path)
    folder = _temporary_folder()
    return Place(folder / "usdtop.db", f"{path.parent} cannot be written: recording into {folder}, which may not last.")


def _temporary_folder() -> Path:
    """A folder of our own among everybody's temporary ones; one that somebody else has made under our name is not used."""
    import tempfile

    folder = Path(tempfile.gettempdir()) / f"usdtop-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
            return folder
    except OSError:
        pass
    return Path(tempfile.mkdtemp(prefix="usdtop-"))


def _can_write(path: Path) -> bool:
    """Whether a store can be kept here. Tried, not guessed: permissions say nothing of a read-only file system."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            return os.access(path, os.W_OK)
        import tempfile

        with tempfile.TemporaryFile(dir=path.parent):
            return True
    except OSError:
        return False

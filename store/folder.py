"""The store's place on disk: for its owner's eyes, or for a group that may watch."""

import os
import shutil
from pathlib import Path

OWN_FOLDER = "usdtop"
"""A folder of this name is ours, whoever made it."""

_OWNER_FOLDER, _OWNER_FILE = 0o700, 0o600
_GROUP_FOLDER, _GROUP_FILE = 0o2750, 0o640


def for_owner(path: str | os.PathLike[str], flags: int) -> int:
    """An `opener` for `open`: a file that it makes is for its owner alone, whatever the umask says."""
    return os.open(path, flags, _OWNER_FILE)


def open_folder(path: Path, *, group: str | None = None) -> None:
    """Make the store's folder and file with narrow permissions; raise OSError when that cannot be.

    A folder that already exists keeps its permissions unless it is named for usdtop, since somebody else's
    folder is not ours to close.
    """
    existed = path.parent.exists()
    path.parent.mkdir(parents=True, exist_ok=True, mode=_OWNER_FOLDER)
    if not path.exists():
        os.close(for_owner(path, os.O_CREAT | os.O_RDWR))
        if group:
            shutil.chown(path, group=group)
            path.chmod(_GROUP_FILE)
    ours = path.parent.name == OWN_FOLDER and path.parent.stat().st_uid == os.geteuid()
    if not existed or ours:
        if group:
            shutil.chown(path.parent, group=group)
        path.parent.chmod(_GROUP_FOLDER if group else _OWNER_FOLDER)

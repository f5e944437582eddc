"""Where things stand on this machine: the store, and a place for it when the home cannot be written."""

import os
import tempfile
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
    folder = Path(tempfile.gettempdir()) / f"usdtop-{os.getuid()}"
    return Place(folder / "usdtop.db", f"{path.parent} cannot be written: recording into {folder}, which may not last.")


def _can_write(path: Path) -> bool:
    """Whether the file or the nearest existing folder above it lets us write; nothing is made to find out."""
    if path.exists():
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    folder = next((parent for parent in path.parents if parent.exists()), None)
    return folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)

"""What SQLite and the disk say, as sentences for the person at the terminal."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.tables import StoreError


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn what goes wrong inside into a StoreError that names the store and what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, error)) from error
    except OSError as error:
        raise StoreError(f"cannot use the store {path}: {error.strerror or error}.") from error


def _sentence(path: Path, error: sqlite3.Error) -> str:
    text = str(error)
    if "full" in text or "disk I/O" in text:
        return f"cannot write to the store {path}: {text}; free some space, recording goes on when there is room."
    if "locked" in text or "busy" in text:
        return f"the store {path} is locked by another program; trying again."
    if "malformed" in text or "not a database" in text:
        return f"the store {path} is damaged ({text}); move it away and usdtop will begin a new one."
    if "readonly" in text or "unable to open" in text:
        return f"cannot write to the store {path}: {text}; check its folder's permissions."
    return f"the store {path} failed: {text}."

"""Which found keys somebody has said yes to: a key that merely stands in the environment is not used."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from store.brief import brief_transaction
from store.notes import read_note, write_note

OFFER = "is set and not used"
"""What the sentence of a source says while its key, which was found, waits for a yes."""
_NAME = "key allowed: "


def allow_key(path: Path, provider: str) -> None:
    """Let the collector of a store use the key that it found for a provider, from now on."""
    with brief_transaction(path) as connection:
        write_note(connection, _NAME + provider, "yes")


def is_key_allowed(path: Path, provider: str) -> bool:
    """Whether somebody has allowed it; False also where the store cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            return read_note(connection, _NAME + provider) is not None
    except sqlite3.Error:
        return False

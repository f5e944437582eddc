"""Values that SQLite takes as they are, bound without a search for how.

Python's sqlite3 looks up an adapter for each value that is no number, text or bytearray, and for None and bytes it looks
in three more places before it takes them unchanged: three times as long as all else that binding them needs.
"""

import sqlite3
from types import NoneType

_ITSELF: dict[None, None] = {None: None}


def bind_at_once() -> None:
    """Give None and bytes an adapter that leaves them as they are; once for the process."""
    sqlite3.register_adapter(NoneType, _ITSELF.__getitem__)
    sqlite3.register_adapter(bytes, bytes.__bytes__)

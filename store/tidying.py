"""How late it is, as far as it can be believed: a clock that is ahead for a while must not make everything old."""

import json
import sqlite3

from store.notes import TIDYINGS, read_note, write_note

EVERY_MS = 300_000
"""How often a collector tidies."""

WITNESSES = 72
"""So many tidyings are remembered: six hours of a collector that runs on."""


def believed_ms(connection: sqlite3.Connection, at_ms: int) -> int:
    """`at_ms`, or the end of so many steps as were tidied since the oldest tidying that is remembered, where that is earlier.

    On a clock that runs on both are the same. One that jumps ahead is believed when it has stayed there for as many
    tidyings as are remembered; until then nothing ages by the jump, nor by a pause in which nobody collected.
    """
    before = [at for at in json.loads(read_note(connection, TIDYINGS) or "[]") if isinstance(at, int)]
    witnesses = [*before, at_ms][-WITNESSES:]
    write_note(connection, TIDYINGS, json.dumps(witnesses))
    return min(at_ms, witnesses[0] + (len(witnesses) - 1) * EVERY_MS)

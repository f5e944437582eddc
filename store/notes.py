"""A few short texts about the store as a whole, by name."""

import sqlite3

CATALOGUE = "catalogue"
"""The day of the price catalogue in force, and its digest: "2026-05-16 1f2e..."."""

ALERTS = "alerts"
"""When the alert rules were asked last, and which of them have seen too little, as JSON."""

WAITING = "waiting"
"""The latter in that note: by rule the reason, which holds nobody's name."""

SNAPSHOT = "snapshot"
"""In a copy of a store: the machine it is of and when it was taken, as JSON."""

TIDYINGS = "tidyings"
"""When the collector last tidied, in epoch milliseconds, as a JSON list of the newest few."""

ATTEMPTS = "attempts"
"""Of what was stored before attempts were settled as they came, the ids that are left, as JSON: after, and up to."""


def write_note(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a text under a name, in place of the one before."""
    connection.execute("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))


def read_note(connection: sqlite3.Connection, name: str) -> str | None:
    """The text under a name, or None."""
    found = connection.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
    return found[0] if found else None

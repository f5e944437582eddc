"""Sources, how far each was read, and what it could not give."""

from sqlite_utils import Database


def m004_sources(db: Database) -> None:
    """Where each source stands: its state, the files it has read, what it could not take."""
    db.table("sources").create(
        {
            "name": str,
            "kind": str,
            "state": str,
            "detail": str,
            "polled_ms": int,
            "watermark_ms": int,
            "poll_every_ms": int,
            "backlog_bytes": int,
            "events": int,
            "duplicates": int,
            "rejected": int,
            "gap_bytes": int,
            "state_since_ms": int,
        },
        pk="name",
        strict=True,
        not_null={"kind", "state", "polled_ms"},
        defaults={"events": 0, "duplicates": 0, "rejected": 0, "gap_bytes": 0},
    )
    db.table("positions").create(
        {
            "source": str,
            "device": int,
            "inode": int,
            "path": str,
            "offset": int,
            "head_digest": bytes,
            "tail_digest": bytes,
            "modified_ms": int,
            "finished": int,
        },
        pk=("source", "device", "inode"),
        strict=True,
    )
    db.table("rejects").create(
        {"source": str, "reason": str, "count": int, "example": str, "seen_ms": int},
        pk=("source", "reason"),
        strict=True,
    )


def m012_positions(db: Database) -> None:
    """How large a file was that was not read to its end, and what its format remembers of the lines before."""
    db.table("positions").add_column("size_bytes", int)
    db.table("positions").add_column("memory", bytes)


def m022_doubts(db: Database) -> None:
    """Whether what was noted of an input was a doubt, and the input taken all the same."""
    db.table("rejects").add_column("taken", int)
    for reason in ("usage_convention_guess", "usage_mismatch", "bad_value", "clock_skew", "more than ", "tags of one"):
        db.execute("UPDATE rejects SET taken = 1 WHERE substr(reason, 1, ?) = ?", (len(reason), reason))


def m023_gone(db: Database) -> None:
    """Since when the file of a position has been gone, after which it is forgotten some day."""
    db.table("positions").add_column("gone_ms", int)

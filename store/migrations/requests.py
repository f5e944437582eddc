"""Series, cards, single requests with their sessions, and sums of them: what was used and what it cost."""

from sqlite_utils import Database

from store.tables import MEASURES, ROLLUPS, SIDE_ROLLUPS, TOKEN_COLUMNS, UNIT_ROLLUPS


def m001_dimensions(db: Database) -> None:
    """Series and cards: the few distinct things that millions of rows point at by a small integer."""
    db.table("series").create(
        {
            "id": int,
            "key": str,
            "source": str,
            "provider": str,
            "model": str,
            "deployment": str,
            "tenant": str,
            "api_key": str,
            "host": str,
            "call_type": str,
            "outcome": str,
        },
        pk="id",
        not_null={"key", "source", "outcome"},
        strict=True,
    )
    db.table("series").create_index(["key"], unique=True)
    db.table("cards").create(
        {"id": int, "card_id": str, "status": str, "book": str, "record": str, "body": str},
        pk="id",
        not_null={"card_id", "status", "body"},
        strict=True,
    )
    db.table("cards").create_index(["card_id"], unique=True)


def m002_requests(db: Database) -> None:
    """Single requests, kept for days; `identity` holds the call in its upper 40 bits, the record in its lower 24."""
    db.table("requests").create(
        {
            "id": int,
            "identity": int,
            "record_id": bytes,
            "ended_at_ms": int,
            "duration_ms": int,
            "first_token_ms": int,
            "series": int,
            "card": int,
            **dict.fromkeys(TOKEN_COLUMNS, int),
            "nano_usd": int,
            "reported_nano_usd": int,
            "partial": int,
            "units": str,
            "error": str,
        },
        pk="id",
        not_null={"identity", "ended_at_ms", "series", "card"},
        strict=True,
    )
    db.table("requests").create_index(["identity"], unique=True)
    db.table("arrivals").create({"stored_minute": int, "first_id": int}, pk="stored_minute", strict=True)


def m003_rollups(db: Database) -> None:
    """Sums per minute, hour and day, series and card: what every screen reads.

    `stored_day` (days since the epoch) is when a sum last grew: retention counts from there, so that an old log
    imported today is whole today.
    """
    columns = ", ".join(f'"{name}" INTEGER NOT NULL DEFAULT 0' for name in MEASURES)
    for table in ROLLUPS:
        # sqlite-utils has no WITHOUT ROWID, which halves these tables.
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, series INTEGER NOT NULL, card INTEGER NOT NULL, "
            f"{columns}, stored_day INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (bucket, series, card)) WITHOUT ROWID, STRICT"
        )


def m006_repricing(db: Database) -> None:
    """What repricing needs: the variant of a request that was not a standard one, and notes of the whole store."""
    db.table("requests").add_column("variant", str)
    db.table("notes").create({"name": str, "value": str}, pk="name", not_null={"value"}, strict=True)


def m007_ranks(db: Database) -> None:
    """How much the view of a call knew that is kept; null is the usual one, a gateway's whole payload."""
    db.table("requests").add_column("rank", int)


def m008_sides(db: Database) -> None:
    """Sums by user, end user and tag beside those of the series; a request keeps the ids of its values."""
    db.table("side_values").create(
        {"id": int, "dimension": str, "value": str}, pk="id", not_null={"dimension", "value"}, strict=True
    )
    db.table("side_values").create_index(["dimension", "value"], unique=True)
    db.table("requests").add_column("sides", str)
    columns = ", ".join(f'"{name}" INTEGER NOT NULL DEFAULT 0' for name in MEASURES)
    for table in SIDE_ROLLUPS:
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, value INTEGER NOT NULL, series INTEGER NOT NULL,"
            f" card INTEGER NOT NULL, {columns}, stored_day INTEGER NOT NULL DEFAULT 0,"
            " PRIMARY KEY (bucket, value, series, card)) WITHOUT ROWID, STRICT"
        )


def m017_sessions_and_units(db: Database) -> None:
    """Which session a kept request belongs to, and sums of searches, images, seconds and the like.

    A session has a row for each day on which its requests were stored, so that forgetting takes the oldest rows.
    """
    db.table("sessions").create(
        {"id": int, "name": str, "stored_day": int}, pk="id", not_null={"name", "stored_day"}, strict=True
    )
    db.table("requests").add_column("session", int)
    for table in UNIT_ROLLUPS.values():
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, series INTEGER NOT NULL, card INTEGER NOT NULL,"
            " unit TEXT NOT NULL, amount INTEGER NOT NULL, stored_day INTEGER NOT NULL DEFAULT 0,"
            " PRIMARY KEY (bucket, series, card, unit)) WITHOUT ROWID, STRICT"
        )


def m019_saved(db: Database) -> None:
    """What a gateway's cache answered keeps what it saved where others keep what they were reported to cost.

    What stands there from before is a cost of nothing, which is no saving of nothing.
    """
    cached = "card IN (SELECT id FROM cards WHERE status = 'cached')"
    db.execute(f"UPDATE requests SET reported_nano_usd = NULL WHERE {cached}")
    for table in (*ROLLUPS, *SIDE_ROLLUPS):
        db.execute(f"UPDATE {table} SET reported_nano_usd = 0, reported = 0 WHERE {cached}")

"""How spending stands, in as few milliseconds as a shell prompt allows: the standard library alone, seven questions.

The burn is the Burn screen's: metered dollars of the last five minutes before the oldest watermark of what keeps up,
scaled to an hour, and what hosts and commitments in force cost per hour. What only a provider counts and measured energy
are not so quickly told: where there may be any, the answer says that it is not the whole.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from pricing.times import MINUTE_MS
from store.notes import SNAPSHOT
from store.tables import LIVE_KINDS, StoreError

WINDOW_MS = 300_000
_FRESH_MS = 120_000
_LIVE = f"kind IN {LIVE_KINDS!r} AND state != 'absent'"
_UNKNOWN = "('unpriced', 'invalid')"


class Standing(NamedTuple):
    """The burn, and what is wrong."""

    nano_usd_per_hour: int | None
    """None when nothing is known of now."""
    lower_bound: bool
    firing: int
    """Open alerts that nobody acknowledged or snoozed."""
    worst: str | None
    """What the gravest of them says; the same that stands first on the screen."""
    as_of_ms: int
    is_whole: bool = True
    """Whether nothing is left out that takes longer to read."""
    asked_ms: int = 0
    """What counts as now: in a copy of a store, when it was taken."""
    worst_about: str | None = None
    """Whom or what the gravest is about."""


def standing(path: Path, now_ms: int) -> Standing:
    """Read it; raises StoreError with a sentence."""
    if not path.exists():
        raise StoreError(f"there is no store at {path} yet; `usdtop collect` or `usdtop import FILE` begins one.")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=1.0)) as connection:
            return _standing(connection, now_ms)
    except sqlite3.Error as error:
        raise StoreError(f"cannot read the store {path}: {error}.") from error


def _standing(connection: sqlite3.Connection, now_ms: int) -> Standing:
    # In a copy nothing is newer than when it was taken.
    (taken_ms,) = _one(
        connection, "SELECT max(json_extract(value, '$.taken_ms')) FROM notes WHERE name = ?", (SNAPSHOT,)
    )
    now_ms = now_ms if taken_ms is None else taken_ms
    sources, oldest_ms, last_poll_ms, behind = _one(
        connection,
        "SELECT count(*), min(CASE WHEN watermark_ms >= ?1 THEN watermark_ms END), max(polled_ms),"
        f" total(coalesce(watermark_ms, 0) < ?1) FROM sources WHERE {_LIVE}",
        (now_ms - _FRESH_MS,),
    )
    until_ms = oldest_ms or now_ms
    begins_s, ends_s = (until_ms - WINDOW_MS) // MINUTE_MS * 60, -(-until_ms // MINUTE_MS) * 60
    metered, unknown, hosted = _one(
        connection,
        f"SELECT total(nano_usd), total(partial + requests * (c.status IN {_UNKNOWN})), total(c.status = 'hosted')"
        " FROM rollup_minute AS r JOIN cards AS c ON c.id = r.card WHERE bucket >= ? AND bucket < ?",
        (begins_s, ends_s),
    )
    in_force = "since_ms <= ?1 AND (until_ms IS NULL OR until_ms > ?1)"
    (committed,) = _one(
        connection,
        f"SELECT total(nano) FROM (SELECT usd_per_hour_nano AS nano FROM hosts WHERE {in_force}"
        f" UNION ALL SELECT usd_per_hour_nano FROM commitments WHERE {in_force})",
        (until_ms,),
    )
    left_out, unpaid = _one(
        connection,
        f"SELECT EXISTS (SELECT 1 FROM hosts WHERE board_to_wall IS NOT NULL AND {in_force})"
        " OR EXISTS (SELECT 1 FROM providers JOIN provider_datasets USING (source) WHERE role = 'live'),"
        " EXISTS (SELECT 1 FROM engines AS e WHERE EXISTS (SELECT 1 FROM engine_minutes WHERE engine = e.id"
        " AND minute >= ?2 AND minute < ?3) AND coalesce(e.host, '') NOT IN"
        f" (SELECT name FROM hosts WHERE usd_per_hour_nano IS NOT NULL AND {in_force}))",
        (until_ms, begins_s, ends_s),
    )
    firing_now = "resolved_ms IS NULL AND acknowledged_ms IS NULL AND coalesce(snoozed_until_ms, 0) <= ?1"
    firing, worst, about = _one(
        connection,
        f"SELECT count(*) OVER (), title, subject FROM alerts WHERE {firing_now}"
        " ORDER BY severity = 'critical' DESC, coalesce(effect_nano_usd_per_hour, 0) DESC, opened_ms DESC LIMIT 1",
        (now_ms,),
    ) or (0, None, None)
    is_known = bool(sources) and last_poll_ms is not None and now_ms - last_poll_ms <= _FRESH_MS
    per_hour = round(metered * 3_600_000 / (until_ms - begins_s * 1000)) + round(committed)
    lower_bound = bool(unknown or behind or unpaid or (hosted and not committed))
    return Standing(per_hour if is_known else None, lower_bound, firing, worst, until_ms, not left_out, now_ms, about)


def _one(connection: sqlite3.Connection, question: str, values: Sequence[object]) -> tuple:  # type: ignore[type-arg]  # one row of any shape
    row: tuple | None = connection.execute(question, tuple(values)).fetchone()  # type: ignore[type-arg]
    return row or ()

"""What open alerts said before they said something newer, and which of it a look into the past sees."""

import sqlite3
from collections.abc import Sequence

from msgspec.structs import replace

from pricing.alerts.finding import Key
from store.alerts.kept import AlertRecord, decoded
from store.asking import Ask

COLUMNS = ("measured_ms", "title", "value", "effect_nano_usd_per_hour", "body")
"""What is renewed while an alert is open."""

_LEAST_MS = 60_000
_SHARE_OF_AGE = 30
"""Figures are kept a minute apart at least, and the further apart the older the alert is: a week of it is some 200 rows."""
_KEEP_MS = 35 * 86_400_000
"""As long as sums by the minute, which the past is drawn from."""
_MOST_ALERTS = 1_000


def keep_before(connection: sqlite3.Connection, key: Key, *, only: str, only_values: Sequence[object]) -> None:
    """Keep what an open alert says, in the transaction that renews it on the same condition.

    A body that is the same as the one kept before is not kept again.
    """
    connection.execute(
        f"INSERT OR IGNORE INTO alert_figures (alert, {', '.join(COLUMNS)}) SELECT id, measured_ms, title, value,"
        f" effect_nano_usd_per_hour, nullif(body, {_newest_body('a.id')}) FROM alerts AS a WHERE rule = ? AND subject = ?"
        f" AND resolved_ms IS NULL {only} AND measured_ms >= coalesce((SELECT max(f.measured_ms) FROM alert_figures AS f"
        f" WHERE f.alert = a.id), 0) + max({_LEAST_MS}, (measured_ms - opened_ms) / {_SHARE_OF_AGE})",
        (*key, *only_values),
    )


def as_said_at(ask: Ask, alert: AlertRecord, at_ms: int) -> AlertRecord:
    """An alert with what it said at an instant; with its newest figures where none of then were kept."""
    if alert.measured_ms <= at_ms:
        return alert
    columns = ", ".join(COLUMNS[:-1])
    rows = ask(
        f"SELECT {columns}, coalesce(body, {_newest_body('g.alert', 'g.measured_ms')}) FROM alert_figures AS g"
        " WHERE alert = ? AND measured_ms <= ? ORDER BY measured_ms DESC LIMIT 1",
        (alert.id, at_ms),
    )
    if not rows:
        return alert
    said = dict(zip(COLUMNS, rows[0], strict=True))
    return replace(alert, **{**said, "body": decoded(said["body"])})


def tidy(connection: sqlite3.Connection, at_ms: int) -> None:
    """Forget what is older than anything else that the past is drawn from."""
    connection.execute(
        "DELETE FROM alert_figures WHERE alert NOT IN (SELECT id FROM alerts) OR alert IN (SELECT id FROM alerts WHERE"
        " resolved_ms < ? OR id <= (SELECT max(id) FROM alerts) - ?)",
        (at_ms - _KEEP_MS, _MOST_ALERTS),
    )


def _newest_body(alert: str, until: str = "9e18") -> str:
    return (
        f"(SELECT b.body FROM alert_figures AS b WHERE b.alert = {alert} AND b.measured_ms <= {until}"
        " AND b.body IS NOT NULL ORDER BY b.measured_ms DESC LIMIT 1)"
    )

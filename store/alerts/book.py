"""Alerts on their way into the store: they open, go on and end in the writer's transaction, with what is to be sent of it."""

import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from pricing.alerts.finding import Finding, Key
from pricing.alerts.states import Open, Steps
from store.alerts import past
from store.alerts.kept import AlertRecord, encoded, read_alerts
from store.asking import asking

FIRING, RESOLVED = "firing", "resolved"
"""What a webhook is told of."""

_MEASURED_EVERY_MS = 60_000
"""A figure of an open alert is renewed at most so often, so that a quiet store stays quiet."""
_EXPLAINED_MS = 30 * 60_000
_KEEP_MS = 400 * 86_400_000
_MOST_KEPT = 20_000
_NOBODY_CARES_MS = 86_400_000
"""What could not be sent within a day is given up."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be sent to one webhook, once."""

    alert: AlertRecord
    webhook: str
    event: str
    attempts: int


class AlertBook:
    """Opens, renews and ends alerts on the writer's connection; each call belongs into a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def open(self) -> dict[Key, tuple[Open, float | None]]:
        """What is open, with what each was compared with when it opened."""
        rows = self._connection.execute(
            "SELECT rule, subject, opened_ms, calm_since_ms, normal FROM alerts WHERE resolved_ms IS NULL"
        )
        return {
            (rule, subject): (Open(key=(rule, subject), opened_ms=opened_ms, calm_since_ms=calm_ms), normal)
            for rule, subject, opened_ms, calm_ms, normal in rows
        }

    def take(self, steps: Steps, *, at_ms: int, webhooks: Sequence[str] = ()) -> None:
        """Write what an evaluation changes, and queue what opened and ended for these webhooks."""
        for finding in steps.opened:
            self._begin(finding, at_ms, webhooks)
        for alert, finding in steps.kept:
            self._renew(alert, finding, at_ms)
        for alert in steps.calmed:
            self._update(alert.key, "calm_since_ms = ?", (at_ms,))
        for alert in steps.resolved:
            self._end(alert.key, at_ms, webhooks)

    def due(self, at_ms: int) -> list[Delivery]:
        """What is to be sent by now; an end only after its beginning was."""
        rows = self._connection.execute(
            "SELECT d.alert, d.webhook, d.event, d.attempts FROM alert_deliveries AS d WHERE d.sent_ms IS NULL"
            " AND d.next_ms <= ? AND (d.event = 'firing' OR NOT EXISTS (SELECT 1 FROM alert_deliveries AS f WHERE"
            " f.alert = d.alert AND f.webhook = d.webhook AND f.event = 'firing' AND f.sent_ms IS NULL))"
            " ORDER BY d.alert, d.event",
            (at_ms,),
        ).fetchall()
        alerts = {alert.id: alert for alert in read_alerts(asking(self._connection), 0, 2**62)} if rows else {}
        return [
            Delivery(alert=alerts[alert], webhook=webhook, event=event, attempts=attempts)
            for alert, webhook, event, attempts in rows
            if alert in alerts
        ]

    def sent(self, delivery: Delivery, at_ms: int) -> None:
        """It has arrived."""
        self._deliver(delivery, "sent_ms = ?, attempts = attempts + 1, error = NULL", (at_ms,))

    def not_sent(self, delivery: Delivery, error: str, *, next_ms: int) -> None:
        """It has not, and is tried again."""
        self._deliver(delivery, "next_ms = ?, attempts = attempts + 1, error = ?", (next_ms, error[:300]))

    def tidy(self, at_ms: int) -> None:
        """Give up what could not be sent for a day, and forget what ended long ago."""
        self._connection.execute(
            "DELETE FROM alert_deliveries WHERE sent_ms IS NULL AND queued_ms < ?", (at_ms - _NOBODY_CARES_MS,)
        )
        self._connection.execute(
            "DELETE FROM alerts WHERE resolved_ms < ? OR (resolved_ms IS NOT NULL AND id <= (SELECT max(id) FROM alerts) - ?)",
            (at_ms - _KEEP_MS, _MOST_KEPT),
        )
        self._connection.execute("DELETE FROM alert_deliveries WHERE alert NOT IN (SELECT id FROM alerts)")
        past.tidy(self._connection, at_ms)

    def _begin(self, finding: Finding, at_ms: int, webhooks: Sequence[str]) -> None:
        row: Mapping[str, object] = {
            "rule": finding.rule, "subject": finding.subject, "severity": finding.severity.value,
            "title": finding.title, "opened_ms": at_ms, "measured_ms": at_ms, "value": finding.value,
            "fires_at": finding.fires_at, "normal": finding.normal,
            "effect_nano_usd_per_hour": finding.effect_nano_usd_per_hour, "body": encoded(finding),
        }  # fmt: skip
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        added = self._connection.execute(
            f"INSERT INTO alerts ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING", tuple(row.values())
        )
        if added.rowcount:
            self._queue(added.lastrowid, FIRING, at_ms, webhooks)

    def _renew(self, alert: Open, finding: Finding, at_ms: int) -> None:
        """What it says now. Its cause is kept as of half an hour after it opened: later, what came before is the fault itself."""
        if alert.calm_since_ms is not None:
            self._update(alert.key, "calm_since_ms = NULL", ())
        explains = finding.cause is not None and at_ms - alert.opened_ms <= _EXPLAINED_MS
        only, only_values = f"AND title != ? AND measured_ms <= {at_ms - _MEASURED_EVERY_MS}", (finding.title,)
        past.keep_before(self._connection, alert.key, only=only, only_values=only_values)
        self._update(
            alert.key,
            "title = ?, value = ?, measured_ms = ?, body = coalesce(?, body),"
            " effect_nano_usd_per_hour = coalesce(?, effect_nano_usd_per_hour)",
            (
                finding.title,
                finding.value,
                at_ms,
                encoded(finding) if explains else None,
                finding.effect_nano_usd_per_hour,
            ),
            only=only,
            only_values=only_values,
        )

    def _end(self, key: Key, at_ms: int, webhooks: Sequence[str]) -> None:
        found = self._connection.execute(
            "SELECT id FROM alerts WHERE rule = ? AND subject = ? AND resolved_ms IS NULL", key
        ).fetchone()
        self._update(key, "resolved_ms = ?", (at_ms,))
        self._queue(found[0], RESOLVED, at_ms, webhooks)

    def _queue(self, alert: int | None, event: str, at_ms: int, webhooks: Sequence[str]) -> None:
        self._connection.executemany(
            "INSERT OR IGNORE INTO alert_deliveries (alert, webhook, event, attempts, queued_ms, next_ms)"
            " VALUES (?, ?, ?, 0, ?, ?)",
            [(alert, webhook, event, at_ms, at_ms) for webhook in webhooks],
        )

    def _update(
        self,
        key: Key,
        changes: str,
        values: tuple[object, ...],
        *,
        only: str = "",
        only_values: tuple[object, ...] = (),
    ) -> None:
        self._connection.execute(
            f"UPDATE alerts SET {changes} WHERE rule = ? AND subject = ? AND resolved_ms IS NULL {only}",
            (*values, *key, *only_values),
        )

    def _deliver(self, delivery: Delivery, changes: str, values: tuple[object, ...]) -> None:
        self._connection.execute(
            f"UPDATE alert_deliveries SET {changes} WHERE alert = ? AND webhook = ? AND event = ?",
            (*values, delivery.alert.id, delivery.webhook, delivery.event),
        )

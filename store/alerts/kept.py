"""Alerts as they are kept: what fired, why, since when, and what people did about it, from any process."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pricing.alerts.finding import Finding, Severity
from pricing.alerts.finding import Path as Where
from pricing.alerts.names import State
from pricing.cause import Cause
from store.asking import Ask
from store.brief import brief_transaction
from store.tables import StoreError

_COLUMNS = (
    "id", "rule", "subject", "severity", "title", "opened_ms", "resolved_ms", "acknowledged_ms", "acknowledged_by",
    "snoozed_until_ms", "calm_since_ms", "measured_ms", "value", "fires_at", "normal", "effect_nano_usd_per_hour",
    "body",
)  # fmt: skip
_RANK = {State.FIRING: 0, State.SNOOZED: 1, State.ACKNOWLEDGED: 1, State.RESOLVED: 2}


class AlertBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of an alert as one text: no question asks for it."""

    evidence: tuple[str, ...] = ()
    path: Where = ()
    reason: str = ""
    cause: Cause | None = None


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, from when it fired; an open one of a rule and subject is unique."""

    id: int
    rule: str
    subject: str
    severity: Severity
    title: str
    opened_ms: int
    resolved_ms: int | None
    acknowledged_ms: int | None
    acknowledged_by: str | None
    snoozed_until_ms: int | None
    calm_since_ms: int | None
    measured_ms: int
    value: float
    fires_at: float
    normal: float | None
    effect_nano_usd_per_hour: int | None
    body: AlertBody

    def state(self, at_ms: int) -> State:
        """Where it stood at an instant; a snooze that is over fires again."""
        if self.resolved_ms is not None and self.resolved_ms <= at_ms:
            return State.RESOLVED
        if self.snoozed_until_ms is not None and at_ms < self.snoozed_until_ms:
            return State.SNOOZED
        if self.acknowledged_ms is not None and self.acknowledged_ms <= at_ms:
            return State.ACKNOWLEDGED
        return State.FIRING

    def rank(self, at_ms: int) -> tuple[int, bool, int, int]:
        """What should be looked at first: firing before acknowledged before resolved, then critical, dear and new ones."""
        effect = self.effect_nano_usd_per_hour or 0
        return _RANK[self.state(at_ms)], self.severity is not Severity.CRITICAL, -effect, -self.opened_ms


def read_alerts(ask: Ask, since_ms: int, until_ms: int) -> list[AlertRecord]:
    """Alerts that were open at any time in [since, until], the newest first."""
    rows = ask(
        f"SELECT {', '.join(_COLUMNS)} FROM alerts WHERE opened_ms <= ?"
        " AND (resolved_ms IS NULL OR resolved_ms >= ?) ORDER BY opened_ms DESC, id DESC",
        (until_ms, since_ms),
    )
    return [_record(row) for row in rows]


def encoded(finding: Finding) -> str:
    """What is kept of a finding as one text."""
    body = AlertBody(evidence=finding.evidence, path=finding.path, reason=finding.reason, cause=finding.cause)
    return msgspec.json.encode(body).decode()


def decoded(body: str) -> AlertBody:
    """The same read back."""
    return msgspec.json.decode(body, type=AlertBody)


def acknowledge(path: Path, alert_id: int, *, at_ms: int, by: str) -> None:
    """Say that somebody looks after an open alert; raises StoreError when it is not open."""
    _change(path, alert_id, "acknowledged_ms = ?, acknowledged_by = ?, snoozed_until_ms = NULL", (at_ms, by))


def unacknowledge(path: Path, alert_id: int) -> None:
    """Take an acknowledgement or a snooze back: the alert fires as before."""
    _change(path, alert_id, "acknowledged_ms = NULL, acknowledged_by = NULL, snoozed_until_ms = NULL", ())


def snooze(path: Path, alert_id: int, *, until_ms: int, by: str) -> None:
    """Keep an open alert quiet until an instant, after which it fires again."""
    _change(path, alert_id, "snoozed_until_ms = ?, acknowledged_by = ?, acknowledged_ms = NULL", (until_ms, by))


def _change(path: Path, alert_id: int, changes: str, values: tuple[object, ...]) -> None:
    with brief_transaction(path) as connection:
        found = connection.execute(
            f"UPDATE alerts SET {changes} WHERE id = ? AND resolved_ms IS NULL", (*values, alert_id)
        )
        if not found.rowcount:
            raise StoreError("this alert is over already, or there is no such alert.")


def _record(row: Sequence[Any]) -> AlertRecord:
    fields = dict(zip(_COLUMNS, row, strict=True))
    return msgspec.convert({**fields, "body": decoded(fields["body"])}, AlertRecord)

"""An alert as each kind of webhook wants to be told of it; pure."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from pricing.alerts.factors import part_of_rule
from pricing.alerts.names import words
from pricing.alerts.words import rate
from pricing.cause import Cause, Mover, Part
from pricing.money import usd_text
from store.alerts.book import RESOLVED, Delivery
from store.alerts.kept import AlertRecord

_LONGEST_SUMMARY = 1_024
"""PagerDuty cuts longer ones off."""
_STAYS_MS = 7 * 86_400_000
"""Alertmanager ends an alert by itself unless it is told how long it lasts; its end is sent when it ends."""


def alert_json(alert: AlertRecord, at_ms: int) -> dict[str, Any]:
    """An alert with its evidence and cause; money as decimal strings, unknown as null, times in UTC."""
    body = alert.body
    return {
        "id": alert.id, "rule": alert.rule, "subject": alert.subject, "severity": alert.severity.value,
        "state": alert.state(at_ms).value, "title": alert.title, "value": alert.value, "fires_at": alert.fires_at,
        "opened": instant(alert.opened_ms), "resolved": _maybe(alert.resolved_ms),
        "acknowledged": _maybe(alert.acknowledged_ms), "by": alert.acknowledged_by,
        "snoozed_until": _maybe(alert.snoozed_until_ms), "measured": instant(alert.measured_ms),
        "effect_usd_per_hour": usd_text(alert.effect_nano_usd_per_hour),
        "where": [{"dimension": dimension, "value": value} for dimension, value in body.path],
        "evidence": list(body.evidence), "reason": body.reason or None,
        "cause": None if body.cause is None else _cause_json(body.cause),
    }  # fmt: skip


def headline(alert: AlertRecord) -> str:
    """An alert in one line: what, who, how much, since when, why."""
    effect = alert.effect_nano_usd_per_hour
    cost = "" if effect is None else f", {'+' if effect > 0 else ''}{rate(effect)}"
    return f"{words(alert.rule)}: {alert.subject}: {alert.title}{cost}"


def first_cause(alert: AlertRecord) -> str:
    """What its rule is about, or else explains most of it, in words."""
    if alert.body.reason:
        return alert.body.reason
    part = None if alert.body.cause is None else part_of_rule(alert.rule, alert.body.cause)
    return "" if part is None else part_text(part)


def part_text(part: Part) -> str:
    """A part of a cause with who moved it most."""
    text = f"{part.factor} {'+' if part.nano_usd_per_hour > 0 else ''}{rate(part.nano_usd_per_hour)}"
    return f"{text} ({who(part.movers[0])})" if part.movers else text


def who(mover: Mover) -> str:
    """A mover by name."""
    if mover.host is not None:
        return mover.host
    return f"{mover.tenant or '(no tenant)'}, {mover.model or '(no model)'}"


def message(kind: str, delivery: Delivery, *, at_ms: int, machine: str, key: str | None) -> Any:
    """The body for one webhook, ready to be written as JSON; `key` is PagerDuty's routing key."""
    if kind == "slack":
        return {"text": _slack(delivery, machine)}
    if kind == "pagerduty":
        return _pagerduty(delivery, machine, key)
    if kind == "alertmanager":
        return [_alertmanager(delivery, at_ms, machine)]
    return {
        "schema": 1,
        "event": delivery.event,
        "dedup_key": dedup_key(delivery, machine),
        "machine": machine,
        "summary": headline(delivery.alert),
        "alert": alert_json(delivery.alert, at_ms),
    }


def dedup_key(delivery: Delivery, machine: str) -> str:
    """The same for an alert's beginning, its end and every repetition, and for no other alert."""
    return f"usdtop/{machine}/{delivery.alert.opened_ms}/{delivery.alert.id}"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time and the body, so that neither can be changed or sent again later unseen."""
    signed = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def instant(at_ms: int) -> str:
    """RFC 3339, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _maybe(at_ms: int | None) -> str | None:
    return None if at_ms is None else instant(at_ms)


def _cause_json(cause: Cause) -> dict[str, Any]:
    return {
        "before_usd_per_hour": usd_text(cause.before_nano_usd_per_hour),
        "after_usd_per_hour": usd_text(cause.after_nano_usd_per_hour),
        "parts": [
            {
                "factor": part.factor,
                "usd_per_hour": usd_text(part.nano_usd_per_hour),
                "movers": [
                    {
                        "tenant": m.tenant,
                        "model": m.model,
                        "host": m.host,
                        "usd_per_hour": usd_text(m.nano_usd_per_hour),
                    }
                    for m in part.movers[:5]
                ],
            }
            for part in cause.parts
        ],
    }


def _slack(delivery: Delivery, machine: str) -> str:
    """Plain text: Slack reads &, < and > as its own, and names come from outside."""
    alert = delivery.alert
    over = delivery.event == RESOLVED
    lines = [f"{'Over' if over else alert.severity.value.capitalize()} on {machine}: {headline(alert)}"]
    if not over:
        lines += [*alert.body.evidence, *(f"cause: {cause}" for cause in [first_cause(alert)] if cause)]
    lines.append(f"since {instant(alert.opened_ms)}")
    return "\n".join(lines).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _pagerduty(delivery: Delivery, machine: str, key: str | None) -> dict[str, Any]:
    """Events API v2."""
    alert = delivery.alert
    event = {
        "routing_key": key,
        "event_action": "resolve" if delivery.event == RESOLVED else "trigger",
        "dedup_key": dedup_key(delivery, machine),
    }
    if delivery.event == RESOLVED:
        return event
    return event | {
        "client": "usdtop",
        "payload": {
            "summary": headline(alert)[:_LONGEST_SUMMARY],
            "source": machine,
            "severity": alert.severity.value,
            "timestamp": instant(alert.opened_ms),
            "class": alert.rule,
            "component": alert.subject,
            "custom_details": {"evidence": list(alert.body.evidence), "cause": first_cause(alert)},
        },
    }


def _alertmanager(delivery: Delivery, at_ms: int, machine: str) -> dict[str, Any]:
    """Alertmanager's API v2; the labels are its identity."""
    alert = delivery.alert
    ends_ms = alert.resolved_ms if delivery.event == RESOLVED and alert.resolved_ms else at_ms + _STAYS_MS
    return {
        "labels": {
            "alertname": f"usdtop_{alert.rule}", "severity": alert.severity.value, "subject": alert.subject,
            "instance": machine,
        },
        "annotations": {
            "summary": headline(alert), "description": "; ".join(alert.body.evidence), "cause": first_cause(alert),
        },
        "startsAt": instant(alert.opened_ms),
        "endsAt": instant(ends_ms),
    }  # fmt: skip

"""Alerts out of the store, for the screen, the rows under Burn, `usdtop alerts` and `usdtop check`."""

import json
from collections.abc import Sequence

from pricing.alerts.factors import led_by_rule
from pricing.alerts.names import words
from pricing.alerts.words import spoken
from pricing.money import usd_from_nano
from store.alerts.kept import AlertRecord
from store.notes import ALERTS, WAITING
from store.reader import Reader
from tui.pictures.alerts import AlertRow, AlertsPicture
from tui.pictures.view import View
from tui.reading.moment import header, moment

_HEARD = ("stale_source", "lost_gpu")
"""Rules whose reason is what a source or a driver said."""

RECENT_MS = 86_400_000
"""What ended within a day is still shown."""


def alerts(
    reader: Reader, view: View, now_ms: int, *, machine: str, demo: bool = False, recent_ms: int = RECENT_MS
) -> AlertsPicture:
    """The Alerts picture: as of now, or of where the view stopped."""
    at = moment(reader, view, now_ms)
    at_ms = now_ms if view.until_ms is None else view.until_ms
    asked_ms, waiting = last_asked(reader)
    return AlertsPicture(
        header=header(at, view, machine, demo=demo),
        rows=alert_rows(reader.alerts(at_ms - recent_ms, at_ms), at_ms),
        waiting=tuple((words(rule), why) for rule, why in waiting.items()),
        asked_ms=asked_ms,
    )


def alert_rows(records: Sequence[AlertRecord], at_ms: int) -> tuple[AlertRow, ...]:
    """Alerts as rows, what should be looked at first on top."""
    return tuple(_row(record, at_ms) for record in sorted(records, key=lambda one: one.rank(at_ms)))


def last_asked(reader: Reader) -> tuple[int | None, dict[str, str]]:
    """When the rules were asked last, and which of them have seen too little."""
    noted = json.loads(reader.note(ALERTS) or "{}")
    return noted.get("asked_ms"), noted.get(WAITING, {})


def _row(record: AlertRecord, at_ms: int) -> AlertRow:
    effect, body = record.effect_nano_usd_per_hour, record.body
    budget, which = _about(record)
    is_heard = record.rule in _HEARD
    return AlertRow(
        id=record.id,
        rule=words(record.rule),
        path=body.path,
        budget=budget,
        which=which,
        title=title(record),
        state=record.state(at_ms),
        severity=record.severity,
        opened_ms=record.opened_ms,
        resolved_ms=record.resolved_ms,
        measured_ms=record.measured_ms,
        effect_usd_per_hour=None if effect is None else usd_from_nano(effect),
        by=record.acknowledged_by,
        since_ms=record.acknowledged_ms,
        snoozed_until_ms=record.snoozed_until_ms,
        evidence=tuple(sentence.removeprefix(f"{spoken(body.path)}: ") for sentence in body.evidence),
        reason="" if is_heard else body.reason,
        heard=body.reason if is_heard else "",
        cause=None if body.cause is None else led_by_rule(record.rule, body.cause),
    )


def title(record: AlertRecord) -> str:
    """What happened, without a name: earlier versions named the budget that is spent."""
    return record.title.replace(f" of {_about(record)[0]} is spent", " is spent")


def _about(record: AlertRecord) -> tuple[str, str]:
    """The budget that an alert is about, and what tells it from another about the same."""
    path = spoken(record.body.path)
    if record.rule == "budget_spent":
        budget, _, share = record.subject.rpartition(" ")
        return budget, share
    if record.rule == "budget_burn" or not record.subject.startswith(path):
        return record.subject, ""
    return "", record.subject[len(path) :].strip()

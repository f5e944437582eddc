"""From findings to alerts: one opens when a threshold is crossed, and is over when its value has been calm for a while.

Between firing and clearing lies a band in which nothing changes, so noise around a threshold opens an alert once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pricing.alerts.finding import Finding, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """An alert that is not over."""

    key: Key
    opened_ms: int
    calm_since_ms: int | None = None
    """Since when its value has been below where it clears."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What one evaluation changes."""

    opened: tuple[Finding, ...] = ()
    kept: tuple[tuple[Open, Finding], ...] = ()
    """Open alerts that go on, with what is measured now."""
    calmed: tuple[Open, ...] = ()
    """Open alerts that are below where they clear since now."""
    resolved: tuple[Open, ...] = ()


def step(alerts: Iterable[Open], findings: Iterable[Finding], *, now_ms: int, calm_seconds: float) -> Steps:
    """Compare what is open with what is found; the alerts of one key are one."""
    found: Mapping[Key, Finding] = {finding.key: finding for finding in findings}
    standing = {alert.key: alert for alert in alerts}
    opened = tuple(finding for key, finding in found.items() if key not in standing and finding.fires)
    kept, calmed, resolved = [], [], []
    for key, alert in standing.items():
        finding = found.get(key)
        if finding is not None and finding.stays:
            kept.append((alert, finding))
        elif alert.calm_since_ms is None:
            calmed.append(alert)
        elif now_ms - alert.calm_since_ms >= calm_seconds * 1000:
            resolved.append(alert)
    return Steps(opened, tuple(kept), tuple(calmed), tuple(resolved))

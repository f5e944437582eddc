"""The Alerts screen: what fires, what somebody looks after, and what is over."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from pricing.alerts.names import Severity, State
from tui.pictures.header import Header

if TYPE_CHECKING:
    from pricing.alerts.finding import Path
    from pricing.cause import Cause


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands at the picture's instant."""

    id: int
    rule: str
    """Its name for people."""
    subject: str
    title: str
    state: State
    severity: Severity
    opened_ms: int
    resolved_ms: int | None = None
    measured_ms: int
    effect_usd_per_hour: Decimal | None
    first_cause: str = ""
    """What explains most of it, in a few words."""
    by: str | None = None
    """Who acknowledged or snoozed it."""
    since_ms: int | None = None
    """When it was acknowledged."""
    snoozed_until_ms: int | None = None
    path: Path = ()
    evidence: tuple[str, ...] = ()
    reason: str = ""
    cause: Cause | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state is not State.RESOLVED


class AlertsPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Alerts screen."""

    header: Header
    rows: tuple[AlertRow, ...] = ()
    waiting: tuple[tuple[str, str], ...] = ()
    """Rules that have seen too little, and why."""
    asked_ms: int | None = None
    """When the rules were asked last; None when they never were."""

    @property
    def waiting_by_reason(self) -> dict[str, list[str]]:
        """Rules that have seen too little, those with the same reason together."""
        reasons: dict[str, list[str]] = {}
        for rule, why in self.waiting:
            reasons.setdefault(why, []).append(rule)
        return reasons

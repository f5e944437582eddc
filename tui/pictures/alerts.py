"""The Alerts screen: what fires, what somebody looks after, and what is over."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from pricing.alerts.names import Severity, State
from pricing.alerts.words import spoken
from pricing.money import usd_from_nano
from tui import format as fmt
from tui.pictures.header import Header

if TYPE_CHECKING:
    from pricing.alerts.finding import Path
    from pricing.cause import Cause, Mover


class AlertRow(msgspec.Struct, frozen=True, kw_only=True):
    """One alert as it stands at the picture's instant."""

    id: int
    rule: str
    """Its name for people."""
    path: Path = ()
    """What it is about, outermost first."""
    budget: str = ""
    """The budget that it is about."""
    which: str = ""
    """What tells it from another about the same: a step of a cap, a share of a budget, a card; or "all"."""
    title: str
    state: State
    severity: Severity
    opened_ms: int
    resolved_ms: int | None = None
    measured_ms: int
    effect_usd_per_hour: Decimal | None
    by: str | None = None
    """Who acknowledged or snoozed it."""
    since_ms: int | None = None
    """When it was acknowledged."""
    snoozed_until_ms: int | None = None
    evidence: tuple[str, ...] = ()
    reason: str = ""
    """The cause in words, where it is no matter of arithmetic."""
    heard: str = ""
    """The same as a source or a driver said it."""
    cause: Cause | None = None
    """With the part that the rule is about first."""

    @property
    def subject(self) -> str:
        """What it is about, by name."""
        return " ".join(part for part in (self.budget, spoken(self.path), self.which) if part)

    @property
    def first_cause(self) -> str:
        """What explains most of it, in a few words."""
        first = self.cause.parts[0] if self.cause is not None and self.cause.parts else None
        if self.reason or self.heard or first is None or not first.nano_usd_per_hour:
            return self.reason or self.heard
        who = f" ({who_text(first.movers[0])})" if first.movers else ""
        return f"{first.factor} {per_hour(first.nano_usd_per_hour)}{who}"

    @property
    def is_open(self) -> bool:
        """Whether it is not over."""
        return self.state is not State.RESOLVED


def per_hour(nano_usd: int) -> str:
    """A change in dollars per hour."""
    return f"{fmt.change(usd_from_nano(nano_usd))}/h" if nano_usd else "$0/h"


def who_text(mover: Mover, model_cells: int = 40) -> str:
    """A mover by its names; a model that is longer than so many cells loses who sells it first."""
    if mover.host is not None:
        return fmt.safe(mover.host, 40)
    return f"{fmt.safe(fmt.member('tenant', mover.tenant), 30)}, {fmt.shorten(fmt.member('model', mover.model), model_cells)}"


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

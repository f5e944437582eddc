"""What a rule says: that something stands over its threshold, or that it has seen too little to say anything."""

from dataclasses import dataclass
from typing import TypeAlias

from pricing.alerts.names import Severity as Severity
from pricing.cause import Cause

Key: TypeAlias = tuple[str, str]
"""A rule and what it speaks of: the identity of an alert while it is open."""

Path: TypeAlias = tuple[tuple[str, str | None], ...]
"""Dimensions and their values, outermost first: where to look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A measured value of one rule about one subject; it fires from `fires_at` on, and is over below `clears_at`.

    No sentence of it says who it is about: the subject does, and the path; what others have said is a reason.
    """

    rule: str
    subject: str
    title: str
    """What happened, in a few words with its figures: "cache hits 71% -> 4%"."""
    value: float
    fires_at: float
    clears_at: float
    evidence: tuple[str, ...] = ()
    effect_nano_usd_per_hour: int | None = None
    """What it costs, or None where that is not known."""
    severity: Severity = Severity.WARNING
    path: Path = ()
    reason: str = ""
    """The cause in words, where it is no matter of arithmetic: what a source or a driver said."""
    normal: float | None = None
    """What the value was compared with; kept while the alert is open, so that the fault does not become the norm."""
    cause: Cause | None = None

    @property
    def key(self) -> Key:
        """The identity of its alert."""
        return self.rule, self.subject

    @property
    def fires(self) -> bool:
        """Whether the threshold is reached."""
        return self.value >= self.fires_at

    @property
    def stays(self) -> bool:
        """Whether an alert that is open stays so."""
        return self.value >= self.clears_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLittle:
    """A rule that cannot judge yet, and why."""

    rule: str
    why: str


Result: TypeAlias = Finding | TooLittle

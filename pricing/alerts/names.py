"""The rules by name, how loud they are, and where an alert stands: what a configuration and a screen need to know."""

from enum import StrEnum


class State(StrEnum):
    """Where an alert stands; acknowledged and snoozed ones are still open."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """Whether somebody should be woken."""

    WARNING = "warning"
    CRITICAL = "critical"


_WORDS = {
    "budget_burn": "budget burn",
    "budget_spent": "budget spent",
    "day_over_week": "day against week",
    "rate_over_usual": "burn against usual",
    "tenant_cap": "tenant cap",
    "tenant_over_week": "tenant against week",
    "model_mix": "model mix",
    "retries": "retries and failures",
    "cache_fall": "cache hits",
    "reasoning": "reasoning ratio",
    "output_length": "output length",
    "long_context": "long-context price",
    "batch_lost": "batch price lost",
    "unpriced": "unpriced traffic",
    "drift": "drift",
    "stale_source": "stale source",
    "idle_gpu": "idle GPU",
    "utilisation": "utilisation",
    "throttled_gpu": "GPU slowed down",
    "lost_gpu": "GPU lost",
}
RULES = tuple(_WORDS)
"""Every rule, in the order of the documentation."""


def words(rule: str) -> str:
    """A rule's name for people."""
    return _WORDS.get(rule, rule)

"""`[[budget]]`: an amount for a period of a calendar, about whatever a filter lets through."""

from collections.abc import Sequence

import msgspec

from collectors.settings.written import nano_usd
from store.tables import DIMENSIONS, SIDE_DIMENSIONS
from store.zones import zone_named


class BudgetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[budget]]`."""

    name: str
    usd: str
    period: str = "day"
    filter: str = ""
    counts: str = "both"
    timezone: str = "UTC"
    soft: float = 0.8
    hard: float = 1.0


def check_budgets(budgets: Sequence[BudgetConfig]) -> None:
    """Raise ValueError with a sentence for the first budget that cannot be kept."""
    from pricing.budget import COUNTS
    from pricing.filters import parse_filter
    from pricing.periods import CALENDAR_PERIODS, LAUNCH

    periods = (*CALENDAR_PERIODS, LAUNCH)
    seen: set[str] = set()
    for budget in budgets:
        where = f"budget `{budget.name}`"
        nano_usd(budget.usd, f"usd of {where}")
        if budget.name in seen:
            raise ValueError(f"two budgets are named `{budget.name}`")
        seen.add(budget.name)
        for key, value, known in (("period", budget.period, periods), ("counts", budget.counts, COUNTS)):
            if value not in known:
                raise ValueError(f"{key} of {where} must be one of {', '.join(known)}")
        if not 0 < budget.soft <= budget.hard <= 10:
            raise ValueError(
                f"soft and hard of {where} are shares of its amount, such as 0.8 and 1.0, soft not above hard"
            )
        if parse_filter(budget.filter, (*DIMENSIONS, *SIDE_DIMENSIONS)).above_nano_usd is not None:
            raise ValueError(f"filter of {where}: an amount of dollars picks single requests; a budget has none")
        zone_named(budget.timezone)

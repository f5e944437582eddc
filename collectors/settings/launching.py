"""A launch as somebody asks for it: a budget, a length, and what belongs to it."""

from pathlib import Path

from collectors.settings.config import ConfigError
from collectors.settings.planfile import read_plan
from collectors.settings.written import nano_usd, seconds
from pricing.budget import BOTH
from pricing.filters import FilterError, parse_filter
from store.budgets.launches import Launch
from store.tables import DIMENSIONS, SIDE_DIMENSIONS

_LONGEST_S = 366 * 86_400


def launch_of(
    usd: str,
    length: str,
    *,
    began_ms: int,
    name: str = "",
    filter_text: str = "",
    counts: str = BOTH,
    plan: Path | None = None,
) -> Launch:
    """The launch that these words ask for; ConfigError says which of them is wrong."""
    try:
        length_ms = round(min(seconds(length), _LONGEST_S + 1.0) * 1000)
        amount = nano_usd(usd, "the budget")
        wanted = parse_filter(filter_text, (*DIMENSIONS, *SIDE_DIMENSIONS))
    except FilterError as error:
        raise ConfigError(f"filter: {error}.") from None
    except ValueError as error:
        raise ConfigError(f"{error}.") from None
    if not 60_000 <= length_ms <= _LONGEST_S * 1000:
        raise ConfigError("a launch lasts from a minute to a year.")
    if wanted.above_nano_usd is not None:
        raise ConfigError("filter: an amount of dollars picks single requests; a launch has none.")
    begins_ms = began_ms // 1000 * 1000
    return Launch(
        name=" ".join(name.split()) or "launch",
        began_ms=begins_ms,
        ends_ms=begins_ms + length_ms,
        nano_usd=amount,
        filter=filter_text,
        counts=counts,
        plan=() if plan is None else read_plan(plan, length_ms),
    )

"""What would cost less: every rule over the traffic that was seen, ranked in dollars per hour."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pricing.whatif.saving import Missing, Saving, Situation
from pricing.whatif.savings_bought import dear_commitments
from pricing.whatif.savings_cache import history_sent_again, uncached_prefix, unread_writes
from pricing.whatif.savings_hosts import idle_gpus, own_instead_of_api
from pricing.whatif.savings_output import billed_failures, much_reasoning, repeated_calls, uncapped_output
from pricing.whatif.savings_price import narrow_cliff, negotiable, smaller_model
from pricing.whatif.savings_time import batchable, off_peak

Rule = Callable[[Situation], Iterable[Saving | Missing]]

RULES: tuple[Rule, ...] = (
    uncached_prefix,
    unread_writes,
    history_sent_again,
    uncapped_output,
    much_reasoning,
    billed_failures,
    repeated_calls,
    batchable,
    off_peak,
    narrow_cliff,
    smaller_model,
    negotiable,
    dear_commitments,
    idle_gpus,
    own_instead_of_api,
)

OVERLAP = "Several of these may be about the same dollars: they do not add up."


@dataclass(frozen=True, slots=True, kw_only=True)
class Savings:
    """Savings, the largest first, and what other rules would have needed."""

    savings: tuple[Saving, ...]
    missing: tuple[Missing, ...]


def find_savings(situation: Situation) -> Savings:
    """Ask every rule; one that lacks its data says what is missing, never a figure."""
    found = [one for rule in RULES for one in rule(situation)]
    savings = [one for one in found if isinstance(one, Saving) and one.usd_per_hour > 0]
    return Savings(
        savings=tuple(sorted(savings, key=lambda one: (-one.usd_per_hour, one.rule, one.title))),
        missing=tuple(dict.fromkeys(one for one in found if isinstance(one, Missing))),
    )

"""Which part of a change in burn a rule is about: its effect, and the cause that is named first."""

from pricing.cause import CACHE, MIX, OUTPUT, PRICE, REASONING, Cause, Part

FACTORS_OF_RULES = {
    "model_mix": MIX,
    "cache_fall": CACHE,
    "reasoning": REASONING,
    "output_length": OUTPUT,
    "long_context": PRICE,
    "batch_lost": PRICE,
}


def part_of_rule(rule: str, cause: Cause) -> Part | None:
    """The part that the rule is about, or the largest one; None when nothing moved."""
    about = FACTORS_OF_RULES.get(rule)
    parts = [part for part in cause.parts if part.nano_usd_per_hour]
    return next((part for part in parts if part.factor == about), parts[0] if parts else None)

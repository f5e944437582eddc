"""Which part of a change in burn a rule is about: its effect, and the cause that is named first."""

from dataclasses import replace

from pricing.cause import CACHE, MIX, OUTPUT, PRICE, REASONING, Cause, Part

FACTORS_OF_RULES = {
    "model_mix": MIX,
    "cache_fall": CACHE,
    "reasoning": REASONING,
    "output_length": OUTPUT,
    "long_context": PRICE,
    "batch_lost": PRICE,
}


def led_by_rule(rule: str, cause: Cause) -> Cause:
    """The cause with the part that the rule is about before the others, where that moved at all."""
    about = FACTORS_OF_RULES.get(rule)
    return replace(
        cause, parts=tuple(sorted(cause.parts, key=lambda part: part.factor != about or not part.nano_usd_per_hour))
    )


def part_of_rule(rule: str, cause: Cause) -> Part | None:
    """The part that the rule is about, or the largest one; None when nothing moved."""
    return next((part for part in led_by_rule(rule, cause).parts[:1] if part.nano_usd_per_hour), None)

"""Classes of models by the price of their output, from "ultra-budget" to "flagship"."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClass:
    """Models whose output costs more than `above` and at most `up_to` dollars per million tokens."""

    name: str
    above: Decimal
    up_to: Decimal | None

    def holds(self, output_usd_per_million: Decimal) -> bool:
        """Whether a price of output lies in the class."""
        return self.above < output_usd_per_million and (self.up_to is None or output_usd_per_million <= self.up_to)

    def __str__(self) -> str:
        if self.up_to is None:
            return f"{self.name}: output over ${self.above}/M"
        return f"{self.name}: output over ${self.above}/M up to ${self.up_to}/M"


MODEL_CLASSES = (
    ModelClass(name="ultra-budget", above=Decimal(0), up_to=Decimal("0.10")),
    ModelClass(name="budget", above=Decimal("0.10"), up_to=Decimal("0.30")),
    ModelClass(name="mid", above=Decimal("0.30"), up_to=Decimal("0.80")),
    ModelClass(name="premium", above=Decimal("0.80"), up_to=Decimal("2.00")),
    ModelClass(name="flagship", above=Decimal("2.00"), up_to=None),
)
"""Boundaries of the price list of 2026 that the sheet `article-2026` holds.

Its dearest model costs $3.50/M; whatever costs more is a flagship here, so that every price has a class.
"""


def class_named(name: str) -> ModelClass | None:
    """The class of this name, or None."""
    return next((one for one in MODEL_CLASSES if one.name == name.strip().lower()), None)


def class_of(output_usd_per_million: Decimal | None) -> ModelClass | None:
    """The class of a price of output; None for a free model and for one without a price of output."""
    if output_usd_per_million is None:
        return None
    return next((one for one in MODEL_CLASSES if one.holds(output_usd_per_million)), None)

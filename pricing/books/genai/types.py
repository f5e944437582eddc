"""The records of genai-prices, by the names that the package's module of data calls them.

That module begins with `from .types import *`, so it can be run on these as well as on the package's own.
Source of names and meaning: genai_prices/types.py of genai-prices 0.2.3.
"""

import re
from dataclasses import InitVar, dataclass, field
from datetime import date, time
from decimal import Decimal
from types import SimpleNamespace
from typing import Protocol

__all__ = [
    "ArrayMatch", "ClauseAnd", "ClauseContains", "ClauseEndsWith", "ClauseEquals", "ClauseOr", "ClauseRegex",
    "ClauseStartsWith", "ConditionalPrice", "ModelInfo", "ModelPrice", "PriceVariant", "Provider", "StartDateConstraint",
    "Tier", "TieredPrices", "TimeOfDateConstraint", "UsageExtractor", "UsageExtractorMapping",
]  # fmt: skip


class Clause(Protocol):
    """A condition on a model's name."""

    def is_match(self, text: str) -> bool:
        """Whether the name fulfils it; only a regular expression cares for capital letters."""
        ...


@dataclass(slots=True)
class ClauseEquals:
    """The very name."""

    equals: str

    def is_match(self, text: str) -> bool:
        """Whether it is."""
        return text.lower() == self.equals.lower()


@dataclass(slots=True)
class ClauseStartsWith:
    """A name that begins so."""

    starts_with: str

    def is_match(self, text: str) -> bool:
        """Whether it does."""
        return text.lower().startswith(self.starts_with.lower())


@dataclass(slots=True)
class ClauseEndsWith:
    """A name that ends so."""

    ends_with: str

    def is_match(self, text: str) -> bool:
        """Whether it does."""
        return text.lower().endswith(self.ends_with.lower())


@dataclass(slots=True)
class ClauseContains:
    """A name that has this in it."""

    contains: str

    def is_match(self, text: str) -> bool:
        """Whether it has."""
        return self.contains.lower() in text.lower()


@dataclass(slots=True)
class ClauseRegex:
    """A name in which this pattern is found."""

    regex: str

    def is_match(self, text: str) -> bool:
        """Whether it is."""
        return re.search(self.regex, text) is not None


@dataclass(slots=True)
class ClauseOr:
    """Any of these."""

    or_: list[Clause]

    def is_match(self, text: str) -> bool:
        """Whether any holds."""
        return any(clause.is_match(text) for clause in self.or_)


@dataclass(slots=True)
class ClauseAnd:
    """All of these."""

    and_: list[Clause]

    def is_match(self, text: str) -> bool:
        """Whether all hold."""
        return all(clause.is_match(text) for clause in self.and_)


@dataclass(slots=True)
class Tier:
    """The price for prompts of more than `start` tokens."""

    start: int
    price: Decimal


@dataclass(slots=True)
class TieredPrices:
    """The price of short prompts, and those of longer ones in ascending order."""

    base: Decimal
    tiers: list[Tier]

    def __post_init__(self) -> None:
        """Put them in order."""
        self.tiers.sort(key=lambda tier: tier.start)


class ModelPrice(SimpleNamespace):
    """Dollars by price key, e.g. `input_mtok`: a Decimal or TieredPrices."""


@dataclass(slots=True)
class StartDateConstraint:
    """From this day on."""

    start_date: date


@dataclass(slots=True)
class TimeOfDateConstraint:
    """In these hours of each day."""

    start_time: time
    end_time: time


Constraint = StartDateConstraint | TimeOfDateConstraint


@dataclass(slots=True)
class ConditionalPrice:
    """Prices, and when they are in force."""

    prices: ModelPrice
    constraint: Constraint | None = None


@dataclass(slots=True)
class PriceVariant:
    """Prices of requests that say this of themselves, e.g. {"processing": "batch"}."""

    when: dict[str, str]
    prices: ModelPrice
    constraint: Constraint | None = None


@dataclass(slots=True)
class ModelInfo:
    """A model; what is said about it in sentences is not kept."""

    id: str
    match: Clause
    name: InitVar[str | None] = None
    description: InitVar[str | None] = None
    context_window: int | None = None
    price_comments: InitVar[str | None] = None
    deprecated: InitVar[bool | None] = None
    prices: ModelPrice | list[ConditionalPrice] = field(default_factory=list)
    price_variants: list[PriceVariant] | None = None


@dataclass(slots=True)
class Provider:
    """Who sells models; how its responses are read is not kept."""

    id: str
    name: InitVar[str | None] = None
    api_pattern: InitVar[str | None] = None
    pricing_urls: InitVar[list[str] | None] = None
    description: InitVar[str | None] = None
    price_comments: InitVar[str | None] = None
    model_match: Clause | None = None
    provider_match: InitVar[Clause | None] = None
    extractors: InitVar[list[None] | None] = None
    fallback_model_providers: list[str] | None = None
    models: list[ModelInfo] = field(default_factory=list)


def _not_kept(**_: object) -> None:
    """Part of how responses are read."""


ArrayMatch = UsageExtractor = UsageExtractorMapping = _not_kept

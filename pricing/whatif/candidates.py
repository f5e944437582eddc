"""Models, and blends of models, that traffic could be sent to instead."""

from dataclasses import dataclass
from decimal import Decimal

from pricing.whatif.switches import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model to price the traffic on."""

    model: str
    provider: str | None = None

    @property
    def name(self) -> str:
        """The model's name with the provider's before it, once."""
        prefix = f"{self.provider}/" if self.provider else ""
        return self.model if self.model.lower().startswith(prefix.lower()) else prefix + self.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Part of a blend: what kind of request, which share of them, and the model that answers."""

    label: str
    share: Decimal
    candidate: Candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """Several models that share the traffic; raises ValueError unless the shares add up to 1."""

    routes: tuple[Route, ...]

    def __post_init__(self) -> None:
        whole = sum((route.share for route in self.routes), Decimal(0))
        if whole != 1 or any(route.share < 0 for route in self.routes):
            raise ValueError(f"the shares of all routes must add up to 1; these make {whole}")

    @property
    def name(self) -> str:
        """Each kind, its model and its share."""
        return " + ".join(f"{route.label} {percent(route.share)} {route.candidate.name}" for route in self.routes)

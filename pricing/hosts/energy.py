"""Energy per token: what one more token costs on a host that is paid for anyway."""

from dataclasses import dataclass
from decimal import Decimal

from pricing.money import TOKENS_PER_MILLION

_JOULES_PER_KWH = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """Energy that served tokens, over the same window; watts and tokens per second do as well as joules and tokens.

    Whether the joules are those of the GPU boards or of the whole host is the caller's to say: boards alone are about
    half. Take a counter's difference rather than a mean of spot readings.
    """

    joules: Decimal
    tokens: Decimal

    def __post_init__(self) -> None:
        if self.tokens <= 0 or self.joules < 0:
            raise ValueError("energy per token needs tokens, and energy that is not negative")

    @property
    def joules_per_token(self) -> Decimal:
        """Energy of one token."""
        return self.joules / self.tokens

    @property
    def tokens_per_joule(self) -> Decimal | None:
        """The inverse; None where no energy was measured."""
        return self.tokens / self.joules if self.joules else None

    @property
    def kwh_per_million_tokens(self) -> Decimal:
        """Kilowatt-hours of a million tokens, at the host and not at the building's meter."""
        return self.joules_per_token * TOKENS_PER_MILLION / _JOULES_PER_KWH

    def usd_per_million_tokens(self, usd_per_kwh: Decimal, pue: Decimal = Decimal(1)) -> Decimal:
        """Dollars of that energy at the building's meter."""
        return self.kwh_per_million_tokens * pue * usd_per_kwh

"""Two readings of a long-context price, which differ for the same prompt.

Cliff: a prompt over the threshold pays the higher rate for all of its tokens. Graduated: only for those beyond it.
"""

from dataclasses import dataclass
from decimal import Decimal

from pricing.money import TOKENS_PER_MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class LongContext:
    """Dollars per million prompt tokens up to and over a threshold of prompt tokens."""

    threshold_tokens: int
    low: Decimal
    high: Decimal

    def cliff_usd(self, tokens: int) -> Decimal:
        """All tokens at the rate that the whole prompt reaches; exactly at the threshold it is the lower one."""
        return tokens * (self.high if tokens > self.threshold_tokens else self.low) / TOKENS_PER_MILLION

    def graduated_usd(self, tokens: int) -> Decimal:
        """The tokens beyond the threshold at the higher rate, the others at the lower."""
        below = min(tokens, self.threshold_tokens)
        return (below * self.low + (tokens - below) * self.high) / TOKENS_PER_MILLION

    def crossing_usd(self, tokens: int) -> Decimal:
        """What a prompt would save if it were cut to the threshold; zero below it."""
        if tokens <= self.threshold_tokens:
            return Decimal(0)
        return self.cliff_usd(tokens) - self.cliff_usd(self.threshold_tokens)

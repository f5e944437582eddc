"""What providers say of themselves, on its way into the store: usage and bills per bucket of time, and balances."""

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from pricing.usage import NOTHING, Usage


class UsageBucket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a provider counted in one bucket of time for one set of dimensions.

    Two buckets that agree in everything but their counts are the same one, and the later answer holds: whatever else the
    provider splits by stands in `rest`.
    """

    begins_ms: int
    width_seconds: int
    provider: str
    model: str | None = None
    tenant: str | None = None
    """The provider's project, workspace or team."""
    key: str | None = None
    call_type: str | None = None
    variant: str = ""
    """Batch or service tier, as for a request."""
    prompt_tokens: int = 0
    """The least length of these prompts, where the provider tells long ones apart: it decides a long-context price."""
    rest: str = ""
    usage: Usage = NOTHING
    requests: int | None = None
    """None where the provider does not count them."""


class PricedBucket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A usage bucket with the card that our book has for it; `nano_usd` is None where the cost is unknown."""

    bucket: UsageBucket
    card_id: str
    nano_usd: int | None
    partial: bool = False


class CostBucket(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a provider bills for one line item in one bucket of time; in everything but its amount it is one of a kind."""

    begins_ms: int
    width_seconds: int
    provider: str
    model: str | None = None
    tenant: str | None = None
    key: str | None = None
    item: str = ""
    """The line item, with whatever else the provider splits by."""
    token_class: str = ""
    """The class of TOKEN_CLASSES that is billed here, where the provider says so."""
    nano_usd: int


class BalanceCounts(StrEnum):
    """What a balance is a count of."""

    LEFT = "left"
    """Prepaid money: it falls as it is spent, and a rise is a top-up."""
    SPENT = "spent"
    """Money used so far: it rises as it is spent, and a fall is a new period."""
    SETTLED = "settled"
    """Prepaid money as it stood when a bill was last settled: a fall is what was spent in all the time before."""


class BalanceReading(msgspec.Struct, frozen=True, kw_only=True):
    """What stood in an account at an instant, in billionths of its currency."""

    account: str
    """Which of the source's accounts, e.g. "credits"."""
    at_ms: int
    nano: int
    currency: str = "USD"
    counts: BalanceCounts = BalanceCounts.LEFT


class ProviderReading(msgspec.Struct, frozen=True, kw_only=True):
    """One dataset read to its end: everything that the provider says of [since, until), in place of what it said before."""

    dataset: str
    width_seconds: int = 0
    since_ms: int = 0
    until_ms: int = 0
    usage: Sequence[UsageBucket] = ()
    costs: Sequence[CostBucket] = ()
    balances: Sequence[BalanceReading] = ()
    watermark_ms: int | None = None
    """Everything up to here is complete, as far as the provider's documented lag tells."""
    read_ms: int = 0


class PricedReading(msgspec.Struct, frozen=True, kw_only=True):
    """A reading whose usage is priced."""

    reading: ProviderReading
    usage: Sequence[PricedBucket] = ()


class Role(StrEnum):
    """Whether a provider's own figures count."""

    LIVE = "live"
    """What the gateways' logs do not hold of them is counted."""
    RECONCILE = "reconcile"
    """They judge our figures and never count."""


class ProviderFact(msgspec.Struct, frozen=True, kw_only=True):
    """Which traffic a provider's figures are of."""

    source: str
    provider: str
    role: Role = Role.LIVE
    covers: str = ""
    """A filter of the gateway traffic that these figures contain, too."""

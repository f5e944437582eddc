"""A provider's account as the collector writes it into a store, bucket by bucket, at round prices."""

from collections.abc import Sequence

import msgspec

from pricing.usage import Usage
from store.provider_facts import (
    BalanceReading,
    CostBucket,
    PricedBucket,
    PricedReading,
    ProviderFact,
    ProviderReading,
    UsageBucket,
)
from store.writer import Writer
from tests.fakes.events import CARD, batch

SOURCE = "openai admin"
NANO_PER_TOKEN = 2_500


def counted(begins_ms: int, tokens: int, *, width_seconds: int = 60, model: str = "gpt-4o-mini") -> UsageBucket:
    """What the provider counted of one model."""
    return UsageBucket(
        begins_ms=begins_ms, width_seconds=width_seconds, provider="openai", model=model, tenant="proj_1", requests=1,
        usage=Usage(input_tokens=tokens),
    )  # fmt: skip


def billed(begins_ms: int, nano_usd: int, *, width_seconds: int = 60, model: str = "gpt-4o-mini") -> CostBucket:
    """What it bills for it."""
    return CostBucket(
        begins_ms=begins_ms, width_seconds=width_seconds, provider="openai", model=model, nano_usd=nano_usd
    )


def tell(
    writer: Writer,
    *usage: UsageBucket,
    costs: Sequence[CostBucket] = (),
    balances: Sequence[tuple[int, int]] = (),
    watermark_ms: int,
    dataset: str = "usage",
) -> None:
    """One answer: all that the provider has ever said in this dataset."""
    widths = [one.width_seconds for one in usage] + [one.width_seconds for one in costs]
    reading = ProviderReading(
        dataset=dataset, width_seconds=min(widths, default=0), since_ms=0, until_ms=watermark_ms * 2,
        usage=usage, costs=costs, watermark_ms=watermark_ms,
        balances=[BalanceReading(account="credits", at_ms=at_ms, nano=nano) for at_ms, nano in balances],
    )  # fmt: skip
    priced = [
        PricedBucket(bucket=one, card_id=CARD.id, nano_usd=one.usage.input_tokens * NANO_PER_TOKEN) for one in usage
    ]
    writer.set_providers([ProviderFact(source=SOURCE, provider="openai")])
    seen = batch(source=SOURCE, kind="provider", at_ms=watermark_ms)
    writer.write(msgspec.structs.replace(seen, readings=[PricedReading(reading=reading, usage=priced)]), [CARD])

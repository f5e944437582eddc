"""What one answer says of one bucket in several rows, as one: a bucket is known by everything but its counts.

Answers are split by more than is kept: keys without a name, labels of a metric, line items of one description. Rows of one
answer are parts of a sum; of two answers about one span the later holds.
"""

from collections.abc import Iterable, Sequence

import msgspec

from collectors.providers.provider import Page
from pricing.totals import add_usage
from store.provider_facts import CostBucket, UsageBucket


def added(page: Page) -> Page:
    """The page with each bucket once."""
    return msgspec.structs.replace(page, usage=_usage(page.usage), costs=_costs(page.costs))


def _usage(buckets: Iterable[UsageBucket]) -> Sequence[UsageBucket]:
    sums: dict[tuple[object, ...], UsageBucket] = {}
    for one in buckets:
        place = (
            one.begins_ms, one.width_seconds, one.provider, one.model, one.tenant, one.key, one.call_type, one.variant,
            one.prompt_tokens, one.rest,
        )  # fmt: skip
        known = sums.get(place)
        sums[place] = one if known is None else _together(known, one)
    return list(sums.values())


def _together(one: UsageBucket, other: UsageBucket) -> UsageBucket:
    counts = [requests for requests in (one.requests, other.requests) if requests is not None]
    return msgspec.structs.replace(
        one, usage=add_usage(one.usage, other.usage), requests=sum(counts) if counts else None
    )


def _costs(buckets: Iterable[CostBucket]) -> Sequence[CostBucket]:
    sums: dict[tuple[object, ...], CostBucket] = {}
    for one in buckets:
        place = (
            one.begins_ms, one.width_seconds, one.provider, one.model, one.tenant, one.key, one.item, one.token_class
        )  # fmt: skip
        known = sums.get(place)
        sums[place] = one if known is None else msgspec.structs.replace(one, nano_usd=known.nano_usd + one.nano_usd)
    return list(sums.values())

"""A book that learns a price prices what providers counted before, in the store as if it had always known it."""

from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.prices.books import price_book
from collectors.prices.bucket_repricer import BucketRepricing
from collectors.prices.pricer import Pricer
from collectors.settings.config import from_mapping
from pricing.usage import Usage
from store.provider_facts import ProviderReading, UsageBucket
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, batch

DAY_MS = 86_400_000


def pricer(**prices: str) -> Pricer:
    tables = [{"model": model, "input": usd, "output": "0"} for model, usd in prices.items()]
    return Pricer(price_book(from_mapping({"price": tables}, None)))


def bucket(model: str, day: int, **changes: Any) -> UsageBucket:
    plain = UsageBucket(
        begins_ms=(AT_MS // DAY_MS + day) * DAY_MS, width_seconds=60, provider="openai", model=model, tenant="p", requests=3,
        usage=Usage(input_tokens=1_000_000), rest="eu",
    )  # fmt: skip
    return msgspec.structs.replace(plain, **changes)


def store(path: Path, *usage: UsageBucket) -> Writer:
    writer = Writer(path)
    reading = ProviderReading(dataset="usage", since_ms=0, until_ms=AT_MS * 2, usage=usage)
    readings, cards = pricer(known="1").price_readings([reading])
    writer.write(msgspec.structs.replace(batch(source="openai", kind="provider"), readings=readings), cards)
    return writer


def costs(path: Path) -> dict[str | None, tuple[str, int]]:
    with closing(Reader(path)) as reader:
        return {
            key.dimensions.model: (key.card.status.value, record.nano_usd)
            for key, record in reader.usage_buckets(0, AT_MS * 2)
        }


def price_again(writer: Writer, with_prices: Pricer, **options: Any) -> BucketRepricing:
    repricing = BucketRepricing(writer, with_prices, **options)
    assert list(repricing.steps())[-1:] in ([1.0], [])
    return repricing


def test_what_had_no_price_gets_one_and_nothing_else_changes(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(store(path, bucket("known", 0), bucket("a-model-of-ours", 1))) as writer:
        assert costs(path) == {"known": ("priced", 1_000_000_000), "a-model-of-ours": ("unpriced", 0)}
        newer = pricer(**{"known": "5", "a-model-of-ours": "2"})
        found = price_again(writer, newer, only_unpriced=True)

        assert costs(path) == {"known": ("priced", 1_000_000_000), "a-model-of-ours": ("priced", 2_000_000_000)}
        (change,) = found.changes.values()
        assert (change.requests, change.unpriced_before, change.unpriced_after) == (3, 3, 0)
        assert price_again(writer, newer, only_unpriced=True).changes == {}


@pytest.mark.parametrize(("options", "expected"), [({}, 5), ({"dry_run": True}, 1), ({"since_ms": AT_MS + DAY_MS}, 1)])
def test_all_is_priced_again_where_that_is_wanted(options: dict[str, Any], expected: int, tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    with closing(store(path, bucket("known", 0))) as writer:
        found = price_again(writer, pricer(known="5"), **options)
        assert costs(path) == {"known": ("priced", expected * 1_000_000_000)}
        assert [change.after_nano_usd for change in found.changes.values()] == (
            [] if "since_ms" in options else [5_000_000_000]
        )

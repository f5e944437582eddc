"""Answers in pages that name the next one, of rows or of buckets of time with rows: how OpenAI and Anthropic tell usage and costs."""

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from collectors.door import text_milliseconds
from collectors.providers.answers import Fact, Row, grouped_facts
from collectors.providers.provider import DAY, HOUR, MINUTE, Ask
from store.facts import Reject

WIDTHS = {MINUTE: ("1m", 1_440), HOUR: ("1h", 168), DAY: ("1d", 31)}
"""What a width is called, and how many buckets of it one page may hold."""


class RowsPage(msgspec.Struct):
    """A page of rows."""

    data: list[msgspec.Raw]
    has_more: bool = False
    next_page: str | None = None
    data_refreshed_at: str | None = None
    """Anthropic's analytics say so up to when they are complete."""


class _Bucket(msgspec.Struct):
    results: list[msgspec.Raw]
    start_time: int | None = None
    starting_at: str | None = None

    @property
    def begins_ms(self) -> int:
        """Epoch seconds at OpenAI, RFC 3339 at Anthropic."""
        return text_milliseconds(self.starting_at or "") if self.start_time is None else self.start_time * 1_000


class _BucketsPage(msgspec.Struct):
    data: list[_Bucket]
    has_more: bool = False
    next_page: str | None = None


read_rows = msgspec.json.Decoder(RowsPage).decode
_buckets = msgspec.json.Decoder(_BucketsPage).decode


def read_buckets(
    body: bytes, ask: Ask, decode: Callable[[msgspec.Raw], Row], fact: Callable[[int, Row], Fact]
) -> tuple[list[Fact], list[Reject], Sequence[Ask]]:
    """What each row says in the bucket that begins where `fact` is told, the rows that say nothing, and the next page."""
    page = _buckets(body)
    groups = ((bucket.results, partial(fact, bucket.begins_ms)) for bucket in page.data)
    return *grouped_facts(groups, decode), ask.following(page.next_page, more=page.has_more)

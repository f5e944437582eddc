"""Pricing again what providers counted, beside the requests of logs: day by day, so that a collector goes on meanwhile."""

from collections.abc import Generator

from collectors.prices.pricer import Pricer
from store.repricing import Change
from store.writer import Writer


class BucketRepricing:
    """One pass over providers' buckets; `steps` yields the share that is done after each transaction."""

    def __init__(
        self, writer: Writer, pricer: Pricer, *, since_ms: int = 0, only_unpriced: bool = False, dry_run: bool = False
    ) -> None:
        self._writer, self._pricer = writer, pricer
        self._since_ms, self._only_unpriced, self._dry_run = since_ms, only_unpriced, dry_run
        self.changes: dict[str | None, Change] = {}
        """By model, where anything changed."""

    def steps(self) -> Generator[float]:
        """Every day with buckets in the window."""
        days = self._writer.days_to_price(self._since_ms, only_unpriced=self._only_unpriced)
        for done, day in enumerate(days, start=1):
            for one in self._writer.price_day(
                day, self._pricer.price_bucket, only_unpriced=self._only_unpriced, dry_run=self._dry_run
            ):
                requests = one.bucket.requests or 0
                self.changes.setdefault(one.bucket.model, Change()).add(
                    Change(
                        requests=requests,
                        unpriced_before=requests if one.before_nano_usd is None else 0,
                        unpriced_after=requests if one.after_nano_usd is None else 0,
                        before_nano_usd=one.before_nano_usd or 0,
                        after_nano_usd=one.after_nano_usd or 0,
                    )
                )
            yield done / len(days)

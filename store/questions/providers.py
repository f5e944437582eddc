"""Questions about what providers say themselves."""

from store.provider_facts import ProviderFact
from store.providers.balances import Balance, Spent, newest_balances, spent_balances
from store.providers.buckets import (
    CostRecord,
    CostSum,
    Dataset,
    UsageRecord,
    UsageSum,
    bucket_edges,
    counts_usage,
    read_cost_sums,
    read_costs,
    read_datasets,
    read_providers,
    read_usage,
    read_usage_sums,
)
from store.questions.opened import OpenStore
from store.sums import SumKey


class ProviderQuestions(OpenStore):
    """What providers count, bill and hold."""

    def providers(self) -> list[ProviderFact]:
        """Every provider whose own figures are or were read."""
        return self.kept("providers", None, self.facts_stamp("providers"), lambda: read_providers(self.ask))

    def datasets(self) -> list[Dataset]:
        """Every kind of figures that providers give, and up to when it is complete."""
        return self.kept("datasets", None, self.facts_stamp("provider_datasets"), lambda: read_datasets(self.ask))

    def usage_buckets(self, since_ms: int, until_ms: int) -> list[tuple[SumKey, UsageRecord]]:
        """What providers counted in buckets that lie in [since, until) as a whole."""
        found = read_usage(self.ask, since_ms, until_ms)
        return [(self.key(record.series, record.card), record) for record in found]

    def usage_sums(
        self, source: str, since_ms: int, until_ms: int, *, days: bool = True
    ) -> list[tuple[SumKey, UsageSum]]:
        """What one source counted in buckets that lie in [since, until) as a whole; without `days`, in narrower ones."""
        found = read_usage_sums(self.ask, source, since_ms, until_ms, days=days)
        return [(self.key(one.series, one.card), one) for one in found]

    def bucket_edges(self, source: str, since_ms: int, until_ms: int) -> tuple[int, int]:
        """The window without those buckets of a provider's source that lie in it only in part."""
        return bucket_edges(self.ask, source, since_ms, until_ms)

    def counts_usage(self, source: str) -> bool:
        """Whether a provider's source has ever said what was used, and not only what it costs."""
        return counts_usage(self.ask, source)

    def cost_buckets(self, since_ms: int, until_ms: int) -> list[CostRecord]:
        """What providers billed in buckets that lie in [since, until) as a whole."""
        return read_costs(self.ask, since_ms, until_ms)

    def cost_sums(self, source: str, since_ms: int, until_ms: int, *, days: bool = True) -> list[CostSum]:
        """What one source billed in buckets that lie in [since, until) as a whole; without `days`, in narrower ones."""
        return read_cost_sums(self.ask, source, since_ms, until_ms, days=days)

    def balances(self) -> list[Balance]:
        """What each account at a provider stood at when it was last read."""
        return newest_balances(self.ask)

    def spent_balances(self, since_ms: int, until_ms: int, *, later_ms: int = 0) -> list[Spent]:
        """What was spent from each account at a provider in [since, until), in falls that began at `later_ms` or later."""
        return spent_balances(self.ask, since_ms, until_ms, later_ms=later_ms)

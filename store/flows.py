"""Sums of a window as the flows that rules and causes speak of, with the rates that each was billed at."""

from collections.abc import Iterable, Sequence

from pricing.card import CardStatus, RateCard
from pricing.flow import Flow, Span
from pricing.totals import add_usage
from pricing.usage import NOTHING
from store.facts import CommitmentFact, HostFact
from store.reader import Reader
from store.sums import Sum
from store.tables import MEASURES

_AT = {name: place for place, name in enumerate(MEASURES)}


class Flows:
    """Reads spans of traffic; remembers the cards, of which there are few."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._cards: dict[str, RateCard] = {}

    def span(self, since_ms: int, until_ms: int, sources: Sequence[str] | None = None) -> Span:
        """What went through in [since, until) of whole minutes, and what the hosts cost per hour at its end."""
        return Span(
            seconds=max(0, until_ms - since_ms) // 1_000,
            flows=self.of(self._reader.sums(since_ms, until_ms, sources)),
            hosts=self.hosts(until_ms),
        )

    def of(self, sums: Iterable[Sum]) -> tuple[Flow, ...]:
        """These sums by tenant, model and card; what a gateway's cache answered cost nothing and is left out."""
        flows: dict[tuple[str | None, str | None, str], Flow] = {}
        for one in sums:
            key = one.key
            if key.card.status is not CardStatus.CACHED:
                place = (key.dimensions.tenant, key.dimensions.model, key.card.card_id)
                before = flows.get(place) or Flow(
                    tenant=place[0], model=place[1], card=self._card(place[2]), requests=0, reported_nano_usd=0
                )
                flows[place] = _added(before, one)
        return tuple(flows.values())

    def hosts(self, at_ms: int) -> tuple[tuple[str, int], ...]:
        """Nano-dollars per hour of every host and commitment in force at an instant, by name.

        Measured energy is left out: it follows the load, and its readings are kept for an hour.
        """
        facts: list[HostFact | CommitmentFact] = [*self._reader.hosts(), *self._reader.commitments()]
        return tuple(
            (fact.name, fact.usd_per_hour_nano or 0)
            for fact in facts
            if fact.since_ms <= at_ms and (fact.until_ms is None or fact.until_ms > at_ms)
        )

    def _card(self, card_id: str) -> RateCard:
        if card_id not in self._cards:
            self._cards[card_id] = self._reader.card(card_id)
        return self._cards[card_id]


def _added(flow: Flow, one: Sum) -> Flow:
    requests, nano_usd = one.measures[_AT["requests"]], one.measures[_AT["nano_usd"]]
    failed = one.key.dimensions.outcome.failed
    told = flow.reported_nano_usd is not None and one.measures[_AT["reported"]] == requests
    return Flow(
        tenant=flow.tenant,
        model=flow.model,
        card=flow.card,
        requests=flow.requests + requests,
        retries=flow.retries + one.measures[_AT["retries"]],
        failed=flow.failed + (requests if failed else 0),
        usage=add_usage(flow.usage, one.usage) if flow.usage is not NOTHING else one.usage,
        nano_usd=flow.nano_usd + nano_usd,
        failed_nano_usd=flow.failed_nano_usd + (nano_usd if failed else 0),
        reported_nano_usd=(flow.reported_nano_usd or 0) + one.measures[_AT["reported_nano_usd"]] if told else None,
    )

"""What a configuration plans, as facts: hosts, commitments and budgets."""

from collections.abc import Sequence

from msgspec import structs

from collectors.settings.config import Config
from collectors.settings.written import instant_ms, nano_usd
from store.facts import BudgetFact, CapacityFact, CommitmentFact, HostFact


def hosts(config: Config, *, machine: str, now_ms: int) -> list[HostFact]:
    """The configured hosts as facts; one without a name is this machine, and one that stands again ends the one before."""
    facts = [
        HostFact(
            name=host.name or machine,
            usd_per_hour_nano=host.usd_per_hour_nano(),
            since_ms=now_ms if host.since is None else instant_ms(host.since, now_ms=now_ms),
            until_ms=None if host.until is None else instant_ms(host.until, now_ms=now_ms),
            gpus=host.gpus,
            prefill_tokens_per_second=host.prefill_tokens_per_second,
            decode_tokens_per_second=host.decode_tokens_per_second,
            capacity_basis=host.capacity_basis,
            energy_nano_usd_per_kwh=host.energy_nano_usd_per_kwh(),
            board_to_wall=host.measured_board_to_wall(),
            base_watts=host.measured_base_watts(),
            measure_processors=host.measure_processors,
            dated=host.since is not None,
        )
        for host in config.host
    ]
    return [_until_the_next(fact, facts) for fact in facts]


def _until_the_next(fact: HostFact, facts: Sequence[HostFact]) -> HostFact:
    begin_later = [one.since_ms for one in facts if one.name == fact.name and one.since_ms > fact.since_ms]
    ends_ms = [*begin_later, *([] if fact.until_ms is None else [fact.until_ms])]
    return structs.replace(fact, until_ms=min(ends_ms, default=None))


def capacities(config: Config, *, now_ms: int) -> list[CapacityFact]:
    """The capacities that stand on engines' sources."""
    return [
        CapacityFact(
            name=source.label,
            prefill_tokens_per_second=source.prefill_tokens_per_second,
            decode_tokens_per_second=source.decode_tokens_per_second,
            capacity_basis=source.capacity_basis,
            since_ms=now_ms,
        )
        for source in config.source
        if source.prefill_tokens_per_second is not None and source.decode_tokens_per_second is not None
    ]


def commitments(config: Config, *, now_ms: int) -> list[CommitmentFact]:
    """The configured commitments as facts; one without a name is called after what it covers."""
    return [
        CommitmentFact(
            name=c.name or c.match,
            usd_per_hour_nano=nano_usd(c.usd_per_hour, "usd_per_hour"),
            filter=c.match,
            since_ms=now_ms if c.since is None else instant_ms(c.since, now_ms=now_ms),
            until_ms=None if c.until is None else instant_ms(c.until, now_ms=now_ms),
            dated=c.since is not None,
        )
        for c in config.commitment
    ]


def budgets(config: Config, *, now_ms: int) -> list[BudgetFact]:
    """The configured budgets as facts."""
    return [
        BudgetFact(
            name=b.name, nano_usd=nano_usd(b.usd, "usd"), period=b.period, filter=b.filter, counts=b.counts,
            timezone=b.timezone, soft=b.soft, hard=b.hard, since_ms=now_ms,
        )
        for b in config.budget
    ]  # fmt: skip

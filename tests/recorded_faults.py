"""Faults of a recorded day: which rules fire, when, how often, and what they name as the cause; a table in docs/alerts.md."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from collectors.alerting.messages import first_cause
from pricing.alerts.names import words
from pricing.card import unpriced
from pricing.usage import Usage
from store.alerts.kept import AlertRecord
from tests.recorded_day import (
    CARDS,
    DAY_MS,
    EXTRA_CARDS,
    MIDNIGHT_MS,
    MINUTE_MS,
    ONSET_MS,
    REPAIRED_MS,
    Day,
    Fault,
    Stream,
    only,
    reading,
)

PAGE = Path(__file__).parents[1] / "docs" / "alerts.md"
BEGINS, ENDS = "<!-- recorded faults -->\n", "<!-- end of recorded faults -->\n"

THINKING = Usage(input_tokens=1_500, output_tokens=2_000, reasoning_tokens=1_500)
NO_PRICE = unpriced(1_500)
BATCH = replace(CARDS["gpt-4o"], conditions=("batch",))
EXTRA_CARDS += [NO_PRICE, BATCH]


def as_usual(streams: Sequence[Stream]) -> Sequence[Stream]:
    """Nothing is wrong."""
    return streams


def spike(streams: Sequence[Stream]) -> Sequence[Stream]:
    """Twenty times the calls of everybody."""
    return [replace(stream, calls=stream.calls * 20) for stream in streams]


def retry_loop(streams: Sequence[Stream]) -> Sequence[Stream]:
    """Each call of one tenant times out, and is sent six times."""
    return only(streams, "globex", "gpt-4o", attempts=6)


def routed_to_reasoning(streams: Sequence[Stream]) -> Sequence[Stream]:
    """What went to the smallest model goes to a reasoning model."""
    return only(streams, "acme", "gpt-4o-mini", model="o3", usage=THINKING)


def timestamp_in_prompt(streams: Sequence[Stream]) -> Sequence[Stream]:
    """The first line of a cached prompt holds the time: nothing is read from the cache any more."""
    return only(streams, "acme", "claude-sonnet-4-5", usage=Usage(input_tokens=10_000, output_tokens=300))


def tenant_runs_away(streams: Sequence[Stream]) -> Sequence[Stream]:
    """An agent of one tenant calls thirty times as often."""
    return only(streams, "globex", "gpt-4o", calls=8 * 30)


def no_price(streams: Sequence[Stream]) -> Sequence[Stream]:
    """A model that no price book knows takes over."""
    return only(streams, "acme", "gpt-4o-mini", model="tuned-7b", card=NO_PRICE)


def long_answers(streams: Sequence[Stream]) -> Sequence[Stream]:
    """The limit of output tokens is gone from a prompt."""
    return only(streams, "globex", "gpt-4o", usage=Usage(input_tokens=2_000, output_tokens=1_500))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A fault, what happens beside the traffic, and the rule that must tell of it."""

    name: str
    rule: str
    fault: Fault = as_usual
    source_fails: str = ""
    gpu: tuple[tuple[str, Any], ...] = ()


SCENARIOS = (
    Scenario("traffic spikes 20x", "rate_over_usual", spike),
    Scenario("a retry loop: each call six times", "retries", retry_loop),
    Scenario("a routing bug sends all to a reasoning model", "model_mix", routed_to_reasoning),
    Scenario("a timestamp breaks a cached prompt", "cache_fall", timestamp_in_prompt),
    Scenario("one tenant runs away, 30x", "tenant_over_week", tenant_runs_away),
    Scenario("answers five times as long", "output_length", long_answers),
    Scenario("a model without a price", "unpriced", no_price),
    Scenario(
        "the gateway's log cannot be read", "stale_source", source_fails="permission denied: /var/log/gateway.jsonl"
    ),
    Scenario("a GPU does nothing", "idle_gpu", gpu=(("busy", 0.0),)),
    Scenario("a GPU falls off the bus", "lost_gpu", gpu=(("lost", "GPU is lost (XID 79)"), ("busy", None))),
    Scenario("a GPU is slowed down by heat", "throttled_gpu", gpu=(("throttle_reasons", 0x40),)),
)


def morning(folder: Path) -> Day:
    """A week, and a day without a fault up to the afternoon."""
    day = Day(folder / "morning.db")
    day.begin()
    day.live(MIDNIGHT_MS, ONSET_MS, every=10)
    return day


def afternoon(before: Day, store: Path, scenario: Scenario | None) -> list[AlertRecord]:
    """The rest of the day with a fault of an hour, or without one; its alerts, oldest first."""
    day = before.copy(store)
    if scenario is not None:
        day.source_fails, day.gpu_changes = scenario.source_fails, dict(scenario.gpu)
        day.live(ONSET_MS, REPAIRED_MS, scenario.fault)
        day.source_fails, day.gpu_changes = "", {}
    day.live(ONSET_MS if scenario is None else REPAIRED_MS, MIDNIGHT_MS + DAY_MS, every=10)
    reader = reading(day)
    alerts = sorted(reader.alerts(0, MIDNIGHT_MS + DAY_MS), key=lambda alert: (alert.opened_ms, alert.id))
    reader.close()
    day.close()
    return alerts


def row(scenario: Scenario, alerts: Sequence[AlertRecord], alert: AlertRecord) -> str:
    """One alert of a scenario as a row of the table."""
    times = sum((one.rule, one.subject) == (alert.rule, alert.subject) for one in alerts)
    after = (alert.opened_ms - ONSET_MS) // MINUTE_MS
    over = "--" if alert.resolved_ms is None else f"{(alert.resolved_ms - REPAIRED_MS) // MINUTE_MS} min"
    return (
        f"| {scenario.name} | {words(alert.rule)} | {alert.subject} | {after} min | {'once' if times == 1 else times} "
        f"| {first_cause(alert)} | {over} |"
    )


def table(found: Sequence[tuple[Scenario, Sequence[AlertRecord]]]) -> str:
    """All of them."""
    lines = [
        "| fault | alert | about | after | how often | first cause | over, after the repair |",
        "|---|---|---|---|---|---|---|",
        *(row(scenario, alerts, alert) for scenario, alerts in found for alert in alerts),
    ]
    return "".join(f"{line}\n" for line in lines)


def written_rows(scenario: Scenario) -> list[str]:
    """What the page says of a scenario."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    return [line for line in rest.partition(ENDS)[0].splitlines() if line.startswith(f"| {scenario.name} |")]


def write_page(folder: Path) -> None:
    """Live through everything and put the table into the page."""
    before = morning(folder)
    found = [
        (scenario, afternoon(before, folder / f"{number}.db", scenario)) for number, scenario in enumerate(SCENARIOS)
    ]
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    _, _, tail = rest.partition(ENDS)
    PAGE.write_text(f"{head}{BEGINS}{table(found)}{ENDS}{tail}", encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        write_page(Path(place))

"""The evaluator on a real store: once per crossing across restarts, and never an end for what nobody can see."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from collectors.alerting.evaluator import Evaluator
from pricing.alerts.names import State
from pricing.alerts.thresholds import Thresholds
from pricing.usage import Usage
from store.alerts.kept import AlertRecord, acknowledge
from store.facts import GpuReading, HostFact, PricedEvent, SourceState
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

MINUTE_MS = 60_000
CACHED = Usage(input_tokens=1_000, cache_read_tokens=99_000)
FRESH = Usage(input_tokens=100_000)


pytestmark = pytest.mark.usefixtures("closed_stores")


class Service:
    """A store that is written and judged minute by minute."""

    def __init__(self, path: Path, names: Callable[[], Collection[str]] | None = None, *, began_ms: int = 0) -> None:
        self.path = path
        self.now_ms = AT_MS
        self.writer = Writer(path)
        self.evaluator = Evaluator(path, Thresholds(), webhooks=("slack",), names=names, began_ms=began_ms)
        self._count = 0

    def restarted(self) -> "Service":
        """Another collector on the same store, at the same time."""
        self.evaluator.close()
        self.writer.close()
        other = Service(self.path, began_ms=self.now_ms)
        other.now_ms, other._count = self.now_ms, self._count
        return other

    def requests(self, usage: Usage, count: int = 10, **changes: Any) -> list[PricedEvent]:
        """So many requests that end in this minute."""
        rate = CARD.rates[0] or 0
        cost = usage.input_tokens * rate // 1_000_000
        self._count += count
        return [
            priced(f"r-{self._count - n}", nano_usd=cost, usage=usage, ended_at_ms=self.now_ms, **changes)
            for n in range(count)
        ]

    def minute(self, events: list[PricedEvent], **health: Any) -> None:
        """Write one minute and judge it."""
        self.now_ms += MINUTE_MS
        self.writer.write(batch(events, at_ms=self.now_ms, **health), [CARD])
        self.judge()

    def minutes(self, count: int, usage: Usage) -> None:
        for _ in range(count):
            self.minute(self.requests(usage))

    def judge(self) -> None:
        self.evaluator.take(self.writer, self.evaluator.look(self.now_ms))

    @property
    def alerts(self) -> list[AlertRecord]:
        return Reader(self.path).alerts(0, 2**62)

    def open_rules(self) -> list[str]:
        return [alert.rule for alert in self.alerts if alert.resolved_ms is None]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "usdtop.db")


def test_a_cache_that_breaks_is_told_of_once_and_is_over_when_it_works_again(service: Service) -> None:
    service.minutes(60, CACHED)
    assert service.alerts == []

    service.minutes(30, FRESH)
    (alert,) = service.alerts
    assert (alert.rule, alert.subject, alert.state(service.now_ms)) == ("cache_fall", "acme gpt-4o", State.FIRING)
    assert alert.body.cause is not None
    assert alert.body.cause.parts[0].factor == "cache hits"

    service.minutes(15, CACHED)
    (alert,) = service.alerts
    assert alert.state(service.now_ms) is State.RESOLVED


def test_a_restart_neither_opens_an_alert_again_nor_forgets_it(service: Service) -> None:
    service.minutes(60, CACHED)
    service.minutes(10, FRESH)
    again = service.restarted()
    again.minutes(30, FRESH)

    assert [alert.rule for alert in again.alerts] == ["cache_fall"]
    assert again.alerts[0].body.cause is not None


def test_the_fault_does_not_become_the_norm_while_its_alert_is_open(service: Service) -> None:
    service.minutes(60, CACHED)
    service.minutes(200, FRESH)

    assert service.open_rules() == ["cache_fall"], "the hour before has long been as bad"


def test_while_the_gateway_is_dead_nobody_says_that_its_fault_is_over(service: Service) -> None:
    service.minutes(60, CACHED)
    service.minutes(10, FRESH)
    for _ in range(30):
        service.minute([], state=SourceState.FAILING, watermark_ms=None, detail="permission denied")

    assert sorted(service.open_rules()) == ["cache_fall", "stale_source"]
    silent = next(alert for alert in service.alerts if alert.rule == "stale_source")
    assert silent.body.reason == "permission denied"


def test_a_quiet_log_that_is_read_is_no_dead_source(service: Service) -> None:
    service.minutes(60, CACHED)
    for _ in range(30):
        service.minute([])

    assert service.alerts == []


def test_a_source_whose_poll_hangs_is_missed(service: Service) -> None:
    service.minutes(5, CACHED)
    service.now_ms += 2 * MINUTE_MS
    service.judge()

    (alert,) = service.alerts
    assert (alert.rule, alert.title) == ("stale_source", "hanging for 2m")


def test_a_source_that_was_taken_out_of_the_configuration_is_not_missed(tmp_path: Path) -> None:
    service = Service(tmp_path / "usdtop.db", names=lambda: ("another",))
    service.minutes(5, CACHED)
    service.now_ms += 60 * MINUTE_MS
    service.judge()

    assert service.alerts == []


def test_what_was_looked_for_and_never_found_is_not_missed(service: Service) -> None:
    for _ in range(5):
        service.minute([], state=SourceState.ABSENT, watermark_ms=None)

    assert service.alerts == []


def test_what_nobody_asked_while_the_collector_was_stopped_was_not_silent(service: Service) -> None:
    service.minute(service.requests(CACHED))
    service.now_ms += 4 * MINUTE_MS
    again = service.restarted()
    again.judge()
    assert again.open_rules() == []
    again.minute(again.requests(CACHED))
    assert again.open_rules() == []


def test_what_the_new_collector_gets_no_answer_from_is_hanging_once_it_has_had_the_time(service: Service) -> None:
    service.minute(service.requests(CACHED))
    service.now_ms += 4 * MINUTE_MS
    again = service.restarted()
    again.now_ms += 30_000
    again.judge()
    assert again.open_rules() == []
    again.now_ms += 1
    again.judge()
    assert [(alert.rule, alert.title) for alert in again.alerts] == [("stale_source", "hanging for 4m")]


def test_what_failed_before_a_restart_is_one_alert_if_it_fails_after_it(service: Service) -> None:
    service.minute(service.requests(CACHED))
    watermark_ms = service.now_ms
    for _ in range(3):
        service.minute([], state=SourceState.FAILING, watermark_ms=watermark_ms)
    again = service.restarted()
    again.judge()
    again.minute([], state=SourceState.FAILING, watermark_ms=watermark_ms)
    assert [(alert.rule, alert.resolved_ms) for alert in again.alerts] == [("stale_source", None)]


def test_an_acknowledgement_lasts_for_as_long_as_the_alert(service: Service) -> None:
    service.minutes(60, CACHED)
    service.minutes(10, FRESH)
    acknowledge(service.path, service.alerts[0].id, at_ms=service.now_ms, by="ana")
    service.minutes(10, FRESH)

    assert [alert.state(service.now_ms) for alert in service.alerts] == [State.ACKNOWLEDGED]


def test_rules_that_have_seen_too_little_say_so_in_the_store(service: Service) -> None:
    service.minute(service.requests(CACHED, count=1))

    said = Reader(service.path).note("alerts") or ""
    assert "fewer than 30 requests to compare with" in said
    assert "48 hours" in said


def test_what_says_nothing_new_is_not_written_again_within_a_minute(service: Service) -> None:
    def noted() -> str:
        return Reader(service.path).note("alerts") or ""

    service.minute([])
    before = noted()
    for _ in range(5):
        service.now_ms += 10_000
        service.judge()
    assert noted() == before
    service.now_ms += 10_000
    service.judge()
    assert noted() != before


def test_an_idle_gpu_of_a_host_without_a_price_costs_nothing_that_is_known(service: Service) -> None:
    idle = [GpuReading(at_ms=AT_MS + n * MINUTE_MS, host="h", uuid="GPU-0", index=0, busy=0.0) for n in range(60)]
    service.now_ms = AT_MS + 60 * MINUTE_MS
    service.writer.write(batch(source="gpus", kind="gpu", at_ms=service.now_ms, gpus=idle))
    service.judge()
    assert service.alerts == []

    service.writer.set_hosts([HostFact(name="h", usd_per_hour_nano=5 * 10**9, since_ms=0, gpus=2)], service.now_ms)
    service.judge()
    (alert,) = service.alerts
    assert (alert.rule, alert.effect_nano_usd_per_hour) == ("idle_gpu", 25 * 10**8)


def test_a_store_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    evaluator = Evaluator(tmp_path / "nowhere.db", Thresholds())
    with pytest.raises(StoreError):
        evaluator.look(AT_MS)

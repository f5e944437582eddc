"""Alerts live in the store: open once, acknowledged from any process, sent once, over when they are over."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pricing.alerts.finding import Finding, Severity
from pricing.alerts.names import State
from pricing.alerts.states import Steps
from pricing.cause import cause
from store.alerts.book import AlertBook, Delivery
from store.alerts.kept import AlertRecord, acknowledge, snooze, unacknowledge
from store.budgets.standing import standing
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS
from tests.fakes.flows import flow, span

MINUTE_MS = 60_000


@pytest.fixture
def store(tmp_path: Path) -> Path:
    Writer(tmp_path / "usdtop.db").close()
    return tmp_path / "usdtop.db"


def finding(subject: str = "acme", **changes: Any) -> Finding:
    plain: dict[str, Any] = {
        "rule": "cache_fall",
        "subject": subject,
        "title": "cache hits 71% -> 4%",
        "value": 0.67,
        "fires_at": 0.2,
        "clears_at": 0.1,
        "evidence": ("4% over 5 min",),
        "effect_nano_usd_per_hour": 88_700_000_000,
        "path": (("tenant", subject), ("model", None)),
        "normal": 0.71,
        "cause": cause(span(flow()), span(flow(requests=300))),
    }
    return Finding(**{**plain, **changes})


class Desk:
    """Two programs on one store: the collector that writes, and whoever reads."""

    def __init__(self, store: Path) -> None:
        self.store = store
        self.writer = Writer(store)
        self.reader = Reader(store)

    def take(self, steps: Steps, at_ms: int = AT_MS, *webhooks: str) -> None:
        with self.writer.transaction() as connection:
            AlertBook(connection).take(steps, at_ms=at_ms, webhooks=webhooks)

    def open(self, *findings: Finding, at_ms: int = AT_MS, webhooks: tuple[str, ...] = ()) -> None:
        self.take(Steps(opened=findings), at_ms, *webhooks)

    def resolve(self, at_ms: int, *webhooks: str) -> None:
        with self.writer.transaction() as connection:
            book = AlertBook(connection)
            book.take(Steps(resolved=tuple(one for one, _ in book.open().values())), at_ms=at_ms, webhooks=webhooks)

    def alerts(self, at_ms: int = AT_MS) -> list[AlertRecord]:
        return self.reader.alerts(0, at_ms)

    def the_alert(self) -> AlertRecord:
        (alert,) = self.alerts(AT_MS + 10**9)
        return alert

    def due(self, at_ms: int = AT_MS) -> list[Delivery]:
        with self.writer.transaction() as connection:
            return AlertBook(connection).due(at_ms)


@pytest.fixture
def desk(store: Path) -> Desk:
    return Desk(store)


def test_what_a_rule_found_is_kept_whole(desk: Desk) -> None:
    found = finding(severity=Severity.CRITICAL, reason="why")
    desk.open(found)
    alert = desk.the_alert()

    assert (alert.rule, alert.subject, alert.title) == (found.rule, found.subject, found.title)
    assert (alert.body.path, alert.body.evidence, alert.body.reason) == (found.path, found.evidence, "why")
    assert alert.body.cause == found.cause
    assert alert.effect_nano_usd_per_hour == 88_700_000_000
    assert (alert.severity, alert.opened_ms, alert.state(AT_MS)) == (Severity.CRITICAL, AT_MS, State.FIRING)


def test_an_alert_that_is_open_is_not_opened_again_not_even_by_another_collector(desk: Desk) -> None:
    desk.open(finding())
    desk.open(finding(), at_ms=AT_MS + MINUTE_MS)
    Desk(desk.store).open(finding(), at_ms=AT_MS + MINUTE_MS)

    assert desk.the_alert().opened_ms == AT_MS


def test_what_was_over_and_happens_again_is_another_alert(desk: Desk) -> None:
    desk.open(finding())
    desk.resolve(AT_MS + MINUTE_MS)
    desk.open(finding(), at_ms=AT_MS + 2 * MINUTE_MS)

    newest, older = desk.alerts(AT_MS + 3 * MINUTE_MS)
    assert [a.state(AT_MS + 3 * MINUTE_MS) for a in (newest, older)] == [State.FIRING, State.RESOLVED]


def test_an_acknowledgement_made_by_one_program_is_seen_by_another_and_can_be_taken_back(desk: Desk) -> None:
    desk.open(finding())
    acknowledge(desk.store, desk.the_alert().id, at_ms=AT_MS + 1, by="ana")
    elsewhere = Reader(desk.store).alerts(0, AT_MS)[0]
    assert (elsewhere.state(AT_MS + 1), elsewhere.acknowledged_by) == (State.ACKNOWLEDGED, "ana")
    assert elsewhere.state(AT_MS) is State.FIRING, "a look into the past does not know it yet"

    unacknowledge(desk.store, desk.the_alert().id)
    assert desk.the_alert().state(AT_MS + 1) is State.FIRING


def test_a_snoozed_alert_fires_again_when_its_time_is_over(desk: Desk) -> None:
    desk.open(finding())
    snooze(desk.store, desk.the_alert().id, until_ms=AT_MS + MINUTE_MS, by="ana")

    assert desk.the_alert().state(AT_MS) is State.SNOOZED
    assert desk.the_alert().state(AT_MS + MINUTE_MS) is State.FIRING


def test_what_is_over_cannot_be_acknowledged(desk: Desk) -> None:
    desk.open(finding())
    desk.resolve(AT_MS + 1)

    with pytest.raises(StoreError, match="over already"):
        acknowledge(desk.store, 1, at_ms=AT_MS + 2, by="ana")


def test_only_what_was_open_in_a_window_is_of_that_window(desk: Desk) -> None:
    desk.open(finding("early"), at_ms=AT_MS)
    desk.resolve(AT_MS + MINUTE_MS)
    desk.open(finding("late"), at_ms=AT_MS + 10 * MINUTE_MS)

    def subjects(since_ms: int, until_ms: int) -> list[str]:
        return [alert.subject for alert in desk.reader.alerts(since_ms, until_ms)]

    assert subjects(AT_MS, AT_MS + 5 * MINUTE_MS) == ["early"]
    assert subjects(AT_MS + 2 * MINUTE_MS, AT_MS + 20 * MINUTE_MS) == ["late"]


def test_an_open_alert_tells_what_is_measured_now_at_most_once_a_minute(desk: Desk) -> None:
    desk.open(finding())

    def measure(title: str, at_ms: int) -> str:
        with desk.writer.transaction() as connection:
            book = AlertBook(connection)
            ((alert, _),) = book.open().values()
            book.take(Steps(kept=((alert, finding(title=title, effect_nano_usd_per_hour=None)),)), at_ms=at_ms)
        return desk.the_alert().title

    assert measure("cache hits 71% -> 3%", AT_MS + MINUTE_MS - 1) == "cache hits 71% -> 4%"
    assert measure("cache hits 71% -> 2%", AT_MS + MINUTE_MS) == "cache hits 71% -> 2%"
    assert desk.the_alert().effect_nano_usd_per_hour == 88_700_000_000, "what is not known now stays as it was"


def test_a_look_into_the_past_sees_what_an_alert_said_then(desk: Desk) -> None:
    desk.open(finding())

    def measure(minutes: int, **changes: Any) -> None:
        with desk.writer.transaction() as connection:
            book = AlertBook(connection)
            ((alert, _),) = book.open().values()
            kept = ((alert, finding(**changes)),)
            book.take(Steps(kept=kept), at_ms=AT_MS + minutes * MINUTE_MS)

    measure(1, title="cache hits 71% -> 3%", effect_nano_usd_per_hour=90_000_000_000, evidence=("3% over 5 min",))
    measure(2, title="cache hits 71% -> 2%", cause=None, evidence=("2% over 5 min",))
    measure(3, title="cache hits 71% -> 1%", evidence=("1% over 5 min",))

    def seen(minutes: float) -> tuple[str, int | None, tuple[str, ...]]:
        (alert,) = desk.alerts(AT_MS + int(minutes * MINUTE_MS))
        return alert.title, alert.effect_nano_usd_per_hour, alert.body.evidence

    assert seen(0) == ("cache hits 71% -> 4%", 88_700_000_000, ("4% over 5 min",))
    assert seen(0.9) == seen(0)
    assert seen(1) == ("cache hits 71% -> 3%", 90_000_000_000, ("3% over 5 min",))
    assert seen(2.5) == ("cache hits 71% -> 2%", 88_700_000_000, ("3% over 5 min",)), "its cause was not renewed"
    assert seen(3) == seen(60) == ("cache hits 71% -> 1%", 88_700_000_000, ("1% over 5 min",))


def test_what_an_alert_said_is_kept_the_seldomer_the_older_it_is_and_forgotten_with_the_minutes(desk: Desk) -> None:
    desk.open(finding())
    day = 24 * 60
    with desk.writer.transaction() as connection:
        book = AlertBook(connection)
        ((alert, _),) = book.open().values()
        for minute in range(1, day + 1):
            book.take(Steps(kept=((alert, finding(title=f"{minute}")),)), at_ms=AT_MS + minute * MINUTE_MS)

        def kept() -> list[int]:
            rows = connection.execute("SELECT measured_ms, body FROM alert_figures ORDER BY 1").fetchall()
            assert sum(body is not None for _, body in rows) == 1, "the same body is kept once"
            return [(row[0] - AT_MS) // MINUTE_MS for row in rows]

        assert kept()[:30] == list(range(30)), "each minute of the first half hour"
        gaps = [later - one for one, later in pairwise(kept())]
        assert max(gaps) <= 1 + day // 30
        assert len(kept()) < 160
        book.take(Steps(resolved=(alert,)), at_ms=AT_MS + (day + 1) * MINUTE_MS)
        book.tidy(AT_MS + 35 * day * MINUTE_MS)
        assert kept()
        book.tidy(AT_MS + 37 * day * MINUTE_MS)
        assert connection.execute("SELECT count(*) FROM alert_figures").fetchone() == (0,)
    assert desk.the_alert().title == f"{day}", "the alert itself stays"


def test_the_cause_is_renewed_for_half_an_hour_and_then_kept(desk: Desk) -> None:
    """Later, what came before is the fault itself, and nothing would seem to have moved."""
    desk.open(finding())

    def moved_to(requests: int, at_ms: int) -> int:
        with desk.writer.transaction() as connection:
            book = AlertBook(connection)
            ((alert, _),) = book.open().values()
            now = finding(title=str(at_ms), cause=cause(span(flow()), span(flow(requests=requests))))
            book.take(Steps(kept=((alert, now),)), at_ms=at_ms)
        found = desk.the_alert().body.cause
        assert found is not None
        return found.change_nano_usd_per_hour

    one_request = 1_400_000  # 1,000 x $1/M + 100 x $4/M
    assert moved_to(1_100, AT_MS + 30 * MINUTE_MS) == 1_000 * one_request
    assert moved_to(100, AT_MS + 31 * MINUTE_MS) == 1_000 * one_request


def test_what_fired_and_what_ended_is_to_be_sent_once_to_each_webhook(desk: Desk) -> None:
    desk.open(finding(), webhooks=("slack", "pager"))
    assert [(d.webhook, d.event) for d in desk.due()] == [("pager", "firing"), ("slack", "firing")]

    for delivery in desk.due():
        with desk.writer.transaction() as connection:
            AlertBook(connection).sent(delivery, AT_MS)
    assert desk.due() == []
    assert Desk(desk.store).due(AT_MS + 10**9) == [], "a restart sends nothing again"

    desk.resolve(AT_MS + MINUTE_MS, "slack", "pager")
    assert [d.event for d in desk.due(AT_MS + MINUTE_MS)] == ["resolved", "resolved"]


def test_an_end_waits_until_its_beginning_has_arrived(desk: Desk) -> None:
    desk.open(finding(), webhooks=("slack",))
    (delivery,) = desk.due()
    with desk.writer.transaction() as connection:
        AlertBook(connection).not_sent(delivery, "HTTP 503", next_ms=AT_MS + 5 * MINUTE_MS)
    desk.resolve(AT_MS + MINUTE_MS, "slack")

    assert desk.due(AT_MS + MINUTE_MS) == []
    (again,) = desk.due(AT_MS + 5 * MINUTE_MS)
    assert (again.event, again.attempts) == ("firing", 1)


def test_what_could_not_be_sent_for_a_day_is_given_up(desk: Desk) -> None:
    desk.open(finding(), webhooks=("slack",))
    day_ms = 86_400_000
    with desk.writer.transaction() as connection:
        AlertBook(connection).tidy(AT_MS + day_ms)
    assert len(desk.due(AT_MS + day_ms)) == 1
    with desk.writer.transaction() as connection:
        AlertBook(connection).tidy(AT_MS + day_ms + 1)

    assert desk.due(AT_MS + 2 * day_ms) == []
    assert len(desk.alerts()) == 1, "the alert itself stays"


def test_what_should_be_looked_at_first_is_ranked_first(desk: Desk) -> None:
    desk.open(
        finding("cheap", effect_nano_usd_per_hour=1),
        finding("dear", effect_nano_usd_per_hour=10**9),
        finding("worst", severity=Severity.CRITICAL, effect_nano_usd_per_hour=None),
        finding("seen", severity=Severity.CRITICAL),
    )
    by_name = {alert.subject: alert.id for alert in desk.alerts()}
    acknowledge(desk.store, by_name["seen"], at_ms=AT_MS, by="ana")

    ranked = sorted(desk.alerts(), key=lambda alert: alert.rank(AT_MS))
    assert [alert.subject for alert in ranked] == ["worst", "dear", "cheap", "seen"]


def test_a_status_line_says_the_first_of_them_with_whom_it_is_about_and_counts_none_that_is_snoozed(desk: Desk) -> None:
    desk.open(
        finding("cheap", effect_nano_usd_per_hour=1),
        finding("dear", effect_nano_usd_per_hour=10**9),
        finding("worst", severity=Severity.CRITICAL, effect_nano_usd_per_hour=None),
    )
    worst = next(alert for alert in desk.alerts() if alert.subject == "worst")
    snooze(desk.store, worst.id, until_ms=AT_MS + MINUTE_MS, by="ana")

    now, later = standing(desk.store, AT_MS), standing(desk.store, AT_MS + MINUTE_MS)
    assert (now.firing, now.worst_about, now.worst) == (2, "dear", worst.title)
    assert (later.firing, later.worst_about, later.worst) == (3, "worst", worst.title)

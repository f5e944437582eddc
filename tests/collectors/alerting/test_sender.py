"""Webhooks against a server on this machine: what arrives, once, signed, again after a failure, and no secret anywhere else."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.alerting.sender import Sender, pause_ms
from collectors.settings.alertconfig import WebhookConfig
from collectors.web.fetch import open_client
from pricing.alerts.finding import Finding, Severity
from pricing.alerts.states import Steps
from pricing.cause import cause
from store.alerts.book import AlertBook
from store.writer import Writer
from tests.fakes.events import AT_MS
from tests.fakes.flows import flow, span
from tests.fakes.webhooks import SECRET, Receiver

MINUTE_MS = 60_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    yield server
    server.close()


class Desk:
    """A store with alerts, and a sender for its webhooks."""

    def __init__(self, path: Path, *webhooks: WebhookConfig) -> None:
        self.path = path
        self.now_ms = AT_MS
        self.webhooks = webhooks
        self.writer = Writer(path)
        self.said: list[str] = []

    def open(self, severity: Severity = Severity.CRITICAL, **changes: Any) -> None:
        plain: dict[str, Any] = {
            "rule": "cache_fall", "subject": "acme <b>", "title": "cache hits 71% -> 4%", "value": 0.67,
            "fires_at": 0.2, "clears_at": 0.1, "effect_nano_usd_per_hour": 88_700_000_000, "severity": severity,
            "evidence": ("4% over 5 min",), "path": (("tenant", "acme"),),
            "cause": cause(span(flow()), span(flow(requests=300))),
        }  # fmt: skip
        self._take(Steps(opened=(Finding(**{**plain, **changes}),)))

    def resolve(self) -> None:
        with self.writer.transaction() as connection:
            alerts = tuple(alert for alert, _ in AlertBook(connection).open().values())
        self._take(Steps(resolved=alerts))

    def _take(self, steps: Steps) -> None:
        with self.writer.transaction() as connection:
            names = [hook.name for hook in self.webhooks]
            AlertBook(connection).take(steps, at_ms=self.now_ms, webhooks=names)

    def send(self) -> None:
        """Send what is due, as a collector does that has just started."""
        sender = Sender(self.webhooks, machine="gpu-host-3", clock=lambda: self.now_ms, say=self.said.append)

        async def run() -> None:
            async def in_writer(work: Callable[[Writer], object]) -> object:
                return work(self.writer)

            async with open_client() as client:
                await sender.send_due(client, in_writer)

        asyncio.run(run())


def hook(receiver: Receiver, **changes: Any) -> WebhookConfig:
    return WebhookConfig(**{"name": "hook", "url": receiver.url, **changes})


def test_an_alert_is_sent_once_and_its_end_once_across_restarts(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver))
    desk.open()
    for _ in range(3):
        desk.send()
    desk.now_ms += 10 * MINUTE_MS
    desk.resolve()
    for _ in range(3):
        desk.send()

    first, second = receiver.bodies
    assert (first["event"], second["event"]) == ("firing", "resolved")
    assert first["dedup_key"] == second["dedup_key"]
    assert second["alert"]["state"] == "resolved"


def test_json_tells_the_whole_alert_with_money_as_decimal_text(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver))
    desk.open()
    desk.send()

    (body,) = receiver.bodies
    alert = body["alert"]
    assert (body["schema"], body["machine"]) == (1, "gpu-host-3")
    assert body["summary"] == "cache hits: acme <b>: cache hits 71% -> 4%, +$88.70/h"
    assert (alert["rule"], alert["effect_usd_per_hour"], alert["opened"]) == (
        "cache_fall", "88.7", "2026-05-16T14:23:00Z",
    )  # fmt: skip
    assert alert["where"] == [{"dimension": "tenant", "value": "acme"}]
    assert alert["cause"]["parts"][0]["factor"] == "volume"
    assert alert["cause"]["parts"][0]["movers"][0]["tenant"] == "acme"


def test_what_does_not_arrive_is_tried_again_after_a_growing_pause(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver))
    receiver.statuses = [503, 500, 200]
    desk.open()
    desk.send()
    desk.send()
    assert len(receiver.received) == 1, "not before its pause is over"
    desk.now_ms += pause_ms(0)
    desk.send()
    desk.now_ms += pause_ms(1)
    desk.send()
    desk.now_ms += 10**9
    desk.send()

    assert len(receiver.received) == 3
    assert len({body["dedup_key"] for body in receiver.bodies}) == 1


def test_pauses_double_up_to_an_hour() -> None:
    assert [pause_ms(n) // 1_000 for n in range(4)] == [15, 30, 60, 120]
    assert pause_ms(50) == 3_600_000


def test_a_server_that_is_not_there_is_said_without_its_address(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver))
    receiver.close()
    desk.open()
    desk.send()

    assert desk.said == ["webhook hook: 127.0.0.1 cannot be reached: ConnectError. It is tried again."]
    assert SECRET.encode() not in (tmp_path / "usdtop.db").read_bytes()
    assert SECRET.encode() not in (tmp_path / "usdtop.db-wal").read_bytes()


def test_a_redirect_is_not_followed(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver))
    receiver.statuses = [302]
    desk.open()
    desk.send()

    assert desk.said == ["webhook hook: 127.0.0.1 answers with HTTP 302. It is tried again."]


def test_a_signature_proves_time_and_body(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING", "s3cret")
    desk = Desk(tmp_path / "usdtop.db", hook(receiver, secret_env="SIGNING"))
    desk.open()
    desk.send()

    ((_, headers, body),) = receiver.received
    stamp = headers["X-Usdtop-Timestamp"]
    expected = hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Usdtop-Signature"] == f"sha256={expected}"
    assert stamp == str(AT_MS // 1_000)


def test_slack_gets_text_in_which_names_are_no_markup(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver, type="slack"))
    desk.open()
    desk.send()

    (body,) = receiver.bodies
    assert set(body) == {"text"}
    assert "acme &lt;b&gt;: cache hits 71% -&gt; 4%, +$88.70/h" in body["text"]
    assert "cause: volume +$0.280/h (acme, small)" in body["text"]


def test_pagerduty_gets_events_that_begin_and_end_one_incident(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROUTING", "R0UT1NG")
    desk = Desk(tmp_path / "usdtop.db", hook(receiver, type="pagerduty", api_key_env="ROUTING"))
    desk.open()
    desk.send()
    desk.resolve()
    desk.send()

    begun, ended = receiver.bodies
    assert (begun["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert begun["routing_key"] == ended["routing_key"] == "R0UT1NG"
    assert begun["dedup_key"] == ended["dedup_key"]
    assert begun["payload"]["severity"] == "critical"
    assert begun["payload"]["source"] == "gpu-host-3"
    assert begun["payload"]["timestamp"] == "2026-05-16T14:23:00Z"
    assert "Authorization" not in receiver.received[0][1]


def test_alertmanager_gets_alerts_that_last_until_their_end_is_sent(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver, type="alertmanager"))
    desk.open()
    desk.send()
    desk.now_ms += 10 * MINUTE_MS
    desk.resolve()
    desk.send()

    ((begun,), (ended,)) = receiver.bodies
    assert begun["labels"] == ended["labels"]
    assert begun["labels"]["alertname"] == "usdtop_cache_fall"
    assert begun["endsAt"] > "2026-05-22"
    assert ended["endsAt"] == "2026-05-16T14:33:00Z"


def test_who_wants_only_critical_beginnings_gets_nothing_else(tmp_path: Path, receiver: Receiver) -> None:
    desk = Desk(tmp_path / "usdtop.db", hook(receiver, least_severity="critical", resolved=False))
    desk.open(Severity.WARNING)
    desk.open(Severity.CRITICAL, subject="globex")
    desk.send()
    desk.resolve()
    desk.send()

    assert [(body["event"], body["alert"]["subject"]) for body in receiver.bodies] == [("firing", "globex")]


def test_a_key_that_is_missing_is_said_and_what_was_to_be_sent_waits(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(tmp_path / "usdtop.db", WebhookConfig(name="hook", url_env="NOWHERE_TO_GO"))
    desk.open()
    desk.send()
    assert desk.said == ["webhook hook: the variable NOWHERE_TO_GO holds no key. It is tried again."]

    monkeypatch.setenv("NOWHERE_TO_GO", receiver.url)
    desk.now_ms += MINUTE_MS
    desk.send()
    assert len(receiver.received) == 1


def test_one_webhook_that_fails_does_not_hold_up_another(tmp_path: Path, receiver: Receiver) -> None:
    dead = WebhookConfig(name="dead", url="http://127.0.0.1:9/")
    desk = Desk(tmp_path / "usdtop.db", dead, hook(receiver))
    desk.open()
    desk.send()

    assert len(receiver.received) == 1

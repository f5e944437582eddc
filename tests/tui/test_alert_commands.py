"""`usdtop alerts` and `usdtop check`: what people, Nagios and programs are told, from the same functions as the screens."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from pricing.alerts.finding import Finding, Severity
from pricing.alerts.states import Steps
from pricing.cause import cause
from store.alerts.book import AlertBook
from store.facts import BudgetFact, SourceState
from store.notes import ALERTS, write_note
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.flows import flow, span
from tui.acts.alerts import Acknowledge, FireAgain
from tui.cli import main
from tui.pictures.view import View
from tui.questions.alerts import AlertsQuestion
from tui.questions.burn import BurnQuestion
from tui.reading.budgets import budgets
from tui.reading.burn import burn
from tui.storefeed import StoreFeed

USD = 10**9
MINUTE_MS = 60_000


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store that is collected into now: ten dollars in the last five minutes, half of a budget."""
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    events = [priced(f"r-{n}", nano_usd=USD, ended_at_ms=AT_MS - n * 25_000 - 1) for n in range(10)]
    writer.write(batch(events), [CARD])
    writer.set_budgets([BudgetFact(name="it's | tight", nano_usd=20 * USD, period="day", since_ms=0)], 0)
    with writer.transaction() as connection:
        note = {"asked_ms": AT_MS, "waiting": {"cache_fall": "fewer than 30 requests to compare with"}}
        write_note(connection, ALERTS, json.dumps(note))
    writer.close()
    monkeypatch.setattr("tui.commands.check.now_ms", lambda: AT_MS)
    monkeypatch.setattr("tui.commands.common.now_ms", lambda: AT_MS)
    return path


def fire(store: Path, subject: str = "acme", **changes: Any) -> None:
    plain: dict[str, Any] = {
        "rule": "cache_fall", "subject": subject, "title": "cache hits 71% -> 4%", "value": 0.67, "fires_at": 0.2,
        "clears_at": 0.1, "effect_nano_usd_per_hour": 88_700_000_000, "evidence": ("4% over 5 min",),
        "cause": cause(span(flow()), span(flow(requests=300))), "path": (("tenant", subject),),
    }  # fmt: skip
    writer = Writer(store)
    with writer.transaction() as connection:
        AlertBook(connection).take(Steps(opened=(Finding(**{**plain, **changes}),)), at_ms=AT_MS - 14 * MINUTE_MS)
    writer.close()


def run(store: Path, *words: str) -> int:
    return main([words[0], "--store", str(store), *words[1:]])


def checked(store: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Exit code, what stands before the bar, and the performance data."""
    code = run(store, "check", *words)
    (line,) = capsys.readouterr().out.splitlines()
    text, _, figures = line.partition(" | ")
    return code, text, figures


def test_check_is_quiet_when_nothing_fires(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert checked(store, capsys)[:2] == (0, "USDTOP OK - no alert fires")


@pytest.mark.parametrize(
    ("severity", "code", "word"), [(Severity.WARNING, 1, "WARNING"), (Severity.CRITICAL, 2, "CRITICAL")]
)
def test_check_ends_with_the_gravest_alert_that_fires(
    store: Path, capsys: pytest.CaptureFixture[str], severity: Severity, code: int, word: str
) -> None:
    fire(store, severity=severity)
    fire(store, "globex", effect_nano_usd_per_hour=None)
    found, text, _ = checked(store, capsys)

    assert found == code
    assert text.startswith(f"USDTOP {word} - ")
    assert text.endswith("cache hits: acme: cache hits 71% -> 4%, +$88.70/h")


def test_what_somebody_looks_after_does_not_raise_the_code_unless_it_is_asked_for(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fire(store, severity=Severity.CRITICAL)
    assert run(store, "alerts", "--ack", "1") == 0
    capsys.readouterr()

    assert checked(store, capsys)[:2] == (0, "USDTOP OK - no alert fires, 1 acknowledged or snoozed")
    assert checked(store, capsys, "--all")[0] == 2


PERFORMANCE = re.compile(r"('[^'=|]+'|[^ '=|]+)=(U|-?\d+(\.\d+)?)(%)?;[\d.]*;[\d.]*;0;?")


def test_performance_data_are_as_monitoring_plugins_write_them(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Monitoring Plugins Development Guidelines: 'label'=value[unit];warn;crit;min;max, parted by blanks."""
    figures = checked(store, capsys)[2]
    items = re.findall(r"(?:'[^']*'|[^ ])+", figures)

    assert [item for item in items if not PERFORMANCE.fullmatch(item)] == []
    assert items[-1] == "'budget its  tight'=50.00%;80;100;0;"
    # ten dollars in five minutes of whole minutes
    assert items[0] == "burn=120.0000;;;0"


def test_names_that_hold_a_bar_or_a_line_do_not_break_the_line(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fire(store, "ac|me\nOK - all is well | x=1\x1b[2J", severity=Severity.CRITICAL)
    code, text, figures = checked(store, capsys)

    assert code == 2
    assert "|" not in text
    assert "\x1b" not in text
    assert figures.startswith("burn=")


def test_a_budget_is_judged_by_its_own_thresholds(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text, _ = checked(store, capsys, "--budget", "it's | tight")
    assert (code, text) == (0, "USDTOP OK - it's / tight: 50% of $20.00 is spent")

    writer = Writer(store)
    writer.write(batch([priced("more", nano_usd=7 * USD, ended_at_ms=AT_MS - 1)]), [CARD])
    assert checked(store, capsys, "--budget", "it's | tight")[0] == 1
    writer.write(batch([priced("all", nano_usd=9 * USD, ended_at_ms=AT_MS - 1)]), [CARD])
    assert checked(store, capsys, "--budget", "it's | tight")[0] == 2
    assert checked(store, capsys, "--budget", "nowhere")[0] == 3


def test_nothing_that_is_known_of_now_is_unknown_never_ok(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(tmp_path / "nowhere.db", capsys)[0] == 3

    monkeypatch.setattr("tui.commands.check.now_ms", lambda: AT_MS + 3 * MINUTE_MS)
    code, text, _ = checked(store, capsys)
    assert (code, text) == (3, "USDTOP UNKNOWN - no collector has written for 3 min")


def test_an_import_alone_is_unknown_since_nobody_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tui.commands.check.now_ms", lambda: AT_MS)
    Writer(tmp_path / "store.db").write(batch([priced()], source="import", kind="import", poll_every_ms=0), [CARD])
    code, text, figures = checked(tmp_path / "store.db", capsys)
    assert (code, text) == (3, "USDTOP UNKNOWN - nothing has been collected yet")
    assert figures.startswith("burn=U;;;0 metered=U;;;0 committed=0.0000;;;0")


def test_a_collector_that_finds_nothing_to_read_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "usdtop.db"
    Writer(path).write(batch(state=SourceState.ABSENT, watermark_ms=None))
    monkeypatch.setattr("tui.commands.check.now_ms", lambda: AT_MS)

    assert checked(path, capsys)[:2] == (3, "USDTOP UNKNOWN - nothing is read: see usdtop sources")


def test_check_the_budgets_screen_the_headline_and_the_document_agree(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = checked(store, capsys)[2]
    run(store, "budgets", "--at", "2026-05-16T14:23:00Z", "--json")
    document = json.loads(capsys.readouterr().out)["budgets"][0]
    reader = Reader(store)
    (line,) = budgets(reader, View(), AT_MS, machine="m").lines
    headline = burn(reader, View(), AT_MS, machine="m").headline

    assert headline.budget == replace(line) == line
    assert document["spent_usd"] == f"{line.spent_usd:f}".rstrip("0").rstrip(".") == "10"
    assert f"={float(line.spent_share) * 100:.2f}%" in figures
    assert document["spent_share"] == line.spent_share == 0.5
    assert f"burn={headline.usd_per_hour:.4f}" in figures


def test_alerts_are_listed_with_effect_cause_and_evidence(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fire(store)
    assert run(store, "alerts") == 0
    text = capsys.readouterr().out

    assert "   1  2026-05-16T14:09:00Z  warning   firing" in text
    assert "cache hits: acme: cache hits 71% -> 4%  +$88.70/h" in text
    assert "cause: volume +$0.280/h (acme, small)" in text
    assert "4% over 5 min" in text
    assert "seen too little (fewer than 30 requests to compare with): cache hits" in text


def test_the_document_has_money_as_decimal_text_and_unknown_as_null(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fire(store)
    fire(store, "globex", effect_nano_usd_per_hour=None, cause=None)
    assert run(store, "alerts", "--json") == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["schema"], document["as_of"], document["asked"]) == (
        1, "2026-05-16T14:23:00Z", "2026-05-16T14:23:00Z",
    )  # fmt: skip
    assert document["waiting"] == [{"rule": "cache_fall", "why": "fewer than 30 requests to compare with"}]
    acme, globex = document["alerts"]
    assert (acme["effect_usd_per_hour"], globex["effect_usd_per_hour"], globex["cause"]) == ("88.7", None, None)
    # 200 more requests at 0.14 cents
    assert acme["cause"]["parts"][0] == {
        "factor": "volume",
        "usd_per_hour": "0.28",
        "movers": [{"tenant": "acme", "model": "small", "host": None, "usd_per_hour": "0.28"}],
    }


def test_an_alert_is_acknowledged_snoozed_and_given_back_by_number(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def state() -> str:
        run(store, "alerts", "--json")
        (alert,) = json.loads(capsys.readouterr().out)["alerts"]
        return str(alert["state"])

    fire(store)
    run(store, "alerts", "--ack", "1")
    capsys.readouterr()
    assert state() == "acknowledged"
    run(store, "alerts", "--unack", "1")
    capsys.readouterr()
    assert state() == "firing"
    run(store, "alerts", "--snooze", "1", "--for", "30m")
    capsys.readouterr()
    assert state() == "snoozed"


def test_what_cannot_be_acknowledged_is_a_sentence(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "alerts", "--ack", "7") == 2
    assert capsys.readouterr().err == "usdtop: this alert is over already, or there is no such alert.\n"


def test_an_acknowledgement_on_one_monitor_is_seen_on_the_other(store: Path) -> None:
    fire(store)
    here = StoreFeed(store, clock=lambda: AT_MS, machine="m")
    there = StoreFeed(store, clock=lambda: AT_MS + 1_000, machine="m")
    assert there.read(BurnQuestion(View())).header.alerts_firing == 1

    assert here.do(Acknowledge(1)).startswith("acknowledged by ")
    assert there.read(BurnQuestion(View())).header.alerts_firing == 0
    (row,) = there.read(AlertsQuestion(View())).rows
    assert (row.state, there.read(BurnQuestion(View())).alerts[0].state) == ("acknowledged", "acknowledged")

    assert there.do(FireAgain(1)) == "it fires as before"
    assert here.read(AlertsQuestion(View())).rows[0].state == "firing"


def test_the_past_shows_the_alerts_of_then(store: Path) -> None:
    fire(store)
    feed = StoreFeed(store, clock=lambda: AT_MS, machine="m")

    assert feed.read(BurnQuestion(View(until_ms=AT_MS - 20 * MINUTE_MS))).alerts == ()
    assert feed.read(AlertsQuestion(View(until_ms=AT_MS - 20 * MINUTE_MS))).rows == ()
    assert len(feed.read(BurnQuestion(View(until_ms=AT_MS - 10 * MINUTE_MS))).alerts) == 1

"""`usdtop budgets`: the figures of the screen and the headline, for people and for programs."""

import json
from pathlib import Path

import pytest

from store.facts import BudgetFact, HostFact
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main
from tui.commands.budgets import budget_json
from tui.pictures.view import View
from tui.reading.budgets import budget, budgets
from tui.reading.burn import burn
from tui.reading.check import check

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
USD = 10**9
AT = "2026-05-16T14:23:00Z"


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    events = [priced(f"r-{n}", nano_usd=USD, ended_at_ms=AT_MS - n * 5 * MINUTE_MS - 1) for n in range(12)]
    writer.write(batch(events), [CARD])
    writer.set_hosts([HostFact(name="h100-1", usd_per_hour_nano=36 * USD, since_ms=AT_MS - HOUR_MS)], AT_MS)
    facts = [
        BudgetFact(name="tight", nano_usd=50 * USD, period="day", since_ms=0),
        BudgetFact(name="ev\x1b[31mil|name", nano_usd=10**6 * USD, period="month", filter="tenant=acme", since_ms=0),
    ]
    writer.set_budgets(facts, 0)
    writer.close()
    return path


def run(store: Path, *words: str) -> int:
    return main(["budgets", "--store", str(store), "--at", AT, *words])


def test_the_document_is_exact(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    tight, evil = document["budgets"]

    assert document["as_of"] == AT
    assert tight["period"] == {"name": "day", "begins": "2026-05-16T00:00:00Z", "ends": "2026-05-17T00:00:00Z"}
    # Twelve requests of a dollar, and 36 dollars of an hour's host.
    assert (tight["usd"], tight["spent_usd"], tight["left_usd"]) == ("50", "48", "2")
    assert (tight["spent_share"], tight["crossed"]) == (0.96, "soft")
    assert tight["burn_rates"] == {"5m": 23.04, "1h": None, "6h": None, "3d": None}
    assert tight["projection"]["basis"] == "line"
    # Three dollars and nine of the host in the last quarter of an hour: two dollars are 2.5 minutes.
    assert tight["runs_out"] == "2026-05-16T14:25:30Z"
    assert (evil["name"], evil["spent_usd"], evil["runs_out"]) == ("ev\x1b[31mil|name", "12", None)


def test_the_screen_the_headline_and_the_document_agree(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(store, "--json")
    document = json.loads(capsys.readouterr().out)
    reader, view = Reader(store), View(until_ms=AT_MS)
    screen = budgets(reader, view, AT_MS, machine="here")
    headline = burn(reader, view, AT_MS, machine="here").headline.budget

    assert [budget_json(line) for line in screen.lines] == document["budgets"]
    assert headline == screen.lines[0] == budget(reader, view, "tight", AT_MS, machine="here").line


def test_the_check_judges_by_the_same_figures(store: Path) -> None:
    line = budgets(Reader(store), View(), AT_MS, machine="here").lines[0]
    verdict = check(Reader(store), AT_MS, machine="here", budget="tight")
    assert line.crossed == "soft"
    assert verdict.code == 1
    assert f"'budget tight'={line.spent_share * 100:.2f}%;80;100;0;" in verdict.line


def test_the_curve_of_a_budget_ends_at_what_is_spent(store: Path) -> None:
    reader, view = Reader(store), View(until_ms=AT_MS)
    for line in budgets(reader, view, AT_MS, machine="here").lines:
        curve = budget(reader, view, line.name, AT_MS, machine="here").curve
        spent = [value for value in curve.series[0].values if value is not None]
        assert spent[-1] == pytest.approx(float(line.spent_usd))
        assert spent == sorted(spent)
        assert curve.plan[-1] == pytest.approx(float(line.limit_usd))
        assert len(curve.plan) == len(curve.series[0].values)


def test_what_was_spent_before_the_store_knew_anything_is_a_gap_in_the_curve_and_no_zero(store: Path) -> None:
    curve = budget(Reader(store), View(until_ms=AT_MS), "tight", AT_MS, machine="here").curve
    at_ms = [curve.begins_ms + (place + 1) * curve.step_ms for place in range(curve.steps)]
    begins_ms = AT_MS - HOUR_MS  # the host's, a few minutes before the first request
    for end_ms, value in zip(at_ms, curve.series[0].values, strict=True):
        assert (value is not None) is (begins_ms < end_ms <= AT_MS + curve.step_ms - 1)


def test_a_curve_begins_with_its_period_and_not_with_an_hour(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    # Midnight in Kathmandu is 18:15 UTC.
    begins_ms = AT_MS // DAY_MS * DAY_MS - 6 * HOUR_MS + 15 * MINUTE_MS
    events = [priced("before", nano_usd=5 * USD, ended_at_ms=begins_ms - MINUTE_MS)]
    events += [priced("in it", nano_usd=USD, ended_at_ms=begins_ms + MINUTE_MS)]
    writer.write(batch(events), [CARD])
    writer.set_budgets(
        [BudgetFact(name="day", nano_usd=50 * USD, period="day", timezone="Asia/Kathmandu", since_ms=0)], 0
    )
    picture = budget(Reader(path), View(until_ms=AT_MS), "day", AT_MS, machine="here")
    assert picture.line.spent_usd == 1
    assert picture.curve.series[0].values[0] == 1.0


def test_people_get_a_line_for_each(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(store) == 0
    heading, tight, evil = capsys.readouterr().out.splitlines()
    assert heading.split()[:4] == ["budget", "period", "spent", "of"]
    assert tight.split()[:4] == ["tight", "day", "48.00", "50.00"]
    assert evil.startswith("ev�[31mil|name")
    assert evil.endswith("lasts")


def test_without_budgets_it_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.db"
    Writer(path).close()
    assert main(["budgets", "--store", str(path)]) == 3
    assert "[[budget]]" in capsys.readouterr().out

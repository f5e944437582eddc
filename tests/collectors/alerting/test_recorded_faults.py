"""Faults of a recorded day: the rule that must tell of each does, within minutes, once, with the right cause first."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.recorded_day import MINUTE_MS, ONSET_MS, Day
from tests.recorded_faults import SCENARIOS, Scenario, afternoon, morning, row, written_rows

CAUSES = {
    "rate_over_usual": "volume ",
    "retries": "retries ",
    "model_mix": "model mix ",
    "cache_fall": "cache hits ",
    "tenant_over_week": "volume ",
    "output_length": "output length ",
    "unpriced": "no book knows this model",
    "stale_source": "permission denied",
    "idle_gpu": "nothing runs on it",
    "lost_gpu": "GPU is lost (XID 79)",
    "throttled_gpu": "the card reports hardware thermal limits",
}
PATIENCE_MINUTES = {"idle_gpu": 30}
"""An idle GPU is worth an alert after half an hour; everything else after minutes."""


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    day = morning(tmp_path_factory.mktemp("recorded"))
    yield day
    day.close()


def test_a_day_on_which_nothing_is_wrong_raises_no_alert(before: Day, tmp_path: Path) -> None:
    assert afternoon(before, tmp_path / "day.db", None) == []


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.rule)
def test_a_fault_is_told_of_within_minutes_once_and_with_its_cause(
    before: Day, tmp_path: Path, scenario: Scenario
) -> None:
    alerts = afternoon(before, tmp_path / "day.db", scenario)
    first = alerts[0]

    assert first.rule == scenario.rule
    assert 0 < first.opened_ms - ONSET_MS <= PATIENCE_MINUTES.get(scenario.rule, 10) * MINUTE_MS
    rows = [row(scenario, alerts, alert) for alert in alerts]
    assert len({(alert.rule, alert.subject) for alert in alerts}) == len(alerts), "each fires once"
    assert f"| {CAUSES[scenario.rule]}" in rows[0]
    assert first.resolved_ms is not None, "what is repaired is over"
    assert rows == written_rows(scenario), "write docs/alerts.md again with: python -m tests.recorded_faults"

"""An alert opens once when a threshold is crossed, and ends once it has been calm for a while."""

from hypothesis import given
from hypothesis import strategies as st

from pricing.alerts.finding import Finding, Key
from pricing.alerts.states import Open, step

FIRES, CLEARS, CALM_S = 10.0, 6.0, 300.0


def measured(value: float, subject: str = "acme") -> Finding:
    return Finding(rule="rule", subject=subject, title="t", value=value, fires_at=FIRES, clears_at=CLEARS)


class Watch:
    """Steps through values a minute apart and counts what happens."""

    def __init__(self) -> None:
        self.open: dict[Key, Open] = {}
        self.openings: list[int] = []
        self.endings: list[int] = []
        self.minute = 0

    def see(self, *values: float | None) -> None:
        for value in values:
            now_ms = self.minute * 60_000
            findings = [] if value is None else [measured(value)]
            steps = step(self.open.values(), findings, now_ms=now_ms, calm_seconds=CALM_S)
            for finding in steps.opened:
                self.open[finding.key] = Open(key=finding.key, opened_ms=now_ms)
                self.openings.append(self.minute)
            for alert, _ in steps.kept:
                self.open[alert.key] = Open(key=alert.key, opened_ms=alert.opened_ms)
            for alert in steps.calmed:
                self.open[alert.key] = Open(key=alert.key, opened_ms=alert.opened_ms, calm_since_ms=now_ms)
            for alert in steps.resolved:
                del self.open[alert.key]
                self.endings.append(self.minute)
            self.minute += 1


def test_a_threshold_that_is_reached_opens_one_alert_however_long_it_lasts() -> None:
    watch = Watch()
    watch.see(9.9, 10.0, 50.0, 10.0, 6.0, 9.0)

    assert (watch.openings, watch.endings) == ([1], [])


def test_an_alert_is_over_after_five_calm_minutes_and_not_before() -> None:
    watch = Watch()
    watch.see(10, 5.9, 5, 5, 5, 5)
    assert watch.endings == []
    watch.see(5)
    assert watch.endings == [6], "five minutes after the first calm one"


def test_a_value_back_in_the_band_keeps_the_alert_and_starts_the_calm_anew() -> None:
    watch = Watch()
    watch.see(10, 5, 5, 5, 5, 6.0, 5, 5, 5, 5)

    assert watch.endings == []


def test_what_is_no_longer_measured_is_calm() -> None:
    watch = Watch()
    watch.see(10, *[None] * 6)

    assert watch.endings == [6]


@given(st.lists(st.floats(CLEARS, FIRES * 3), max_size=60))
def test_noise_that_never_falls_below_the_band_opens_at_most_one_alert(values: list[float]) -> None:
    watch = Watch()
    watch.see(*values)

    assert len(watch.openings) == (max(values, default=0) >= FIRES)
    assert watch.endings == []


@given(st.lists(st.one_of(st.none(), st.floats(0, FIRES * 2)), max_size=80))
def test_between_two_openings_the_value_has_been_below_the_whole_band_for_five_minutes(
    values: list[float | None],
) -> None:
    watch = Watch()
    watch.see(*values)

    for first, second in zip(watch.openings, watch.openings[1:], strict=False):
        between = [value if value is not None else 0.0 for value in values[first + 1 : second]]
        calm = "".join("c" if value < CLEARS else "." for value in between)
        assert "c" * 6 in calm


def test_alerts_of_different_subjects_are_told_apart() -> None:
    steps = step(
        [Open(key=("rule", "acme"), opened_ms=0)],
        [measured(20, "acme"), measured(20, "globex")],
        now_ms=60_000,
        calm_seconds=CALM_S,
    )

    assert [finding.subject for finding in steps.opened] == ["globex"]
    assert [alert.key for alert, _ in steps.kept] == [("rule", "acme")]

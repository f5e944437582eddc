"""Questions about what was planned and what became of it: prices by the hour, budgets, launches, marks, alerts."""

from pricing.times import MINUTE_MS
from store.alerts.kept import AlertRecord, read_alerts
from store.alerts.marks import Mark, read_marks
from store.alerts.past import as_said_at
from store.budgets.launches import Launch, read_launches
from store.facts import BudgetFact, CommitmentFact, HostFact
from store.hosts.capacity import hosts
from store.plans import read_budgets, read_commitments
from store.questions.opened import OpenStore


class PlanQuestions(OpenStore):
    """What is paid by the hour, what may be spent, and what happened meanwhile."""

    def hosts(self) -> list[HostFact]:
        """Every host price with the dates between which it was in force."""
        return self.kept("hosts", None, self.facts_stamp("hosts"), lambda: hosts(self.ask))

    def commitments(self) -> list[CommitmentFact]:
        """Every commitment with the dates between which it was in force."""
        return self.kept("commitments", None, self.facts_stamp("commitments"), lambda: read_commitments(self.ask))

    def budgets(self, at_ms: int) -> list[BudgetFact]:
        """Budgets in force at an instant."""
        facts = self.kept("budgets", None, self.facts_stamp("budgets"), lambda: read_budgets(self.ask))
        return [one for one in facts if one.since_ms <= at_ms and (one.until_ms is None or one.until_ms > at_ms)]

    def launches(self) -> list[Launch]:
        """Every launch, oldest first."""
        return self.kept("launches", None, self.facts_stamp("launches"), lambda: read_launches(self.ask))

    def alerts(self, since_ms: int, until_ms: int) -> list[AlertRecord]:
        """Alerts that were open at any time in [since, until], the newest first, with what they said at its end."""
        whole = _whole_minutes(since_ms, until_ms)
        found = self.kept("alerts", whole, self.facts_stamp("alerts"), lambda: read_alerts(self.ask, *whole), most=4)
        return [
            as_said_at(self.ask, one, until_ms)
            for one in found
            if one.opened_ms <= until_ms and (one.resolved_ms is None or one.resolved_ms >= since_ms)
        ]

    def marks(self, since_ms: int, until_ms: int) -> list[Mark]:
        """Marks set in [since, until), oldest first."""
        whole = _whole_minutes(since_ms, until_ms)
        found = self.kept("marks", whole, self.facts_stamp("marks"), lambda: read_marks(self.ask, *whole), most=4)
        return [one for one in found if since_ms <= one.at_ms < until_ms]


def _whole_minutes(since_ms: int, until_ms: int) -> tuple[int, int]:
    """The window widened to whole minutes: what is read for one serves for all windows within them."""
    return since_ms // MINUTE_MS * MINUTE_MS, -(-until_ms // MINUTE_MS) * MINUTE_MS

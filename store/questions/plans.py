"""Questions about what was planned and what became of it: prices by the hour, budgets, launches, marks, alerts."""

from store.alerts import AlertRecord, read_alerts
from store.capacity import hosts
from store.facts import BudgetFact, CommitmentFact, HostFact
from store.launches import Launch, read_launches
from store.marks import Mark, read_marks
from store.plans import read_budgets, read_commitments
from store.questions.opened import OpenStore


class PlanQuestions(OpenStore):
    """What is paid by the hour, what may be spent, and what happened meanwhile."""

    def hosts(self) -> list[HostFact]:
        """Every host price with the dates between which it was in force."""
        return hosts(self.ask)

    def commitments(self) -> list[CommitmentFact]:
        """Every commitment with the dates between which it was in force."""
        return read_commitments(self.ask)

    def budgets(self, at_ms: int) -> list[BudgetFact]:
        """Budgets in force at an instant."""
        return read_budgets(self.ask, at_ms)

    def launches(self) -> list[Launch]:
        """Every launch, oldest first."""
        return read_launches(self.ask)

    def alerts(self, since_ms: int, until_ms: int) -> list[AlertRecord]:
        """Alerts that were open at any time in [since, until], the newest first."""
        return read_alerts(self.ask, since_ms, until_ms)

    def marks(self, since_ms: int, until_ms: int) -> list[Mark]:
        """Marks set in [since, until), oldest first."""
        return read_marks(self.ask, since_ms, until_ms)

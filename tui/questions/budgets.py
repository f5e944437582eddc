"""What Budgets asks: all of them, and one over its period."""

from tui.feed import OpenStore, Question
from tui.pictures.budgets import BudgetPicture, BudgetsPicture
from tui.pictures.view import View


class BudgetsQuestion(Question[BudgetsPicture], frozen=True):
    """Every budget, and the launch that is on."""

    view: View

    def answer(self, store: OpenStore) -> BudgetsPicture:
        """Up to now, or the end of the view."""
        from tui.reading.budgets import budgets

        return budgets(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)


class BudgetQuestion(Question[BudgetPicture], frozen=True):
    """One budget over its period; FeedError when it is not in force."""

    view: View
    name: str

    def answer(self, store: OpenStore) -> BudgetPicture:
        """Up to now, or the end of the view."""
        from tui.reading.budgets import budget

        return budget(store.reader, self.view, self.name, store.now_ms, machine=store.machine, demo=store.demo)

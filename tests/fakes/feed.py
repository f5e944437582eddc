"""A feed that hands out prepared pictures, as of where the view stopped."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from msgspec.structs import replace

from tests.fakes import alerts as fake_alerts
from tests.fakes import budgets as fake_budgets
from tests.fakes import pictures
from tui.feed import Act, FeedError, Question
from tui.pictures.alerts import AlertsPicture
from tui.pictures.budgets import BudgetPicture, BudgetsPicture
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import ChartPicture, Point
from tui.pictures.compare import ComparePicture
from tui.pictures.machines import EnginePicture, GpuPicture, MachinesPicture
from tui.pictures.requests import BillPicture, RequestsPicture
from tui.pictures.sources import SourcesPicture
from tui.pictures.view import View
from tui.questions.alerts import AlertsQuestion, FiredQuestion
from tui.questions.budgets import BudgetQuestion, BudgetsQuestion
from tui.questions.burn import BurnQuestion, NamesQuestion
from tui.questions.compare import CompareQuestion
from tui.questions.machines import EngineQuestion, GpuQuestion, MachinesQuestion
from tui.questions.requests import BillQuestion, RequestsQuestion
from tui.questions.sources import SourcesQuestion

P = TypeVar("P")

NAMES = {"tenant": ["acme", "globex"], "key": ["rag-prod"], "model": ["claude-sonnet-4-6", "gpt-4o"]}


class FakeFeed:
    """Answers every view with what it was given, remembers what it was asked, and fails on request."""

    def __init__(
        self,
        burn: BurnPicture | Callable[[View], BurnPicture] | None = None,
        *,
        requests: RequestsPicture = pictures.REQUESTS,
        bill: Callable[[int], BillPicture] = pictures.bill,
        sources: SourcesPicture = pictures.SOURCES,
        machines: MachinesPicture = pictures.MACHINES,
        engine: EnginePicture = pictures.ENGINE_PAGE,
        gpu: GpuPicture = pictures.GPU_PAGE,
        chart: ChartPicture = pictures.CHART,
        compare: ComparePicture = pictures.COMPARE,
        alerts: AlertsPicture = fake_alerts.ALERTS,
        budgets: BudgetsPicture = fake_budgets.BUDGETS,
        budget: Callable[[str], BudgetPicture] = fake_budgets.budget,
    ) -> None:
        self.burn_answer = burn or pictures.burn()
        self.points: tuple[Point, ...] = ()
        """When alerts fired."""
        self.failure: str | None = None
        self.asked: list[Question[Any]] = []
        self.done: list[Act] = []
        self._answers: Mapping[type[Question[Any]], Callable[[Any], object]] = {
            BurnQuestion: lambda question: replace(self._burn(question), chart=chart if question.charted else None),
            AlertsQuestion: lambda _: alerts,
            FiredQuestion: lambda _: self.points,
            BudgetsQuestion: lambda _: budgets,
            BudgetQuestion: lambda question: budget(question.name),
            CompareQuestion: lambda question: replace(compare, path=question.view.path, conditions=question.conditions),
            RequestsQuestion: lambda question: replace(requests, path=question.view.path),
            BillQuestion: lambda question: bill(question.request_id),
            SourcesQuestion: lambda _: sources,
            MachinesQuestion: lambda _: machines,
            EngineQuestion: lambda _: engine,
            GpuQuestion: lambda _: gpu,
        }

    @property
    def views(self) -> list[View]:
        """The views that were asked for."""
        return [question.view for question in self.asked if hasattr(question, "view")]

    def read(self, question: Question[P]) -> P:
        """The prepared answer to questions of this kind."""
        if isinstance(question, NamesQuestion):
            return cast("P", NAMES)
        self.asked.append(question)
        self._fail_on_request()
        return cast("P", _as_of(self._answers[type(question)](question), getattr(question, "view", View())))

    def do(self, act: Act) -> str:
        """Remember it."""
        self._fail_on_request()
        self.done.append(act)
        return f"done: {act}"

    def _burn(self, question: BurnQuestion) -> BurnPicture:
        """The prepared picture as if it were of this view, or what a function makes of the view."""
        if callable(self.burn_answer):
            return self.burn_answer(question.view)
        return replace(self.burn_answer, by=question.view.by, path=question.view.path)

    def _fail_on_request(self) -> None:
        if self.failure is not None:
            raise FeedError(self.failure)


def _as_of(answer: object, view: View) -> object:
    """The answer with the header that a store gives it: in the past, of where the view stopped."""
    header = getattr(answer, "header", None)
    if view.until_ms is None or header is None or header.as_of_ms is None or view.until_ms >= header.as_of_ms:
        return answer
    return replace(answer, header=replace(header, as_of_ms=view.until_ms, past=True))  # type: ignore[type-var]  # a picture

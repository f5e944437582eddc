"""A feed that hands out prepared pictures."""

from collections.abc import Callable

from msgspec.structs import replace

from tests.fakes import alerts as fake_alerts
from tests.fakes import budgets as fake_budgets
from tests.fakes import pictures
from tui.feed import FeedError
from tui.pictures.alerts import AlertsPicture
from tui.pictures.budgets import BudgetPicture, BudgetsPicture
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import ChartPicture, Point
from tui.pictures.compare import ComparePicture, Conditions
from tui.pictures.machines import EnginePicture, GpuPicture, MachinesPicture
from tui.pictures.requests import BillPicture, RequestsPicture
from tui.pictures.sources import SourcesPicture
from tui.pictures.view import View


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
        self.requests_answer = requests
        self.bill_answer = bill
        self.sources_answer = sources
        self.machines_answer = machines
        self.engine_answer = engine
        self.gpu_answer = gpu
        self.chart_answer = chart
        self.compare_answer = compare
        self.marks: list[tuple[str, int | None]] = []
        self.allowed: list[str] = []
        self.points: tuple[Point, ...] = ()
        self.alerts_answer = alerts
        self.acts: list[tuple[str, int, bool]] = []
        self.budgets_answer = budgets
        self.launches: list[str] = []
        self.budget_answer = budget
        self.failure: str | None = None
        self.asked: list[tuple[str, View]] = []
        self.dearest: list[bool] = []

    def burn(self, view: View) -> BurnPicture:
        """The prepared picture as if it were of this view, or what a function makes of the view."""
        self._note("burn", view)
        if callable(self.burn_answer):
            return self.burn_answer(view)
        return replace(self.burn_answer, by=view.by, path=view.path)

    def names(self) -> dict[str, list[str]]:
        """A few names."""
        return {"tenant": ["acme", "globex"], "key": ["rag-prod"], "model": ["claude-sonnet-4-6", "gpt-4o"]}

    def chart(self, view: View) -> ChartPicture:
        """The prepared chart."""
        self._note("chart", view)
        return self.chart_answer

    def alerts(self, view: View) -> AlertsPicture:
        """The prepared alerts."""
        self._note("alerts", view)
        return self.alerts_answer

    def acknowledge(self, alert_id: int, *, undo: bool) -> str:
        """Remember it."""
        return self._act("acknowledge", alert_id, undo=undo)

    def snooze(self, alert_id: int, *, undo: bool) -> str:
        """Remember it."""
        return self._act("snooze", alert_id, undo=undo)

    def _act(self, what: str, alert_id: int, *, undo: bool) -> str:
        if self.failure is not None:
            raise FeedError(self.failure)
        self.acts.append((what, alert_id, undo))
        return f"{what} {alert_id}"

    def alert_points(self, view: View) -> tuple[Point, ...]:
        """The alerts that a test put here."""
        self._note("alerts", view)
        return self.points

    def set_mark(self, text: str, at_ms: int | None) -> str:
        """Remember the mark."""
        if self.failure is not None:
            raise FeedError(self.failure)
        self.marks.append((text, at_ms))
        return f"marked {text}"

    def allow_key(self, provider: str) -> str:
        """Remember the provider."""
        if self.failure is not None:
            raise FeedError(self.failure)
        self.allowed.append(provider)
        return f"allowed {provider}"

    def start_launch(self, words: str) -> str:
        """Remember what was asked for."""
        self.launches.append(words)
        return f"launch {words} is on"

    def stop_launch(self) -> str:
        """Remember that it was ended."""
        self.launches.append("ended")
        return "launch ended"

    def budgets(self, view: View) -> BudgetsPicture:
        """The prepared budgets."""
        self._note("budgets", view)
        return self.budgets_answer

    def budget(self, view: View, name: str) -> BudgetPicture:
        """The prepared budget of this name."""
        self._note("budget", view)
        return self.budget_answer(name)

    def compare(self, view: View, conditions: Conditions) -> ComparePicture:
        """The prepared comparison, under these conditions."""
        self._note("compare", view)
        return replace(self.compare_answer, path=view.path, conditions=conditions)

    def requests(self, view: View, *, dearest: bool = False, limit: int = 200) -> RequestsPicture:
        """The prepared requests, with the path asked for."""
        self._note("requests", view)
        self.dearest.append(dearest)
        return replace(self.requests_answer, path=view.path)

    def bill(self, view: View, request_id: int) -> BillPicture:
        """The bill of this request."""
        self._note("bill", view)
        return self.bill_answer(request_id)

    def sources(self, view: View) -> SourcesPicture:
        """The prepared sources."""
        self._note("sources", view)
        return self.sources_answer

    def machines(self, view: View) -> MachinesPicture:
        """The prepared machines."""
        self._note("machines", view)
        return self.machines_answer

    def engine(self, view: View, source: str, model: str | None) -> EnginePicture:
        """The prepared engine, whichever was asked for."""
        self._note("engine", view)
        return self.engine_answer

    def gpu(self, view: View, host: str, uuid: str) -> GpuPicture:
        """The prepared GPU, whichever was asked for."""
        self._note("gpu", view)
        return self.gpu_answer

    def _note(self, name: str, view: View) -> None:
        self.asked.append((name, view))
        if self.failure is not None:
            raise FeedError(self.failure)

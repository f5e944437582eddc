"""What is asked about alerts: those that are open, those of today, and when they fired."""

from collections.abc import Sequence

from tui.feed import OpenStore, Question
from tui.pictures.alerts import AlertsPicture
from tui.pictures.chart import Fired
from tui.pictures.view import View

_MONTH_MS = 31 * 86_400_000


class AlertsQuestion(Question[AlertsPicture], frozen=True):
    """Alerts that are open, and those that ended lately."""

    view: View

    def answer(self, store: OpenStore) -> AlertsPicture:
        """Of now, or of where the view stopped."""
        from tui.reading.alerts import alerts

        return alerts(store.reader, self.view, store.now_ms, machine=store.machine, demo=store.demo)


class FiredQuestion(Question[Sequence[Fired]], frozen=True):
    """When alerts fired in the last month."""

    def answer(self, store: OpenStore) -> Sequence[Fired]:
        """Instants with titles."""
        from tui.reading.alerts import title

        found = store.reader.alerts(store.now_ms - _MONTH_MS, store.now_ms + 1)
        return [Fired(one.opened_ms, title(one)) for one in found]

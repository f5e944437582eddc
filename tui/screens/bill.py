"""The bill of one request, line by line."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.requests import BillPicture
from tui.pictures.view import View
from tui.questions.requests import BillQuestion
from tui.screens.monitor import MonitorScreen
from tui.summary import opening
from tui.widgets.bill import bill_lines
from tui.widgets.breadcrumb import Breadcrumb, steps
from tui.widgets.paper import Paper


class BillScreen(MonitorScreen[BillPicture]):
    """One request; its neighbours in the list are one key away."""

    FILTERS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "neighbour(1)", "next request", id="bill.next"),
        Binding("p", "neighbour(-1)", "previous request", id="bill.previous"),
    ]

    def __init__(
        self, request_id: int, neighbours: Sequence[int] = (), moved: Callable[[int], None] | None = None
    ) -> None:
        super().__init__()
        self._request_id = request_id
        self._neighbours = tuple(neighbours)
        self._moved = moved

    def compose_body(self) -> Sequence[Widget]:
        """One page to scroll."""
        return Breadcrumb(), Paper()

    def read(self, feed: Feed, view: View) -> BillPicture:
        """The bill of the request that is open."""
        return feed.read(BillQuestion(view, self._request_id))

    def draw_body(self, picture: BillPicture) -> None:
        """Where the request belongs, and its bill."""
        request = picture.request
        path = [("model", request.model), ("tenant", request.tenant), ("key", request.key)]
        self.query_one(Breadcrumb).show([*steps(path), f"request {request.record_id[:12]}"], self._place())
        self.query_one(Paper).show(lambda width: bill_lines(picture, width))

    def explain(self, picture: BillPicture) -> Iterator[Explanation]:
        """Every line of the bill."""
        from tui.explaining.requests import bill_figures

        return bill_figures(picture)

    def summary(self, picture: BillPicture) -> str:
        """The request, who sent it, and what it cost."""
        request = picture.request
        who = ", ".join(fmt.member(name, getattr(request, name)) for name in ("model", "tenant", "key"))
        cost = f"${fmt.request_usd(request.nano_usd)}, {fmt.safe(request.outcome, 20)}"
        return f"{opening(picture.header)}: request {fmt.safe(request.record_id, 80)} of {who}: {cost}"

    def _place(self) -> str:
        if self._request_id not in self._neighbours:
            return ""
        return f"{self._neighbours.index(self._request_id) + 1} of {len(self._neighbours)}"

    def action_neighbour(self, step: int) -> None:
        """The next or previous request of the list; stay at its ends."""
        if self._request_id in self._neighbours:
            place = self._neighbours.index(self._request_id) + step
            if 0 <= place < len(self._neighbours):
                self._request_id = self._neighbours[place]
                if self._moved is not None:
                    self._moved(self._request_id)
                self.monitor.renew()

    @property
    def request_id(self) -> int:
        """The request that is open."""
        return self._request_id

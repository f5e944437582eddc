"""In which order the rows of a table stand: by any of its columns, what is not known last."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True)
class Order(Generic[R]):
    """An order of rows by the column of this title, by a value of each; without a value, as they were read."""

    title: str
    value: Callable[[R], Any] | None = None
    """Figures come from the largest, words from A; None is not known, or no word."""
    said: str = ""
    """What it is in words, where "sorted by" its column would not tell."""

    @property
    def words(self) -> str:
        """What rows in this order are."""
        return self.said or f"sorted by {self.title}"


class Sorting(Generic[R]):
    """The order that a table has now, out of those it can have."""

    def __init__(self, orders: Iterable[Order[R]], *, first: str | None = None) -> None:
        self.orders = tuple(orders)
        self.turned = False
        self._wanted = self._first = first or self.orders[0].title
        self._titles: tuple[str, ...] | None = None

    @property
    def order(self) -> Order[R]:
        """The order of now."""
        orders = {order.title: order for order in self.usable()}
        return orders.get(self._wanted) or orders.get(self._first) or self.orders[0]

    @property
    def said(self) -> str:
        """The order in words."""
        return f"{self.order.words}{' reversed' if self.turned else ''}"

    def keep_to(self, titles: Iterable[str]) -> None:
        """The table has these columns now; an order by another one waits until it is back."""
        self._titles = tuple(titles)

    def usable(self, titles: Collection[str] | None = None) -> list[Order[R]]:
        """The orders by one of these columns, or by any that the table has."""
        wanted = self._titles if titles is None else titles
        return [order for order in self.orders if wanted is None or not order.title or order.title in wanted]

    def go_on(self, titles: Collection[str]) -> None:
        """The next order by one of these columns."""
        now, following = self.order, [order.title for order in self.usable(titles)]
        if now.title in following:
            following = [*following[following.index(now.title) + 1 :], *following]
        self.sort_by(following[0] if following else now.title)

    def sort_by(self, title: str) -> None:
        """This order, not turned."""
        self._wanted, self.turned = title, False

    def turn(self) -> None:
        """The other way around."""
        self.turned = not self.turned

    def of(self, rows: Sequence[R]) -> list[R]:
        """The rows; those whose value is not known stand behind the others, whichever way they are turned."""
        return in_order(rows, self.order.value, turned=self.turned)


def in_order(rows: Sequence[R], value: Callable[[R], Any] | None, *, turned: bool = False) -> list[R]:
    """The rows from the largest value, or from A; equal ones as they came."""
    if value is None:
        return list(reversed(rows)) if turned else list(rows)
    valued = [(value(row), row) for row in rows]
    known = [pair for pair in valued if pair[0] is not None]
    from_the_largest = not any(isinstance(one, str) for one, _ in known)
    known.sort(key=lambda pair: pair[0], reverse=from_the_largest != turned)
    return [row for _, row in known] + [row for one, row in valued if one is None]

"""Which series a view is about: the path drilled down and the filter."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

from pricing.filters import Filter, FilterError, parse_filter
from store.sums import SumKey
from tui.feed import FeedError
from tui.pictures.view import DIMENSIONS, View

_KNOWN_AT_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Selection:
    """A path and a filter, both of which must hold."""

    path: tuple[tuple[str, str | None], ...]
    filter: Filter
    _known: dict[SumKey, bool] = field(default_factory=dict, repr=False, compare=False)
    """What was decided before: a series has a sum in every minute."""

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out, so that dollars of hosts belong here too."""
        return not self.path and not self.filter.terms

    def holds(self, key: SumKey) -> bool:
        """Whether a series is wanted."""
        if self.is_everything:
            return True
        held = self._known.get(key)
        if held is None:
            if len(self._known) >= _KNOWN_AT_MOST:
                self._known.clear()
            held = self._known[key] = self._lets_through(key)
        return held

    def _lets_through(self, key: SumKey) -> bool:
        if any(key.value(dimension) != member for dimension, member in self.path):
            return False
        return not self.filter.terms or self.filter.matches(key.values(DIMENSIONS))

    def grouped(self, by: str, elsewhere: object) -> Callable[[SumKey], object]:
        """A grouping by one dimension in which everything unwanted falls into `elsewhere`."""
        return lambda key: (key.value(by),) if self.holds(key) else elsewhere


def selection(view: View) -> Selection:
    """The selection of a view; raises FeedError with the filter's own sentence."""
    try:
        return _selection(view.path, view.filter)
    except FilterError as error:
        raise FeedError(f"filter: {error}") from None


@lru_cache(maxsize=2)
def _selection(path: tuple[tuple[str, str | None], ...], text: str) -> Selection:
    return Selection(path, parse_filter(text, DIMENSIONS))

"""What each of the last minutes cost, for the small curves: of everything, and of each member of a dimension."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from pricing.card import UNKNOWN_COST
from store.providers.steps import live_steps
from store.reader import Reader
from store.sums import SumKey
from tui.pictures.view import View
from tui.reading.moment import Moment
from tui.reading.selection import Selection

MINUTES = 30
_LEAST_PART_OF_A_MINUTE = 10


@dataclass(slots=True)
class Trends:
    """Sums by the place of their minute, the oldest first."""

    nano_usd: list[int] = field(default_factory=lambda: [0] * MINUTES)
    tokens: list[int] = field(default_factory=lambda: [0] * MINUTES)
    members: dict[str | None, list[int]] = field(default_factory=dict)
    """Nano-dollars of each member that is wanted, and tokens where it has no price."""
    known_from: int = 0
    """Place of the first minute of which anything is kept: those before it are not known."""

    def copy(self) -> "Trends":
        """The same, to go on with."""
        return Trends(
            self.nano_usd.copy(),
            self.tokens.copy(),
            {name: one.copy() for name, one in self.members.items()},
            self.known_from,
        )

    def lengths(self, at: Moment) -> list[int | None]:
        """Seconds that each known minute really has; the last one is drawn once it is long enough to mean something."""
        last = at.until_ms // 1000 % 60 or 60
        seconds = [60] * (MINUTES - 1) + [last if last >= _LEAST_PART_OF_A_MINUTE else None]
        return [None] * self.known_from + seconds[self.known_from :]

    def add(self, rows: Iterable[tuple[int, SumKey, int, int]], first: int, by: str, wanted: Selection) -> None:
        """Take in what `Reader.steps` answers; `first` is the oldest minute."""
        everything = wanted.is_everything
        for minute, key, nano_usd, count in rows:
            place = (minute - first) // 60
            if not 0 <= place < MINUTES:
                continue
            self.nano_usd[place] += nano_usd
            self.tokens[place] += count
            if everything or wanted.holds(key):
                spent = self.members.setdefault(key.value(by), [0] * MINUTES)
                spent[place] += nano_usd or (count if key.card.status in UNKNOWN_COST else 0)


def trends(reader: Reader, view: View, wanted: Selection, at: Moment) -> Trends:
    """Up to the moment's end; the running minute is read each time, those before it when something in them changed."""
    first = first_minute(at)
    running_ms = (first + (MINUTES - 1) * 60) * 1000
    asked = (first, view.by, view.path, view.filter)
    found = reader.kept(
        "trends", asked, reader.sums_stamp(running_ms), lambda: _over(reader, first, view.by, wanted), most=1
    ).copy()
    oldest_ms = reader.oldest_bucket_ms()
    found.known_from = MINUTES if oldest_ms is None else _place(oldest_ms, first)
    running = reader.minute_sums(running_ms).values()
    found.add([(running_ms // 1000, one.key, one.nano_usd, one.tokens) for one in running], first, view.by, wanted)
    if reader.providers():
        # A provider's end where the window does, as those of its rate do.
        for live in live_steps(reader, at.until_ms - MINUTES * 60_000, at.until_ms, 60, lagging=True):
            found.add(live.steps, first, view.by, wanted)
            found.known_from = min(found.known_from, _place(live.since_ms, first))
    if found.known_from == MINUTES and reader.known_since_ms() is None:
        # Nobody ever sent a request: that is known, and hosts have their curve.
        found.known_from = 0
    return found


def _over(reader: Reader, first: int, by: str, wanted: Selection) -> Trends:
    """Of the minutes that are over."""
    found = Trends()
    found.add(reader.steps(first * 1000, (first + (MINUTES - 1) * 60) * 1000), first, by, wanted)
    return found


def _place(at_ms: int, first: int) -> int:
    """Of an instant among the minutes of a trend, or at one of its ends."""
    return max(0, min(MINUTES, (at_ms // 1000 - first) // 60))


def first_minute(at: Moment) -> int:
    """The oldest minute of a trend, in epoch seconds."""
    return (-(-at.until_ms // 60_000) - MINUTES) * 60

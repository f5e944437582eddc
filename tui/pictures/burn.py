"""The Burn screen: the three figures, and one row for each member of a dimension."""

from decimal import Decimal

import msgspec

from pricing.totals import Totals
from tui.pictures.alerts import AlertRow
from tui.pictures.budgets import BudgetLine
from tui.pictures.chart import ChartPicture, Point
from tui.pictures.header import Header


class Headline(msgspec.Struct, frozen=True, kw_only=True):
    """The three figures at three in the morning."""

    usd_per_hour: Decimal | None = None
    metered_usd_per_hour: Decimal | None = None
    committed_usd_per_hour: Decimal | None = None
    usd_per_million: Decimal | None = None
    api_usd_per_million: Decimal | None = None
    """Of requests that providers bill."""
    own_usd_per_million: Decimal | None = None
    """Of our own hosts, at the utilisation they have now."""
    own_at_full_usd_per_million: Decimal | None = None
    utilisation: float | None = None
    """Work rate / saturation work rate of our own hosts; None without a known capacity."""
    idle_usd_per_hour: Decimal | None = None
    idle_at_least: bool = False
    """The utilisation of one of the engines is not known, so what of it is idle is not in that."""
    lower_bound: bool = False
    """Something in the window has no known price: every dollar figure is "at least"."""
    burn_trend: tuple[float | None, ...] = ()
    """Dollars per hour for each of the last minutes, oldest first."""
    per_million_trend: tuple[float | None, ...] = ()
    budget: BudgetLine | None = None
    gone_before: BudgetLine | None = None
    """In a launch, another budget that is used up before the launch's."""
    basis: "Basis | None" = None
    mark: Point | None = None
    """The newest mark of the day before, or the beginning of the launch."""
    mark_is_launch: bool = False
    since_mark_usd_per_hour: Decimal | None = None
    """How much more is spent per hour than in the window that ended with the mark, or at this time before the launch."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """The sums that the headline was made of."""

    seconds: float
    metered_nano_usd: int
    committed_nano_usd: int
    """Accrued over the window by hosts and commitments."""
    bought_nano_usd: int
    """Of it, by commitments."""
    observed_nano_usd: int
    """Of it, by hosts over the seconds in which their engines were observed."""
    api_tokens: int
    own_tokens: int
    served_tokens: int
    hosts: tuple[tuple[str, Decimal], ...] = ()
    """What each host and commitment in force costs per hour."""


class GroupRow(msgspec.Struct, frozen=True, kw_only=True):
    """One member of the dimension that the table is grouped by."""

    key: str | None
    """The member's name as its source wrote it; None is "not said"."""
    totals: Totals
    usd_per_hour: Decimal | None
    share: float | None
    """Of the dollars of all rows."""
    tokens_per_second: float
    trend: tuple[float | None, ...] = ()
    since_mark_usd_per_hour: Decimal | None = None
    """How much more per hour than in the window that ended with the mark; None without a mark."""
    aside: bool = False
    """A row that is no member: "(idle)", "(not in any log)"."""


class BurnPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Burn screen."""

    header: Header
    headline: Headline
    by: str
    path: tuple[tuple[str, str | None], ...]
    total: Totals
    rows: tuple[GroupRow, ...] = ()
    alerts: tuple[AlertRow, ...] = ()
    """Those that are open, what should be looked at first on top."""
    doubts: tuple[str, ...] = ()
    """What is uncertain in the figures, worst first, e.g. "1 unpriced model: support-tuned-7b, 0.4M tok/h"."""
    chart: ChartPicture | None = None
    """Dollars per hour over time, read only while it is shown."""
    nothing_found: tuple[str, ...] = ()
    """When there is nothing to show: what was looked for, and what to do."""

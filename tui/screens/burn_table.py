"""The columns of the Burn table: how each is drawn, and by what it is sorted."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from tui import format as fmt
from tui.pictures.burn import BurnPicture, GroupRow
from tui.sorting import Order
from tui.widgets.columns import Column
from tui.widgets.table import Row


class Measure(msgspec.Struct, frozen=True):
    """One column: the text of a row, and the value it is sorted by; None is unknown and stands last."""

    column: Column
    text: Callable[[GroupRow, str], str]
    value: Callable[[GroupRow], float | str | None]

    @property
    def title(self) -> str:
        """What the column is called."""
        return self.column.title


def _unknown(row: GroupRow) -> bool:
    return row.totals.is_lower_bound and not row.totals.nano_usd


def _name(row: GroupRow, by: str) -> str:
    return fmt.safe(row.key or "", 60) if row.aside else fmt.safe(fmt.member(by, row.key), 60)


def _per_hour(row: GroupRow, by: str) -> str:  # noqa: ARG001 (what every text takes)
    if _unknown(row):
        return "unpriced" if row.totals.unpriced_requests else "no price"
    return fmt.dollars(row.usd_per_hour, lower_bound=row.totals.is_lower_bound)


def _since_mark(row: GroupRow, by: str) -> str:  # noqa: ARG001
    return fmt.change(row.since_mark_usd_per_hour)


def _per_million(row: GroupRow, by: str) -> str:  # noqa: ARG001
    totals = row.totals
    return fmt.dollars(None if _unknown(row) else totals.usd_per_million_tokens, lower_bound=totals.is_lower_bound)


def _per_request(row: GroupRow, by: str) -> str:  # noqa: ARG001
    totals = row.totals
    return fmt.mean_request_usd(None if _unknown(row) else totals.usd_per_request, lower_bound=totals.is_lower_bound)


def _float(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]  # a Decimal


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_NAME = Measure(
    Column(title="NAME", width=18, right=False, grows_to=48, is_name=True),
    _name,
    lambda row: (row.key or "").casefold(),
)
_SINCE_MARK = Measure(
    Column(title="SINCE MARK", width=10, rank=3), _since_mark, lambda row: _float(row.since_mark_usd_per_hour)
)
_VS_BEFORE = replace(_SINCE_MARK, column=replace(_SINCE_MARK.column, title="VS BEFORE"))
"""The same in a launch without a mark: against the same time of day before it."""
MEASURES = (
    _NAME,
    Measure(Column(title="$/H", width=8), _per_hour, lambda row: None if _unknown(row) else _float(row.usd_per_hour)),
    Measure(
        Column(title="SHARE", width=5, rank=2),
        lambda row, _: fmt.percent(None if _unknown(row) else row.share),
        lambda row: None if _unknown(row) else row.share,
    ),
    _SINCE_MARK,
    Measure(
        Column(title="$/M", width=7),
        _per_million,
        lambda row: None if _unknown(row) else _float(row.totals.usd_per_million_tokens),
    ),
    Measure(
        Column(title="CACHE", width=5, rank=4),
        lambda row, _: fmt.percent(row.totals.cache_hit_ratio),
        lambda row: row.totals.cache_hit_ratio,
    ),
    Measure(
        Column(title="ERR", width=5, rank=5),
        lambda row, _: fmt.percent(_ratio(row.totals.errors, row.totals.requests)),
        lambda row: _ratio(row.totals.errors, row.totals.requests),
    ),
    Measure(
        Column(title="RETRY", width=5, rank=9),
        lambda row, _: fmt.percent(_ratio(row.totals.retries, row.totals.requests)),
        lambda row: _ratio(row.totals.retries, row.totals.requests),
    ),
    Measure(
        Column(title="TOK/S", width=6, rank=3), lambda row, _: fmt.count(row.tokens_per_second), lambda row: row.tokens_per_second
    ),
    Measure(
        Column(title="REQ", width=6, rank=7), lambda row, _: fmt.count(row.totals.requests), lambda row: row.totals.requests
    ),
    Measure(
        Column(title="TOK IN", width=6, rank=8),
        lambda row, _: fmt.count(row.totals.tokens.prompt_tokens),
        lambda row: row.totals.tokens.prompt_tokens,
    ),
    Measure(
        Column(title="TOK OUT", width=7, rank=8),
        lambda row, _: fmt.count(row.totals.tokens.output_tokens),
        lambda row: row.totals.tokens.output_tokens,
    ),
    Measure(
        Column(title="$/REQ", width=9, rank=10),
        _per_request,
        lambda row: None if _unknown(row) else _float(row.totals.usd_per_request),
    ),
    Measure(
        Column(title="MEAN", width=8, rank=11),
        lambda row, _: fmt.whole(row.totals.mean_duration_ms, " ms"),
        lambda row: row.totals.mean_duration_ms,
    ),
    Measure(
        Column(title="TREND", width=8, rank=6, right=False, grows_to=40, keeps_end=True),
        lambda row, _: fmt.sparkline(row.trend),
        lambda row: row.trend[-1] if row.trend else None,
    ),
)  # fmt: skip
COLUMNS = tuple(measure.column for measure in MEASURES)


def measures(picture: BurnPicture, *, curves: bool = True) -> tuple[Measure, ...]:
    """The columns of this picture: the change only where there is something to compare with, curves where wanted."""
    shown = tuple(one for one in MEASURES if curves or not one.column.keeps_end)
    if picture.headline.mark is None:
        return tuple(one for one in shown if one is not _SINCE_MARK)
    return tuple(_VS_BEFORE if one is _SINCE_MARK and picture.headline.mark_is_launch else one for one in shown)


def orders() -> list[Order[GroupRow]]:
    """By each column there can be."""
    return [Order(measure.title, measure.value) for measure in (*MEASURES, _VS_BEFORE)]


def asides_last(rows: Sequence[GroupRow]) -> list[GroupRow]:
    """What is no member stands at the end in every order."""
    return sorted(rows, key=lambda row: row.aside)


def draw_row(row: GroupRow, by: str, shown: Sequence[Measure]) -> Row:
    """One group as texts."""
    cells = tuple(measure.text(row, by) for measure in shown)
    return Row(key=row_key(row), cells=cells, role="dim" if row.aside else "", opens=not row.aside)


def row_key(row: GroupRow) -> tuple[bool, str | None]:
    """What a row is known by while rows move."""
    return row.aside, row.key

"""Values become the short texts that screens draw; besides `four_digits`, nothing else rounds.

Unknown is `--`, never zero; what is not zero never reads as zero; `≥` says "at least".
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from pricing.money import decimal_text, four_digits, nano_from_usd, scaled, usd_from_nano
from tui import zone
from tui.cells import ascii_text as ascii_text
from tui.cells import cells as cells
from tui.cells import pad as pad
from tui.cells import safe as safe
from tui.cells import shorten as shorten
from tui.cells import side_by_side as side_by_side
from tui.cells import wrap as wrap

UNKNOWN = "--"
AT_LEAST = "≥"

_BLOCKS = "▁▂▃▄▅▆▇"
"""Not the whole cell: curves of rows that stand above each other stay apart."""
_SECOND_MS, _MINUTE_MS, _HOUR_MS, _DAY_MS = 1000, 60_000, 3_600_000, 86_400_000
_AGE_STEPS = (
    (10 * _SECOND_MS, "10 s"),
    *((minutes * _MINUTE_MS, f"{minutes} min") for minutes in (1, 2, 5, 10, 30)),
    *((hours * _HOUR_MS, f"{hours} h") for hours in (1, 2, 5, 12)),
)


def dollars(usd: Decimal | None, *, lower_bound: bool = False) -> str:
    """An amount in four digits without its sign of currency: 1,204, 412.6, 64.10, 1.840, 0.123, <0.01."""
    if usd is None:
        return UNKNOWN
    sign = (AT_LEAST if lower_bound else "") + ("-" if usd < 0 else "")
    return sign + four_digits(abs(usd))


def usd(value: Decimal | None, *, lower_bound: bool = False) -> str:
    """An amount of dollars in four digits: $412.6, ≥$1.840, -$12.30, <$0.01."""
    text = dollars(value, lower_bound=lower_bound)
    if value is None:
        return text
    figure = text.lstrip("-<" + AT_LEAST)
    return f"{text[: len(text) - len(figure)]}${figure}"


def change(value: Decimal | None) -> str:
    """How much more or less per hour: +$91.40, -$1.00."""
    return UNKNOWN if value is None else f"{'' if value < 0 else '+'}{usd(value)}"


def usd_rough(value: Decimal | None, *, lower_bound: bool = False) -> str:
    """An amount to two digits or the dollar, where it must not change all the time: $412, $1.8."""
    if value is None or abs(value) < 1:
        return usd(value, lower_bound=lower_bound)
    return f"{AT_LEAST if lower_bound else ''}${value:,.{1 if abs(value) < 10 else 0}f}"


def usd_whole(value: Decimal) -> str:
    """An amount whose cents do not matter, such as a budget's limit: $5,000."""
    return f"${value:,.0f}" if value == value.to_integral_value() and abs(value) < 1_000_000 else usd(value)


def request_usd(nano_usd: int | None, *, lower_bound: bool = False) -> str:
    """What one request cost, to a millionth of a dollar."""
    if nano_usd is None:
        return UNKNOWN
    at_least = AT_LEAST if lower_bound else ""
    if 0 < nano_usd < 1000:
        return f"{at_least}<0.000001"
    return f"{at_least}{usd_from_nano(nano_usd):,.6f}"


def mean_request_usd(value: Decimal | None, *, lower_bound: bool = False) -> str:
    """What requests cost on average, to a millionth of a dollar."""
    return request_usd(None if value is None else nano_from_usd(value), lower_bound=lower_bound)


def bill_places(nano_amounts: Iterable[int | None]) -> int:
    """Decimals that show every one of these amounts exactly: six, or nine when something needs them."""
    return 9 if any(amount is not None and amount % 1000 for amount in nano_amounts) else 6


def bill_usd(nano_usd: int | None, places: int) -> str:
    """One amount of a bill, with the number of decimals that the whole bill needs."""
    return UNKNOWN if nano_usd is None else f"{usd_from_nano(nano_usd):,.{places}f}"


def rate(usd_per: Decimal | None) -> str:
    """A rate exactly as its book has it, with at least two decimals."""
    if usd_per is None:
        return "no rate"
    text = decimal_text(usd_per)
    decimals = len(text.partition(".")[2])
    return text if decimals >= 2 else f"{usd_per:.2f}"


def count(number: float | None) -> str:
    """How many, in three digits: 812, 12.3k, 4.50M."""
    if number is None:
        return UNKNOWN
    if 0 < number < 0.1:
        return "<0.1"
    if number < 1000 and float(number).is_integer():
        return str(int(number))
    return scaled(number, 3) if round(number) >= 1000 else _small(number)


def _small(number: float) -> str:
    return f"{number:.1f}" if number < 99.95 else f"{number:.0f}"


def percent(share: float | None) -> str:
    """A share of one as per cent: 57%, 0.3%, <0.1%."""
    if share is None:
        return UNKNOWN
    if 0 < share < 0.0005:
        return "<0.1%"
    text = f"{share:.1%}" if 0 < share < 0.0095 else f"{share:.0%}"
    return "<100%" if text == "100%" and share < 1 else text


def factor(value: float | None) -> str:
    """How many times something is something else: 1.4x, <0.1x."""
    if value is None:
        return UNKNOWN
    return "<0.1x" if 0 < value < 0.05 else f"{value:.1f}x"


def size(number_of_bytes: int | None) -> str:
    """An amount of memory or file in binary units: 79.6 GiB."""
    if number_of_bytes is None:
        return UNKNOWN
    amount, units = float(number_of_bytes), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1023.95 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{amount:.0f} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"


def per_second(number_of_bytes: float | None) -> str:
    """A rate of bytes: 1.2 GiB/s."""
    return UNKNOWN if number_of_bytes is None else f"{size(round(number_of_bytes))}/s"


def whole(number: float | None, unit: str = "") -> str:
    """A number without decimals and its unit: 512 W."""
    return UNKNOWN if number is None else f"{number:,.0f}{unit}"


def age(milliseconds: int | None) -> str:
    """How old something is, in steps so that it rarely changes; nothing below ten seconds."""
    if milliseconds is None or milliseconds < _AGE_STEPS[0][0]:
        return ""
    if milliseconds >= _DAY_MS:
        return f"{milliseconds // _DAY_MS} d"
    return next(text for least, text in reversed(_AGE_STEPS) if milliseconds >= least)


def duration(milliseconds: int | None) -> str:
    """How long one thing took: 412 ms, 12.3 s, 4m05s, 2h55m."""
    if milliseconds is None:
        return UNKNOWN
    if milliseconds < 10_000:
        return f"{milliseconds:,} ms"
    if milliseconds < _MINUTE_MS:
        return f"{milliseconds / 1000:.1f} s"
    return span(milliseconds)


def span(milliseconds: int) -> str:
    """A stretch of time in its two largest units: 4m05s, 2h55m, 3d04h."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d{hours:02}h"
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds:02}s"


def countdown(milliseconds: int) -> str:
    """How long until something, to the minute: 28m, 2h55m, 3d04h."""
    return f"{milliseconds // _MINUTE_MS}m" if milliseconds < _HOUR_MS else span(milliseconds)


def window(seconds: int) -> str:
    """A time window as its key is spelled: 5m, 24h, 90s."""
    if seconds % 3600 == 0:
        return f"{seconds // 3600}h"
    return f"{seconds // 60}m" if seconds % 60 == 0 else f"{seconds}s"


def clock(epoch_ms: int | None) -> str:
    """The time of day: 14:23:07Z; without a Z where the screen shows local time."""
    return f"--:--:--{zone.mark()}" if epoch_ms is None else f"{zone.in_zone(epoch_ms):%H:%M:%S}{zone.mark()}"


def moment(epoch_ms: int, now_ms: int | None) -> str:
    """A time to the minute, with its date unless it is within a day from now."""
    near = now_ms is not None and abs(epoch_ms - now_ms) < _DAY_MS
    return f"{zone.in_zone(epoch_ms):{'%H:%M' if near else '%Y-%m-%d %H:%M'}}{zone.mark()}"


def day_moment(epoch_ms: int, now_ms: int | None) -> str:
    """The same without the year, where it is plain which one is meant: 05-16 14:23Z."""
    text = moment(epoch_ms, now_ms)
    return text if len(text) < len("2026-05-16 14:23") else text[len("2026-") :]


def t_plus(milliseconds: int) -> str:
    """A launch's clock to the minute, so that it does not tick: T+2h14m."""
    minutes = max(0, milliseconds) // _MINUTE_MS
    return f"T+{minutes // 60}h{minutes % 60:02}m"


def axis_time(epoch_ms: int, step_ms: int) -> str:
    """A time under an axis whose labels are `step_ms` apart: 14:23:10, 14:20, 05-16."""
    return (
        f"{zone.in_zone(epoch_ms):{'%H:%M:%S' if step_ms < _MINUTE_MS else '%H:%M' if step_ms < _DAY_MS else '%m-%d'}}"
    )


def axis_value(value: float | None) -> str:
    """A drawn value in at most six cells: 0.0075, 0.31, 412, 12.3k."""
    if value is None:
        return UNKNOWN
    if value >= 1000:
        return count(value)
    return f"{value:.0e}" if 0 < value < 0.001 else f"{value:.2g}" if value < 0.1 else f"{value:.3g}"


def sparkline(values: Sequence[float | None], width: int | None = None, *, ascii_only: bool = False) -> str:
    """A curve one cell per value, newest right, from zero to the highest; a gap is a blank."""
    shown = values if width is None else values[-width:] if width > 0 else ()
    top, steps = max([value for value in shown if value is not None], default=0.0), len(_BLOCKS)
    text = "".join(
        [
            " " if value is None else _BLOCKS[0 if value <= 0 else min(steps - 1, int(value / top * steps))]
            for value in shown
        ]
    )
    return ascii_text(text) if ascii_only else text


def bar(share: float, width: int, mark: float | None = None, *, ascii_only: bool = False) -> str:
    """A bar filled to `share`, with a stroke where the plan stands."""
    filled = max(0, min(width, round(share * width)))
    if share > 0:
        filled = max(1, filled)
    cells = ["█"] * filled + ["▒"] * (width - filled)
    if mark is not None and width:
        cells[max(0, min(width - 1, int(mark * width)))] = "│"
    text = "".join(cells)
    return ascii_text(text) if ascii_only else text


def member(dimension: str, key: str | None) -> str:
    """A group's name: as its source wrote it, made harmless, or what is missing: (no tenant)."""
    return f"(no {dimension})" if key is None else safe(key) or '""'

"""One explanation as lines."""

from collections.abc import Iterator, Sequence

from tui import format as fmt
from tui.pictures.explain import Explanation
from tui.pictures.header import Header
from tui.widgets.lines import Line

_TITLE_CELLS = 12


def explanation_lines(one: Explanation, width: int) -> Iterator[Line]:
    """The whole page, `width` cells wide: the figure and how sure it is, then what it was made of."""
    of = f"   {fmt.safe(one.of, 40)}" if one.of else ""
    yield ((f" {fmt.safe(one.figure, 30)}{of}", "title"),)
    yield ((f" {fmt.safe(one.value, 60)}", "strong"),)
    yield ()
    yield from _section("MEANS", [one.meaning], width)
    yield ()
    yield from _section("ARITHMETIC", one.arithmetic, width)
    yield from _section("COUNTED", [one.basis], width)
    yield from _section("CONFIDENCE", [one.confidence], width)
    yield ()
    yield from _section("WINDOW", [one.window or _window(one.header)], width)
    yield from _section("SOURCES", list(_sources(one.header)), width)
    yield from _section("PRICES", one.header.books, width)


def _section(title: str, sentences: Sequence[str], width: int) -> Iterator[Line]:
    """Sentences beside their title, each on lines of its own."""
    parts = [part for one in sentences if one for part in fmt.wrap(one[:600], max(20, width - _TITLE_CELLS - 1))]
    for number, part in enumerate(parts):
        yield (f" {'' if number else title:<{_TITLE_CELLS}}", "title"), (part, "")


def _window(header: Header) -> str:
    if header.since_ms is None or header.as_of_ms is None:
        return f"the last {fmt.window(header.window_seconds)}"
    seconds, asked = (header.as_of_ms - header.since_ms) / 1000, fmt.window(header.window_seconds)
    whose = f"the {asked} of this screen" if header.own_window else f"the {asked} asked for"
    return (
        f"{fmt.moment(header.since_ms, header.as_of_ms)} to {fmt.clock(header.as_of_ms)}: {seconds:,.0f} s,"
        f" {whose} in whole minutes"
    )


def _sources(header: Header) -> Iterator[str]:
    for source in header.sources:
        if source.watermark_ms is None or header.read_at_ms is None:
            yield f"{fmt.safe(source.name, 40)}: {source.state}, nothing read yet"
        else:
            age = max(0, header.read_at_ms - source.watermark_ms) / 1000
            yield f"{fmt.safe(source.name, 40)}: {source.state}, read up to {fmt.clock(source.watermark_ms)}, {age:,.1f} s ago"

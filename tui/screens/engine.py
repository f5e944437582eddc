"""One engine: what it costs at other utilisations, who uses it, and how much room it has."""

from collections.abc import Iterator, Sequence

from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.machines import GONE, EnginePicture, EngineRow, User
from tui.pictures.view import View
from tui.questions.machines import EngineQuestion
from tui.screens.monitor import MonitorScreen
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.curve import curve_lines
from tui.widgets.lines import Line
from tui.widgets.machinepanel import engine_text, headroom_sentences
from tui.widgets.paper import Paper

_LEAST_CURVE_ROWS, _CURVE_ROWS, _MOST_CURVE_ROWS = 9, 13, 22
_NAME_CELLS = 30


class EngineScreen(MonitorScreen[EnginePicture]):
    """A page to scroll; the figures are those of the last minute, the users those of the window."""

    FILTERS = False

    def __init__(self, source: str, model: str | None) -> None:
        super().__init__()
        self._source = source
        self._model = model

    def compose_body(self) -> Sequence[Widget]:
        """One page."""
        return Breadcrumb(), Paper()

    def read(self, feed: Feed, view: View) -> EnginePicture:
        """The engine that is open."""
        return feed.read(EngineQuestion(view, self._source, self._model))

    def draw_body(self, picture: EnginePicture) -> None:
        """Where we are, and the page."""
        window = fmt.window(picture.header.window_seconds)
        path = ["gpus", picture.host, picture.engine.source]
        self.query_one(Breadcrumb).show(path, f"of the last minute; users over {window}")
        plain, paper = bool(getattr(self.app, "ascii_only", False)), self.query_one(Paper)
        paper.show(lambda width: list(page_lines(picture, width, paper.size.height, plain=plain)))

    def explain(self, picture: EnginePicture) -> Iterator[Explanation]:
        """The engine's figures."""
        from tui.explaining.machines import engine_figures

        return engine_figures(picture.header, None, picture.engine)


def page_lines(picture: EnginePicture, width: int, height: int, *, plain: bool) -> Iterator[Line]:
    """The whole page, as its curve, which it is opened for, fits into this height without scrolling."""
    engine = picture.engine
    figures = [*engine_text(engine, width), *_against(picture, width)]
    below = [*_tiers(picture), (), *_users(picture), *_room(engine, width)]
    yield from figures
    yield from _curve(engine, width, height - len(figures), len(below), plain=plain)
    yield from below


def _curve(engine: EngineRow, width: int, left: int, below: int, *, plain: bool) -> Iterator[Line]:
    """After an empty line: so high that all of the page is seen, or all of the curve and the line that says "more"."""
    whole = left - 1 - below
    seen = max(_LEAST_CURVE_ROWS, min(_CURVE_ROWS, left - 2))
    rows = min(_MOST_CURVE_ROWS, whole) if whole >= _CURVE_ROWS else seen
    curve = list(curve_lines(engine, width, rows, plain=plain))
    if engine.freshness != GONE:
        yield ()
        yield from curve or [((f" no curve of $/M against utilisation: {_lacking(engine)}", "dim"),)]


def _lacking(engine: EngineRow) -> str:
    """What there is no curve without."""
    if engine.usd_per_hour is None:
        return "its host has no price (2, $)"
    if engine.work is None or engine.work.saturation_per_second is None:
        return "no K is known (2, $)"
    return "it serves nothing now"


def _against(picture: EnginePicture, width: int) -> Iterator[Line]:
    rival = picture.engine.rival
    if rival is not None:
        text = f"compared with {rival.record}: {rival.how}; price of {rival.checked or 'an unknown date'}"
        yield from (((f" {part}", "dim"),) for part in fmt.wrap(fmt.safe(text, 400), max(20, width - 2)))


def _tiers(picture: EnginePicture) -> Iterator[Line]:
    if picture.engine.tiers:
        yield ()
        yield ((" HOW FULL", "title"), ("   money follows U1 alone", "dim"))
    for tier in picture.engine.tiers:
        yield ((f"   {tier.tier}  {fmt.percent(tier.value):>5}  {fmt.safe(tier.source, 80)}", ""),)


def _users(picture: EnginePicture) -> Iterator[Line]:
    provisional = "   provisional: a log or an engine is still to be read" if picture.provisional else ""
    yield ((" WHO USES IT", "title"), (provisional, "dim"))
    if not picture.users:
        yield (("   no request in any log goes to this engine, and it costs nothing that is known", ""),)
        return
    yield ((f"   {'':<{_NAME_CELLS}}{'REQ':>9}{'TOKENS':>9}{'$/H':>10}{'SHARE':>8}", "title"),)
    yield from map(_user, picture.users)


def _user(user: User) -> Line:
    name = user.name or "" if user.aside else fmt.member(user.dimension, user.name)
    counts = f"{'':>18}" if user.aside else f"{fmt.count(user.requests):>9}{fmt.count(user.tokens):>9}"
    text = f"   {fmt.pad(fmt.safe(name, _NAME_CELLS), _NAME_CELLS)}{counts}"
    return ((f"{text}{fmt.dollars(user.usd_per_hour):>10}{fmt.percent(user.share):>8}", "dim" if user.aside else ""),)


def _room(engine: EngineRow, width: int) -> Iterator[Line]:
    if engine.headroom is not None and engine.work is not None:
        yield ()
        yield ((" HEADROOM", "title"),)
        sentences = headroom_sentences(engine.headroom, engine.work)
        yield from (((f"   {part}", ""),) for text in sentences for part in fmt.wrap(text, width - 4))

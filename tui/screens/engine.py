"""One engine: who uses it, what it costs at other utilisations, and how much room it has."""

from collections.abc import Iterator, Sequence

from textual.widget import Widget

from tui import format as fmt
from tui.feed import Feed
from tui.pictures.explain import Explanation
from tui.pictures.machines import EnginePicture, Headroom, User, Work
from tui.pictures.view import View
from tui.questions.machines import EngineQuestion
from tui.screens.monitor import MonitorScreen
from tui.widgets.breadcrumb import Breadcrumb
from tui.widgets.curve import curve_lines
from tui.widgets.lines import Line
from tui.widgets.machinepanel import engine_text, headroom_sentences
from tui.widgets.paper import Paper

_CURVE_ROWS = 13
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
        self.query_one(Breadcrumb).show(["gpus", picture.host, picture.engine.source], f"users over {window}")
        plain = bool(getattr(self.app, "ascii_only", False))
        self.query_one(Paper).show(lambda width: list(page_lines(picture, width, plain=plain)))

    def explain(self, picture: EnginePicture) -> Iterator[Explanation]:
        """The engine's figures."""
        from tui.explaining.machines import engine_figures

        return engine_figures(picture.header, None, picture.engine)


def page_lines(picture: EnginePicture, width: int, *, plain: bool) -> Iterator[Line]:
    """The whole page."""
    engine = picture.engine
    yield from engine_text(engine, width)
    yield from _against(picture, width)
    yield from _tiers(picture)
    curve = list(curve_lines(engine, width, _CURVE_ROWS, plain=plain))
    if curve:
        yield ()
        yield from curve
    yield ()
    yield from _users(picture)
    if engine.headroom is not None and engine.work is not None:
        yield ()
        yield from _headroom(engine.headroom, engine.work, width)


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


def _headroom(room: Headroom, work: Work, width: int) -> Iterator[Line]:
    yield ((" HEADROOM", "title"),)
    yield from (((f"   {part}", ""),) for text in headroom_sentences(room, work) for part in fmt.wrap(text, width - 4))

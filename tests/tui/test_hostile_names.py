"""Names from outside are data on every screen: never markup, never an action, never a terminal sequence."""

import dataclasses

import pytest
from msgspec.structs import replace
from textual.command import CommandPalette
from textual.widgets import OptionList

from tests.fakes import budgets, pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.app import MonitorApp
from tui.pictures.burn import BurnPicture
from tui.pictures.chart import Point
from tui.pictures.requests import BillPicture, RequestRow
from tui.pictures.view import View

HOSTILE = [
    "[/x]",
    "[@click=app.quit]x",
    "[bold",
    "a[b]c",
    "\x1b]0;pwn\x07",
    "\x1b[2J\x1b[31mred",
    "two\nlines\r\tand tabs",
    "\u202egpj.exe",
    "zero\u200bwidth\ufeff",
    "\ud800 lone surrogate",
    "模型" * 40,
    "x" * 10_000,
    "e" + "\u0301" * 5000,
    "",
    " ",
    "$name ${x} {y} %s",
]


def burn_of(name: str) -> BurnPicture:
    """Two members, so that no level is passed through."""
    rows = (pictures.group(name, "9"), pictures.group("other", "1"))
    header = replace(pictures.HEADER, machine=name, notices=(name,))
    assert pictures.HEADLINE.budget is not None
    headline = replace(pictures.HEADLINE, budget=replace(pictures.HEADLINE.budget, name=name))
    return pictures.burn(*rows, header=header, headline=headline, doubts=(name, name))


def request_of(name: str, number: int = 1) -> RequestRow:
    """A request in which every text is the name."""
    texts = dict.fromkeys(("record_id", "provider", "model", "tenant", "key", "outcome", "status", "error"), name)
    return pictures.request(number, **texts)


def bill_of(name: str) -> BillPicture:
    """A bill in which every text is the name."""
    card = dataclasses.replace(
        pictures.CARD, book=name, record=name, match_rule=name, conditions=(name,), fallbacks=(name,)
    )
    usage = pictures.USAGE._replace(units=((name, 3),))
    request = request_of(name)
    texts = dict.fromkeys(("deployment", "source", "call_type"), name)
    return replace(pictures.bill(usage=usage, card=card), request=request, attempts=(request,), **texts)


def feed_of(name: str) -> FakeFeed:
    """A feed in which every text is the name."""
    source = replace(pictures.SOURCES.rows[0], name=name, kind=name, state=name, detail=name)
    rejects = tuple(replace(reject, reason=name, example=name) for reject in source.rejects)
    gpus = (pictures.gpu(0, name=name, model=name, uuid=name), pictures.gpu(1, lost=name))
    engine = replace(pictures.ENGINE, source=name, model=name)
    engines = (engine, replace(engine, state=name))
    host = replace(pictures.MACHINES.hosts[0], name=name, missing=(name,), gpus=gpus, engines=engines)
    marked = replace(budgets.CURVE, marks=(Point(budgets.BEGAN_MS + 600_000, name),))
    line = budgets.line(name, filter=name, counts=name, period=name, doubts=(name,))
    launch = replace(budgets.LAUNCH, name=name)
    chart = replace(
        pictures.CHART,
        series=tuple(replace(one, name=name) for one in pictures.CHART.series),
        marks=tuple(replace(one, text=name) for one in pictures.CHART.marks),
    )
    compare = replace(
        pictures.COMPARE,
        savings=tuple(
            replace(one, rule=name, who=name, what=name, evidence=name, assumption=name, risk=name)
            for one in pictures.COMPARE.savings
        ),
        offered=tuple(
            replace(one, name=name, status=name, why=name, assumptions=(name,)) for one in pictures.COMPARE.offered[:1]
        ),
        assumptions=(name,),
        left_out=(name,),
        engines=engines[:1],
    )
    return FakeFeed(
        burn_of(name),
        chart=chart,
        compare=compare,
        budgets=replace(budgets.BUDGETS, lines=(line, budgets.line("other")), launch=launch, doubts=(name,)),
        budget=lambda _: replace(budgets.budget(name), line=line, curve=marked, launch=launch, doubts=(name,)),
        requests=replace(pictures.REQUESTS, rows=(request_of(name), request_of(name, 2))),
        bill=lambda _: bill_of(name),
        sources=replace(pictures.SOURCES, rows=(replace(source, rejects=rejects),), found=(name,)),
        machines=replace(pictures.MACHINES, hosts=(host,)),
    )


def assert_harmless(app: MonitorApp) -> None:
    """What the whole screen would send holds no character that moves or hides anything, and no action."""
    strips = app.screen._compositor.render_strips()
    assert strips
    for strip in strips:
        assert strip.text.isprintable()
        for segment in strip:
            meta = segment.style.meta if segment.style else {}
            assert not any(key.startswith("@") for key in meta)


@pytest.mark.parametrize("name", HOSTILE, ids=[ascii(name)[:24] for name in HOSTILE])
async def test_a_hostile_name_is_shown_and_harms_nothing(name: str) -> None:
    app = monitor(feed_of(name), view=View(filter=name[:100].replace("\n", " ")))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        for keys in (["question_mark"], ["escape", "b"], ["escape", "enter"], ["enter"], ["enter"], ["enter"]):
            await press(pilot, *keys)
            assert_harmless(app)
        assert app.view.path == (("model", name), ("tenant", name), ("key", name))
        for keys in (
            ["2"],
            ["3"],
            ["enter"],
            ["i"],
            ["escape", "escape", "6"],
            ["question_mark"],
            ["escape", "4"],
            ["i"],
            ["escape", "5"],
            ["v"],
            ["i"],
            ["escape", "v"],
            ["1", "slash"],
        ):
            await press(pilot, *keys)
            assert_harmless(app)
        assert app.is_running
        assert app.screen.query_one("Breadcrumb")


@pytest.mark.parametrize("name", HOSTILE, ids=[ascii(name)[:24] for name in HOSTILE])
async def test_the_palette_offers_a_hostile_name_as_text(name: str) -> None:
    app = monitor(feed_of(name))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", *"Open model")
        assert isinstance(app.screen, CommandPalette)
        assert_harmless(app)
        options = app.screen.query_one(OptionList)
        assert options.option_count >= 2
        await press(pilot, "escape")
        assert app.is_running


async def test_a_failure_text_is_data_too() -> None:
    feed = FakeFeed()
    feed.failure = "cannot read [/x] \x1b]0;pwn\x07"
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "cannot read [/x] �]0;pwn�" in shown(app)
        assert_harmless(app)

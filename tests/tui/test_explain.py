"""Every figure on every screen has an explanation: its arithmetic, window, sources, prices and confidence."""

import dataclasses
import random
import statistics
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.app import MonitorApp
from tui.explaining.burn import headline_figures, row_figures
from tui.explaining.requests import bill_figures
from tui.explaining.words import chance
from tui.pictures.burn import Basis
from tui.screens import alerts, budgets, burn_table, requests, sources
from tui.screens.explain import ExplainScreen
from tui.widgets.columns import Column
from tui.widgets.explanation import explanation_lines
from tui.widgets.table import Table

TEXTS = {
    "ALERT",
    "ABOUT",
    "WHAT",
    "BY",
    "NAME",
    "BUDGET",
    "MODEL",
    "TENANT",
    "KEY",
    "PROVIDER",
    "OUTCOME",
    "COST IS",
    "ERROR",
    "SOURCE",
    "KIND",
}
"""Columns that hold words as their source wrote them: there is nothing to explain."""

BASIS = Basis(
    seconds=367.0,
    metered_nano_usd=33_906_722_222,
    committed_nano_usd=8_155_555_556,
    bought_nano_usd=0,
    observed_nano_usd=8_000_000_000,
    api_tokens=16_000_000,
    own_tokens=13_000_000,
    served_tokens=29_000_000,
    hosts=(("gpu-host-3", Decimal(80)),),
)


async def walked(app: MonitorApp, *keys: str) -> list[str]:
    """Press these keys and ask for explanations; the figures, each of whose pages says all there is to say."""
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys, "i")
        screen = app.screen
        assert isinstance(screen, ExplainScreen)
        for one in screen.explanations:
            page = "\n".join("".join(text for text, _ in line) for line in explanation_lines(one, 100))
            for said in (one.value, one.meaning[:30], "WINDOW", "SOURCES", "PRICES", "CONFIDENCE", one.confidence[:30]):
                assert said in page, one.figure
            assert one.confidence
        return [one.figure for one in screen.explanations]


async def test_n_and_p_step_through_the_figures_and_i_goes_back() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        assert "explain > claude-sonnet-4-6 > $/H" in shown(app)
        assert "1 of 28" in shown(app)
        await press(pilot, "n")
        assert "2 of 28" in shown(app)
        await press(pilot, "p", "p")
        assert "explain > budget launch > spent" in shown(app)
        await press(pilot, "i")
        assert not isinstance(app.screen, ExplainScreen)


def titles(columns: tuple[Column, ...]) -> set[str]:
    return {column.title for column in columns} - TEXTS


@pytest.mark.parametrize(
    ("keys", "columns"),
    [
        ((), burn_table.COLUMNS),
        (("3",), budgets.COLUMNS),
        (("4",), requests.COLUMNS),
        (("6",), sources.COLUMNS),
        (("7",), alerts.COLUMNS),
    ],
    ids=["burn", "budgets", "requests", "sources", "alerts"],
)
async def test_every_column_of_the_row_under_the_cursor_is_explained(
    keys: tuple[str, ...], columns: tuple[Column, ...]
) -> None:
    figures = await walked(monitor(), *keys)
    assert titles(columns) <= set(figures)
    assert len(figures) == len(set(figures))


@pytest.mark.parametrize("down", [0, 1, 2, 3, 8])
async def test_whatever_a_row_of_the_gpus_screen_says_is_explained(down: int) -> None:
    app = monitor()
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "2", *("j" * down))
        said = {title for title, text in app.screen.query_one(Table).cursor_texts if text.strip() not in ("", "--")}
        await press(pilot, "i")
        screen = app.screen
        assert isinstance(screen, ExplainScreen)
        assert said - {"HOST / ENGINE / GPU"} <= {one.figure for one in screen.explanations}


async def test_every_figure_of_the_headline_is_explained() -> None:
    figures = await walked(monitor())
    drawn = {
        "$/HOUR",
        "metered",
        "hosts",
        "$/M TOKENS",
        "API",
        "own",
        "own at full load",
        "used",
        "idle",
        "left",
        "out",
        "pace",
        "spent",
    }
    assert drawn <= set(figures)


async def test_every_line_of_a_bill_is_explained() -> None:
    figures = await walked(monitor(), "4", "enter")
    assert {line.item for line in pictures.bill().bill.lines} <= set(figures)
    assert {"our cost", "gateway reported", "took", "first token", "like it"} <= set(figures)


async def test_the_figure_that_the_table_is_sorted_by_comes_first() -> None:
    assert (await walked(monitor(), "s"))[0] == "SHARE"


def test_arithmetic_has_the_numbers_in_it_and_ends_in_the_figure() -> None:
    row = pictures.group("gpt-4o", "64.10")
    totals = dataclasses.replace(row.totals, metered_nano_usd=5_250_000_000)
    found = {one.figure: one for one in row_figures(pictures.burn(row), replace(row, totals=totals))}
    assert found["$/M"].arithmetic[-1] == "$5.25 / 5,000,000 tokens x 1,000,000 = $1.050000"
    assert found["CACHE"].arithmetic == ("1,250,000 cache reads / 3,750,000 prompt tokens = 0.3333",)
    assert found["$/REQ"].arithmetic == ("$5.25 / 1,200 records = $0.004375000",)


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        (1, "too few for a rate: 1 request"),
        (4, "too few for a rate: 4 requests"),
        (16, "as a rate off by 25% or more through chance alone: 1 / sqrt(16 requests)"),
        (100, "as a rate off by 10% or more through chance alone: 1 / sqrt(100 requests)"),
        (400, ""),
    ],
)
def test_a_rate_over_few_requests_says_what_chance_does_to_it(requests: int, said: str) -> None:
    row = pictures.group("claude", "12.6")
    row = replace(row, totals=dataclasses.replace(row.totals, requests=requests))
    first = next(row_figures(pictures.burn(), row))
    assert first.confidence == "; ".join(filter(None, ["exact: every request has a known price", said]))
    hosted = replace(row, totals=dataclasses.replace(row.totals, metered_nano_usd=0))
    assert "chance" not in next(row_figures(pictures.burn(), hosted)).confidence, "hosts cost what they cost"


def test_what_it_says_of_chance_is_what_windows_of_independent_requests_do() -> None:
    draw = random.Random(1)
    spent = []
    for _ in range(4_000):
        at, requests = draw.expovariate(25), 0
        while at < 1:
            at, requests = at + draw.expovariate(25), requests + 1
        spent.append(float(requests))
    assert chance(25).startswith("as a rate off by 20% or more")
    assert statistics.stdev(spent) / statistics.fmean(spent) == pytest.approx(0.20, rel=0.05)


def test_the_headline_adds_up_from_the_sums_it_was_made_of() -> None:
    headline = replace(pictures.HEADLINE, basis=BASIS)
    found = {one.figure: one for one in headline_figures(pictures.burn(headline=headline))}
    assert found["metered"].arithmetic == ("$33.906722222 x 3,600 s / 367 s = $332.600000/h",)
    assert found["hosts"].arithmetic[0] == "gpu-host-3  $80.0000/h"
    assert "13,000,000 of own hosts = 29,000,000" in found["$/M TOKENS"].arithmetic[1]
    assert found["$/HOUR"].confidence.startswith("at least")


def test_a_bill_says_which_rate_each_line_has() -> None:
    found = {one.figure: one for one in bill_figures(pictures.bill())}
    assert found["input"].arithmetic == ("48,112 x $3.00 per 1,000,000 = $0.144336",)
    assert found["our cost"].arithmetic[0].endswith("= $0.194196")


async def test_window_sources_and_prices_stand_under_each_figure() -> None:
    app = monitor()
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "i")
        text = shown(app)
        assert "14:17Z to 14:23:07Z: 367 s, the 5m asked for in whole minutes" in text
        assert "gateway: ok, read up to 14:23:07Z, 0.9 s ago" in text
        assert "vllm-a: late, nothing read yet" in text
        assert "catalogue of 2026-11-09" in text


@pytest.mark.parametrize(
    ("keys", "window"),
    [
        (("2", "i"), "the last 60 s whatever t chose"),
        (("2", "j", "enter", "i"), "the last 60 s whatever t chose"),
        (("3", "i"), "WINDOW launch from 2026-05-16 12:09Z to 2026-05-16 18:09Z"),
        (("7", "i"), "WINDOW as measured at 2026-05-16 14:23Z"),
    ],
    ids=["gpus", "engine", "budgets", "alerts"],
)
async def test_a_figure_over_another_window_than_the_screen_s_says_which(keys: tuple[str, ...], window: str) -> None:
    app = monitor()
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, *keys)
        assert window in " ".join(shown(app).split())
        assert "asked for" not in shown(app)


async def test_a_screen_without_figures_offers_no_explanation() -> None:
    app = monitor(FakeFeed(pictures.burn(by="model"), requests=replace(pictures.REQUESTS, rows=())))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "4", "i")
        assert not isinstance(app.screen, ExplainScreen)

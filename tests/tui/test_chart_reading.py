"""What the chart is told: dollars per hour of each step, the five dearest by name, hosts from the dates they were in force."""

from pathlib import Path

import pytest

from store.facts import HostFact
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tests.fakes.live_provider import NANO_PER_TOKEN, counted, tell
from tui.pictures.chart import ChartPicture
from tui.pictures.view import View
from tui.reading.burn import burn
from tui.reading.chart import chart

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
DOLLAR = 10**9


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with two models: one spends a dollar in each of two minutes, the other two in one."""
    path = tmp_path / "usdtop.db"
    events = [
        priced("a", nano_usd=DOLLAR, ended_at_ms=AT_MS - 9 * MINUTE_MS),
        priced("b", nano_usd=2 * DOLLAR, ended_at_ms=AT_MS - 2 * MINUTE_MS, model="opus"),
        priced("c", nano_usd=DOLLAR, ended_at_ms=AT_MS - 1),
    ]
    writer = Writer(path)
    writer.write(batch(events, at_ms=AT_MS), [CARD])
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=20 * DOLLAR, since_ms=AT_MS - 5 * MINUTE_MS)], AT_MS)
    return path


def drawn(store: Path, now_ms: int = AT_MS, **view: object) -> ChartPicture:
    return chart(Reader(store), View(**view), now_ms)  # type: ignore[arg-type]  # what the test asks for


def test_each_minute_is_scaled_to_an_hour_and_what_was_before_the_store_is_a_gap(path: Path) -> None:
    picture = drawn(path)
    hosts, *models = picture.series
    assert [(one.name, one.aside) for one in picture.series] == [("hosts", True), ("gpt-4o", False), ("opus", False)]
    assert (picture.step_ms, picture.steps, picture.ends_ms) == (MINUTE_MS, 60, AT_MS)
    assert set(models[0].values[:51]) == {None}
    assert models[0].values[51:] == (60.0, *(0.0,) * 7, 60.0)
    assert models[1].values[51:] == (*(0.0,) * 7, 120.0, 0.0)
    assert hosts.values[51:] == (*(0.0,) * 4, *(20.0,) * 5)


def test_a_minute_is_drawn_when_it_is_over(path: Path) -> None:
    Writer(path).write(batch([priced("d", nano_usd=DOLLAR, ended_at_ms=AT_MS + 1)], at_ms=AT_MS + 30_000), [CARD])
    picture = drawn(path, AT_MS + 30_000)
    assert picture.ends_ms == AT_MS
    Writer(path).write(batch(at_ms=AT_MS + MINUTE_MS))
    assert drawn(path, AT_MS + MINUTE_MS).series[1].values[-1] == 60.0


def test_a_day_is_drawn_in_hours(path: Path) -> None:
    picture = drawn(path, window_seconds=86_400)
    assert (picture.step_ms, picture.steps) == (HOUR_MS, 24)
    hours = 23 / 60
    assert picture.series[1].values[-1] == pytest.approx(2 / hours)


def test_hosts_belong_to_everything_and_not_to_a_part_of_it(path: Path) -> None:
    picture = drawn(path, path=(("model", "opus"),), by="tenant")
    assert [one.name for one in picture.series] == ["acme"]
    assert drawn(path, filter="model=opus").series[0].name == "opus"


def test_the_five_dearest_have_names_and_the_others_one_band(path: Path) -> None:
    events = [priced(f"n{n}", nano_usd=n * DOLLAR, ended_at_ms=AT_MS - 1, model=f"m{n}") for n in range(3, 11)]
    Writer(path).write(batch(events, at_ms=AT_MS), [CARD])
    series = drawn(path).series
    assert [one.name for one in series[1:]] == ["m10", "m9", "m8", "m7", "m6", "5 others"]
    assert series[-1].values[-1] == (3 + 4 + 5 + 1) * 60.0
    assert series[-1].aside


def test_an_empty_store_has_an_empty_chart(tmp_path: Path) -> None:
    Writer(tmp_path / "empty.db").write(batch(at_ms=AT_MS))
    assert drawn(tmp_path / "empty.db").series == ()


def test_a_provider_that_no_log_covers_is_drawn_as_far_as_its_figures_reach(tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    end = AT_MS // MINUTE_MS * MINUTE_MS
    writer = Writer(path)
    writer.write(batch([priced("a", nano_usd=DOLLAR, ended_at_ms=AT_MS - 1, provider="azure")], at_ms=AT_MS), [CARD])
    usage = [counted(end - n * MINUTE_MS, 4 * DOLLAR // NANO_PER_TOKEN, model="o9") for n in (20, 15)]
    tell(writer, *usage, watermark_ms=end - 10 * MINUTE_MS)
    counted_one, logged = drawn(path).series
    assert (counted_one.name, logged.name) == ("o9", "gpt-4o")
    assert counted_one.values == (*(None,) * 40, 240.0, *(0.0,) * 4, 240.0, *(0.0,) * 4, *(None,) * 10)
    assert logged.values[-1] == 60.0


def test_a_store_of_a_provider_alone_has_a_chart_and_its_hosts(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    end = AT_MS // MINUTE_MS * MINUTE_MS
    writer = Writer(path)
    tell(writer, counted(end - 2 * MINUTE_MS, DOLLAR // NANO_PER_TOKEN), watermark_ms=end)
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=20 * DOLLAR, since_ms=end - HOUR_MS)], end)
    hosts, model = drawn(path, end).series
    assert (hosts.values[-3:], model.values[-3:]) == ((None, 20.0, 20.0), (None, 60.0, 0.0))


def test_the_trend_of_a_provider_ends_where_that_of_its_rate_does(tmp_path: Path) -> None:
    path = tmp_path / "provider.db"
    end = AT_MS // MINUTE_MS * MINUTE_MS
    tell(Writer(path), counted(end - 11 * MINUTE_MS, DOLLAR // NANO_PER_TOKEN), watermark_ms=end - 10 * MINUTE_MS)
    half_a_minute_later = burn(Reader(path), View(window_seconds=60), end + 30_000, machine="here")
    assert half_a_minute_later.headline.burn_trend[-2:] == (30.0, 60.0), "the minute before was half without any"
    picture = burn(Reader(path), View(window_seconds=60), end, machine="here")
    assert picture.headline.usd_per_hour == 60
    assert picture.headline.burn_trend[-2:] == (0.0, 60.0)
    assert [row.trend[-1] for row in picture.rows] == [pytest.approx(DOLLAR / 60)]


def test_minutes_before_the_oldest_that_is_kept_are_blanks_in_the_small_curves(path: Path) -> None:
    picture = burn(Reader(path), View(), AT_MS, machine="here")
    assert picture.headline.burn_trend == (*(None,) * 21, 80.0, *(20.0,) * 6, 140.0, 80.0)
    models = {row.key: row.trend for row in picture.rows}
    assert (set(models["opus"][:21]), models["opus"][21:28]) == ({None}, (0.0,) * 7)
    assert models["opus"][28:] == pytest.approx((2 * DOLLAR / 60, 0.0))
    long_ago = burn(Reader(path), View(until_ms=AT_MS - 40 * 24 * HOUR_MS), AT_MS, machine="here")
    assert set(long_ago.headline.burn_trend) <= {None}, "nothing is known of that time"

"""Alerts on the screen: what fires first, what is known of it, what can be done, and where it leads."""

from dataclasses import replace as replaced

import pytest
from msgspec.structs import replace

from pricing.alerts.names import State
from pricing.cause import Mover
from tests.fakes import alerts, pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.acts.alerts import Acknowledge, FireAgain, Snooze
from tui.app import MonitorApp
from tui.pictures.alerts import AlertsPicture
from tui.pictures.view import View
from tui.screens.alerts import AlertScreen, AlertsScreen
from tui.widgets.alert import AlertRows, alert_details, alert_line
from tui.widgets.footer import Keys
from tui.widgets.header import HeaderLine
from tui.widgets.paper import Paper
from tui.widgets.table import Table

SIZES = [(80, 24), (200, 50)]


def with_alerts(**header: object) -> FakeFeed:
    """A feed whose Burn picture has alerts, too."""
    burn = pictures.burn()
    noted = replace(burn.header, alerts_firing=2, is_critical=True, newest_alert=2, **header)
    return FakeFeed(replace(burn, header=noted, alerts=tuple(row for row in alerts.ROWS if row.is_open)))


@pytest.mark.parametrize("width", range(60, 200))
def test_the_dollars_of_a_cause_are_whole_or_left_out(width: int) -> None:
    text = "".join(part for part, _ in alert_line(alerts.alert(), alerts.NOW_MS, width))
    after_the_effect = text.partition("+$88.70/h")[2]
    assert "+$" not in after_the_effect or "+$88.70/h" in after_the_effect
    assert width < 160 or "(acme, claude-sonnet-4-6)" in after_the_effect


def cells(app: MonitorApp) -> list[tuple[str, ...]]:
    return [tuple(row.cells) for row in app.screen.query_one(Table).rows]


async def test_what_fires_stands_above_what_somebody_looks_after_and_what_is_over() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert [row[0] for row in cells(app)] == ["FIRING", "FIRING", "snoozed", "acked", "over"]
        assert "launch" in shown(app)
        assert "burn 1.9x over 1h and 2.4x over 5m" in shown(app)


async def test_the_alert_at_the_cursor_says_its_evidence_its_effect_and_its_cause() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "j")
        text = shown(app)
        assert "cache hits: 4% over 5 min, the hour before 71%" in text
        assert "+$88.70/h" in text
        assert "firing since 14:09Z" in text
        assert "cache hits      " in text, "the strongest part of its cause"
        await press(pilot, "j", "j")
        assert "acknowledged by ana 14:18Z" in shown(app)
        await press(pilot, "j")
        assert "over since 13:13Z, after 20m" in shown(app)


async def test_an_unknown_effect_is_a_dash_not_nothing() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        (snoozed,) = [row for row in cells(app) if row[0] == "snoozed"]
        assert snoozed[5] == "--"


async def test_a_acknowledges_and_takes_it_back() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "a")
        await settle(pilot)
        assert feed.done == [Acknowledge(alerts.BURN.id)]
        assert "done: Acknowledge" in shown(app)
        await press(pilot, "j", "j", "j", "a")
        await settle(pilot)
        assert feed.done[-1] == FireAgain(alerts.SEEN.id)


async def test_a_capital_z_snoozes_for_an_hour() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "Z", "j", "j", "Z")
        await settle(pilot)
        assert feed.done == [Snooze(alerts.BURN.id), FireAgain(alerts.SNOOZED.id)]


async def test_what_is_over_cannot_be_acknowledged() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "G", "a")
        assert feed.done == []
        assert "over already" in shown(app)


async def test_a_store_that_cannot_be_written_says_so_and_the_screen_goes_on() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        feed.failure = "cannot write to the store: check its folder's permissions."
        await press(pilot, "a")
        await settle(pilot)
        assert "cannot write to the store" in shown(app)
        assert len(cells(app)) == 5


async def test_enter_opens_the_ranked_cause_down_to_tenants_and_models() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "j", "enter")
        assert isinstance(app.screen, AlertScreen)
        assert cells(app) == [
            ("cache hits", "+$88.70/h", "", ""),
            ("", "+$88.84/h", "acme", "claude-sonnet-4-6"),
            ("", "-$0.140/h", "acme", "small"),
            ("volume", "+$0.280/h", "", ""),
            ("", "+$0.280/h", "globex", "small"),
        ]


async def test_the_page_of_an_alert_says_a_long_reason_whole_and_leaves_half_of_the_screen_to_what_moved() -> None:
    said = " ".join(f"word-{number:03}" for number in range(40))
    row = replace(
        alerts.OVER, heard=said, evidence=("not read to its end for 12m; it told of $41.00/h the day before",)
    )
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=(row,))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "enter")
        assert " ".join(shown(app).split()).count(said) == 1
        assert app.screen.query_one(Table).size.height >= 24 // 3
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        assert " ".join(shown(app).split()).count(said) == 1
        assert app.screen.query_one(Paper).size.height == 6, "what is whole takes no more lines than it needs"


async def test_a_long_title_pushes_no_effect_off_the_page() -> None:
    title = "slowed down: the hardware's slowdown, software thermal limits, hardware thermal limits, the external power brake"
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=(replace(alerts.SEEN, title=title),))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "enter")
        text = " ".join(shown(app).split())
        assert f"{title} +$2.500/h" in text


async def test_who_moved_an_alert_is_said_by_the_models_own_name_where_there_is_no_room_for_who_sells_it() -> None:
    mover = Mover(tenant="agents-lab", model="anthropic/claude-sonnet-4-5-20250929", nano_usd_per_hour=10**9)
    moved = replaced(alerts.CAUSE.parts[0], movers=(mover,))
    row = alerts.alert(cause=replaced(alerts.CAUSE, parts=(moved,)))
    for width, said in (
        (80, "agents-lab, …/claude-sonnet-4-5-20250929"),
        (120, "agents-lab, anthropic/claude-sonnet-4-5-20250929"),
    ):
        lines = ["".join(text for text, _ in line) for line in alert_details(row, alerts.NOW_MS, width)]
        assert said in lines[-1]
        assert len(lines[-1]) <= width


async def test_what_does_not_fit_under_the_table_says_which_key_leads_there() -> None:
    rows = (alerts.alert(evidence=tuple(f"evidence {number}" for number in range(30))),)
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=rows)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "evidence 0" in shown(app)
        assert "26 more lines, J down" in shown(app)
        await press(pilot, "J", "J", "J", "J")
        assert "evidence 0" not in shown(app)
        assert "22 more lines, J down" in shown(app)
        await press(pilot, "K", "K", "K", "K", "K")
        assert "evidence 0" in shown(app)


async def test_from_a_cause_enter_goes_to_the_tenant_and_model_that_moved_and_back() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "j", "enter", "j", "enter")
        assert app.view.path == (("model", "claude-sonnet-4-6"), ("tenant", "acme"))
        assert (app.current_mode, app.view.by) == ("burn", "key")
        await press(pilot, "escape")
        assert isinstance(app.screen, AlertScreen)
        assert list(app.view.path) == [], "back where it began"
        await press(pilot, "escape")
        assert isinstance(app.screen, AlertsScreen)
        assert app.screen.query_one(Table).cursor_key == 1, "the cursor is where it was"


@pytest.mark.parametrize(("alert", "mode"), [(alerts.OVER, "sources"), (alerts.SEEN, "gpus"), (alerts.BURN, "budgets")])
async def test_an_alert_about_a_thing_leads_to_the_screen_of_such_things(alert: object, mode: str) -> None:
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=(alert,))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "enter", "enter")
        assert app.current_mode == mode


async def test_without_an_alert_the_screen_says_since_when_and_which_rules_wait() -> None:
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=())))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "Nothing fires, and nothing did in the last 24 hours." in shown(app)
        assert "day against week: 47 of the 48 hours of history that it needs" in shown(app)


async def test_rules_that_were_never_asked_are_not_called_quiet() -> None:
    app = monitor(FakeFeed(alerts=AlertsPicture(header=pictures.HEADER)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "No rule has been asked yet" in shown(app)
        assert "Nothing fires" not in shown(app)


@pytest.mark.parametrize("size", SIZES)
async def test_the_burn_screen_has_the_first_alerts_under_its_table(size: tuple[int, int]) -> None:
    app = monitor(with_alerts())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        lines = app.screen.query_one(AlertRows).text.splitlines()
        assert lines[1].startswith("! 14:21Z launch  burn 1.9x over 1h and 2.4x over 5m")
        assert lines[2].startswith("! 14:09Z acme claude-sonnet-4-6  cache hits 71% -> 4%   +$88.70/h")
        below = lines[3].strip() if size[0] == 80 else lines[2]
        assert below.endswith("cache hits +$88.70/h (acme, claude-sonnet-4-6)"), "who caused it is said whole"
        assert lines[-1].startswith("  "), "a snoozed one does not shout"
        assert lines[-1].endswith("1 more: 7")
        assert len(lines) == (5 if size[0] == 80 else 4)


async def test_causes_under_the_burn_table_leave_it_its_rows_and_go_when_the_terminal_grows() -> None:
    each = tuple(alerts.alert(number) for number in range(1, 6))
    app = monitor(FakeFeed(pictures.burn(alerts=each)))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        rows = app.screen.query_one(AlertRows)
        assert rows.text.count("(acme, claude-sonnet-4-6)") == 1
        assert rows.size.height == 5
        await pilot.resize_terminal(160, 24)
        await settle(pilot)
        assert rows.text.count("(acme, claude-sonnet-4-6)") == 3
        assert rows.size.height == 4


async def test_the_cause_of_what_fires_stands_under_its_row_where_there_is_no_column_for_it() -> None:
    app = monitor(with_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        table = app.screen.query_one(Table)
        assert "CAUSE" not in table.titles_shown
        lines = table.text.splitlines()
        fired = next(number for number, line in enumerate(lines) if "cache hits 71%" in line)
        assert lines[fired + 1].strip() == "cache hits +$88.70/h (acme, claude-sonnet-4-6)"
        assert "give it work" not in table.text, "what somebody looks after stays on its line"
        await pilot.resize_terminal(200, 50)
        await settle(pilot)
        assert "CAUSE" in table.titles_shown
        assert len([line for line in table.text.splitlines() if line.strip()]) == 1 + len(alerts.ROWS)


async def test_the_burn_screen_without_alerts_gives_no_line_to_them() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert not app.screen.query_one(AlertRows).display


async def test_every_header_counts_what_fires() -> None:
    app = monitor(with_alerts())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "!2 alerts" in app.screen.query_one(HeaderLine).text
        await press(pilot, "7")
        assert "!2 alerts" in app.screen.query_one(HeaderLine).text


async def test_the_bell_rings_once_for_an_alert_that_opens_and_not_for_old_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    feed = with_alerts()
    app = monitor(feed)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert rung == [], "it fired before the monitor was started"
        for newest in (3, 3, 0, 3, 4):
            assert not callable(feed.burn_answer)
            feed.burn_answer = replace(feed.burn_answer, header=replace(feed.burn_answer.header, newest_alert=newest))
            app.renew()
            await settle(pilot)
        assert len(rung) == 2


async def test_a_silent_bell_stays_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = with_alerts()
    app = MonitorApp(feed, refresh_seconds=3_600, rings=False)
    rung: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(1))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert not callable(feed.burn_answer)
        feed.burn_answer = replace(feed.burn_answer, header=replace(feed.burn_answer.header, newest_alert=9))
        app.renew()
        await settle(pilot)
        assert rung == []


async def test_the_title_of_the_terminal_says_that_something_fires(monkeypatch: pytest.MonkeyPatch) -> None:
    named: list[str] = []
    feed = with_alerts()
    app = monitor(feed)
    monkeypatch.setattr(app, "name_terminal", named.append)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert named[-1] == "! ≥$413/h"
        assert not callable(feed.burn_answer)
        feed.burn_answer = replace(feed.burn_answer, header=replace(feed.burn_answer.header, alerts_firing=0))
        app.renew()
        await settle(pilot)
        assert named[-1] == "usdtop ≥$413/h"


HOSTILE = "\x1b]0;owned\x07[bold red]acme[/]\n\u202eevil" + "x" * 200


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_names_are_text(size: tuple[int, int]) -> None:
    row = alerts.alert(
        budget=HOSTILE, which=HOSTILE, title=HOSTILE, reason=HOSTILE, heard=HOSTILE, evidence=(HOSTILE,),
        path=(("tenant", HOSTILE),), cause=None, by=HOSTILE, state=State.ACKNOWLEDGED, since_ms=alerts.NOW_MS,
    )  # fmt: skip
    burn = pictures.burn()
    feed = FakeFeed(replace(burn, alerts=(row,)), alerts=replace(alerts.ALERTS, rows=(row,)))
    app = monitor(feed, view=View())
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in ((), ("7",), ("enter",)):
            await press(pilot, *keys)
            text = shown(app)
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "[bold red]acme" in text


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_ascii_screens_hold_nothing_else(ascii_only: bool) -> None:
    app = monitor(with_alerts(), ascii_only=ascii_only)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "7", "enter")
        assert shown(app).isascii() is ascii_only


async def test_the_keys_say_when_they_take_back_what_was_said() -> None:
    app = monitor()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        said = {}
        for row in alerts.ROWS:
            app.screen.query_one(Table).go_to(row.id)
            await settle(pilot)
            said[row.state] = app.screen.query_one(Keys).text
        assert "a ack" in said[State.FIRING]
        assert "a take ack back" in said[State.ACKNOWLEDGED]
        assert "Z end snooze" in said[State.SNOOZED]


async def test_without_an_alert_there_is_nothing_to_acknowledge() -> None:
    app = monitor(FakeFeed(alerts=replace(alerts.ALERTS, rows=())))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "ack" not in app.screen.query_one(Keys).text
    app = monitor()
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "7")
        assert "a ack" in app.screen.query_one(Keys).text

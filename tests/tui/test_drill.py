from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.screens.burn import BurnScreen, deeper
from tui.screens.requests import RequestsScreen
from tui.widgets.table import Table

MEMBERS = {
    "provider": ["anthropic", "openai"],
    "model": ["claude", "gpt-4o"],
    "tenant": ["acme", "globex"],
    "key": ["rag-prod", "web"],
}


def launch(view: View) -> BurnPicture:
    """Two members of every dimension, except that gpt-4o has one tenant, and that tenant one key."""
    members = MEMBERS[view.by]
    if ("model", "gpt-4o") in view.path:
        members = members[:1]
    rows = [pictures.group(name, str(100 - place)) for place, name in enumerate(members)]
    return pictures.burn(*rows, by=view.by, path=view.path)


async def test_three_presses_lead_from_the_model_to_its_requests() -> None:
    app = monitor(FakeFeed(launch))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert "all > model claude > by tenant" in shown(app)
        assert "2 tenants" in shown(app)
        await press(pilot, "enter")
        assert "all > model claude > tenant acme > by key" in shown(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, RequestsScreen)
        assert "all > model claude > tenant acme > key rag-prod > requests" in shown(app)


async def test_the_way_back_stops_at_the_same_rows() -> None:
    app = monitor(FakeFeed(launch))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "j", "enter", "j", "enter")
        assert app.view.path == (("model", "claude"), ("tenant", "globex"), ("key", "web"))
        await press(pilot, "escape")
        assert isinstance(app.screen, BurnScreen)
        assert app.screen.query_one(Table).cursor_key == (False, "web")
        await press(pilot, "left")
        assert app.screen.query_one(Table).cursor_key == (False, "globex")
        await press(pilot, "q")
        assert app.view == View()
        await press(pilot, "escape", "escape")
        assert app.view == View()
        assert app.is_running


async def test_levels_with_one_member_are_passed_through_both_ways() -> None:
    app = monitor(FakeFeed(launch))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "j", "enter")
        assert isinstance(app.screen, RequestsScreen)
        assert app.view.path == (("model", "gpt-4o"), ("tenant", "acme"), ("key", "rag-prod"))
        await press(pilot, "escape")
        assert app.view == View()
        assert app.screen.query_one(Table).cursor_key == (False, "gpt-4o")


async def test_a_row_that_is_no_member_does_not_open() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "G", "enter")
        assert app.view == View()


async def test_requests_without_a_tenant_can_be_opened() -> None:
    rows = [pictures.group(None, "3"), pictures.group("acme", "2")]
    app = monitor(FakeFeed(lambda view: pictures.burn(*rows, by=view.by, path=view.path)), view=View(by="tenant"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        assert app.view.path == (("tenant", None),)
        assert "all > (no tenant) > by model" in shown(app)


async def test_a_wider_window_survives_the_way_back() -> None:
    app = monitor(FakeFeed(launch))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter", "t", "escape")
        assert app.view == View(window_seconds=900)


def test_every_way_down_ends_at_requests() -> None:
    for by in ("provider", "model", "tenant", "key", "host", "priced_as"):
        mode, view, path = "burn", View(by=by), []
        while mode == "burn":
            path.append(view.by)
            mode, view = deeper(view, view.by, "x")
        assert len(path) == len(set(path)), "no dimension twice"
        assert view.path == tuple((dimension, "x") for dimension in path)
    assert deeper(View(), "model", "gpt-4o") == ("burn", View(by="tenant", path=(("model", "gpt-4o"),)))

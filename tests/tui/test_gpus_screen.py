from decimal import Decimal

from msgspec.structs import replace

from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.screens.gpus import COLUMNS, engine_row, gpu_row, sums_text
from tui.widgets.table import Row

TITLES = [column.title for column in COLUMNS]


def cell(row: Row, title: str) -> str:
    return row.cells[TITLES.index(title)]


def test_a_gpu_shows_what_it_does() -> None:
    row = gpu_row("h", pictures.gpu(0))
    assert (cell(row, "BUSY"), cell(row, "MEM"), cell(row, "WATTS"), row.role) == ("97%", "94%", "655", "")


def test_a_lost_gpu_says_so_and_keeps_no_old_figure() -> None:
    row = gpu_row("h", pictures.gpu(7, lost="lost 14:20:31Z (XID 79)"))
    assert (cell(row, "BUSY"), cell(row, "MEM"), cell(row, "WATTS")) == ("--", "--", "--")
    assert (row.note, row.role) == ("lost 14:20:31Z (XID 79)", "bad")


def test_a_stale_gpu_dims_and_says_how_old_it_is() -> None:
    row = gpu_row("h", pictures.gpu(2, stale=True, age_ms=70_000))
    assert (row.role, row.note) == ("dim", "last read 1 min ago")


def test_an_engine_shows_what_its_tokens_cost_now_and_at_full_load() -> None:
    row = engine_row("h", pictures.ENGINE)
    assert [cell(row, title) for title in ("USED", "MEM", "TOK/S", "QUEUE", "$/H", "$/M", "FULL")] == [
        "64%",
        "94%",
        "6.50k",
        "12",
        "10.00",
        "0.430",
        "0.280",
    ]


def test_a_failing_engine_shows_its_state_instead_of_old_figures() -> None:
    row = engine_row("h", replace(pictures.ENGINE, state="failing", age_ms=130_000))
    assert row.note == "FAILING, last read 2 min ago"
    assert cell(row, "$/M") == ""


def test_an_engine_whose_gpus_are_assumed_says_so() -> None:
    assert "(assumed)" in engine_row("h", replace(pictures.ENGINE, assumed=True)).cells[0]


def test_hosts_add_up_and_a_host_without_a_price_makes_the_sum_a_lower_bound() -> None:
    assert sums_text(pictures.MACHINES.hosts[:1]).startswith("1 HOST   $20.00/h   idle tax $11.60/h")
    assert sums_text(pictures.MACHINES.hosts).startswith("2 HOSTS   ≥$20.00/h   idle tax ≥$11.60/h")
    doubled = (pictures.MACHINES.hosts[0], replace(pictures.MACHINES.hosts[0], usd_per_hour=Decimal("12.5")))
    assert "$32.50/h" in sums_text(doubled)


async def test_what_is_missing_for_a_price_is_said() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "gpu-host-4: no price for 8x H100: add [[host]] usd_per_hour" in shown(app)
        assert "lost 14:20:31Z (XID 79)" in shown(app)
        assert "FULL" in shown(app)


async def test_a_machine_without_a_gpu_says_why() -> None:
    app = monitor(FakeFeed(machines=replace(pictures.MACHINES, hosts=(), absent="no NVIDIA driver on this machine")))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "no NVIDIA driver on this machine" in shown(app)

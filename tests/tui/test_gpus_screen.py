from decimal import Decimal

import pytest
from msgspec.structs import replace

from pricing.hosts.known import suggestions
from tests.fakes import pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor, press, settle, shown
from tui.explaining.machines import engine_figures, gpu_figures, host_figures
from tui.pictures.machines import DIM, GONE, EngineRow, HostRow, MachinesPicture
from tui.questions.machines import EngineQuestion, GpuQuestion
from tui.reading.enginerow import NOTHING_KNOWN
from tui.screens.engine import page_lines
from tui.widgets.machinepanel import gpu_health_lines
from tui.widgets.machinerows import COLUMNS, engine_row, gpu_row, sums_text
from tui.widgets.table import Row


def hosts(*rows: HostRow) -> MachinesPicture:
    return replace(pictures.MACHINES, hosts=rows)


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
        "0.427",
        "0.274",
    ]


def test_an_engine_that_does_not_answer_keeps_its_figures_for_a_moment_dimmed_with_their_age() -> None:
    row = engine_row("h", replace(pictures.ENGINE, state="failing", freshness=DIM, age_ms=4_000))
    assert (row.role, cell(row, "$/M"), cell(row, "AGE")) == ("dim", "0.427", "4 s")


def test_an_engine_that_has_not_answered_for_longer_says_so_and_shows_no_old_figure() -> None:
    gone = replace(pictures.ENGINE, state="failing", freshness=GONE, age_ms=130_000, **dict.fromkeys(NOTHING_KNOWN))
    row = engine_row("h", gone)
    assert row.note == "FAILING, last read 2 min ago"
    assert (cell(row, "USED"), cell(row, "$/M")) == ("--", "")


def test_an_engine_that_serves_nothing_is_idle_and_has_no_price() -> None:
    rates = dict.fromkeys(("input_per_second", "cache_read_per_second", "output_per_second"), 0.0)
    row = engine_row("h", replace(pictures.ENGINE, blended_usd_per_million=None, **rates))
    assert cell(row, "$/M") == "idle"


def test_an_engine_whose_gpus_are_assumed_says_so() -> None:
    assert "(assumed)" in engine_row("h", replace(pictures.ENGINE, assumed="nobody says")).cells[0]


def test_hosts_add_up_and_a_host_without_a_price_makes_the_sum_a_lower_bound() -> None:
    first, second = pictures.MACHINES.hosts
    whole = replace(first, engines=first.engines[:1], idle_at_least=False)
    assert sums_text(hosts(whole)).startswith("1 HOST $20.00/h   used 42%   idle tax $11.60/h   6.50k tok/s")
    assert sums_text(hosts(whole, second)).startswith("2 HOSTS ≥$20.00/h   used 42%   idle tax ≥$11.60/h")
    assert "$32.50/h" in sums_text(hosts(whole, replace(whole, usd_per_hour=Decimal("12.5"))))


def test_an_engine_that_is_not_read_makes_sums_lower_bounds_and_says_how_many_are() -> None:
    text = sums_text(hosts(pictures.MACHINES.hosts[0]))
    assert text.startswith("1 HOST $20.00/h   1 of 2 engines read")
    assert "idle tax ≥$11.60/h   ≥6.50k tok/s" in text


async def test_what_is_missing_for_a_price_is_said() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "gpu-host-4: no price for 8x H100: press $, or see usdtop doctor" in shown(app)
        assert "lost 14:20:31Z (XID 79)" in shown(app)
        assert "FULL" in shown(app)


async def test_machines_are_of_the_last_minute_whatever_window_was_chosen_and_the_screen_says_so() -> None:
    app = monitor()
    async with app.run_test(size=(200, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "last 1m" in shown(app)
        assert "over 1m here, not the 5m of other screens: what machines do at the moment" in shown(app)
        assert "t window" not in shown(app)
        await press(pilot, "t")
        assert app.view.window_seconds == 300, "a key that would change nothing here changes nothing elsewhere"
        await press(pilot, "1", "t", "t", "t", "t", "2")
        assert app.view.window_seconds == 60
        assert "of other screens" not in shown(app), "there is nothing to say where all screens have the same"


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_curve_of_an_engine_is_seen_whole_when_its_page_opens_and_the_rest_can_be_reached(
    ascii_only: bool, size: tuple[int, int]
) -> None:
    app = monitor(ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "2", "j", "enter")
        first = shown(app)
        assert "$/M against utilisation" in first
        assert "100%" in first.splitlines()[-4] if size == (80, 24) else "100%" in first, "the curve's axis"
        assert "now" in first
        await press(pilot, "G")
        for figure in ("HOW FULL", "WHO USES IT", "HEADROOM"):
            assert figure in first + shown(app)


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        (replace(pictures.ENGINE, at_full_usd_per_million=None, usd_per_hour=None), "its host has no price (2, $)"),
        (replace(pictures.ENGINE, at_full_usd_per_million=None, work=None), "no K is known (2, $)"),
        (replace(pictures.ENGINE, at_full_usd_per_million=None), "it serves nothing now"),
    ],
)
def test_an_engine_without_a_curve_says_what_it_lacks(engine: EngineRow, why: str) -> None:
    page = replace(pictures.ENGINE_PAGE, engine=engine)
    text = "".join(text for line in page_lines(page, 80, 20, plain=False) for text, _ in line)
    assert f"no curve of $/M against utilisation: {why}" in text


async def test_a_machine_without_a_gpu_says_why() -> None:
    app = monitor(FakeFeed(machines=replace(pictures.MACHINES, hosts=(), absent="no NVIDIA driver on this machine")))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "no NVIDIA driver on this machine" in shown(app)


async def test_a_host_and_an_engine_fold_and_the_cursor_stays_on_them() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "enter")
        assert "+ gpu-host-3" in shown(app)
        assert "vllm-a  llama-70b" not in shown(app)
        await press(pilot, "f")
        assert "- gpu-host-3" in shown(app)
        await press(pilot, "j", "j", "f")
        assert ">   + vllm-a" in shown(app), "a GPU folds its engine, and the cursor stands there"
        await press(pilot, "F")
        assert "+ gpu-host-3" not in shown(app), "what was folded unfolds"


async def test_a_row_opens_the_page_of_its_engine_or_gpu_and_escape_comes_back() -> None:
    feed = FakeFeed()
    app = monitor(feed)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "j", "enter")
        assert "WHO USES IT" in shown(app) or "more lines" in shown(app)
        assert "gpus > gpu-host-3 > vllm-a" in shown(app)
        await press(pilot, "escape", "j", "enter")
        assert "gpus > gpu-host-3 > GPU 0" in shown(app)
        await press(pilot, "escape")
        assert "HOST / ENGINE / GPU" in shown(app)
        assert {EngineQuestion, GpuQuestion} <= {type(one) for one in feed.asked}


async def test_the_dollar_key_says_what_to_write_for_what_is_missing() -> None:
    app = monitor()
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "dollar_sign")
        assert 'name = "gpu-host-4"' in shown(app)
        assert "usd_per_hour" in shown(app)
        await press(pilot, "escape")
        assert "HOST / ENGINE / GPU" in shown(app)


async def test_a_known_card_without_a_price_has_suggestions_that_are_never_used_by_themselves() -> None:
    unpriced = replace(
        pictures.MACHINES.hosts[1], gpus=tuple(pictures.gpu(n, name="NVIDIA H100 80GB HBM3") for n in range(8))
    )
    app = monitor(FakeFeed(machines=hosts(unpriced)))
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "HOST --/h" in shown(app)
        await press(pilot, "dollar_sign")
        assert "gpus = 8" in shown(app)
        for sentence in suggestions("NVIDIA H100 80GB HBM3", 8):
            assert sentence[:60] in shown(app)


async def test_a_hostile_host_name_is_no_toml_of_its_own() -> None:
    evil = replace(pictures.MACHINES.hosts[1], name='x"\nusd_per_hour = "0')
    app = monitor(FakeFeed(machines=hosts(evil)))
    async with app.run_test(size=(100, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "dollar_sign")
        assert '\\"' in shown(app)
        assert not any(line.strip() == 'usd_per_hour = "0"' for line in shown(app).splitlines())


def test_every_figure_of_an_engine_a_host_and_a_gpu_is_explained() -> None:
    header, host = pictures.HEADER, pictures.MACHINES.hosts[0]
    engine = {one.figure for one in engine_figures(header, host, pictures.ENGINE)}
    shown_for_engines = {
        column.title for column, text in zip(COLUMNS, engine_row("h", pictures.ENGINE).cells, strict=True) if text
    }
    covered = {"TTFT, TPOT": {"TTFT", "TPOT"}, "$/M": {"$/M", "IN $/M", "READ $/M", "OUT $/M"},
               "TOK/S": {"TOK/S", "OUT/S"}, "QUEUE": {"QUEUE", "RUNNING"}}  # fmt: skip
    explained = {title for figure in engine for title in covered.get(figure, {figure})}
    assert shown_for_engines - {"HOST / ENGINE / GPU"} <= explained
    assert {"$/H", "USED", "IDLE/H"} <= {one.figure for one in host_figures(header, host)}
    assert {"BUSY", "MEM", "WATTS"} <= {one.figure for one in gpu_figures(header, host, host.gpus[0])}


async def test_a_gpu_s_page_says_its_memory_clock_its_wires_and_its_memory_errors_and_explains_each() -> None:
    app = monitor()
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "j", "j", "enter")
        page = " ".join(shown(app).split())
        assert "memory clock 2,619 MHz" in page
        assert "PCIe 1.2 GiB/s in, 320.0 MiB/s out" in page
        assert "NVLink 41.5 GiB/s in, 41.5 GiB/s out" in page
        assert "memory errors 3 corrected, 0 not" in page
        assert "may be wrong" not in page, "errors that were corrected harm nothing"
    told = {one.figure: one.value for one in gpu_figures(pictures.HEADER, None, pictures.GPU_PAGE.gpu)}
    assert {"memory clock", "PCIe", "NVLink", "memory errors"} <= told.keys()
    assert told["PCIe"] == "1.2 GiB/s in, 320.0 MiB/s out"


def test_an_error_that_was_not_corrected_is_loud_and_a_card_that_says_nothing_has_no_line() -> None:
    row = pictures.gpu(0, ecc_corrected=0, ecc_uncorrected=2, nvlink_tx_bytes_per_second=1.0)
    lines = list(gpu_health_lines(row, 120))
    assert lines[0] == ((" NVLink -- in, 1 B/s out   memory errors 0 corrected, 2 not", "dim"),)
    assert [role for _, role in lines[1]] == ["bad"]
    assert list(gpu_health_lines(pictures.gpu(0), 120)) == []
    silent = {one.figure for one in gpu_figures(pictures.HEADER, None, pictures.gpu(0))}
    assert silent == {"BUSY", "MEM", "WATTS"}


def test_the_arithmetic_of_an_engine_has_its_numbers_in_it() -> None:
    told = {one.figure: " | ".join(one.arithmetic) for one in engine_figures(pictures.HEADER, None, pictures.ENGINE)}
    assert "3,200.0 + 0.05 x 2,000.0 + 5.000 x 1,300.0 = 9,800.0/s over 58 s" in told["USED"]
    assert "K = 15,312.5/s, configured" in told["USED"]
    assert "$10.000000/h / (6,500.0 tok/s x 3,600) x 1,000,000 = $0.427400" in told["$/M"]
    assert "= 0.3108" in told["EVEN"]

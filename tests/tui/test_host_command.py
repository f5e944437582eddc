"""`usdtop host`: a calculator of own hosts, for a person and for a program."""

import json
import re
import subprocess
import sys
from typing import Any

import pytest

from tui.cli import main
from tui.plot import CostPlot

RENTED = [
    "--usd-per-hour", "20", "--prefill", "15000", "--decode", "3000", "--basis", "joint", "--mix", "1500:300",
    "--utilisation", "0.5", "--against", "0.88/0.88",
]  # fmt: skip
OWNED = [
    "--capex", "280000", "--years", "4", "--residual", "0.15", "--kw", "10", "--pue", "1.4", "--usd-per-kwh", "0.10",
    "--usd-per-kw-month", "500", "--maintenance-per-year", "25000", "--operations-per-year", "80000",
]  # fmt: skip
CAPACITY = ["--prefill", "15000", "--decode", "3000"]


def sheet(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert main(["host", *arguments, "--json"]) == code
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def text(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["host", *arguments]) == 0
    return capsys.readouterr().out


def test_the_sheet_of_a_rented_host_gives_price_idle_tax_and_break_even(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, *RENTED)

    assert got["schema"] == 1
    assert got["usd_per_hour"] == "20"
    assert got["items"] == [{"item": "rent", "usd_per_hour": "20"}]
    assert got["usd_per_million_tokens"]["blended"] == "0.617283951"
    assert (got["at_full"]["input"], got["at_full"]["output"]) == ("0.185185185", "0.925925926")
    assert got["idle_usd_per_hour"] == "10"
    assert got["marginal_usd_per_million_tokens"] == "0"
    assert got["against"]["break_even_utilisation"] == pytest.approx(0.351, abs=5e-4)
    assert got["against"]["break_even_tokens_per_day"] == 545_454_546
    assert got["against"]["value_usd_per_hour_at_full"] == "57.024"
    assert got["against"]["saves_usd_per_hour"] == "8.512"
    assert got["against"]["pays_when_full"] is True
    assert got["curve"][-1] == {"utilisation": 1.0, "usd_per_million_tokens": "0.308641975"}
    assert len(got["curve"]) == 20


def test_rates_measured_one_at_a_time_double_the_break_even(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, *RENTED, "--basis", "separate")

    assert got["against"]["break_even_utilisation"] == pytest.approx(0.701, abs=5e-4)
    assert got["tokens_per_second_at_full"] == 9000


def test_a_break_even_beyond_what_the_host_can_serve_is_never(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*RENTED, "--basis", "separate", "--against", "0.60/0.60"]

    assert sheet(capsys, *arguments)["against"]["pays_when_full"] is False
    shown = text(capsys, *arguments)
    assert "102.9% utilisation" in shown
    assert "never: it cannot serve so many" in shown
    assert "◆" not in shown


def test_the_items_of_an_owned_host_are_shown_and_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, *OWNED)

    assert [item["item"] for item in got["items"]] == ["hardware", "energy", "facility", "maintenance", "operations"]
    assert got["usd_per_hour"].startswith("27.02785")
    shown = text(capsys, *OWNED)
    items = [int(digits.replace(".", "")) for digits in re.findall(r"([\d.]+) \$/h", shown)]
    total = re.search(r"\$([\d.]+) an hour", shown)
    assert total is not None
    assert sum(items) == int(total[1].replace(".", ""))


def test_energy_of_a_token_and_the_cost_of_one_more(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, *OWNED, *CAPACITY)

    assert got["energy_at_full"]["joules_per_token"] == pytest.approx(0.5556, abs=1e-4)
    assert got["energy_at_full"]["kwh_per_million_tokens"] == pytest.approx(0.1543, abs=1e-4)
    assert got["marginal_usd_per_million_tokens"].startswith("0.0216")
    assert got["utilisation"] is None
    assert got["usd_per_million_tokens"]["blended"] is None
    assert got["idle_usd_per_hour"] is None
    assert got["against"] is None


def test_board_power_becomes_power_at_the_socket(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, "--capex", "0", "--years", "1", "--gpu-watts", "5000", "--usd-per-kwh", "1")

    assert got["usd_per_hour"] == "9"


def test_an_idle_host_has_a_cost_and_no_price(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*RENTED, "--utilisation", "0"]

    assert sheet(capsys, *arguments)["usd_per_million_tokens"]["blended"] is None
    assert "it serves nothing, and no token has a price" in text(capsys, *arguments)


def test_a_model_of_the_price_book_can_be_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    got = sheet(capsys, *RENTED[:-1], "gpt-4o-mini")

    assert got["against"]["usd_per_million_tokens"]["output"] == "0.6"
    assert got["against"]["card"]["id"].startswith("catalogue:")


def test_a_model_that_no_book_prices_leaves_the_comparison_out_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", *RENTED[:-1], "no-such-model", "--json"]) == 3
    out, err = capsys.readouterr()

    assert json.loads(out)["against"] is None
    assert "no book can price no-such-model" in err


def test_a_hostile_model_name_reaches_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["host", *RENTED[:-1], "\x1b]0;owned\x07"]) == 3
    out, err = capsys.readouterr()

    assert "\x1b" not in out + err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "say what the host costs"),
        (["--usd-per-hour", "20", "--capex", "1"], "say what the host costs"),
        (["--usd-per-hour", "20", "--years", "4"], "--years belongs to an owned host"),
        (["--usd-per-hour", "20", "--power-included"], "--power-included belongs to an owned host"),
        (["--usd-per-gpu-hour", "2.5"], "needs --gpus"),
        (["--capex", "1000"], "needs --years"),
        (["--capex", "1000", "--years", "0"], "must be positive"),
        (["--capex", "1000", "--years", "1", "--usd-per-kwh", "1"], "needs the power"),
        (["--capex", "1000", "--years", "1", "--usd-per-kw-month", "1"], "needs kilowatts"),
        (["--usd-per-hour", "20", "--prefill", "5"], "go together"),
        (["--usd-per-hour", "20", "--against", "1/1"], "needs the capacity"),
        (["--usd-per-hour", "20", "--kw", "1", "--gpu-watts", "1"], "exclude each other"),
        (["--usd-per-hour", "20", "--base-watts", "1"], "go with --gpu-watts"),
    ],
)
def test_wrong_use_is_a_sentence_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["host", *arguments]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ("--usd-per-hour=1e999999", "no plain number"),
        ("--usd-per-hour=-1", "no plain number"),
        ("--usd-per-hour=NaN", "no plain number"),
        ("--usd-per-hour=٣", "no plain number"),
        ("--prefill=0", "no whole number above zero"),
        ("--utilisation=50", "write 0.5 for 50 %"),
        ("--mix=1500", "IN:OUT"),
        ("--mix=0:0", "at least one token"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(capsys: pytest.CaptureFixture[str], argument: str, sentence: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["host", argument])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_every_line_fits_a_terminal_of_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [*OWNED, *CAPACITY, "--mix", "150000:100000:30000", "--utilisation", "0.05", "--against", "gpt-4o-mini"]

    assert max(map(len, text(capsys, *arguments).splitlines())) <= 80


def test_ascii_is_ascii(capsys: pytest.CaptureFixture[str]) -> None:
    assert text(capsys, *RENTED, "--ascii").isascii()
    assert not text(capsys, *RENTED).isascii()


def test_the_picture_marks_where_the_curve_meets_the_other_price_and_where_the_host_is() -> None:
    lines = CostPlot(at_full=1, used=0.5, api=4, break_even=0.25, width=40, height=8, plain=True).lines()
    rows = [line.partition("|")[2] for line in lines[:8]]
    price, now = (next(row for row in rows if sign in row) for sign in "Xo")

    assert len(lines) == 10
    assert price.index("X") == 10
    assert set(price.replace("*", "-").replace("X", "-")) == {"-"}
    assert now.index("o") == 20
    assert rows.index(now) > rows.index(price)
    assert all(row[10] == ":" or "*" in row[8:12] for row in rows[rows.index(price) + 1 :])


def test_the_curve_only_falls() -> None:
    lines = CostPlot(at_full=0.3, width=50, height=12, plain=True).lines()[:12]
    rows = [line.partition("|")[2].ljust(50) for line in lines]
    tops = [min((at for at, row in enumerate(rows) if row[column] == "*"), default=-1) for column in range(50)]

    assert tops == sorted(tops)
    assert tops[-1] == 11


@pytest.mark.parametrize(("at_full", "api"), [(1e-7, 1e9), (1e9, 1e-7), (1.0, 0.0), (1.0, None)])
def test_prices_far_apart_are_drawn_all_the_same(at_full: float, api: float | None) -> None:
    lines = CostPlot(at_full=at_full, used=0.001, api=api, break_even=None, plain=True).lines()

    assert len(lines) == 14
    assert len({len(line.partition("|")[0]) for line in lines[:12]}) == 1


def test_a_host_that_costs_nothing_has_no_curve(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no curve"):
        CostPlot(at_full=0)
    assert "against utilisation" not in text(capsys, "--usd-per-hour", "0", *CAPACITY)


def test_the_calculator_loads_no_screen() -> None:
    code = (
        "import sys; from tui.cli import main; main(['host', '--usd-per-hour', '20', '--prefill', '9', '--decode', '3']);"
        " sys.exit('textual' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0

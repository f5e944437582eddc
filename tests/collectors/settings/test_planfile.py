"""Plans of launches as files that a spreadsheet writes."""

from pathlib import Path

import pytest

from collectors.settings.config import ConfigError
from collectors.settings.planfile import plan_points, read_plan

HOUR_MS = 3_600_000
USD = 10**9


def test_what_is_spent_by_then() -> None:
    lines = ["after,usd\n", "0,0\n", "30m,125.50\n", "1h30m,1000\n", "\n"]
    assert plan_points(lines, 6 * HOUR_MS) == ((0, 0), (HOUR_MS // 2, 125_500_000_000), (HOUR_MS * 3 // 2, 1000 * USD))


def test_rates_from_then_on() -> None:
    lines = ["after, usd_per_hour\r\n", "0,100\r\n", "2h,50\r\n"]
    assert plan_points(lines, 4 * HOUR_MS) == ((0, 0), (2 * HOUR_MS, 200 * USD), (4 * HOUR_MS, 300 * USD))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "the first line must be"),
        (["time,dollars", "0,1"], "the first line must be"),
        (["after,usd"], "no line below"),
        (["after,usd", "1h"], "line 2: two values"),
        (["after,usd", "soon,1"], "line 2: `soon` is not a duration"),
        (["after,usd", "1h,much"], "line 2: usd must be an amount"),
        (["after,usd", "1h,5", "1h,6"], "line 3: times must rise"),
        (["after,usd", "1h,5", "2h,4"], "line 3: what is spent cannot become less"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(lines: list[str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        plan_points(lines, HOUR_MS)


def test_a_file_is_named_in_what_is_said_of_it(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_bytes("\ufeffafter,usd\n1h,5\n".encode())
    assert read_plan(path, HOUR_MS) == ((HOUR_MS, 5 * USD),)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"plan\.csv: cannot be read"):
        read_plan(path, HOUR_MS)
    with pytest.raises(ConfigError, match=r"none\.csv: cannot be read"):
        read_plan(tmp_path / "none.csv", HOUR_MS)

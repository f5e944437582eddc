"""How alerts look, at the size of a small terminal and of large ones."""

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fakes import alerts, pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import monitor
from tests.tui.test_alerts_screen import with_alerts
from tests.tui.test_pictures import after

SIZES = [(80, 24), (120, 40), (200, 50)]

pytestmark = pytest.mark.parametrize("size", SIZES, ids=["80x24", "120x40", "200x50"])


def test_burn_with_alerts(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(with_alerts()), terminal_size=size, run_before=after())


def test_alerts(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(with_alerts()), terminal_size=size, run_before=after("7", "j"))


def test_one_alert(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(with_alerts()), terminal_size=size, run_before=after("7", "j", "enter", "j"))


def test_no_alerts(snap_compare: Any, size: tuple[int, int]) -> None:
    quiet = FakeFeed(alerts=replace(alerts.ALERTS, header=pictures.HEADER, rows=()))
    assert snap_compare(monitor(quiet), terminal_size=size, run_before=after("7"))


def test_alerts_in_ascii(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(monitor(with_alerts(), ascii_only=True), terminal_size=size, run_before=after("7"))


def test_alerts_without_colours(snap_compare: Any, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(monitor(with_alerts()), terminal_size=size, run_before=after("7"))

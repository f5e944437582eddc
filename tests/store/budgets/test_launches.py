"""Launches: dated facts that any process begins and ends."""

from pathlib import Path

import msgspec
import pytest

from store.budgets.launches import Launch, start_launch, stop_launch
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS

HOUR_MS = 3_600_000
LAUNCH = Launch(
    name="1.0", began_ms=AT_MS, ends_ms=AT_MS + 6 * HOUR_MS, nano_usd=5_000 * 10**9, plan=((0, 0), (HOUR_MS, 9))
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "usdtop.db"
    Writer(path).close()
    return path


def later(by_ms: int) -> Launch:
    return msgspec.structs.replace(LAUNCH, name="2.0", began_ms=AT_MS + by_ms, ends_ms=AT_MS + by_ms + HOUR_MS)


def test_a_launch_is_read_as_it_was_begun(path: Path) -> None:
    start_launch(path, LAUNCH)
    assert Reader(path).launches() == [LAUNCH]


def test_a_launch_is_on_from_its_beginning_to_its_planned_end_or_until_it_is_ended(path: Path) -> None:
    start_launch(path, LAUNCH)
    assert [LAUNCH.runs(at) for at in (AT_MS - 1, AT_MS, LAUNCH.ends_ms - 1, LAUNCH.ends_ms)] == [
        False,
        True,
        True,
        False,
    ]

    stopped = stop_launch(path, AT_MS + HOUR_MS)
    assert stopped is not None
    assert Reader(path).launches() == [stopped]
    assert [stopped.runs(at) for at in (AT_MS + HOUR_MS - 1, AT_MS + HOUR_MS)] == [True, False]
    assert stop_launch(path, AT_MS + 2 * HOUR_MS) is None


@pytest.mark.parametrize("by_ms", [0, HOUR_MS, -HOUR_MS + 1, 6 * HOUR_MS - 1])
def test_two_launches_at_once_are_refused(path: Path, by_ms: int) -> None:
    start_launch(path, LAUNCH)
    with pytest.raises(StoreError, match=r"the launch 1\.0 is on then"):
        start_launch(path, later(by_ms))
    assert Reader(path).launches() == [LAUNCH]


@pytest.mark.parametrize("by_ms", [-HOUR_MS, 6 * HOUR_MS])
def test_launches_may_follow_each_other(path: Path, by_ms: int) -> None:
    start_launch(path, LAUNCH)
    start_launch(path, later(by_ms))
    assert {launch.name for launch in Reader(path).launches()} == {"1.0", "2.0"}


def test_a_pipeline_may_end_one_and_begin_the_next_within_a_second(path: Path) -> None:
    start_launch(path, LAUNCH)
    stopped = stop_launch(path, AT_MS + 5_074)
    assert stopped is not None
    assert stopped.over_ms == AT_MS + 5_000
    start_launch(path, later(5_000))


def test_a_launch_that_is_ended_as_it_begins_was_never_on(path: Path) -> None:
    start_launch(path, LAUNCH)
    stopped = stop_launch(path, AT_MS + 1)
    assert stopped is not None
    assert stopped.over_ms == AT_MS
    assert not stopped.runs(AT_MS)


def test_after_one_was_ended_another_may_begin(path: Path) -> None:
    start_launch(path, LAUNCH)
    stop_launch(path, AT_MS + HOUR_MS)
    start_launch(path, later(HOUR_MS))
    assert [launch.name for launch in Reader(path).launches()] == ["1.0", "2.0"]

"""What is kept for how long: counted from when it was stored, not from when it happened."""

from pathlib import Path

import pytest

from store.facts import EngineReading, GpuReading
from store.reader import Reader
from store.retention import Retention
from store.sums import total
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
YEAR_MS = 365 * DAY_MS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def kept(path: Path) -> list[str]:
    return [record.record_id for record in Reader(path).newest_requests()]


def counted(path: Path, since_ms: int, until_ms: int) -> int:
    return total(Reader(path).sums(since_ms, until_ms)).requests


def test_single_requests_are_forgotten_and_live_on_in_the_sums(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("old")], at_ms=AT_MS), [CARD])
    writer.write(batch([priced("new", ended_at_ms=AT_MS + 50 * HOUR_MS)], at_ms=AT_MS + 50 * HOUR_MS), [CARD])
    writer.prune(Retention(), AT_MS + 72 * HOUR_MS)
    assert kept(path) == ["new", "old"], "72 hours are kept"
    writer.prune(Retention(), AT_MS + 72 * HOUR_MS + 60_000)
    assert kept(path) == ["new"]
    assert counted(path, AT_MS, AT_MS + 51 * HOUR_MS) == 2


def test_an_old_log_that_is_imported_today_is_whole_today(path: Path) -> None:
    writer = Writer(path)
    long_ago = AT_MS - 2 * YEAR_MS
    writer.write(batch([priced(f"r-{n}", ended_at_ms=long_ago + n * 60_000) for n in range(5)], at_ms=AT_MS), [CARD])
    writer.prune(Retention(), AT_MS + 71 * HOUR_MS)

    assert len(kept(path)) == 5
    assert counted(path, long_ago + 60_000, long_ago + 180_000) == 2, "to the minute"

    writer.prune(Retention(), AT_MS + 36 * DAY_MS)
    day = long_ago // DAY_MS * DAY_MS
    assert kept(path) == []
    assert counted(path, long_ago + 60_000, long_ago + 180_000) == 0, "minutes are gone after 35 days"
    assert counted(path, long_ago // HOUR_MS * HOUR_MS, long_ago // HOUR_MS * HOUR_MS + HOUR_MS) == 5

    writer.prune(Retention(), AT_MS + 402 * DAY_MS)
    assert counted(path, day + HOUR_MS, day + 23 * HOUR_MS) == 0, "hours are gone after 400 days"
    assert counted(path, day, day + DAY_MS) == 5, "days are kept for ever"


def test_a_window_of_forgotten_minutes_is_cut_to_the_hours_and_days_that_are_known(path: Path) -> None:
    writer = Writer(path)
    day = AT_MS // DAY_MS * DAY_MS
    seen = [priced(f"r-{n}", ended_at_ms=day + n * HOUR_MS // 2) for n in range(96)]
    writer.write(batch(seen, at_ms=day + 2 * DAY_MS), [CARD])
    half = day + HOUR_MS // 2

    def known(since_ms: int, until_ms: int) -> tuple[int, int]:
        begins, ends = Reader(path).kept_window(since_ms, until_ms)
        return (begins - day) // 60_000, (ends - day) // 60_000

    assert known(half, half + DAY_MS) == (30, 24 * 60 + 30), "to the minute"
    writer.prune(Retention(), AT_MS + 40 * DAY_MS)
    assert known(half, half + DAY_MS) == (60, 24 * 60)
    assert known(day, day + DAY_MS) == (0, 24 * 60)
    assert known(half, half + 60_000) == (31, 31), "nothing is known of it"
    assert known(half, day + 50 * HOUR_MS + 60_000) == (60, 50 * 60 + 1), "nothing is forgotten where nothing was"
    writer.prune(Retention(), AT_MS + 405 * DAY_MS)
    assert known(day + HOUR_MS, day + 2 * DAY_MS) == (24 * 60, 48 * 60)
    assert known(day, day + 25 * HOUR_MS) == (0, 24 * 60)


def test_a_minute_that_still_grows_is_kept(path: Path) -> None:
    writer = Writer(path)
    long_ago = AT_MS - YEAR_MS
    writer.write(batch([priced("a", ended_at_ms=long_ago)], at_ms=long_ago), [CARD])
    writer.write(batch([priced("b", ended_at_ms=long_ago)], at_ms=AT_MS), [CARD])
    writer.prune(Retention(), AT_MS)

    assert counted(path, long_ago, long_ago + 60_000) == 2


def test_no_more_requests_are_kept_than_agreed(path: Path) -> None:
    writer = Writer(path)
    for n in range(10):
        writer.write(batch([priced(f"r-{n}")], at_ms=AT_MS + n * 60_000), [CARD])
    writer.prune(Retention(request_rows=3), AT_MS + 10 * 60_000)

    assert kept(path) == ["r-9", "r-8", "r-7"]
    assert counted(path, AT_MS, AT_MS + 60_000) == 10


def test_forgetting_is_harmless_to_repeat_and_recording_goes_on(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch([priced("a")], at_ms=AT_MS), [CARD])
    for _ in range(2):
        writer.prune(Retention(), AT_MS + 10 * DAY_MS)
    assert kept(path) == []
    writer.write(batch([priced("b")], at_ms=AT_MS + 10 * DAY_MS), [CARD])
    writer.prune(Retention(), AT_MS + 10 * DAY_MS + 1)

    assert kept(path) == ["b"]


def test_raw_readings_are_kept_for_an_hour_and_their_minutes_for_weeks(path: Path) -> None:
    writer = Writer(path)
    gpu = GpuReading(at_ms=AT_MS, host="h", uuid="GPU-0", index=0, busy=1.0, xids=(79,))
    engine = EngineReading(at_ms=AT_MS, engine="vllm", model="m", seconds=2.0, output_tokens=100)
    writer.write(batch(gpus=[gpu], engines=[engine]))
    writer.prune(Retention(), AT_MS + HOUR_MS)
    reader = Reader(path)
    assert len(reader.gpus(AT_MS - 1, AT_MS)) == len(reader.engines(AT_MS - 1, AT_MS)) == 1

    writer.prune(Retention(), AT_MS + HOUR_MS + 1)
    assert reader.gpus(AT_MS - 1, AT_MS) == []
    assert reader.engines(AT_MS - 1, AT_MS) == []
    assert [one.output_tokens for one in reader.engine_minutes(AT_MS, AT_MS + 60_000)] == [100]

    writer.prune(Retention(), AT_MS + 35 * DAY_MS + 1_000)
    assert reader.engine_minutes(AT_MS, AT_MS + 60_000) == []
    writer.write(batch(gpus=[GpuReading(at_ms=AT_MS + 40 * DAY_MS, host="h", uuid="GPU-0", index=0)]))
    (state,) = reader.gpus(AT_MS, AT_MS + 40 * DAY_MS)
    assert state.xid is None

"""Requests as the rules look at them, out of a store."""

from contextlib import closing
from pathlib import Path

import pytest

from collectors.alerting.traffic import TrafficReader
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("days_before", "hours"),
    [((2,), 24), ((5, 2), 96), ((20, 2), 168), ((20,), 0)],
    ids=["young", "some days old", "quiet for most of the week", "quiet all week"],
)
def test_a_week_has_the_hours_since_anything_was_recorded(
    days_before: tuple[int, ...], hours: int, tmp_path: Path
) -> None:
    until_ms = AT_MS // HOUR_MS * HOUR_MS
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        seen = [priced(f"r-{days}", ended_at_ms=until_ms - days * DAY_MS) for days in days_before]
        writer.write(batch(seen), [CARD])
    with closing(Reader(tmp_path / "usdtop.db")) as reader:
        _, week = TrafficReader(reader).read(until_ms)
    assert week.hours == hours

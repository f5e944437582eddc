"""Where a collector begins in a log that it has never read, and that it goes on wherever it was when it has."""

import asyncio
from pathlib import Path

import pytest

from collectors.clock import now_ms
from collectors.collect import Collection
from collectors.settings.config import from_mapping
from store.writer import Writer
from tests.fakes.payloads import payload
from tests.fakes.waiting import eventually

HOUR = 3_600.0


async def collected(tmp_path: Path, enough: int) -> int:
    """What is recorded after a collector has read the log once to its end."""
    source = {"type": "file", "name": "log", "path": str(tmp_path / "x.jsonl"), "start": "24h"}
    config = from_mapping({"gpu": {"enabled": False}, "source": [source]}, tmp_path / "c.toml")
    store, stop = tmp_path / "usdtop.db", asyncio.Event()
    running = asyncio.create_task(Collection(config, store, clock=now_ms, say=lambda _: None).run(stop))

    def counted() -> tuple[int, bool]:
        writer = Writer(store)
        try:
            with writer.transaction() as connection:
                (count,) = connection.execute("SELECT count(*) FROM requests").fetchone()
                (read,) = connection.execute("SELECT sum(offset) FROM positions").fetchone()
            return count, read == (tmp_path / "x.jsonl").stat().st_size and writer.watermark_ms("log") is not None
        finally:
            writer.close()

    await asyncio.to_thread(eventually, lambda: counted()[1] and counted()[0] >= enough, 30, "the log was read")
    stop.set()
    await running
    return counted()[0]


@pytest.mark.parametrize("hours", [30, 100])
async def test_what_was_written_while_nobody_collected_is_read_however_old_it_is(tmp_path: Path, hours: int) -> None:
    now = now_ms() / 1_000

    def write(name: str, hours_ago: float) -> None:
        at = now - hours_ago * HOUR
        with (tmp_path / "x.jsonl").open("ab") as file:
            file.write(payload(name, startTime=at, endTime=at) + b"\n")

    write("long ago", 200)
    write("lately", 1)
    assert await collected(tmp_path, 1) == 1, "start leaves out what is older"
    write("while it was stopped", hours)
    assert await collected(tmp_path, 2) == 2

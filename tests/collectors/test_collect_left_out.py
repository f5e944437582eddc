"""A source that is followed no more is absent, not late: nothing is missing of what nobody asks for."""

import asyncio
from contextlib import closing
from pathlib import Path

from collectors.clock import now_ms
from collectors.collect import Collection
from collectors.settings.config import from_mapping
from store.facts import SourceState
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import CARD, batch, priced
from tests.fakes.payloads import payload
from tests.fakes.waiting import eventually
from tui.pictures.view import View
from tui.reading.burn import burn


def states(store: Path) -> dict[str, SourceState]:
    try:
        with closing(Reader(store)) as reader:
            return {record.health.name: record.health.state for record in reader.sources()}
    except StoreError:
        return {}


async def collect_as(name: str, folder: Path) -> None:
    """Follow the log under a name until it has been read."""
    source = {"type": "file", "name": name, "path": str(folder / "x.jsonl")}
    config = from_mapping({"gpu": {"enabled": False}, "source": [source]}, folder / "c.toml")
    store, stop = folder / "usdtop.db", asyncio.Event()
    running = asyncio.create_task(Collection(config, store, clock=now_ms, say=lambda _: None).run(stop))
    await asyncio.to_thread(eventually, lambda: states(store).get(name) is SourceState.OK, 30, "the log was read")
    stop.set()
    await running


async def test_a_renamed_source_leaves_no_late_one_behind_and_an_import_stays(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(payload("r-1") + b"\n")
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        writer.write(batch([priced()], source="import", kind="import", poll_every_ms=0), [CARD])
    await collect_as("before", tmp_path)
    await collect_as("after", tmp_path)
    assert states(tmp_path / "usdtop.db") == {
        "before": SourceState.ABSENT, "after": SourceState.OK, "import": SourceState.OK,
    }  # fmt: skip

    later_ms = now_ms() + 600_000
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        writer.write(batch(source="after", at_ms=later_ms))
    with closing(Reader(tmp_path / "usdtop.db")) as reader:
        picture = burn(reader, View(), later_ms, machine="m")
    assert (picture.header.sources_ok, picture.header.sources_total) == (1, 1)
    assert not picture.headline.lower_bound


async def test_a_source_that_comes_back_is_followed_again(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(payload("r-1") + b"\n")
    for name in ("one", "two", "one"):
        await collect_as(name, tmp_path)
    assert states(tmp_path / "usdtop.db") == {"one": SourceState.OK, "two": SourceState.ABSENT}

"""A log that a source follows and that is imported as well counts once, under whatever name and however packed it lies there."""

import bz2
import gzip
import lzma
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collectors.making import file_source
from collectors.prices.pricer import Pricer
from collectors.settings.config import load
from pricing.books.book import PriceBook
from store.retention import Retention
from store.writer import Writer
from tests.fakes.events import AT_MS, batch
from tests.fakes.gateway_lines import line
from tests.fakes.stores import own_places
from tui.cli import main

YEAR_MS = 365 * 86_400_000


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from own_places(tmp_path, monkeypatch)


class World:
    """A log of requests that have no call id, its follower, and the command."""

    def __init__(self, folder: Path) -> None:
        (folder / "store").mkdir(mode=0o700)
        self.log, self.store, self.config = folder / "kong.jsonl", folder / "store" / "usdtop.db", folder / "c.toml"
        self.configure("beginning")
        self.written = 0

    def configure(self, start: str) -> None:
        self.config.write_text(f'[[source]]\ntype = "file"\nname = "gateway"\npath = "{self.log}"\nstart = "{start}"\n')

    def write(self, number: int, path: Path | None = None) -> None:
        lines = [line("kong.ai", request={"id": f"r-{at}"}) for at in range(self.written, self.written + number)]
        self.written += number
        with (path or self.log).open("ab") as file:
            file.writelines(one + b"\n" for one in lines)

    def follow(self) -> None:
        """Read on as a collector with this configuration does."""
        config = load(self.config)
        with closing(Writer(self.store)) as writer:
            source = file_source(config.source[0], writer, now_ms=AT_MS)
            poll = source.read(AT_MS)
            source.close()
            priced = Pricer(PriceBook([])).price(poll.events, now_ms=AT_MS)
            writer.write(batch(priced.events, positions=poll.positions), priced.cards)

    def forget(self) -> None:
        """Let a year pass: single requests are known no more."""
        with closing(Writer(self.store)) as writer:
            writer.prune(Retention(), AT_MS + YEAR_MS)

    def run(self, path: Path, *, configured: bool = True) -> int:
        config = ["--config", str(self.config)] if configured else []
        return main(["import", "--store", str(self.store), *config, str(path)])

    @property
    def counted(self) -> int:
        with closing(sqlite3.connect(self.store)) as connection:
            (count,) = connection.execute("SELECT sum(requests) FROM rollup_day").fetchone()
        return int(count)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def itself(log: Path) -> Path:
    return log


def renamed(log: Path) -> Path:
    return log.rename(f"{log}.1")


def copied(log: Path) -> Path:
    return _put(log.with_name("copy-of-somebody"), log.read_bytes())


def packed(ending: str, pack: Callable[[bytes], bytes]) -> Callable[[Path], Path]:
    def made(log: Path) -> Path:
        return _put(Path(f"{log}.1{ending}"), pack(log.read_bytes()))

    made.__name__ = f"packed{ending}"
    return made


def _put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


WAYS = [
    itself, renamed, copied, packed(".gz", gzip.compress), packed(".bz2", bz2.compress), packed(".xz", lzma.compress),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: getattr(way, "__name__", ""))
@pytest.mark.parametrize("forgotten", [False, True])
def test_what_was_followed_counts_once_and_what_was_not_is_taken(
    world: World, way: Callable[[Path], Path], forgotten: bool
) -> None:
    world.write(8)
    world.follow()
    world.write(3)
    if forgotten:
        world.forget()
    path = way(world.log)
    if path.name == "copy-of-somebody":
        world.config.write_text(world.config.read_text().replace("kong.jsonl", "*"))
    for _ in range(2):
        assert world.run(path) == 0
        assert world.counted == 11


def test_a_source_that_is_not_configured_here_is_known_by_what_it_has_read(world: World) -> None:
    world.write(8)
    world.follow()
    assert world.run(packed(".gz", gzip.compress)(world.log), configured=False) == 0
    assert world.counted == 8


def test_what_a_source_left_out_at_its_beginning_can_be_imported(world: World) -> None:
    world.write(8)
    world.configure("end")
    world.follow()
    world.write(2)
    world.follow()
    assert world.counted == 2
    assert world.run(world.log) == 0
    assert world.counted == 10


def test_a_copy_of_an_imported_log_is_not_read_again_however_long_ago_that_was(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.jsonl"
    world.write(8, old)
    assert world.run(old) == 0
    world.forget()
    capsys.readouterr()
    assert world.run(_put(tmp_path / "again.jsonl.gz", gzip.compress(old.read_bytes()))) == 0
    assert world.counted == 8
    assert f"again.jsonl.gz: its first {old.stat().st_size:,} bytes were read before" in capsys.readouterr().err


def test_a_log_that_begins_like_another_one_and_goes_on_otherwise_is_read_as_a_whole(
    world: World, tmp_path: Path
) -> None:
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    world.write(8, one)
    other.write_bytes(b"".join(one.read_bytes().splitlines(keepends=True)[:4]))
    world.write(8, other)
    for path in (one, other):
        assert world.run(path) == 0
    assert world.counted == 16


@pytest.mark.parametrize("pattern", ["kong.jsonl", "*.jsonl"])
def test_what_was_imported_first_is_not_read_again_by_who_follows_it_then(world: World, pattern: str) -> None:
    world.write(8)
    assert world.run(world.log, configured=False) == 0
    world.config.write_text(world.config.read_text().replace("kong.jsonl", pattern))
    for _ in range(2):
        world.write(2)
        world.follow()
    assert world.counted == 12
    world.configure("end")
    world.follow()
    assert world.counted == 12

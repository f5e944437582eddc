"""A file system that has another number after it was mounted anew: its logs go on where they were, and count once."""

import asyncio
import gzip
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from collectors.logs.devices import renumbered
from collectors.logs.fileid import Key, key_of
from collectors.logs.files import FileSource
from collectors.source import Poll
from store.facts import Position
from tests.fakes.gateway_lines import line
from tests.fakes.tailing import put

NOW_MS = 1_795_335_400_000
AWAY = 1_000
"""How far the number of the device was from what it is now."""


class Collector:
    """Keeps positions as the store does, and reads as it does after each start."""

    def __init__(self, pattern: Path | str) -> None:
        self.pattern = str(pattern)
        self.stored: dict[Key, Position] = {}

    def read(self) -> tuple[list[str], Poll]:
        """The ids of what one start reads, and the last poll."""
        source, found = FileSource("gateway", self.pattern, list(self.stored.values())), []
        for _ in range(3):
            poll = asyncio.run(source.poll(NOW_MS))
            for key in poll.gone:
                self.stored.pop(key)
            self.stored |= {key_of(position): position for position in poll.positions}
            found += [event.id for event in poll.events]
        source.close()
        return found, poll

    def remount(self, *inodes: int) -> None:
        """All were read, or those were, while their device had another number."""
        self.stored = {
            (key[0] + AWAY, key[1]) if not inodes or key[1] in inodes else key: msgspec.structs.replace(
                position, device=position.device + AWAY
            )
            if not inodes or key[1] in inodes
            else position
            for key, position in self.stored.items()
        }


def requests(first: int, last: int) -> list[str]:
    return [line("kong.ai", request={"id": str(number)}).decode() for number in range(first, last)]


@pytest.mark.parametrize("pattern", ["x.jsonl", "*.jsonl", "**/*.jsonl"])
def test_logs_go_on_where_they_were_and_their_old_keys_are_forgotten(tmp_path: Path, pattern: str) -> None:
    put(tmp_path / "x.jsonl", *requests(0, 5))
    (tmp_path / "empty.jsonl").touch()
    collector = Collector(tmp_path / pattern)
    collector.read()
    collector.remount()
    put(tmp_path / "x.jsonl", *requests(5, 7))
    found, poll = collector.read()
    assert (found, poll.gap_bytes, poll.detail) == (["5", "6"], 0, "kong.ai")
    assert {device for device, _ in collector.stored} == {tmp_path.stat().st_dev}
    assert collector.read()[0] == []


def test_a_log_that_was_rotated_before_the_device_came_back_is_finished_first(tmp_path: Path) -> None:
    log = tmp_path / "x.jsonl"
    put(log, *requests(0, 5))
    collector = Collector(log)
    collector.read()
    collector.remount()
    put(log, *requests(5, 7))
    log.rename(tmp_path / "x.jsonl.1")
    put(log, *requests(7, 9))
    found, poll = collector.read()
    assert (found, poll.gap_bytes) == (["5", "6", "7", "8"], 0)


def test_packed_logs_go_on_too(tmp_path: Path) -> None:
    log = tmp_path / "x.gz"
    log.write_bytes(gzip.compress("\n".join(requests(0, 5)).encode() + b"\n"))
    collector = Collector(tmp_path / "*.gz")
    collector.read()
    collector.remount()
    assert collector.read()[0] == []
    assert {device for device, _ in collector.stored} == {log.stat().st_dev}


def test_another_file_with_that_inode_is_no_proof(tmp_path: Path) -> None:
    log = tmp_path / "x.jsonl"
    put(log, *requests(0, 5))
    collector = Collector(log)
    collector.read()
    collector.remount()
    log.write_bytes("\n".join(requests(5, 9)).encode() + b"\n")
    assert collector.read()[0] == ["5", "6", "7", "8"]


def test_a_device_that_is_not_mounted_is_none_that_has_moved(tmp_path: Path) -> None:
    positions: Sequence[Position] = [Position(path="/nowhere/x.jsonl", device=1, inode=2, offset=5_000)]
    assert renumbered(positions) == (positions, [], [])
    assert renumbered(()) == ((), [], [])


def test_logs_on_a_device_that_stayed_are_left_as_they_are(tmp_path: Path) -> None:
    for name in ("a", "b"):
        put(tmp_path / f"{name}.jsonl", *requests(0, 5))
    collector = Collector(tmp_path / "*.jsonl")
    collector.read()
    collector.remount((tmp_path / "a.jsonl").stat().st_ino)
    before = dict(collector.stored)
    assert collector.read()[0] == []
    assert len(collector.stored) == len(before) == 2

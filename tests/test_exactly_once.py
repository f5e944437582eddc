"""A collector that is killed again and again while its log grows and rotates counts every request exactly once."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from collectors.lock import collector_lock
from store.reader import Reader
from store.records import SourceRecord
from store.tables import StoreError
from tests.fakes import samples
from tests.fakes.waiting import eventually
from tui.cli import main

PATIENCE_S = 30.0
KILLS = 10
ROTATED_AFTER = (200, 400)
"""Lines after which the log is renamed and begun anew."""


class Gateway:
    """Appends to its log in pieces that end anywhere in a line, as far as it was told to, and rotates by renaming."""

    def __init__(self, path: Path, lines: list[bytes], chance: random.Random) -> None:
        self.written = 0
        self._path = path
        self._lines = lines
        self._chance = chance
        self._wanted: Queue[int] = Queue()
        self._thread = Thread(target=self._write, daemon=True)
        self._thread.start()

    def write_up_to(self, line: int) -> None:
        """Go on in the background until so many lines are written; -1 ends."""
        self._wanted.put(line)

    def close(self) -> None:
        """Wait until everything is written."""
        self._wanted.put(-1)
        self._thread.join(PATIENCE_S)

    def _write(self) -> None:
        log = self._path.open("ab", buffering=0)
        while (wanted := self._wanted.get()) >= 0:
            while self.written < wanted:
                line = self._lines[self.written] + b"\n"
                middle = self._chance.randrange(len(line))
                log.write(line[:middle])
                log.write(line[middle:])
                self.written += 1
                if self.written in ROTATED_AFTER:
                    log.close()
                    self._rotate()
                    log = self._path.open("ab", buffering=0)
        log.close()

    def _rotate(self) -> None:
        older = self._path.with_name(f"{self._path.name}.1")
        if older.exists():
            older.rename(self._path.with_name(f"{self._path.name}.2"))
        self._path.rename(older)


@contextmanager
def collecting(store: Path, config: Path, said: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A collector in a process of its own, that has begun."""
    command = [sys.executable, "-m", "tui.cli", "--store", str(store), "collect", "--config", str(config)]
    with said.open("ab") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            eventually(lambda: process.poll() is not None or _is_held(store), PATIENCE_S, "the collector's lock")
            assert process.poll() is None, said.read_text()
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def _is_held(store: Path) -> bool:
    return not collector_lock(store).is_free()


def _source(store: Path) -> SourceRecord | None:
    try:
        reader = Reader(store)
    except StoreError:
        return None
    try:
        return next((record for record in reader.sources() if record.health.name == "gateway"), None)
    finally:
        reader.close()


def _stored(store: Path) -> int:
    record = _source(store)
    return 0 if record is None else record.events


@pytest.mark.timeout(180)
def test_a_collector_that_is_killed_ten_times_over_a_rotating_log_counts_each_request_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261122)
    log, store, config, said = (tmp_path / name for name in ("gateway.jsonl", "usdtop.db", "c.toml", "said.txt"))
    config.write_text(f'[gpu]\nenabled = false\n[[source]]\ntype = "file"\nname = "gateway"\npath = "{log}"\n')
    lines = samples.lines()
    gateway = Gateway(log, lines, chance)

    for kill in range(KILLS):
        goal = len(lines) * (kill + 1) // (KILLS + 1)
        # Written while nobody collects, while the collector starts, and while it reads: whatever comes first.
        gateway.write_up_to(goal - chance.randrange(40))
        with collecting(store, config, said) as process:
            gateway.write_up_to(goal)
            enough = max(0, goal - chance.choice((10**6, 50, 20, 1)))
            eventually(lambda enough=enough: _stored(store) >= enough, PATIENCE_S, f"{enough} requests stored")  # type: ignore[misc]  # the loop's value
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
    gateway.write_up_to(len(lines))
    gateway.close()
    with collecting(store, config, said) as process:
        eventually(lambda: _stored(store) >= len(lines), PATIENCE_S, "every request stored")
        process.terminate()
        assert process.wait(PATIENCE_S) == 0

    record = _source(store)
    assert record is not None
    assert (record.events, record.duplicates, record.rejected, record.gap_bytes) == (len(lines), 0, 0, 0)
    assert main(["--store", str(store), "report", "--json", "--since", "2001-01-01", "--until", "2200-01-01"]) == 0
    document = json.loads(capsys.readouterr().out)
    sums = samples.totals()
    for group in (*document["groups"], {"key": {"model": ""}, **document["total"]}):
        model = group["key"]["model"]
        expected = sums["by_model"][model] if model else sums["all"]
        wanted = samples.expected_measures(expected, samples.served_from_cache(model))
        assert {name: group[name] for name in wanted} == wanted, model

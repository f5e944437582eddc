"""Whatever the umask says, what usdtop writes is for its owner's eyes: the store, what stands beside it, and what is asked of it."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from tests.fakes.payloads import payload
from tui.child import log_beside, start_collector

LOOSE = 0o000


def usdtop(home: Path, *words: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "tui.cli", *words],
        env={**os.environ, "HOME": str(home), "XDG_STATE_HOME": "", "USDTOP_STORE": ""},
        umask=LOOSE, check=True, capture_output=True,
    )  # fmt: skip


def test_every_file_that_is_made_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    log = tmp_path / "usage.jsonl"
    log.write_bytes(payload("r-1") + b"\n")
    usdtop(home, "import", str(log))
    usdtop(home, "mark", "deploy")
    usdtop(home, "launch", "start", "--budget", "5", "--for", "1h")
    usdtop(home, "launch", "report", "--output", str(home / "launch.md"))
    usdtop(home, "snapshot", str(home / "copy.db"))
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()}
    assert {"usdtop.db", "copy.db", "launch.md", "launch-spent.svg", "launch-rate.svg"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o177} == {}


def test_what_a_started_collector_says_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = tmp_path / "usdtop" / "usdtop.db"
    before = os.umask(LOOSE)
    try:
        collector = start_collector(store)
    finally:
        os.umask(before)
    assert collector is not None
    collector.kill()
    collector.wait()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in store.parent.iterdir()}
    assert log_beside(store).name in modes
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o177} == {}

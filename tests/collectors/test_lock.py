"""Who collects and who watches: the locks of real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collectors.lock import StoreLock, collector_lock, monitors_lock
from tests.fakes.waiting import eventually

_HOLD = """
import sys
from pathlib import Path
from collectors.lock import StoreLock
lock = StoreLock(Path(sys.argv[1]), sys.argv[2])
assert lock.acquire(shared=sys.argv[3] == "shared")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held_by_another(store: Path, role: str, *, shared: bool = False) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", _HOLD, str(store), role, "shared" if shared else "alone"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def test_a_second_process_does_not_get_the_collector_s_lock(store: Path) -> None:
    with held_by_another(store, "collector"):
        assert not collector_lock(store).acquire()
        assert not collector_lock(store).is_free()
        assert monitors_lock(store).is_free(), "watching is another role"


def test_the_lock_dies_with_its_holder_however_it_ends(store: Path) -> None:
    with held_by_another(store, "collector") as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        eventually(collector_lock(store).is_free, 10, "the lock of a killed process being free")
    assert collector_lock(store).acquire()


def test_many_monitors_hold_their_lock_together(store: Path) -> None:
    with held_by_another(store, "monitors", shared=True):
        mine = monitors_lock(store)
        assert mine.acquire(shared=True)
        assert not monitors_lock(store).is_free()
        mine.release()
        assert not monitors_lock(store).is_free(), "the other one still watches"


def test_a_lock_can_be_let_go_and_taken_again(store: Path) -> None:
    lock = collector_lock(store)
    lock.release()
    for _ in range(2):
        assert lock.acquire()
        assert not collector_lock(store).is_free()
        lock.release()
        assert collector_lock(store).is_free()


def test_a_lock_file_is_for_its_owner_only(store: Path) -> None:
    lock = StoreLock(store, "collector")
    lock.acquire()
    assert lock.path.stat().st_mode & 0o777 == 0o600
    lock.release()


def test_asking_who_holds_it_does_not_pass_to_a_child_process(store: Path) -> None:
    lock = collector_lock(store)
    assert lock.acquire()
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE, close_fds=False
    ):
        lock.release()
        assert collector_lock(store).is_free()

"""A call into the driver that does not come back, through the real binding and in a process of its own."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from collectors.gpus.deadline import DeadlineThread, StillBusy
from collectors.gpus.gpu import GpuSource
from collectors.gpus.nvml.gpus import NvmlGpus
from tests.fakes.nvml import SOURCE, FakeDriver
from tests.fakes.waiting import eventually

PLENTY = 60.0


async def test_a_call_that_hangs_fails_its_source_and_is_waited_for_by_nobody(fake: FakeDriver) -> None:
    gpus, thread = NvmlGpus("host"), DeadlineThread("the GPU driver")
    source = GpuSource(gpus, deadline_seconds=0.01, make_thread=lambda _: thread)
    with fake.hangs("nvmlDeviceGetPowerUsage"):
        with pytest.raises(StillBusy, match="the GPU driver has not answered"):
            await source.poll(1_000)
        with pytest.raises(StillBusy):
            await source.poll(2_000)
        assert fake.calls("nvmlDeviceGetPowerUsage") == 1, "nothing is asked while a call hangs"
    assert thread.wait_until_free(PLENTY)

    patient = GpuSource(gpus, deadline_seconds=PLENTY)
    assert len((await patient.poll(3_000)).gpus) == 8
    source.close()
    patient.close()


def test_a_collector_whose_driver_hangs_records_everything_else_and_ends_when_told(
    new_library: Path, tmp_path: Path
) -> None:
    log = tmp_path / "calls.jsonl"
    log.write_text('{"at": "2026-05-16T14:23:00Z", "model": "m", "output": 5}\n')
    config = tmp_path / "config.toml"
    config.write_text(
        f'[[source]]\ntype = "file"\npath = "{log}"\nformat = "generic.jsonl"\n[source.fields]\n'
        'ended = "at"\nmodel = "model"\noutput_tokens = "output"\n'
    )
    environment = {
        **os.environ, "HOME": str(tmp_path), "LD_LIBRARY_PATH": str(new_library.parent), "FAKE_NVML_CARDS": "2",
        "FAKE_NVML_HANG": "nvmlDeviceGetName",
    }  # fmt: skip
    store = tmp_path / "usdtop.db"
    collector = subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "--config", str(config), "--store", str(store), "collect"],
        env=environment,
        cwd=SOURCE.parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        states = _states_once_failing(store)
        collector.send_signal(signal.SIGTERM)
        said, _ = collector.communicate(timeout=PLENTY)
    finally:
        collector.kill()
    assert states[str(log)] == "ok"
    assert states["nvml"] == "failing"
    assert "has not answered for" in said
    assert "Traceback" not in said
    assert collector.returncode == 0


def _states_once_failing(store: Path) -> dict[str, str]:
    eventually(lambda: "failing" in _states(store).values(), PLENTY, "a failing source")
    return _states(store)


def _states(store: Path) -> dict[str, str]:
    try:
        connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True)
    except sqlite3.OperationalError:
        return {}
    try:
        return dict(connection.execute("SELECT name, state FROM sources").fetchall())
    except sqlite3.OperationalError:
        return {}
    finally:
        connection.close()

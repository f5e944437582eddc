"""Readings of GPUs and engines: means over what was read, energy from a counter that may be reset."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from store.facts import EngineReading, GpuReading, Position
from store.reader import Reader
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, batch

GPU = GpuReading(at_ms=AT_MS, host="h100-1", uuid="GPU-0", index=0, name="H100", memory_total_bytes=80)
ENGINE = EngineReading(at_ms=AT_MS, engine="vllm-a", host="h100-1", model="llama", kind="vllm", pid=7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usdtop.db"


def read(path: Path, *readings: dict[str, object]) -> None:
    gpus = [msgspec.structs.replace(GPU, **{"at_ms": AT_MS + 1_000 * n, **one}) for n, one in enumerate(readings)]
    with closing(Writer(path)) as writer:
        writer.write(batch(gpus=gpus))


def minutes(path: Path, columns: str, table: str = "gpu_minutes") -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"SELECT {columns} FROM {table} ORDER BY minute").fetchall()


def test_energy_is_what_the_counter_grew_by(path: Path) -> None:
    read(path, {"energy_millijoules": 5_000}, {"energy_millijoules": 5_300}, {"energy_millijoules": 5_900})
    assert minutes(path, "energy_millijoules") == [(900,)]


def test_a_counter_that_fell_was_reset_and_counts_from_zero(path: Path) -> None:
    read(path, {"energy_millijoules": 5_000}, {"energy_millijoules": 5_300}, {"energy_millijoules": 40})
    assert minutes(path, "energy_millijoules") == [(340,)]


def test_a_reading_without_a_counter_neither_adds_energy_nor_loses_any(path: Path) -> None:
    read(path, {"energy_millijoules": 100}, {}, {"energy_millijoules": 250})
    assert minutes(path, "energy_millijoules") == [(150,)]


def test_means_are_taken_over_what_was_really_read(path: Path) -> None:
    read(path, {"busy": 0.5, "power_watts": 100.0}, {"busy": None}, {"busy": 1.0, "power_watts": 300.0})
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)

    assert (state.busy, state.power_watts) == (0.75, 200.0)
    assert minutes(path, "readings, busy_readings, busy_sum, busy_max, power_readings, power_max") == [
        (3, 2, 1.5, 1.0, 2, 300.0)
    ]


def test_a_card_that_never_says_how_busy_it_is_is_unknown_and_not_idle(path: Path) -> None:
    read(path, {}, {})
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)
    assert (state.busy, state.power_watts, state.memory_used_bytes) == (None, None, None)


def test_gauges_are_those_of_the_newest_reading(path: Path) -> None:
    read(
        path,
        {"memory_used_bytes": 10, "pids": (3, 4)},
        {"memory_used_bytes": 20, "pids": (5,), "temperature_celsius": 60},
    )
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)

    assert (state.memory_used_bytes, state.pids, state.temperature_celsius) == (20, (5,), 60)
    assert (state.at_ms, state.name, state.memory_total_bytes) == (AT_MS + 1_000, "H100", 80)


def test_a_lost_card_has_no_figures_but_its_reason(path: Path) -> None:
    read(path, {"busy": 0.9, "power_watts": 300.0}, {"lost": "fell off the bus", "name": None})
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)

    assert (state.lost, state.busy, state.power_watts, state.name) == ("fell off the bus", None, None, "H100")


def test_readings_before_and_after_the_window_are_left_out(path: Path) -> None:
    read(path, {"busy": 0.0}, {"busy": 0.4}, {"busy": 0.6}, {"busy": 1.0})
    (state,) = Reader(path).gpus(AT_MS, AT_MS + 2_000)
    assert state.busy == 0.5


def test_an_engine_s_tokens_are_summed_over_the_seconds_observed(path: Path) -> None:
    steps = [
        msgspec.structs.replace(ENGINE, at_ms=AT_MS, running=1),
        msgspec.structs.replace(
            ENGINE, at_ms=AT_MS + 2_000, seconds=2.0, input_tokens=100, output_tokens=10, running=9
        ),
        msgspec.structs.replace(
            ENGINE, at_ms=AT_MS + 61_000, seconds=2.5, cache_read_tokens=7, output_tokens=5, running=3
        ),
    ]
    Writer(path).write(batch(engines=steps))
    (state,) = Reader(path).engines(AT_MS - 1, AT_MS + 61_000)

    assert (state.input_tokens, state.cache_read_tokens, state.output_tokens) == (100, 7, 15)
    assert (state.seconds, state.running, state.pid) == (4.5, 3, 7)
    assert minutes(path, "seconds, input, output, running_max", "engine_minutes") == [(2.0, 100, 10, 9), (2.5, 0, 5, 3)]
    (longer,) = Reader(path).engine_minutes(AT_MS, AT_MS + 120_000)
    assert (longer.seconds, longer.output_tokens, longer.running) == (4.5, 15, None)


def test_an_engine_that_only_set_its_baseline_served_nothing_yet_in_no_time(path: Path) -> None:
    Writer(path).write(batch(engines=[ENGINE]))
    (state,) = Reader(path).engines(AT_MS - 1, AT_MS)

    assert (state.seconds, state.output_tokens) == (0.0, 0)
    assert minutes(path, "count(*)", "engine_minutes") == [(0,)]


def test_a_batch_that_failed_and_is_written_again_loses_no_energy(path: Path) -> None:
    writer = Writer(path)
    writer.write(batch(gpus=[msgspec.structs.replace(GPU, energy_millijoules=100)]))
    later = [msgspec.structs.replace(GPU, at_ms=AT_MS + 1_000, energy_millijoules=180)]
    many = [Position(path="/log" * 100, device=1, inode=n, offset=0) for n in range(500)]
    with writer.transaction() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="full"):
        writer.write(batch(gpus=later, positions=many))
    with writer.transaction() as connection:
        connection.execute(f"PRAGMA max_page_count = {1 << 30}")
    writer.write(batch(gpus=later, positions=many))

    assert minutes(path, "energy_millijoules, readings") == [(80, 2)]

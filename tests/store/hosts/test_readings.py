"""Readings of GPUs and engines: means over what was read, energy from a counter that may be reset."""

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from store.facts import EngineReading, GpuProcess, GpuReading, Position, Timed
from store.hosts.capacity import watched_between
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
        {"memory_used_bytes": 10, "processes": (GpuProcess(3, 4_096), GpuProcess(4))},
        {"memory_used_bytes": 20, "processes": (GpuProcess(5, 4_096), GpuProcess(6)), "temperature_celsius": 60},
    )
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)

    assert (state.memory_used_bytes, state.pids, state.temperature_celsius) == (20, (5, 6), 60)
    assert state.processes == (GpuProcess(5, 4_096), GpuProcess(6, None))
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
    assert minutes(path, "seconds, input, output, running_max", "engine_minutes") == [
        (2.0, 100, 10, 9),
        (2.5, None, 5, 3),
    ]
    (longer,) = Reader(path).engine_minutes(AT_MS, AT_MS + 120_000)
    assert (longer.seconds, longer.output_tokens, longer.running) == (4.5, 15, None)


def test_an_engine_that_only_set_its_baseline_has_not_said_yet_what_it_served(path: Path) -> None:
    Writer(path).write(batch(engines=[ENGINE]))
    (state,) = Reader(path).engines(AT_MS - 1, AT_MS)

    assert (state.seconds, state.output_tokens) == (0.0, None)
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


def test_what_an_engine_does_not_expose_stays_unknown_over_any_window(path: Path) -> None:
    steps = [msgspec.structs.replace(ENGINE, at_ms=AT_MS + n * 1_000, seconds=1.0, output_tokens=5) for n in (1, 2)]
    Writer(path).write(batch(engines=steps))
    reader = Reader(path)

    for (state,) in (reader.engines(AT_MS, AT_MS + 60_000), reader.engine_minutes(AT_MS, AT_MS + 60_000)):
        assert (state.output_tokens, state.input_tokens, state.ttft, state.idle_seconds) == (10, None, None, None)


def test_latencies_are_added_as_sums_so_that_their_mean_is_that_of_all_requests(path: Path) -> None:
    slow, quick = Timed(10.0, 2), Timed(6.0, 6)
    steps = [
        msgspec.structs.replace(ENGINE, at_ms=AT_MS + 1_000, seconds=1.0, ttft=slow, tpot=Timed(0.5, 50)),
        msgspec.structs.replace(ENGINE, at_ms=AT_MS + 2_000, seconds=1.0, ttft=quick, queue=Timed(0.0, 1)),
        msgspec.structs.replace(ENGINE, at_ms=AT_MS + 3_000, seconds=1.0, ttft=Timed(0.0, 0)),
    ]
    Writer(path).write(batch(engines=steps))
    reader = Reader(path)

    for (state,) in (reader.engines(AT_MS, AT_MS + 60_000), reader.engine_minutes(AT_MS, AT_MS + 60_000)):
        assert (state.ttft, state.tpot, state.queue) == (Timed(16.0, 8), Timed(0.5, 50), Timed(0.0, 1))
        assert state.ttft is not None
        assert state.ttft.mean_seconds == 2.0
    assert Timed(0.0, 0).mean_seconds is None


def test_an_engine_that_changes_its_gpus_is_known_by_the_newest(path: Path) -> None:
    with closing(Writer(path)) as writer:
        for at, gpus in ((1, (0, 1)), (2, (2,))):
            held = msgspec.structs.replace(
                ENGINE, at_ms=AT_MS + at, gpus=gpus, gpu_uuids=("MIG-a", "MIG-b"), gpus_from="processes"
            )
            writer.write(batch(engines=[held]))
    (state,) = Reader(path).engines(AT_MS, AT_MS + 60_000)

    assert (state.gpus, state.gpu_uuids, state.gpus_from) == ((2,), ("MIG-a", "MIG-b"), "processes")


def test_activity_is_a_mean_of_what_was_measured_and_unknown_where_nothing_was(path: Path) -> None:
    read(path, {"tensor_active": 0.2, "sm_active": 0.5}, {}, {"tensor_active": 0.4, "sm_active": 1.0})
    reader = Reader(path)
    (state,) = reader.gpus(AT_MS - 1, AT_MS + 60_000)
    (minute,) = reader.gpu_minutes("h100-1", "GPU-0", AT_MS, AT_MS + 60_000)

    for seen in (state, minute):
        assert (seen.sm_active, seen.dram_active) == (0.75, None)
        assert seen.tensor_active == pytest.approx(0.3)
    assert (minute.readings, minute.tensor_active_max, minute.busy, minute.energy_joules) == (3, 0.4, None, None)


def test_energy_is_told_with_the_seconds_that_it_was_counted_over(path: Path) -> None:
    read(path, {"energy_millijoules": 5_000}, {"energy_millijoules": 405_000}, {}, {"energy_millijoules": 200_000})
    reader = Reader(path)
    (state,) = reader.gpus(AT_MS - 1, AT_MS + 60_000)
    (minute,) = reader.gpu_minutes("h100-1", "GPU-0", AT_MS, AT_MS + 60_000)

    for seen in (state, minute):
        assert (seen.energy_joules, seen.energy_seconds) == (600.0, 3.0)


def test_an_error_that_a_card_reported_is_remembered_with_its_time(path: Path) -> None:
    read(path, {}, {"xids": (79,)}, {})
    reader = Reader(path)
    (state,) = reader.gpus(AT_MS + 1_500, AT_MS + 60_000)
    assert (state.xid, state.xid_ms) == (79, AT_MS + 1_000)

    (before,) = reader.gpus(AT_MS - 1, AT_MS)
    assert (before.xid, before.xid_ms) == (None, None)


def test_a_minute_keeps_every_reason_why_a_card_was_slowed_down_and_how_often_it_was_lost(path: Path) -> None:
    read(path, {"throttle_reasons": 0x4}, {"throttle_reasons": 0x40}, {"lost": "off the bus"})
    (minute,) = Reader(path).gpu_minutes("h100-1", "GPU-0", AT_MS, AT_MS + 60_000)
    assert (minute.throttle_reasons, minute.readings, minute.lost_readings) == (0x44, 3, 1)


def test_a_mig_instance_names_its_card_and_its_slices(path: Path) -> None:
    instance = {"uuid": "MIG-0", "parent_uuid": "GPU-0", "slices": 3}
    read(path, {}, instance)
    card, part = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)

    assert (card.uuid, card.parent_uuid, card.slices) == ("GPU-0", None, None)
    assert (part.uuid, part.parent_uuid, part.slices) == ("MIG-0", "GPU-0", 3)


def test_what_an_older_version_recorded_of_processes_is_still_read(path: Path) -> None:
    read(path, {})
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE gpu_readings SET pids = '3,4'")
        connection.commit()
    (state,) = Reader(path).gpus(AT_MS - 1, AT_MS + 60_000)
    assert state.pids == (3, 4)


def at(seconds: int, millijoules: int) -> GpuReading:
    return msgspec.structs.replace(GPU, at_ms=AT_MS + seconds * 1_000, energy_millijoules=millijoules)


def wrote(path: Path, *readings: GpuReading) -> None:
    """A collector that writes these, each in a batch of its own, and ends."""
    with closing(Writer(path)) as writer:
        for reading in readings:
            writer.write(batch(gpus=[reading]))


def test_what_was_used_while_no_collector_ran_is_spread_over_the_minutes_of_that_time(path: Path) -> None:
    wrote(path, at(30, 1_000))
    wrote(path, at(240, 22_000))

    # 21 joules in 210 seconds: half a minute, three minutes, and nothing of the one that begins now.
    with closing(Reader(path)) as reader:
        found = reader.gpu_minutes(GPU.host, GPU.uuid, AT_MS, AT_MS + 300_000)
        assert [(one.energy_joules, one.energy_seconds) for one in found if one.energy_joules] == [
            (3.0, 30.0), (6.0, 60.0), (6.0, 60.0), (6.0, 60.0),
        ]  # fmt: skip
        assert [one.readings for one in found] == [1, 0, 0, 0, 1]
        assert watched_between(reader.ask, AT_MS + 60_000, AT_MS + 240_000) is None, "nobody watched"


def test_a_counter_that_somebody_reads_late_beside_us_is_no_reset(path: Path) -> None:
    """An exporter that looks every half a minute says 900 kJ when we have read 901 already."""
    seen = ((0, 900), (2, 901), (3, 900), (4, 902), (5, 900), (6, 903))
    wrote(path, *(at(seconds, kilojoules * 1_000_000) for seconds, kilojoules in seen))
    assert minutes(path, "energy_millijoules") == [(3_000_000,)]


def test_a_counter_that_jumps_by_more_than_a_card_can_use_counts_on_from_there(path: Path) -> None:
    wrote(path, *(at(seconds, joules * 1_000) for seconds, joules in ((0, 1_000), (1, 9_000_000), (2, 9_000_300))))
    assert minutes(path, "energy_millijoules") == [(300_000,)]

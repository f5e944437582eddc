"""GPUs and engines with their readings and minutes, and the first hosts and budgets."""

from sqlite_utils import Database

_GPU_READING_COLUMNS: dict[str, type] = {
    "memory_busy": float,
    "sm_active": float,
    "tensor_active": float,
    "dram_active": float,
    "pcie_tx_bytes_per_second": int,
    "pcie_rx_bytes_per_second": int,
    "nvlink_tx_bytes_per_second": int,
    "nvlink_rx_bytes_per_second": int,
    "sm_clock_max_mhz": int,
    "memory_clock_mhz": int,
    "ecc_corrected": int,
    "ecc_uncorrected": int,
    "energy_gained": int,
    "energy_seconds": float,
}
_GPU_MINUTE_COLUMNS: dict[str, type] = {
    "sm_sum": float,
    "sm_readings": int,
    "tensor_sum": float,
    "tensor_max": float,
    "tensor_readings": int,
    "dram_sum": float,
    "dram_max": float,
    "dram_readings": int,
    "energy_seconds": float,
    "temperature_max": int,
    "throttle_reasons": int,
    "lost_readings": int,
}
_TIMED = ("ttft", "tpot", "queue")


def m005_machines(db: Database) -> None:
    """GPUs and engines: raw readings for an hour, then minutes; and what each host costs, with its dates."""
    db.table("gpus").create(
        {"id": int, "host": str, "uuid": str, "position": int, "name": str, "memory_total_bytes": int},
        pk="id",
        strict=True,
    )
    db.table("gpus").create_index(["host", "uuid"], unique=True)
    db.table("gpu_readings").create(
        {
            "gpu": int,
            "at_ms": int,
            "busy": float,
            "memory_used_bytes": int,
            "power_watts": float,
            "power_limit_watts": float,
            "energy_millijoules": int,
            "temperature_celsius": int,
            "sm_clock_mhz": int,
            "throttle_reasons": int,
            "pids": str,
            "lost": str,
        },
        pk=("gpu", "at_ms"),
        strict=True,
    )
    db.table("gpu_minutes").create(
        {
            "gpu": int,
            "minute": int,
            "readings": int,
            "busy_sum": float,
            "busy_max": float,
            "busy_readings": int,
            "memory_used_bytes": int,
            "power_sum": float,
            "power_max": float,
            "power_readings": int,
            "energy_millijoules": int,
        },
        pk=("gpu", "minute"),
        strict=True,
    )
    db.table("engines").create(
        {"id": int, "name": str, "host": str, "model": str, "kind": str, "pid": int, "gpus": str}, pk="id", strict=True
    )
    db.table("engines").create_index(["name", "model"], unique=True)
    db.table("engine_readings").create(
        {
            "engine": int,
            "at_ms": int,
            "seconds": float,
            "input": int,
            "cache_read": int,
            "output": int,
            "requests": int,
            "running": int,
            "waiting": int,
            "kv_cache_used": float,
        },
        pk=("engine", "at_ms"),
        strict=True,
    )
    db.table("engine_minutes").create(
        {
            "engine": int,
            "minute": int,
            "seconds": float,
            "input": int,
            "cache_read": int,
            "output": int,
            "requests": int,
            "running_max": int,
            "waiting_max": int,
        },
        pk=("engine", "minute"),
        strict=True,
    )
    db.table("hosts").create(
        {
            "name": str,
            "since_ms": int,
            "until_ms": int,
            "usd_per_hour_nano": int,
            "gpus": int,
            "prefill_tokens_per_second": int,
            "decode_tokens_per_second": int,
            "capacity_basis": str,
        },
        pk=("name", "since_ms"),
        strict=True,
    )
    db.table("budgets").create(
        {"name": str, "since_ms": int, "until_ms": int, "nano_usd": int, "period": str, "filter": str},
        pk=("name", "since_ms"),
        strict=True,
    )


def m011_activity(db: Database) -> None:
    """What newer cards and engines measure: activity of units, errors, latencies; and how long each poll took."""
    for name, kind in _GPU_READING_COLUMNS.items():
        db.table("gpu_readings").add_column(name, kind)
    for name, kind in _GPU_MINUTE_COLUMNS.items():
        db.table("gpu_minutes").add_column(name, kind)
    db.table("gpus").add_column("parent_uuid", str)
    db.table("gpus").add_column("slices", int)
    db.table("gpu_errors").create({"gpu": int, "at_ms": int, "xid": int}, pk=("gpu", "at_ms", "xid"), strict=True)
    for table in ("engine_readings", "engine_minutes"):
        for name in _TIMED:
            db.table(table).add_column(f"{name}_seconds", float)
            db.table(table).add_column(f"{name}_count", int)
        db.table(table).add_column("idle_seconds", float)
        db.table(table).add_column("running_limit", int)
    for name, kind in {"kv_cache_max": float, "running_sum": int, "running_readings": int}.items():
        db.table("engine_minutes").add_column(name, kind)
    db.table("engines").add_column("gpu_uuids", str)
    db.table("engines").add_column("gpus_from", str)
    db.table("sources").add_column("poll_ms", float)


def m018_holdings(db: Database) -> None:
    """Which GPUs an engine held from when on: a past minute is divided by what was held then."""
    db.table("engine_holdings").create(
        {"engine": int, "since_ms": int, "host": str, "gpus": str, "gpu_uuids": str},
        pk=("engine", "since_ms"),
        strict=True,
    )
    db.execute("INSERT INTO engine_holdings SELECT id, 0, host, gpus, gpu_uuids FROM engines")


def m020_buckets(db: Database) -> None:
    """How many first and further tokens took how long, beside their sums, for percentiles."""
    for name in ("ttft_buckets", "tpot_buckets"):
        db.table("engine_readings").add_column(name, str)


def m021_processors(db: Database) -> None:
    """What the processors of a machine used in each minute, and on which hosts that is measured."""
    db.table("processor_minutes").create(
        {"host": str, "minute": int, "joules": float, "seconds": float}, pk=("host", "minute"), strict=True
    )
    db.table("hosts").add_column("measure_processors", int, not_null_default=0)

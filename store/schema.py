"""The tables, as an append-only list of migrations."""

from sqlite_utils import Database, Migrations

from store.tables import MEASURES, ROLLUPS, SCHEMA_VERSION, SIDE_ROLLUPS, TOKEN_COLUMNS, UNIT_ROLLUPS

migrations = Migrations("usdtop")


@migrations()
def m001_dimensions(db: Database) -> None:
    """Series and cards: the few distinct things that millions of rows point at by a small integer."""
    db.table("series").create(
        {
            "id": int,
            "key": str,
            "source": str,
            "provider": str,
            "model": str,
            "deployment": str,
            "tenant": str,
            "api_key": str,
            "host": str,
            "call_type": str,
            "outcome": str,
        },
        pk="id",
        not_null={"key", "source", "outcome"},
        strict=True,
    )
    db.table("series").create_index(["key"], unique=True)
    db.table("cards").create(
        {"id": int, "card_id": str, "status": str, "book": str, "record": str, "body": str},
        pk="id",
        not_null={"card_id", "status", "body"},
        strict=True,
    )
    db.table("cards").create_index(["card_id"], unique=True)


@migrations()
def m002_requests(db: Database) -> None:
    """Single requests, kept for days; `identity` holds the call in its upper 40 bits, the record in its lower 24."""
    db.table("requests").create(
        {
            "id": int,
            "identity": int,
            "record_id": bytes,
            "ended_at_ms": int,
            "duration_ms": int,
            "first_token_ms": int,
            "series": int,
            "card": int,
            **dict.fromkeys(TOKEN_COLUMNS, int),
            "nano_usd": int,
            "reported_nano_usd": int,
            "partial": int,
            "units": str,
            "error": str,
        },
        pk="id",
        not_null={"identity", "ended_at_ms", "series", "card"},
        strict=True,
    )
    db.table("requests").create_index(["identity"], unique=True)
    db.table("arrivals").create({"stored_minute": int, "first_id": int}, pk="stored_minute", strict=True)


@migrations()
def m003_rollups(db: Database) -> None:
    """Sums per minute, hour and day, series and card: what every screen reads.

    `stored_day` (days since the epoch) is when a sum last grew: retention counts from there, so that an old log
    imported today is whole today.
    """
    columns = ", ".join(f'"{name}" INTEGER NOT NULL DEFAULT 0' for name in MEASURES)
    for table in ROLLUPS:
        # sqlite-utils has no WITHOUT ROWID, which halves these tables.
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, series INTEGER NOT NULL, card INTEGER NOT NULL, "
            f"{columns}, stored_day INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (bucket, series, card)) WITHOUT ROWID, STRICT"
        )


@migrations()
def m004_sources(db: Database) -> None:
    """Where each source stands: its state, the files it has read, what it could not take."""
    db.table("sources").create(
        {
            "name": str,
            "kind": str,
            "state": str,
            "detail": str,
            "polled_ms": int,
            "watermark_ms": int,
            "poll_every_ms": int,
            "backlog_bytes": int,
            "events": int,
            "duplicates": int,
            "rejected": int,
            "gap_bytes": int,
            "state_since_ms": int,
        },
        pk="name",
        strict=True,
        not_null={"kind", "state", "polled_ms"},
        defaults={"events": 0, "duplicates": 0, "rejected": 0, "gap_bytes": 0},
    )
    db.table("positions").create(
        {
            "source": str,
            "device": int,
            "inode": int,
            "path": str,
            "offset": int,
            "head_digest": bytes,
            "tail_digest": bytes,
            "modified_ms": int,
            "finished": int,
        },
        pk=("source", "device", "inode"),
        strict=True,
    )
    db.table("rejects").create(
        {"source": str, "reason": str, "count": int, "example": str, "seen_ms": int},
        pk=("source", "reason"),
        strict=True,
    )


@migrations()
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


@migrations()
def m006_repricing(db: Database) -> None:
    """What repricing needs: the variant of a request that was not a standard one, and notes of the whole store."""
    db.table("requests").add_column("variant", str)
    db.table("notes").create({"name": str, "value": str}, pk="name", not_null={"value"}, strict=True)


@migrations()
def m007_ranks(db: Database) -> None:
    """How much the view of a call knew that is kept; null is the usual one, a gateway's whole payload."""
    db.table("requests").add_column("rank", int)


@migrations()
def m008_sides(db: Database) -> None:
    """Sums by user, end user and tag beside those of the series; a request keeps the ids of its values."""
    db.table("side_values").create(
        {"id": int, "dimension": str, "value": str}, pk="id", not_null={"dimension", "value"}, strict=True
    )
    db.table("side_values").create_index(["dimension", "value"], unique=True)
    db.table("requests").add_column("sides", str)
    columns = ", ".join(f'"{name}" INTEGER NOT NULL DEFAULT 0' for name in MEASURES)
    for table in SIDE_ROLLUPS:
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, value INTEGER NOT NULL, series INTEGER NOT NULL,"
            f" card INTEGER NOT NULL, {columns}, stored_day INTEGER NOT NULL DEFAULT 0,"
            " PRIMARY KEY (bucket, value, series, card)) WITHOUT ROWID, STRICT"
        )


@migrations()
def m009_commitments(db: Database) -> None:
    """Provisioned capacity at providers, with its dates."""
    db.table("commitments").create(
        {"name": str, "since_ms": int, "until_ms": int, "usd_per_hour_nano": int, "filter": str},
        pk=("name", "since_ms"),
        strict=True,
    )


@migrations()
def m010_marks(db: Database) -> None:
    """What somebody did and when: a deploy, a flag flipped."""
    db.table("marks").create({"at_ms": int, "text": str}, pk=("at_ms", "text"), strict=True)


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


@migrations()
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


@migrations()
def m012_positions(db: Database) -> None:
    """How large a file was that was not read to its end, and what its format remembers of the lines before."""
    db.table("positions").add_column("size_bytes", int)
    db.table("positions").add_column("memory", bytes)


@migrations()
def m013_economics(db: Database) -> None:
    """What the economics of hosts need with dates: energy in the price, capacity, learned saturation, rival prices."""
    for column, kind in (("energy_nano_usd_per_kwh", int), ("board_to_wall", float), ("base_watts", float)):
        db.table("hosts").add_column(column, kind)
    db.execute("UPDATE hosts SET base_watts = 0.0")
    db.table("engine_minutes").add_column("saturated_seconds", float, not_null_default=0.0)
    db.table("capacities").create(
        {
            "name": str,
            "prefill_tokens_per_second": int,
            "decode_tokens_per_second": int,
            "capacity_basis": str,
            "since_ms": int,
            "until_ms": int,
        },
        pk=("name", "since_ms"),
        strict=True,
    )
    db.table("saturations").create(
        {
            "engine": str,
            "model": str,
            "since_ms": int,
            "work_per_second": float,
            "decode_weight": float,
            "how": str,
            "minutes": int,
        },
        pk=("engine", "model", "since_ms"),
        strict=True,
    )
    db.table("rivals").create(
        {
            "model": str,
            "record": str,
            "input_nano_usd": int,
            "output_nano_usd": int,
            "cache_read_nano_usd": int,
            "checked": str,
            "how": str,
            "since_ms": int,
            "until_ms": int,
        },
        pk=("model", "since_ms"),
        strict=True,
    )


@migrations()
def m014_launches(db: Database) -> None:
    """Launches with their plans; and which dollars a budget counts, by whose calendar, and when it warns."""
    db.table("launches").create(
        {
            "began_ms": int,
            "name": str,
            "ends_ms": int,
            "stopped_ms": int,
            "nano_usd": int,
            "filter": str,
            "counts": str,
            "plan": str,
        },
        pk="began_ms",
        not_null={"name", "ends_ms", "nano_usd", "filter", "counts", "plan"},
        strict=True,
    )
    budgets = db.table("budgets")
    for name, kind, default in (
        ("counts", str, "both"),
        ("timezone", str, "UTC"),
        ("soft", float, 0.8),
        ("hard", float, 1.0),
    ):
        budgets.add_column(name, kind, not_null_default=default)


@migrations()
def m015_alerts(db: Database) -> None:
    """Alerts with what people did about them, and what was sent of them to whom."""
    db.table("alerts").create(
        {
            "id": int,
            "rule": str,
            "subject": str,
            "severity": str,
            "title": str,
            "opened_ms": int,
            "resolved_ms": int,
            "acknowledged_ms": int,
            "acknowledged_by": str,
            "snoozed_until_ms": int,
            "calm_since_ms": int,
            "measured_ms": int,
            "value": float,
            "fires_at": float,
            "normal": float,
            "effect_nano_usd_per_hour": int,
            "body": str,
        },
        pk="id",
        not_null={"rule", "subject", "severity", "title", "opened_ms", "measured_ms", "value", "fires_at", "body"},
        strict=True,
    )
    # sqlite-utils makes no partial index: what is open is unique, what is over is history.
    db.execute("CREATE UNIQUE INDEX open_alerts ON alerts (rule, subject) WHERE resolved_ms IS NULL")
    db.table("alerts").create_index(["opened_ms"])
    db.table("alert_deliveries").create(
        {
            "alert": int,
            "webhook": str,
            "event": str,
            "attempts": int,
            "queued_ms": int,
            "next_ms": int,
            "sent_ms": int,
            "error": str,
        },
        pk=("alert", "webhook", "event"),
        not_null={"attempts", "queued_ms", "next_ms"},
        strict=True,
    )


@migrations()
def m016_providers(db: Database) -> None:
    """What providers say of themselves: usage and costs per bucket of time, and balances."""
    db.table("providers").create(
        {"source": str, "provider": str, "role": str, "covers": str}, pk="source", not_null={"provider"}, strict=True
    )
    db.table("provider_datasets").create(
        {"source": str, "dataset": str, "width": int, "watermark_ms": int, "read_ms": int},
        pk=("source", "dataset"),
        strict=True,
    )
    columns = ", ".join(f'"{name}" INTEGER NOT NULL DEFAULT 0' for name in (*TOKEN_COLUMNS, "nano_usd"))
    db.execute(
        "CREATE TABLE usage_buckets (source TEXT NOT NULL, dataset TEXT NOT NULL, begins INTEGER NOT NULL,"
        " width INTEGER NOT NULL, series INTEGER NOT NULL, card INTEGER NOT NULL, variant TEXT NOT NULL,"
        " prompt_tokens INTEGER NOT NULL, rest TEXT NOT NULL, requests INTEGER, partial INTEGER NOT NULL, units TEXT,"
        f" {columns}, PRIMARY KEY (source, dataset, begins, series, variant, prompt_tokens, rest)) WITHOUT ROWID, STRICT"
    )
    db.execute(
        "CREATE TABLE cost_buckets (source TEXT NOT NULL, dataset TEXT NOT NULL, begins INTEGER NOT NULL,"
        " width INTEGER NOT NULL, provider TEXT NOT NULL, model TEXT NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL,"
        " item TEXT NOT NULL, token_class TEXT NOT NULL, nano_usd INTEGER NOT NULL,"
        " PRIMARY KEY (source, dataset, begins, provider, model, tenant, key, item)) WITHOUT ROWID, STRICT"
    )
    db.table("balances").create(
        {
            "source": str,
            "account": str,
            "since_ms": int,
            "until_ms": int,
            "nano": int,
            "currency": str,
            "counts": str,
        },
        pk=("source", "account", "since_ms"),
        strict=True,
    )


@migrations()
def m017_sessions_and_units(db: Database) -> None:
    """Which session a kept request belongs to, and sums of searches, images, seconds and the like.

    A session has a row for each day on which its requests were stored, so that forgetting takes the oldest rows.
    """
    db.table("sessions").create(
        {"id": int, "name": str, "stored_day": int}, pk="id", not_null={"name", "stored_day"}, strict=True
    )
    db.table("requests").add_column("session", int)
    for table in UNIT_ROLLUPS.values():
        db.execute(
            f"CREATE TABLE {table} (bucket INTEGER NOT NULL, series INTEGER NOT NULL, card INTEGER NOT NULL,"
            " unit TEXT NOT NULL, amount INTEGER NOT NULL, stored_day INTEGER NOT NULL DEFAULT 0,"
            " PRIMARY KEY (bucket, series, card, unit)) WITHOUT ROWID, STRICT"
        )


@migrations()
def m018_holdings(db: Database) -> None:
    """Which GPUs an engine held from when on: a past minute is divided by what was held then."""
    db.table("engine_holdings").create(
        {"engine": int, "since_ms": int, "host": str, "gpus": str, "gpu_uuids": str},
        pk=("engine", "since_ms"),
        strict=True,
    )
    db.execute("INSERT INTO engine_holdings SELECT id, 0, host, gpus, gpu_uuids FROM engines")


def migrate(db: Database) -> None:
    """Bring a store to this version and say so in `user_version`, which readers check."""
    migrations.apply(db)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

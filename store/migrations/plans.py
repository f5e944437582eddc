"""What is paid by the hour, what it can serve, and what was planned: commitments, economics of hosts, launches."""

from sqlite_utils import Database


def m009_commitments(db: Database) -> None:
    """Provisioned capacity at providers, with its dates."""
    db.table("commitments").create(
        {"name": str, "since_ms": int, "until_ms": int, "usd_per_hour_nano": int, "filter": str},
        pk=("name", "since_ms"),
        strict=True,
    )


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

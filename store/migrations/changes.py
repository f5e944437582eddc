"""What changed, for readers that keep what they have read."""

from sqlite_utils import Database

_FACTS = (
    "alerts", "balances", "budgets", "capacities", "cards", "commitments", "cost_buckets", "engine_holdings", "engines",
    "gpus", "hosts", "launches", "marks", "notes", "provider_datasets", "providers", "rivals", "saturations", "series",
    "usage_buckets",
)  # fmt: skip
"""Tables that change seldom: everything but sums, requests, readings, positions and where sources stand."""


def m024_changes(db: Database) -> None:
    """From which minute on each transaction changed sums, and how often each table of facts was changed."""
    db.table("changed_sums").create({"number": int, "since": int}, pk="number", not_null={"since"}, strict=True)
    db.table("changed_sums").insert({"since": 0})
    db.table("changed_facts").create({"name": str, "changes": int}, pk="name", not_null={"changes"}, strict=True)
    for table in _FACTS:
        db.table("changed_facts").insert({"name": table, "changes": 0})
        for change in ("INSERT", "UPDATE", "DELETE"):
            # sqlite-utils makes no triggers.
            db.execute(
                f"CREATE TRIGGER {table}_{change.lower()} AFTER {change} ON {table}"
                f" BEGIN UPDATE changed_facts SET changes = changes + 1 WHERE name = '{table}'; END"
            )

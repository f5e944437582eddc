"""What providers say themselves of usage, costs and balances."""

from sqlite_utils import Database

from store.tables import TOKEN_COLUMNS


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

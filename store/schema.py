"""The tables: the append-only order of the migrations that make them, each written in the room of what it is about."""

import sqlite3

from sqlite_utils import Database, Migrations

from store.migrations import changes, incidents, machines, plans, providers, requests, sources
from store.tables import SCHEMA_VERSION

# A store knows a migration that it has had by the name of its function: no name ever changes, new ones come last.
_IN_ORDER = (
    requests.m001_dimensions,
    requests.m002_requests,
    requests.m003_rollups,
    sources.m004_sources,
    machines.m005_machines,
    requests.m006_repricing,
    requests.m007_ranks,
    requests.m008_sides,
    plans.m009_commitments,
    incidents.m010_marks,
    machines.m011_activity,
    sources.m012_positions,
    plans.m013_economics,
    plans.m014_launches,
    incidents.m015_alerts,
    providers.m016_providers,
    requests.m017_sessions_and_units,
    machines.m018_holdings,
    requests.m019_saved,
    machines.m020_buckets,
    machines.m021_processors,
    sources.m022_doubts,
    sources.m023_gone,
    changes.m024_changes,
    incidents.m025_alert_figures,
)

migrations = Migrations("usdtop")
for _step in _IN_ORDER:
    migrations()(_step)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a store to this version and say so in `user_version`, which readers check.

    All of it is one transaction: of two processes that open a store at once, one finds it done by the other.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            migrations.apply(Database(connection, execute_plugins=False))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise

"""The one writer: a batch becomes rows, rollups, positions and health in one transaction, or nothing."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from pricing.card import RateCard
from store.asking import asking
from store.errors import plain_errors
from store.facts import Batch, BudgetFact, CapacityFact, CommitmentFact, HostFact, Position
from store.folder import open_folder
from store.hosts.readings import MachineWriter
from store.limits import Limits
from store.plans import put_in_force, read_commitments
from store.positions import follower_of, forget_positions, read_positions, write_positions
from store.provider_facts import ProviderFact
from store.providers.buckets import BucketWriter, DatasetState, datasets, put_providers
from store.providers.repricing import Day, Price, Repriced, days_to_price, price_day
from store.requests.binding import bind_at_once
from store.requests.names import Names
from store.requests.ready import Ready, make_ready
from store.requests.writing import RequestWriter, WrittenRequests
from store.retention import Retention, prune
from store.tables import SCHEMA_VERSION, StoreError, StoreGoneError
from store.tidying import believed_ms

_BUSY_SECONDS = 10.0
_CHANGES = 100
"""How often a change to the write-ahead log is tried while others open the store, too."""
_SELDOM_PAGES = 16_000
_CACHE_KIB, _LARGE_CACHE_KIB = 2_000, 32_000
"""A collector touches few pages again and again; what else it kept of a store that grows would only make it grow, too."""


class Written(msgspec.Struct, frozen=True):
    """What a batch changed."""

    events: int
    duplicates: int


class Writer:
    """Owns the writing connection; belongs to the thread that made it.

    Raises StoreError with a plain sentence when the disk is full, the store is damaged, locked or newer than this
    program. After a failed write nothing of the batch is in the store, and the same batch can be written again.
    """

    def __init__(self, path: Path, *, group: str | None = None, limits: Limits | None = None) -> None:
        self.path = path
        bind_at_once()
        with plain_errors(path):
            open_folder(path, group=group)
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            self._prepare()
            self._file = _identity(path)
        limits = limits or Limits()
        self._names = Names(self._connection, limits.series)
        self._requests = RequestWriter(self._connection, self._names, limits)
        self._buckets = BucketWriter(self._connection, self._names)
        self._machines = MachineWriter(self._connection)

    def _prepare(self) -> None:
        version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise StoreError(f"{self.path} was written by a newer usdtop (schema {version}); please update usdtop.")
        _write_ahead(self._connection)
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA recursive_triggers = ON")
        self._connection.execute("PRAGMA temp_store = MEMORY")
        self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._connection.execute("PRAGMA journal_size_limit = 16000000")
        if version < SCHEMA_VERSION:
            # With it comes sqlite-utils, for which a store of this version need not wait.
            from store.schema import migrate

            migrate(self._connection)

    def write(self, batch: Batch, cards: Sequence[RateCard] = (), *, ready: Ready | None = None) -> Written:
        """Write everything that one poll saw; `cards` are the rate cards that its events name.

        `ready` stands for events that were made ready elsewhere.
        """
        with self.transaction():
            source, at_ms = batch.health.name, batch.health.polled_ms
            rows = ready or make_ready(source, batch.events, cards)
            written = self._requests.write(rows, stored_ms=at_ms)
            self._buckets.write(source, batch.readings, cards)
            notes = [*self._requests.take_notes(), *self._names.take_notes()]
            self._machines.write_gpus(batch.gpus)
            self._machines.write_engines(batch.engines)
            self._machines.write_processors(batch.processors)
            forget_positions(self._connection, source, batch.gone)
            write_positions(self._connection, source, batch.positions)
            self._write_health(msgspec.structs.replace(batch, rejects=(*batch.rejects, *notes)), written)
        self._machines.keep()
        return Written(written.events, written.duplicates)

    def expect_much(self) -> None:
        """Keep more pages in memory, and let the log grow to 64 MB before it is copied into the store.

        What changes pages all over the store then reads and copies each of them once.
        """
        self._connection.execute(f"PRAGMA cache_size = -{_LARGE_CACHE_KIB}")
        self._connection.execute(f"PRAGMA wal_autocheckpoint = {_SELDOM_PAGES}")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """An immediate transaction; rolled back as a whole, with what was remembered of it, on any error.

        Inside another one it is a part of that.
        """
        if self._connection.in_transaction:
            yield self._connection
            return
        with plain_errors(self.path):
            if _identity(self.path) != self._file:
                raise StoreGoneError(f"the store {self.path} was deleted or replaced while it was written.")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._forget()
                raise

    def _forget(self) -> None:
        self._names.forget()
        self._requests.forget()
        self._machines.forget()
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def positions(self, source: str) -> list[Position]:
        """How far each file of a source has been read."""
        with plain_errors(self.path):
            return read_positions(self._connection, source)

    def follower_of(self, paths: Sequence[str]) -> str | None:
        """The source that has followed a log of one of these paths, the first one that is known."""
        with plain_errors(self.path):
            return follower_of(self._connection, paths)

    def watermark_ms(self, source: str) -> int | None:
        """When a source was last read to its end, or None."""
        with plain_errors(self.path):
            found = self._connection.execute("SELECT watermark_ms FROM sources WHERE name = ?", (source,)).fetchone()
        return found[0] if found else None

    def set_hosts(self, hosts: Sequence[HostFact], at_ms: int) -> None:
        """Put the configured hosts in force: unchanged ones go on, changed ones begin anew, missing ones end."""
        with self.transaction() as connection:
            put_in_force(connection, "hosts", hosts, at_ms)

    def set_capacities(self, capacities: Sequence[CapacityFact], at_ms: int) -> None:
        """Put the configured capacities of engines in force, in the same way as hosts."""
        with self.transaction() as connection:
            put_in_force(connection, "capacities", capacities, at_ms)

    def commitments(self) -> list[CommitmentFact]:
        """Every commitment with the dates between which it was in force."""
        with plain_errors(self.path):
            return read_commitments(asking(self._connection))

    def set_commitments(self, commitments: Sequence[CommitmentFact], at_ms: int) -> None:
        """Put the configured commitments in force, in the same way as hosts."""
        with self.transaction() as connection:
            put_in_force(connection, "commitments", commitments, at_ms)

    def set_budgets(self, budgets: Sequence[BudgetFact], at_ms: int) -> None:
        """Put the configured budgets in force, in the same way as hosts."""
        with self.transaction() as connection:
            put_in_force(connection, "budgets", budgets, at_ms)

    def set_providers(self, providers: Sequence[ProviderFact]) -> None:
        """Note which traffic each provider's figures are of, and whether they are live or only judge."""
        with self.transaction() as connection:
            put_providers(connection, providers)

    def leave_out(self, followed: Collection[str], at_ms: int) -> None:
        """Make sources that are followed no more absent: what nobody asks any more is late for nobody. Imports stay."""
        with self.transaction() as connection:
            connection.execute(_LEAVE_OUT, {"followed": json.dumps(list(followed)), "at_ms": at_ms})

    def datasets(self, source: str) -> dict[str, DatasetState]:
        """How far each dataset of a provider's source has been read."""
        with plain_errors(self.path):
            return datasets(self._connection, source)

    def days_to_price(self, since_ms: int = 0, *, only_unpriced: bool = False) -> list[Day]:
        """Days of providers' buckets from `since_ms` on, to be priced again one by one."""
        with self.transaction() as connection:
            return days_to_price(connection, since_ms, only_unpriced=only_unpriced)

    def price_day(
        self, day: Day, price: Price, *, only_unpriced: bool = False, dry_run: bool = False
    ) -> list[Repriced]:
        """Price one day of buckets again; what changed."""
        with self.transaction() as connection:
            return price_day(connection, self._names, day, price, only_unpriced=only_unpriced, dry_run=dry_run)

    def prune(self, retention: Retention, at_ms: int) -> None:
        """Forget what is older than its retention."""
        with self.transaction() as connection:
            prune(connection, retention, at_ms, at_ms)

    def tidy(self, retention: Retention, now_ms: int) -> None:
        """What is done now and then: forget what is old, as far as the clock can be believed, and settle old attempts."""
        with self.transaction() as connection:
            prune(connection, retention, believed_ms(connection, now_ms), now_ms)
            self._requests.settle_older(now_ms)

    def close(self) -> None:
        """Close the connection; a checkpoint leaves the store in one file."""
        with plain_errors(self.path):
            self._connection.close()

    def _write_health(self, batch: Batch, written: WrittenRequests) -> None:
        health = batch.health
        self._connection.execute(_UPSERT_SOURCE, {
            "name": health.name, "kind": health.kind, "state": health.state.value, "detail": health.detail,
            "polled_ms": health.polled_ms, "watermark_ms": health.watermark_ms, "poll_every_ms": health.poll_every_ms,
            "backlog_bytes": health.backlog_bytes, "poll_ms": health.poll_ms, "events": written.events, "duplicates": written.duplicates,
            "rejected": sum(reject.count for reject in batch.rejects if not reject.taken), "gap_bytes": batch.gap_bytes,
        })  # fmt: skip
        self._connection.executemany(
            "INSERT INTO rejects (source, reason, count, example, seen_ms, taken) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (source, reason) DO UPDATE SET count = count + excluded.count, example = excluded.example,"
            " seen_ms = excluded.seen_ms, taken = excluded.taken",
            [(health.name, r.reason, r.count, r.example, health.polled_ms, int(r.taken)) for r in batch.rejects],
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there, None being none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Change to the write-ahead log. SQLite does not wait for a lock when it does that; a transaction waits."""
    for _ in range(_CHANGES):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("COMMIT")
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


_LEAVE_OUT = """
UPDATE sources SET state = 'absent', state_since_ms = :at_ms, polled_ms = :at_ms,
    detail = 'is followed no more: no configuration names it, and it was not found', backlog_bytes = 0
WHERE state != 'absent' AND kind != 'import' AND name NOT IN (SELECT value FROM json_each(:followed))
"""

_UPSERT_SOURCE = """
INSERT INTO sources (name, kind, state, detail, polled_ms, watermark_ms, poll_every_ms, backlog_bytes, poll_ms,
                     events, duplicates, rejected, gap_bytes, state_since_ms)
VALUES (:name, :kind, :state, :detail, :polled_ms, :watermark_ms, :poll_every_ms, :backlog_bytes, :poll_ms,
        :events, :duplicates, :rejected, :gap_bytes, :polled_ms)
ON CONFLICT (name) DO UPDATE SET
    kind = excluded.kind, detail = excluded.detail, polled_ms = excluded.polled_ms,
    watermark_ms = coalesce(excluded.watermark_ms, watermark_ms), poll_every_ms = excluded.poll_every_ms,
    backlog_bytes = excluded.backlog_bytes, poll_ms = excluded.poll_ms, events = events + excluded.events,
    duplicates = duplicates + excluded.duplicates, rejected = rejected + excluded.rejected,
    gap_bytes = gap_bytes + excluded.gap_bytes,
    state_since_ms = CASE WHEN state = excluded.state THEN state_since_ms ELSE excluded.polled_ms END,
    state = excluded.state
"""

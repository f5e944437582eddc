"""LiteLLM's table in a real PostgreSQL: every row once, as it is in the end, and nothing that is nobody's business."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from collectors.errors import CollectorError, KeyRefusedError
from collectors.formats import litellm_rows
from collectors.gateways.keepers import polled_source
from collectors.gateways.polled import DEEP_EVERY_MS, PolledSource
from collectors.gateways.postgres import TABLE, SpendLogTable
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config, ConfigError, from_mapping
from collectors.source import Poll
from collectors.web.fetch import open_client
from store.writer import Writer
from tests.fakes.authority import Authority
from tests.fakes.events import batch
from tests.fakes.postgres import PASSWORD, Server, running_postgres

ROWS: list[dict[str, Any]] = [
    json.loads(line)
    for line in gzip.decompress(
        (Path(__file__).parents[2] / "data" / "litellm_rows_150.jsonl.gz").read_bytes()
    ).splitlines()
]
"""Rows that a real proxy had written."""

NOW_MS = max(round(datetime.fromisoformat(row["endTime"]).timestamp() * 1_000) for row in ROWS) + 60_000

# As LiteLLM's own migrations make it, without the columns that are nowhere read; bodies are there to be left alone.
CREATE = f"""
CREATE TABLE "{TABLE}" (
    request_id TEXT PRIMARY KEY, call_type TEXT NOT NULL, api_key TEXT NOT NULL DEFAULT '', spend DOUBLE PRECISION DEFAULT 0,
    total_tokens INTEGER DEFAULT 0, prompt_tokens INTEGER DEFAULT 0, completion_tokens INTEGER DEFAULT 0,
    "startTime" TIMESTAMP(3) NOT NULL, "endTime" TIMESTAMP(3) NOT NULL, "completionStartTime" TIMESTAMP(3),
    request_duration_ms INTEGER, model TEXT NOT NULL DEFAULT '', model_id TEXT DEFAULT '', model_group TEXT DEFAULT '',
    custom_llm_provider TEXT DEFAULT '', api_base TEXT DEFAULT '', "user" TEXT DEFAULT '', metadata JSONB DEFAULT '{{}}',
    cache_hit TEXT DEFAULT '', cache_key TEXT DEFAULT '', request_tags JSONB DEFAULT '[]', team_id TEXT,
    organization_id TEXT, end_user TEXT, session_id TEXT, status TEXT, messages JSONB DEFAULT '{{}}',
    response JSONB DEFAULT '{{}}', litellm_call_id TEXT
)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_postgres() as running:
        yield running


@pytest.fixture
def database(server: Server) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(server.by_socket, autocommit=True) as connection:
        connection.execute(f'DROP TABLE IF EXISTS "{TABLE}"'.encode())
        connection.execute(CREATE.encode())
        yield connection


def insert(database: psycopg.Connection[Any], *rows: dict[str, Any]) -> None:
    """Write rows as the proxy does: times without a zone, in UTC."""
    for row in rows:
        said: dict[str, Any] = {
            name: Jsonb(value) if isinstance(value, dict | list) else value for name, value in row.items()
        }
        for name in ("startTime", "endTime", "completionStartTime"):
            if said.get(name):
                said[name] = datetime.fromisoformat(said[name]).astimezone(UTC).replace(tzinfo=None)
        said.setdefault("call_type", "acompletion")
        question = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(TABLE),
            sql.SQL(", ").join(map(sql.Identifier, said)),
            sql.SQL(", ").join(sql.Placeholder() * len(said)),
        )
        database.execute(question, list(said.values()))


def source(server: Server, since_ms: int | None = None) -> PolledSource:
    return PolledSource("db", SpendLogTable(server.by_socket, None), since_ms=since_ms)


async def polled(asked: PolledSource, now_ms: int = NOW_MS) -> list[Poll]:
    """Polls until there is no more."""
    polls = [await asked.poll(now_ms)]
    while polls[-1].more:
        polls.append(await asked.poll(now_ms))
    return polls


def events(polls: list[Poll]) -> list[Any]:
    return [event for poll in polls for event in poll.events]


async def test_the_totals_are_those_of_the_rows_whatever_the_server_s_time_zone(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    insert(database, *ROWS)
    found = events(await polled(source(server)))

    assert len(found) == len(ROWS)
    nano = Decimal("1e-9")
    costs = sum((Decimal(repr(row["spend"])).quantize(nano) for row in ROWS), Decimal(0))
    assert sum(event.reported_nano_usd for event in found) == int(costs * 10**9)
    used = [row for row in ROWS if row["status"] != "failure" or row["completion_tokens"] or row["spend"]]
    assert sum(event.usage.prompt_tokens for event in found) == sum(row["prompt_tokens"] for row in used)
    assert sum(event.usage.output_tokens for event in found) == sum(row["completion_tokens"] for row in ROWS)
    assert sum(event.outcome.value == "error" for event in found) == sum(row["status"] == "failure" for row in ROWS)
    # The same rows, read from a file: the database adds and takes nothing.
    by_line = [event for row in ROWS for event in litellm_rows.parse(json.dumps(row).encode())]
    assert sorted(found, key=_by_identity) == sorted(by_line, key=_by_identity)


def _by_identity(event: Any) -> tuple[str, str]:
    return event.id, event.call_id or ""


async def test_rows_are_paged_and_those_of_one_instant_are_told_apart(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    copies = [
        {**ROWS[number % 3], "request_id": f"r-{number}", "litellm_call_id": f"c-{number}"} for number in range(2_500)
    ]
    insert(database, *copies)
    polls = await polled(source(server))
    assert [len(poll.events) for poll in polls] == [1_000, 1_000, 500]
    assert len({event.id for event in events(polls)}) == 2_500


async def test_late_and_changed_rows_are_found_in_the_overlap_and_unchanged_ones_are_not_repeated(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    first, changing, late = ROWS[0], ROWS[1], {**ROWS[2], "request_id": "late"}
    insert(database, first, changing)
    asked = source(server)
    assert len(events(await polled(asked))) == 2

    insert(database, {**late, "startTime": first["startTime"]})
    database.execute(
        f'UPDATE "{TABLE}" SET completion_tokens = 999 WHERE request_id = %s'.encode(), (changing["request_id"],)
    )
    again = events(await polled(asked, NOW_MS + DEEP_EVERY_MS))
    assert sorted((event.id, event.usage.output_tokens) for event in again) == sorted(
        [("late", late["completion_tokens"]), (changing["request_id"], 999)]
    )
    assert events(await polled(asked, NOW_MS + 2 * DEEP_EVERY_MS)) == []


async def test_a_store_counts_a_row_once_as_it_is_in_the_end(
    server: Server, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    insert(database, *ROWS[:9], {**ROWS[9], "completion_tokens": 1, "spend": 0.0})
    writer, pricer = Writer(tmp_path / "usdtop.db"), Pricer(price_book(Config()))

    async def collect(since_ms: int | None, now_ms: int) -> None:
        for poll in await polled(source(server, since_ms), now_ms):
            priced = pricer.price(poll.events, now_ms=now_ms)
            seen = batch(priced.events, source="db", at_ms=now_ms, watermark_ms=poll.watermark_ms)
            writer.write(seen, priced.cards)

    await collect(None, NOW_MS)
    assert writer.watermark_ms("db") == NOW_MS - SpendLogTable.lag_ms
    database.execute(
        f'UPDATE "{TABLE}" SET completion_tokens = %s, spend = %s WHERE request_id = %s'.encode(),
        (ROWS[9]["completion_tokens"], ROWS[9]["spend"], ROWS[9]["request_id"]),
    )
    await collect(writer.watermark_ms("db"), NOW_MS + 1_000)
    with writer.transaction() as connection:
        found = connection.execute("SELECT count(*), sum(output), sum(reported_nano_usd) FROM requests").fetchone()
    writer.close()
    assert found[:2] == (10, sum(row["completion_tokens"] for row in ROWS[:10]))
    assert found[2] == pytest.approx(sum(row["spend"] for row in ROWS[:10]) * 1e9, abs=10)


async def test_nothing_that_is_not_needed_leaves_the_database(
    server: Server, database: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hushed = {
        **ROWS[0],
        "metadata": {
            **ROWS[0]["metadata"],
            "requester_metadata": {"note": "tell nobody"},
            "error_information": {"error_class": "Timeout", "error_message": "tell nobody", "traceback": "tell nobody"},
        },
        "messages": {"text": "tell nobody"},
        "response": {"text": "tell nobody"},
    }
    insert(database, hushed)
    page = await SpendLogTable(server.by_socket, None).page(_window(), None, NOW_MS)
    assert b"tell nobody" not in b"".join(page.rows)
    (event,) = litellm_rows.parse(page.rows[0])
    assert event.error == "Timeout"


def _window() -> Any:
    from collectors.gateways.polled import Window

    return Window(NOW_MS - 86_400_000, NOW_MS)


@pytest.mark.parametrize("metadata", [None, "{}", [], "not an object"])
async def test_an_older_table_without_the_newest_columns_is_read_and_odd_metadata_stops_nothing(
    server: Server, database: psycopg.Connection[Any], metadata: Any
) -> None:
    for column in ("litellm_call_id", "status", "request_duration_ms", "model_group"):
        database.execute(f'ALTER TABLE "{TABLE}" DROP COLUMN {column}'.encode())
    old = {name: ROWS[0][name] for name in ("request_id", "startTime", "endTime", "model", "prompt_tokens", "spend")}
    insert(database, old, {**old, "request_id": "odd", "metadata": Jsonb(metadata)})
    (poll,) = await polled(source(server))
    assert ROWS[0]["request_id"] in {event.id for event in poll.events}
    assert len(poll.events) + sum(reject.count for reject in poll.rejects) == 2


async def test_the_key_is_the_password_and_a_wrong_one_is_named_without_being_shown(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    insert(database, ROWS[0])
    assert events(await polled(PolledSource("db", SpendLogTable(server.by_loopback, PASSWORD))))
    with pytest.raises(CollectorError, match="password authentication failed") as refused:
        await PolledSource("db", SpendLogTable(server.by_loopback, "of-somebody-else")).poll(NOW_MS)
    assert "of-somebody-else" not in str(refused.value)


async def test_a_password_that_was_changed_is_read_again_from_its_file(
    server: Server, database: psycopg.Connection[Any], tmp_path: Path
) -> None:
    insert(database, ROWS[0])
    file = tmp_path / "password"
    file.write_text("of-somebody-else\n")
    (config,) = from_mapping(
        {"source": [{"type": "postgres", "url": server.by_loopback, "api_key_file": str(file)}]}, tmp_path / "c.toml"
    ).source
    async with open_client() as client:
        watched = polled_source(config, client, watermark_ms=None, now_ms=NOW_MS)
        for _ in range(2):
            with pytest.raises(KeyRefusedError, match="password authentication failed"):
                await watched.poll(NOW_MS)
        file.write_text(f"{PASSWORD}\n")
        assert len((await watched.poll(NOW_MS)).events) == 1


async def test_a_server_that_speaks_another_language_refuses_a_password_alike(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psycopg.Error, "__str__", lambda _: "authentification par mot de passe échouée")
    with pytest.raises(KeyRefusedError):
        await PolledSource("db", SpendLogTable(server.by_loopback, "of-somebody-else")).poll(NOW_MS)
    with pytest.raises(KeyRefusedError):
        await PolledSource("db", SpendLogTable(server.by_loopback, None)).poll(NOW_MS)


@contextmanager
def encoded(server: Server, encoding: str) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """A database of this encoding, with the table."""
    name = f"in_{encoding.lower()}"
    url = server.by_socket.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server.by_socket, autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE {name} ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0".encode()
        )
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute(CREATE.encode())
                yield url, connection
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_of_any_encoding_is_read_and_a_row_that_is_no_text_is_one_reject(
    server: Server, encoding: str
) -> None:
    with encoded(server, encoding) as (url, connection):
        connection.execute(f"SET client_encoding TO '{encoding}'".encode())
        e_acute = "é".encode("utf-8" if encoding == "SQL_ASCII" else "latin-1")
        for name, model in (("good", b"gpt-" + e_acute), ("odd", b"gpt-\xff")):
            connection.execute(
                f'INSERT INTO "{TABLE}" (request_id, call_type, model, "startTime", "endTime")'.encode()
                + b" VALUES ('" + name.encode() + b"', 'acompletion', '" + model + b"', %(at)s, %(at)s)",
                {"at": datetime.fromtimestamp(NOW_MS / 1_000 - 600, UTC).replace(tzinfo=None)},
            )  # fmt: skip
        (poll,) = await polled(PolledSource("db", SpendLogTable(url, None)))
    models = {event.id: event.model for event in poll.events}
    assert models["good"] == "gpt-é"
    if encoding == "SQL_ASCII":
        assert [(reject.reason, reject.count) for reject in poll.rejects] == [("not UTF-8", 1)]
    else:
        assert models["odd"] == "gpt-ÿ"


async def test_times_that_carry_a_zone_are_paged_and_read_in_utc(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    for column in ("startTime", "endTime"):
        database.execute(
            f'ALTER TABLE "{TABLE}" ALTER "{column}" TYPE timestamptz USING "{column}" AT TIME ZONE \'UTC\''.encode()
        )
    at = datetime.fromtimestamp(NOW_MS / 1_000 - 600, UTC)
    database.execute(
        f'INSERT INTO "{TABLE}" (request_id, call_type, "startTime", "endTime")'
        " SELECT 'r' || i, 'acompletion', %(at)s, %(at)s FROM generate_series(1, 1500) i".encode(),
        {"at": at},
    )
    found = events(await polled(source(server)))
    assert len({event.id for event in found}) == 1_500
    assert {event.ended_at_ms for event in found} == {NOW_MS - 600_000}


async def test_a_database_without_the_table_and_one_that_does_not_show_it_are_sentences(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    database.execute(f'ALTER TABLE "{TABLE}" RENAME TO other'.encode())
    with pytest.raises(CollectorError, match="shows no table LiteLLM_SpendLogs: give the database of the proxy"):
        await source(server).poll(NOW_MS)
    database.execute(f'ALTER TABLE other RENAME TO "{TABLE}"'.encode())
    database.execute(b"CREATE ROLE watcher LOGIN")
    try:
        watched = PolledSource("db", SpendLogTable(server.by_socket.replace("owner", "watcher"), None))
        with pytest.raises(CollectorError, match='GRANT SELECT ON "LiteLLM_SpendLogs"'):
            await watched.poll(NOW_MS)
        database.execute(f'GRANT SELECT ON "{TABLE}" TO watcher'.encode())
        assert (await watched.poll(NOW_MS)).events == []
    finally:
        database.execute(f'REVOKE ALL ON "{TABLE}" FROM watcher'.encode())
        database.execute(b"DROP ROLE watcher")


async def test_a_connection_that_breaks_between_two_pages_is_opened_again(
    server: Server, database: psycopg.Connection[Any]
) -> None:
    insert(database, *({**ROWS[0], "request_id": f"r-{number}"} for number in range(1_001)))
    asked = source(server)
    polls = [await asked.poll(NOW_MS)]
    database.execute(b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'usdtop'")
    with pytest.raises(CollectorError, match="cannot be asked"):
        await asked.poll(NOW_MS)
    polls += await polled(asked)
    assert len({event.id for event in events(polls)}) == len(events(polls)) == 1_001


async def test_it_only_reads(server: Server, database: psycopg.Connection[Any]) -> None:
    table = SpendLogTable(server.by_socket, None)
    connection = table._connected()
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(f'DELETE FROM "{TABLE}"'.encode())
    table.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def with_tls(authority: Authority) -> Iterator[Server]:
    """A server whose certificate is made for `db.example` by an authority that nobody knows; it has one row."""
    with running_postgres(authority.pair("db.example")) as running:
        with psycopg.connect(running.by_socket, autocommit=True) as connection:
            connection.execute(CREATE.encode())
            insert(connection, ROWS[0])
        yield running


def by_tls(server: Server, host: str, **options: object) -> PolledSource:
    said = "&".join(f"{name}={value}" for name, value in {"hostaddr": "127.0.0.1", **options}.items())
    url = f"postgresql://owner@{host}:{server.port}/postgres?{said}"
    return PolledSource("db", SpendLogTable(url, PASSWORD))


async def test_a_certificate_of_one_s_own_authority_is_verified_and_trusted(
    with_tls: Server, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken = []
    connect = psycopg.connect

    def seen(**target: Any) -> psycopg.Connection[Any]:
        connection = connect(**target)
        spoken.append(connection.pgconn.ssl_in_use)
        return connection

    monkeypatch.setattr(psycopg, "connect", seen)
    assert len(events(await polled(by_tls(with_tls, "db.example", sslrootcert=authority.file)))) == 1
    by_hand = by_tls(with_tls, "127.0.0.1", sslmode="verify-full", sslrootcert=authority.file)
    assert len(events(await polled(by_hand))) == 1
    assert spoken == [True, True]


@pytest.mark.parametrize(
    ("host", "options", "sentence"),
    [
        ("other.example", {"sslrootcert": "ours"}, "shows a certificate for another name: give in `url` a name"),
        ("db.example", {"sslrootcert": "another"}, "sslrootcert=FILE into the url"),
        ("db.example", {"sslrootcert": "namesake"}, "sslrootcert=FILE into the url"),
        ("db.example", {}, "sslrootcert=FILE into the url"),
        ("db.example", {"sslrootcert": "/nowhere/ca.pem"}, "the file of sslrootcert is not there"),
    ],
)
async def test_a_server_that_is_not_who_it_should_be_is_refused_and_the_sentence_says_what_to_do(
    with_tls: Server, authority: Authority, tmp_path: Path, host: str, options: dict[str, str], sentence: str
) -> None:
    files = {
        "ours": authority.file,
        "another": Authority(tmp_path, "another").file,
        "namesake": Authority(tmp_path).file,
    }
    given = {name: files.get(value, value) for name, value in options.items()}
    with pytest.raises(CollectorError) as refused:
        await by_tls(with_tls, host, **given).poll(NOW_MS)
    said = str(refused.value)
    assert said.startswith(f"postgresql://{host}/postgres ")
    assert sentence in said
    assert PASSWORD not in said
    assert not isinstance(refused.value, KeyRefusedError), "the password was not asked for"


async def test_a_server_without_tls_is_not_asked_in_the_clear(server: Server, authority: Authority) -> None:
    with pytest.raises(CollectorError, match=r"speaks no TLS: switch it on there \(ssl = on\)") as refused:
        await by_tls(server, "db.example", sslrootcert=authority.file).poll(NOW_MS)
    assert PASSWORD not in str(refused.value)


async def test_a_server_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(CollectorError, match="cannot be asked"):
        await PolledSource("db", SpendLogTable("postgresql://owner@127.0.0.1:1/litellm", None)).poll(NOW_MS)


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://usdtop@db.example.com/litellm", "verify-full"),
        ("postgresql://usdtop@db.example.com/litellm?sslmode=require", "require"),
        ("postgresql://usdtop@127.0.0.1/litellm", None),
        ("postgresql:///litellm?host=/var/run/postgresql", None),
    ],
)
def test_a_certificate_is_verified_outside_this_machine_unless_the_url_says_otherwise(
    url: str, mode: str | None
) -> None:
    assert SpendLogTable(url, None)._target.get("sslmode") == mode


@pytest.mark.parametrize("url", ["postgresql://usdtop:hunter2@db/litellm", "host=db password=hunter2", "db hunter2="])
def test_a_password_in_the_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="url of a postgres source") as refused:
        SpendLogTable(url, None)
    assert "hunter2" not in str(refused.value)


def test_it_is_configured_by_a_url() -> None:
    from_mapping({"source": [{"type": "postgres", "url": "postgresql://usdtop@db/litellm"}]}, None)
    with pytest.raises(ConfigError, match="a source of type `postgres` needs `url`"):
        from_mapping({"source": [{"type": "postgres"}]}, None)

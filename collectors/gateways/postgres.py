"""LiteLLM's table `LiteLLM_SpendLogs`, asked in PostgreSQL itself: faster than the proxy's interface, and past its limits.

Source of the table: `schema.prisma` of LiteLLM 1.109. Rows are written in batches some seconds after a call has ended and
stand under the time at which it began, in UTC without a zone. Prompts and answers are columns that are never asked for.
Needs the optional package `psycopg`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from collectors.addresses import LOOPBACK
from collectors.door import visible
from collectors.errors import CollectorError, KeyRefusedError
from collectors.formats.litellm_rows import COLUMNS, METADATA, NAME
from collectors.gateways.polled import Page, Window

if TYPE_CHECKING:
    import psycopg

TABLE = "LiteLLM_SpendLogs"

_ROWS_PER_PAGE = 1_000
_SECONDS = 30

# Times that do carry a zone are compared and answered in UTC, too.
_SETTINGS = "SELECT set_config('statement_timeout', %s, true), set_config('TimeZone', 'UTC', true)"
_COLUMNS_OF = """
SELECT column_name::text FROM information_schema.columns
WHERE table_name = %s AND table_schema = ANY (current_schemas(false))
"""
# Of what a callback may have put into the metadata, and of the text of errors, nothing leaves the database.
_METADATA = """
CASE jsonb_typeof("metadata"::jsonb) WHEN 'object' THEN (
    SELECT jsonb_object_agg(key, CASE key WHEN 'error_information'
        THEN jsonb_build_object('error_class', value -> 'error_class') ELSE value END)
    FROM jsonb_each("metadata"::jsonb) WHERE key = ANY (%(metadata)s)
) ELSE "metadata"::jsonb END AS "metadata"
"""
_PAGE = """
SELECT row_to_json(r)::text FROM (
    SELECT {columns} FROM {table}
    WHERE "startTime" >= %(since)s AND "startTime" <= %(until)s
      AND ("startTime", request_id) > (%(after)s::timestamp, %(id)s)
    ORDER BY "startTime", request_id LIMIT %(limit)s
) AS r
"""
_FIRST = ("-infinity", "")

_UNTRUSTED = (
    "shows a certificate that is not trusted here, since its authority is unknown or it has expired: put the authority's "
    "certificate into a file and sslrootcert=FILE into the url"
)
_TLS = (
    ("does not match host name", "shows a certificate for another name: give in `url` a name that it is made for; hostaddr= "
     "may say where that is reached"),
    ("SSL error: certificate verify failed", _UNTRUSTED),
    ("SSL error: provider signature failure", _UNTRUSTED),
    ("root certificate file", "cannot be verified, since the file of sslrootcert is not there: name the one with the "
     "authority's certificate, or leave sslmode and sslrootcert out for the system's own"),
    ("does not support SSL", "speaks no TLS: switch it on there (ssl = on), or say sslmode=disable in the url where nobody "
     "can listen on the way"),
)  # fmt: skip
"""What libpq says of a server that cannot be verified, and what helps."""


class _Place(msgspec.Struct):
    start_time: str = msgspec.field(name="startTime")
    request_id: str


_decode_place = msgspec.json.Decoder(_Place).decode


class SpendLogTable:
    """Asks one database, read-only, over a connection that lives for one reading of its pages.

    `url` is libpq's, without a password. Outside this machine the server's certificate is verified, unless the url says
    otherwise. Raises ValueError for a url that cannot be used.
    """

    kind: ClassVar[str] = "postgres"
    format_name: ClassVar[str] = NAME
    overlap_ms: ClassVar[int] = 15 * 60_000
    lag_ms: ClassVar[int] = 20_000
    poll_seconds: ClassVar[float] = 15.0

    def __init__(self, url: str, password: str | None) -> None:
        self._where, self._target = _target(url, password)
        self._connection: psycopg.Connection[Any] | None = None
        self._columns: tuple[str, ...] = ()

    async def page(self, window: Window, place: str | None, _now_ms: int) -> Page:
        """The next rows of a window, by their beginning and id."""
        return await asyncio.to_thread(self._page, window, place)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
        self._connection, self._columns = None, ()

    def _page(self, window: Window, place: str | None) -> Page:
        import psycopg

        try:
            rows = self._rows(self._connected(), window, place)
        except psycopg.Error as error:
            self.close()
            refused = KeyRefusedError if _is_refusal(error) else CollectorError
            raise refused(self._sentence(error)) from None
        except CollectorError:
            self.close()
            raise
        if len(rows) == _ROWS_PER_PAGE:
            return Page(rows, msgspec.json.encode(_decode_place(rows[-1])).decode())
        self.close()
        return Page(rows, None)

    def _connected(self) -> psycopg.Connection[Any]:
        import psycopg

        if self._connection is None or self._connection.closed:
            # Nothing is prepared, since a pooler may hand each transaction to another server.
            self._connection = psycopg.connect(**self._target, prepare_threshold=None, client_encoding="utf8")
            self._connection.read_only = True
            _take_bytes(self._connection)
            self._columns = ()
        return self._connection

    def _rows(self, connection: psycopg.Connection[Any], window: Window, place: str | None) -> list[bytes]:
        after = _decode_place(place) if place else _Place(*_FIRST)
        with connection.transaction():
            connection.execute(_SETTINGS, (str(_SECONDS * 1_000),))
            if not self._columns:
                self._columns = self._known_columns(connection)
            values = {
                "since": _naive(window.since_ms), "until": _naive(window.until_ms), "after": after.start_time,
                "id": after.request_id, "limit": _ROWS_PER_PAGE, "metadata": list(METADATA),
            }  # fmt: skip
            found = connection.execute(_question(self._columns), values).fetchall()
        return [text for (text,) in found]

    def _known_columns(self, connection: psycopg.Connection[Any]) -> tuple[str, ...]:
        there = {name.decode("utf-8", "replace") for (name,) in connection.execute(_COLUMNS_OF, (TABLE,)).fetchall()}
        if "request_id" not in there:
            raise CollectorError(
                f"{self._where} shows no table {TABLE}: give the database of the proxy as `url`, and let its user read the "
                f'table: GRANT SELECT ON "{TABLE}" TO ...'
            )
        return tuple(name for name in COLUMNS if name in there)

    def _sentence(self, error: psycopg.Error) -> str:
        import psycopg

        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return f'{self._where} does not let this user read {TABLE}: GRANT SELECT ON "{TABLE}" TO ...'
        if isinstance(error, psycopg.errors.QueryCanceled):
            return f"{self._where} has not answered within {_SECONDS} s"
        lines = str(error).strip().splitlines() or [type(error).__name__]
        said = lines[0].strip()
        for sign, what in _TLS:
            if sign in said:
                return f"{self._where} {what} ({visible(said.rpartition(' failed: ')[2].encode())})"
        return f"{self._where} cannot be asked: {visible(said.encode())}"


def _is_refusal(error: psycopg.Error) -> bool:
    """Whether the password may not have been taken.

    A connection that fails says why in its server's language alone; what is known is that it came as far as the password.
    """
    if error.sqlstate is not None:
        return error.sqlstate.startswith("28")
    return error.pgconn is not None and (error.pgconn.used_password or error.pgconn.needs_password)


def _take_bytes(connection: psycopg.Connection[Any]) -> None:
    """Take text as the bytes that it is: a database without an encoding may hold any, and one odd row is one reject."""
    from psycopg.adapt import Loader

    class Bytes(Loader):
        def load(self, data: Any) -> bytes:
            return bytes(data)

    connection.adapters.register_loader("text", Bytes)
    if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
        connection.execute("SET client_encoding TO 'SQL_ASCII'")
        connection.commit()


def _question(columns: tuple[str, ...]) -> Any:
    from psycopg import sql

    picked = [sql.SQL(_METADATA) if name == "metadata" else sql.Identifier(name) for name in columns]
    return sql.SQL(_PAGE).format(columns=sql.SQL(", ").join(picked), table=sql.Identifier(TABLE))


def _target(url: str, password: str | None) -> tuple[str, dict[str, Any]]:
    """What may be shown of where it is, and how to connect."""
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise ValueError("a source of type `postgres` needs usdtop with its extra `postgres`") from None
    try:
        target: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.Error:
        # The error's own text may repeat a part of the url.
        raise ValueError(
            "the url of a postgres source is none; write for example postgresql://usdtop@db/litellm"
        ) from None
    if target.pop("password", None) is not None:
        raise ValueError("the url of a postgres source holds a password: name it by api_key_env, _file or _command")
    host = str(target.get("host", ""))
    if host and not host.startswith("/") and host not in LOOPBACK and "sslmode" not in target:
        target = {"sslmode": "verify-full", "sslrootcert": "system", **target}
    if password is not None:
        target["password"] = password
    shown = visible(f"postgresql://{host or 'local'}/{target.get('dbname', '')}".encode())
    return shown, {"connect_timeout": 10, "application_name": "usdtop", **target}


def _naive(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).replace(tzinfo=None)

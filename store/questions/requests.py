"""Questions about single requests, which are kept for days."""

from collections.abc import Sequence

import msgspec

from pricing.usage import Usage
from store.facts import Outcome
from store.questions.opened import OpenStore
from store.records import KeptSum, RequestRecord
from store.requests.identity import call_range, unpack_id
from store.requests.rests import ROW_SUMS
from store.requests.sides import values_of
from store.requests.units import units_of
from store.sums import Sum
from store.tables import TOKEN_COLUMNS


class RequestQuestions(OpenStore):
    """The kept requests, one by one and summed with everything that they say of themselves."""

    def newest_requests(self, *, before_id: int | None = None, limit: int = 1_000) -> list[RequestRecord]:
        """Kept requests, the last stored first."""
        return self._requests("r.id < ? ORDER BY r.id DESC LIMIT ?", (before_id or 2**62, limit))

    def past_requests(self, since_ms: int, until_ms: int, limit: int = 1_000) -> list[RequestRecord]:
        """Kept requests that ended in [since, until), the last first; none was stored before it ended."""
        return self._requests(
            "r.id >= coalesce((SELECT max(first_id) FROM arrivals WHERE stored_minute <= ?), 0)"
            " AND ended_at_ms >= ? AND ended_at_ms < ? ORDER BY ended_at_ms DESC, r.id DESC LIMIT ?",
            (since_ms // 60_000 * 60 - 60, since_ms, until_ms, limit),
        )

    def request(self, request_id: int) -> RequestRecord | None:
        """One kept request, or None when it is no longer kept."""
        found = self._requests("r.id = ?", (request_id,))
        return found[0] if found else None

    def attempts(self, request: RequestRecord) -> list[RequestRecord]:
        """Every kept record of the same call, in order of their ends."""
        return self._requests("identity BETWEEN ? AND ? ORDER BY ended_at_ms", call_range(request.identity))

    def kept_since_ms(self) -> int | None:
        """When the oldest kept request ended, or None without any."""
        found = self.ask("SELECT ended_at_ms FROM requests ORDER BY id LIMIT 1", ())
        return found[0][0] if found else None

    def kept_sums(self, since_ms: int, until_ms: int, *, by_session: bool = False) -> list[KeptSum]:
        """Sums of the kept requests alone, in whole minutes, each with everything its requests say of themselves.

        Their sessions are told apart only where that is asked for.
        """
        session = "session" if by_session else "NULL"
        rows = self.ask(
            f"SELECT series, card, sides, {session}, {ROW_SUMS} FROM requests AS r"
            f" WHERE ended_at_ms >= ? AND ended_at_ms < ? GROUP BY series, card, sides, {session}",
            (since_ms // 60_000 * 60_000, -(-until_ms // 60_000) * 60_000),
        )
        names = {row[0]: (row[1], row[2]) for row in self.ask("SELECT id, dimension, value FROM side_values", ())}
        sessions = self.sessions() if by_session else {}
        return [
            KeptSum(
                Sum(self.key(row[0], row[1]), row[4:]),
                (
                    *(names[value] for value in values_of(row[2])),
                    *((("session", sessions[row[3]]),) if row[3] is not None else ()),
                ),
            )
            for row in rows
        ]

    def sessions(self) -> dict[int, str]:
        """Names of the sessions of kept requests, by the ids in their rows; a name may have several."""
        return {row[0]: row[1] for row in self.ask("SELECT id, name FROM sessions", ())}

    def _requests(self, condition: str, values: Sequence[int]) -> list[RequestRecord]:
        rows = self.ask(
            f"SELECT r.id, identity, record_id, ended_at_ms, duration_ms, first_token_ms, series, card,"
            f" {', '.join(TOKEN_COLUMNS)}, nano_usd, reported_nano_usd, partial, units, error, s.name"
            f" FROM requests AS r LEFT JOIN sessions AS s ON s.id = r.session WHERE {condition}",
            values,
        )
        return [self._request(row) for row in rows]

    def _request(self, row: Sequence[object]) -> RequestRecord:
        key = self.key(row[6], row[7])  # type: ignore[arg-type]  # SQLite's rows carry no types
        nano_usd, reported, partial, kept_units, error, session = row[17:]
        from_cache = key.dimensions.outcome is Outcome.CACHE
        return msgspec.convert(
            {
                "id": row[0], "identity": row[1], "record_id": unpack_id(row[2]),  # type: ignore[arg-type]  # a BLOB
                "ended_at_ms": row[3], "duration_ms": row[4], "first_token_ms": row[5], "dimensions": key.dimensions,
                "card": key.card, "usage": Usage.of(row[8:17], units_of(kept_units)),  # type: ignore[arg-type]  # integers
                "nano_usd": nano_usd, "reported_nano_usd": None if from_cache else reported,
                "saved_nano_usd": reported if from_cache else None, "partial": bool(partial), "error": error,
                "session": session,
            },
            RequestRecord,
        )  # fmt: skip

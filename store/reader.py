"""Questions to the store, answered with frozen values; the standard library's sqlite3, read-only.

Every question about a window reads sums per minute, hour and day, so its time does not grow with the history.
"""

import json
from collections.abc import Sequence

from pricing.card import RateCard, card_from_mapping
from pricing.times import DAY_MS, HOUR_MS, MINUTE_MS
from store.facts import SourceHealth, SourceState
from store.providers.beyond import beyond
from store.questions.machines import MachineQuestions
from store.questions.plans import PlanQuestions
from store.questions.providers import ProviderQuestions
from store.questions.requests import RequestQuestions
from store.records import RejectRecord, SourceRecord
from store.requests.units import Units
from store.sums import Sum, SumKey
from store.tables import DIMENSIONS, MEASURES, ROLLUPS, TOKEN_COLUMNS, UNIT_ROLLUPS
from store.windows import kept_window, pieces

_EVER_MS = 2**62
_IN_SHORT = ("requests", "partial", "input", "cache_read", "output", "nano_usd")
_SUMMED = ", ".join(f"sum({name})" for name in MEASURES)
_MOST_SUMS = 6
"""Windows whose sums are kept: that of the picture, its stretches where hosts changed, and those that it is compared with."""


class Reader(MachineQuestions, PlanQuestions, ProviderQuestions, RequestQuestions):
    """Every question to one store: those about what was spent stand here, the others with what they are about."""

    def sums(
        self, since_ms: int, until_ms: int, sources: Sequence[str] | None = None, *, lagging: bool = False
    ) -> list[Sum]:
        """What happened in [since, until) per series and card, both ends widened to whole minutes.

        What providers count and no log holds is in it; `lagging` is for rates, in which theirs end where they are complete.
        """
        found = self.rollup_sums(since_ms, until_ms) + beyond(self, since_ms, until_ms, lagging=lagging)
        return found if sources is None else [one for one in found if one.key.dimensions.source in sources]

    def rollup_sums(self, since_ms: int, until_ms: int) -> list[Sum]:
        """What logs hold of a window, without what only providers count; only the running minute is always read again."""
        edge_ms = until_ms // MINUTE_MS * MINUTE_MS
        window = (since_ms // MINUTE_MS, edge_ms // MINUTE_MS)
        over = self.kept(
            "sums", window, self.sums_stamp(edge_ms), lambda: self._sums(since_ms, edge_ms), most=_MOST_SUMS
        )
        running = self.minute_sums(edge_ms) if since_ms // MINUTE_MS * MINUTE_MS <= edge_ms < until_ms else {}
        if not running:
            return list(over.values())
        both = over | {ids: one if ids not in over else over[ids].plus(one) for ids, one in running.items()}
        return [both[ids] for ids in sorted(both)]

    def minute_sums(self, at_ms: int) -> dict[tuple[int, int], Sum]:
        """What logs hold of the minute that an instant is in, by the ids of series and card: read once for all who ask."""
        minute = at_ms // MINUTE_MS
        ends_ms = (minute + 1) * MINUTE_MS
        return self.kept(
            "minute", minute, self.sums_stamp(ends_ms), lambda: self._sums(minute * MINUTE_MS, ends_ms), most=2
        )

    def _sums(self, since_ms: int, until_ms: int) -> dict[tuple[int, int], Sum]:
        """The same by the ids of series and card, in their order."""
        parts, values, buckets = [], [], 0
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(f"SELECT series, card, {', '.join(MEASURES)} FROM {table} WHERE bucket >= ? AND bucket < ?")
            values += [begins, ends]
            buckets += (ends - begins) // ROLLUPS[table]
        if not parts:
            return {}
        question = (
            f"SELECT series, card, {_SUMMED} FROM ({' UNION ALL '.join(parts)}) GROUP BY series, card ORDER BY 1, 2"
        )
        # In one bucket each series and card is there once, in this order.
        rows = self.ask(parts[0] if buckets == 1 else question, values)
        units = self._units(since_ms, until_ms)
        return {row[:2]: Sum(self.key(row[0], row[1]), row[2:], units.get(row[:2], ())) for row in rows}

    def _units(self, since_ms: int, until_ms: int) -> dict[tuple[int, int], Units]:
        """What was billed beside tokens, by the ids of series and card."""
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(
                f"SELECT series, card, unit, amount FROM {UNIT_ROLLUPS[table]} WHERE bucket >= ? AND bucket < ?"
            )
            values += [begins, ends]
        found: dict[tuple[int, int], Units] = {}
        for series, card, *unit in self.ask(
            f"SELECT series, card, unit, sum(amount) FROM ({' UNION ALL '.join(parts)}) GROUP BY 1, 2, 3", values
        ):
            found[series, card] = (*found.get((series, card), ()), (unit[0], unit[1]))
        return found

    def kept_window(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """The part of [since, until) that sums are still kept of."""
        return kept_window(self.ask, since_ms, until_ms)

    def side_sums(self, dimension: str, since_ms: int, until_ms: int) -> list[Sum]:
        """The same per member of a side dimension too; what says nothing of it is in none, what says several in each."""
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            side = table.replace("rollup", "side")
            parts.append(
                f"SELECT value, series, card, {', '.join(MEASURES)} FROM {side} WHERE bucket >= ? AND bucket < ?"
            )
            values += [begins, ends]
        if not parts:
            return []
        totals = ", ".join(f"sum(f.{name})" for name in MEASURES)
        rows = self.ask(
            f"SELECT v.value, f.series, f.card, {totals} FROM ({' UNION ALL '.join(parts)}) AS f JOIN side_values AS v"
            " ON v.id = f.value WHERE v.dimension = ? GROUP BY f.value, f.series, f.card",
            [*values, dimension],
        )
        return [Sum(self.key(row[1], row[2])._replace(sides=((dimension, row[0]),)), row[3:]) for row in rows]

    def steps(self, since_ms: int, until_ms: int, seconds: int = 60) -> list[tuple[int, SumKey, int, int]]:
        """Per minute, hour or day, series and card: (its begin in epoch seconds, key, nano-dollars, tokens of every class)."""
        table = next(name for name, width in ROLLUPS.items() if width == seconds)
        width_ms = seconds * 1000
        rows = self.ask(
            f"SELECT bucket, series, card, nano_usd, {' + '.join(TOKEN_COLUMNS[:-1])} FROM {table}"
            " WHERE bucket >= ? AND bucket < ?",
            (since_ms // width_ms * seconds, -(-until_ms // width_ms) * seconds),
        )
        return [(row[0], self.key(row[1], row[2]), row[3], row[4]) for row in rows]

    def oldest_bucket_ms(self, seconds: int = 60) -> int | None:
        """Begin of the oldest minute, hour or day that is still kept, or None in an empty store."""
        table = next(name for name, width in ROLLUPS.items() if width == seconds)
        oldest = self.ask(f"SELECT min(bucket) FROM {table}", ())[0][0]
        return None if oldest is None else oldest * 1_000

    def spend(self, since_ms: int, until_ms: int) -> list[tuple[int, int, int, int, int, int]]:
        """What logs hold of a window in short: (series, card, requests, priced in part, tokens, nano-dollars), by their ids."""
        if since_ms < until_ms and since_ms // MINUTE_MS == (until_ms - 1) // MINUTE_MS:
            requests, partial, new, read, output, nano_usd = map(MEASURES.index, _IN_SHORT)
            return [
                (*ids, m[requests], m[partial], m[new] + m[read] + m[output], m[nano_usd])
                for ids, (_, m, _) in self.minute_sums(since_ms).items()
            ]
        columns = "series, card, requests, partial, input + cache_read + output AS tokens, nano_usd"
        parts, values = [], []
        for table, begins, ends in pieces(since_ms, until_ms):
            parts.append(f"SELECT {columns} FROM {table} WHERE bucket >= ? AND bucket < ?")
            values += [begins, ends]
        if not parts:
            return []
        sums = "sum(requests), sum(partial), sum(tokens), sum(nano_usd)"
        return self.ask(f"SELECT series, card, {sums} FROM ({' UNION ALL '.join(parts)}) GROUP BY series, card", values)

    def hourly(self, since_ms: int, until_ms: int, series: Sequence[int] | None = None) -> dict[int, int]:
        """Nano-dollars by hour (epoch seconds), of some series or of all; hours without any are left out."""
        among = "" if series is None else " AND series IN (SELECT value FROM json_each(?))"
        listed = () if series is None else (json.dumps(list(series)),)
        question = (
            f"SELECT bucket, sum(nano_usd) FROM rollup_hour WHERE bucket >= ? AND bucket < ?{among} GROUP BY bucket"
        )
        return dict(self.ask(question, (since_ms // 1_000, until_ms // 1_000, *listed)))

    def names(self) -> dict[str, list[str]]:
        """Every member of every dimension that was ever seen, in the order of its first appearance."""
        found: dict[str, list[str]] = {}
        for dimension in (name for name in DIMENSIONS if name != "priced_as"):
            column = "api_key" if dimension == "key" else dimension
            question = f"SELECT {column} FROM series WHERE {column} IS NOT NULL GROUP BY {column} ORDER BY min(id)"
            found[dimension] = [row[0] for row in self.ask(question, ())]
        for dimension, value in self.ask("SELECT dimension, value FROM side_values ORDER BY id", ()):
            found.setdefault(dimension, []).append(value)
        return found

    def known_since_ms(self) -> int | None:
        """Beginning of the oldest minute of which anything is known; of the oldest hour or day where minutes are gone."""
        return self.kept("known since", None, self.sums_stamp(_EVER_MS), self._known_since_ms)

    def _known_since_ms(self) -> int | None:
        minute, hour, day = (self.oldest_bucket_ms(width) for width in ROLLUPS.values())
        if minute is not None and hour == minute // HOUR_MS * HOUR_MS and day == minute // DAY_MS * DAY_MS:
            return minute
        return hour if hour is not None and day == hour // DAY_MS * DAY_MS else day

    def newest_bucket_ms(self) -> int | None:
        """End of the newest minute in which anything happened, or None in an empty store."""
        newest = self.ask("SELECT max(bucket) FROM rollup_minute", ())[0][0]
        return None if newest is None else (newest + 60) * 1_000

    def sources(self) -> list[SourceRecord]:
        """Every source that was ever followed, by name."""
        rejects: dict[str, list[RejectRecord]] = {}
        for source, reason, count, example, seen_ms, taken in self.ask(
            "SELECT source, reason, count, example, seen_ms, taken FROM rejects ORDER BY count DESC", ()
        ):
            rejects.setdefault(source, []).append(RejectRecord(reason, count, example, seen_ms, bool(taken)))
        rows = self.ask(
            "SELECT name, kind, state, detail, polled_ms, watermark_ms, poll_every_ms, backlog_bytes, state_since_ms,"
            " events, duplicates, rejected, gap_bytes, poll_ms FROM sources ORDER BY name",
            (),
        )
        return [
            SourceRecord(
                health=SourceHealth(
                    name=row[0], kind=row[1], state=SourceState(row[2]), detail=row[3] or "", polled_ms=row[4],
                    watermark_ms=row[5], poll_every_ms=row[6] or 0, backlog_bytes=row[7],
                    poll_ms=row[13],
                ),
                state_since_ms=row[8], events=row[9], duplicates=row[10], rejected=row[11], gap_bytes=row[12],
                rejects=tuple(rejects.get(row[0], ())),
            )
            for row in rows
        ]  # fmt: skip

    def card(self, card_id: str) -> RateCard:
        """A rate card as it was when it was used."""
        body = self.ask("SELECT body FROM cards WHERE card_id = ?", (card_id,))[0][0]
        return card_from_mapping(json.loads(body))

    def note(self, name: str) -> str | None:
        """What the collector noted of the whole store under this name, or None."""
        notes = self.kept(
            "notes", None, self.facts_stamp("notes"), lambda: dict(self.ask("SELECT name, value FROM notes", ()))
        )
        return notes.get(name)

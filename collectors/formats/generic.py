"""Logs of any shape, JSON lines or CSV, read by a map of fields that the configuration gives.

For nginx, HAProxy, Apigee and what people write at home: there is no standard, so nothing here is guessed from a line.
"""

import csv
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from collectors.door import cut
from collectors.formats.fieldmap import (
    AMOUNTS,
    CONVENTIONS,
    NAMES,
    FieldMap,
    Lookup,
    checked,
    columns_of,
    lookup,
    outcome_of,
    zone_of,
)
from collectors.formats.format import LineFormat, NotUsageError
from collectors.formats.split import Written, exclusive, inclusive
from collectors.formats.values import amount, duration_ms, instant, reported, tags, text
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

JSON_LINES = "generic.jsonl"
CSV = "generic.csv"
MAPPED_NAMES = (JSON_LINES, CSV)

_decode = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def mapped_format(name: str, fields: FieldMap, header: bytes | None = None) -> LineFormat:
    """The format that a map makes; `header` is the first line of a CSV file that is read on from its middle."""
    records = Records(fields)
    if name == JSON_LINES:
        return LineFormat(name, _never, lambda line: (records.event(_decode(line), line),))
    return LineFormat(name, _never, CsvLines(records, header).parse)


def _never(_: frozenset[str]) -> bool:
    return False


class Records:
    """Turns records into events by a map of fields; ValueError for a map that cannot be used."""

    def __init__(self, fields: FieldMap) -> None:
        checked(fields)
        self._paths: dict[str, Lookup] = {
            target: lookup(path)
            for target, path in fields.items()
            if isinstance(path, str) and target not in ("outcome", "time_zone")
        }
        self._columns = columns_of(fields)
        outcome = fields.get("outcome")
        self._outcome = None if isinstance(outcome, bool) else outcome
        conventions = CONVENTIONS | {name: said for name, said in fields.items() if isinstance(said, bool)}
        self._cache_in_input, self._reasoning_in_output = (conventions[name] for name in CONVENTIONS)
        zone = fields.get("time_zone")
        self._zone = zone_of(zone) if isinstance(zone, str) else None

    @property
    def columns(self) -> frozenset[str]:
        """The fields that the map names."""
        return self._columns

    def event(self, record: Mapping[str, Any], line: bytes) -> UsageEvent:
        """One record as its event; without a mapped id, the line itself names it."""
        said = {target: found(record) for target, found in self._paths.items()}
        usage = self._usage(said)
        outcome = Outcome.OK if self._outcome is None else outcome_of(record, self._outcome)
        names_of = {name: cut(text(said.get(name))) for name in NAMES}
        started_ms, took_ms = instant(said.get("started"), self._zone), duration_ms(said, "duration")
        ended_ms = instant(said.get("ended"), self._zone)
        if ended_ms is None:
            if started_ms is None:
                raise NotUsageError("no time stands where the field map looks for it")
            ended_ms = started_ms + (took_ms or 0)
        elif took_ms is None and started_ms is not None:
            took_ms = max(0, ended_ms - started_ms)
        return UsageEvent(
            id=text(said.get("id")) or blake2b(line, digest_size=16).hexdigest(),
            call_id=names_of["call_id"],
            trace_id=names_of["trace_id"],
            ended_at_ms=ended_ms,
            duration_ms=took_ms,
            first_token_ms=duration_ms(said, "first_token"),
            provider=names_of["provider"],
            model=names_of["model"],
            deployment=names_of["deployment"],
            tenant=names_of["tenant"],
            key=names_of["key"],
            call_type=names_of["call_type"],
            outcome=outcome,
            usage=usage,
            usage_missing=outcome is Outcome.OK and usage == NOTHING,
            variant=names_of["variant"] or "",
            reported_nano_usd=reported(said),
            error=names_of["error"] or ("error" if outcome is Outcome.ERROR else None),
            user=names_of["user"],
            end_user=names_of["end_user"],
            session=names_of["session"],
            tags=tags(said.get("tags")),
        )

    def _usage(self, said: Mapping[str, Any]) -> Usage:
        amounts = {name: amount(said.get(name)) for name in AMOUNTS}
        written = Written(
            amounts["cache_write_5m_tokens"], amounts["cache_write_1h_tokens"], amounts["cache_write_tokens"]
        )
        output, reasoning = amounts["output_tokens"], amounts["reasoning_tokens"]
        if not self._reasoning_in_output:
            output = (output or 0) + (reasoning or 0)
        split = inclusive if self._cache_in_input else exclusive
        read = amounts["cache_read_tokens"]
        return split(amounts["input_tokens"], output, read=read, written=written, reasoning=reasoning)


class CsvLines:
    """Lines of CSV: those that name the mapped columns are headers, those after them are records."""

    def __init__(self, records: Records, header: bytes | None) -> None:
        self._records = records
        self._columns: Sequence[str] = ()
        if header is not None:
            self._take_header(header)

    def parse(self, line: bytes) -> tuple[UsageEvent, ...]:
        """One line as its event; nothing for a header. A cell cannot hold a line break."""
        cells = _cells(line)
        if self._is_header(cells):
            self._columns = cells
            return ()
        if not self._columns:
            raise NotUsageError("no header line with the mapped columns came before it")
        if len(cells) != len(self._columns):
            raise NotUsageError("a CSV line with another number of cells than its header")
        return (self._records.event(dict(zip(self._columns, cells, strict=True)), line),)

    def _take_header(self, line: bytes) -> None:
        try:
            cells = _cells(line)
        except ValueError:
            return
        if self._is_header(cells):
            self._columns = cells

    def _is_header(self, cells: Sequence[str]) -> bool:
        return self._records.columns <= set(cells)


def _cells(line: bytes) -> list[str]:
    said = line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n")
    try:
        return next(csv.reader([said], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from None

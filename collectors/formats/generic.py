"""Logs of any shape, JSON lines or CSV, read by a map of fields that the configuration gives.

For nginx, HAProxy, Apigee and what people write at home: there is no standard, so nothing here is guessed from a line.
"""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

import msgspec

from collectors.door import count, cut, duration, milliseconds, names, reported_nano, text_milliseconds
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
from pricing.usage import NOTHING, Usage
from store.facts import Outcome, UsageEvent

JSON_LINES = "generic.jsonl"
CSV = "generic.csv"
MAPPED_NAMES = (JSON_LINES, CSV)

_UNSAID = ("", "-", None)
_CLF_TIME = "%d/%b/%Y:%H:%M:%S %z"
_CENTS_PER_USD = 100
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
        names_of = {name: cut(_text(said.get(name))) for name in NAMES}
        started_ms, took_ms = self._instant(said.get("started")), _duration_ms(said, "duration")
        ended_ms = self._instant(said.get("ended"))
        if ended_ms is None:
            if started_ms is None:
                raise NotUsageError("no time stands where the field map looks for it")
            ended_ms = started_ms + (took_ms or 0)
        elif took_ms is None and started_ms is not None:
            took_ms = max(0, ended_ms - started_ms)
        return UsageEvent(
            id=_text(said.get("id")) or blake2b(line, digest_size=16).hexdigest(),
            call_id=names_of["call_id"],
            trace_id=names_of["trace_id"],
            ended_at_ms=ended_ms,
            duration_ms=took_ms,
            first_token_ms=_duration_ms(said, "first_token"),
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
            reported_nano_usd=_reported(said),
            error=names_of["error"] or ("error" if outcome is Outcome.ERROR else None),
            user=names_of["user"],
            end_user=names_of["end_user"],
            session=names_of["session"],
            tags=_tags(said.get("tags")),
        )

    def _usage(self, said: Mapping[str, Any]) -> Usage:
        amounts = {name: count(_plain(said.get(name))) for name in AMOUNTS}
        written = Written(
            amounts["cache_write_5m_tokens"], amounts["cache_write_1h_tokens"], amounts["cache_write_tokens"]
        )
        output, reasoning = amounts["output_tokens"], amounts["reasoning_tokens"]
        if not self._reasoning_in_output:
            output = (output or 0) + (reasoning or 0)
        split = inclusive if self._cache_in_input else exclusive
        read = amounts["cache_read_tokens"]
        return split(amounts["input_tokens"], output, read=read, written=written, reasoning=reasoning)

    def _instant(self, said: Any) -> int | None:
        if said in _UNSAID:
            return None
        if isinstance(said, bool | dict | list):
            raise ValueError("a time that is no instant")
        if not isinstance(said, str):
            return milliseconds(float(said))
        text = said.strip().strip("[]")
        try:
            return milliseconds(float(text))
        except ValueError:
            return _text_instant(text, self._zone)


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
    text = line.decode("utf-8", "replace").removeprefix("\ufeff").rstrip("\r\n")
    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise ValueError(f"not CSV: {error}") from None


def _text_instant(text: str, zone: tzinfo | None) -> int:
    """RFC 3339, or the time of an access log; one without a zone is in the map's, else UTC."""
    try:
        at = datetime.strptime(text, _CLF_TIME)  # noqa: DTZ007 - the pattern has its zone in a name
    except ValueError:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("a time that is no instant") from None
    if at.tzinfo is None and zone is not None:
        at = at.replace(tzinfo=zone)
    return text_milliseconds(at.isoformat())


def _plain(said: Any) -> Any:
    """A number as `count` takes it; what is neither number nor text is refused there."""
    if isinstance(said, Decimal):
        return float(said)
    if said is None or isinstance(said, int | float | str):
        return said
    raise ValueError("a number of tokens that is no number")


def _text(said: Any) -> str | None:
    if said in _UNSAID or isinstance(said, dict | list):
        return None
    return str(said)


def _number(said: Any) -> Decimal | None:
    if said in _UNSAID:
        return None
    try:
        found = Decimal(str(said))
    except InvalidOperation:
        raise ValueError("an amount that is no number") from None
    if not found.is_finite():
        raise ValueError("an amount that is no number")
    return found


def _duration_ms(said: Mapping[str, Any], what: str) -> int | None:
    in_ms, in_seconds = _number(said.get(f"{what}_ms")), _number(said.get(f"{what}_seconds"))
    if in_ms is None and in_seconds is not None:
        in_ms = in_seconds * 1_000
    return duration(in_ms)


def _reported(said: Mapping[str, Any]) -> int | None:
    usd, cents = _number(said.get("reported_usd")), _number(said.get("reported_cents"))
    if usd is None and cents is not None:
        usd = cents / _CENTS_PER_USD
    return None if usd is None else reported_nano(usd)


def _tags(said: Any) -> tuple[str, ...]:
    """A list of tags, or text with commas between them."""
    if isinstance(said, str):
        said = said.split(",")
    return names(tag.strip() for tag in said if isinstance(tag, str)) if isinstance(said, list) else ()

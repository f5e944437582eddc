"""The report: the same figures as the screen over any window, in the agreed JSON."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from pricing.filters import Filter
from pricing.money import decimal_text, usd_text
from pricing.totals import EMPTY, Totals, added, usd_per_hour
from store.reader import Reader
from store.records import SourceRecord
from store.sided import TAG, Sided, asked_sides, sided, wants
from store.sums import Sum, SumKey, group
from store.tables import GPU
from tui.reading.bills import provider_notes
from tui.reading.committed import Committed, committed
from tui.reading.moment import Moment, is_provisional, window
from tui.reading.sharing import Rest, allocated

_ELSEWHERE = None
_Name: TypeAlias = tuple[str | None, ...]
"""A group's members of the dimensions."""
_WHOLE_DIGITS = Decimal("0.000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group: its members of the dimensions, and its totals."""

    key: Mapping[str, str | None]
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Totals and groups over one window; groups and rests add up to the total, unless groups overlap."""

    at: Moment
    dimensions: tuple[str, ...]
    total: Totals
    groups: tuple[Group, ...]
    rests: Mapping[Rest, Totals]
    """Hosts' dollars that belong to no request: idle, in no log, without an engine."""
    overlapping: bool = False
    """A request may be in several groups or in none: they do not add up to the total."""
    notes: tuple[str, ...] = ()
    """What limits the answer to this question."""
    beside: tuple[str, ...] = ()
    """What of it only providers count, which is no doubt."""
    committed_usd_per_hour: Decimal | None = None
    """What hosts and commitments cost per hour at the window's end; None where a filter leaves only shares of them."""
    knows_units: bool = True
    """Whether the sums say what was billed beside tokens; those by user, end user, tag and session do not."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What keeps the total from being exact."""
        doubts = [*self.at.missing, *self.notes]
        if self.total.unpriced_requests:
            doubts.append(f"{self.total.unpriced_requests} requests have no known price")
        if self.total.partial_requests:
            doubts.append(f"{self.total.partial_requests} requests are priced in part")
        return tuple(doubts)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell of: no request, and no dollar of a host."""
        return self.total == EMPTY and not self.rests

    @property
    def burn_usd_per_hour(self) -> Decimal | None:
        """Metered dollars of the window scaled to an hour, and what is committed at its end: a host that was not there for all
        of the window costs per hour what it costs per hour. A filter leaves only shares of the window's own dollars.
        """
        if self.committed_usd_per_hour is None:
            return usd_per_hour(self.total.nano_usd, self.at.seconds)
        metered = usd_per_hour(self.total.metered_nano_usd, self.at.seconds)
        return None if metered is None else metered + self.committed_usd_per_hour

    @property
    def is_provisional(self) -> bool:
        """Whether shares of the hosts' dollars may change yet: a log or an engine is still to be read to the window's end."""
        return bool(self.total.allocated_nano_usd) and is_provisional(self.at)

    def as_json(self) -> dict[str, Any]:
        """The agreed document, schema 1: money as decimal strings, unknown as null."""
        groups = [{"key": dict(g.key), **self._measures(g.totals)} for g in self.groups]
        groups += [
            {"key": rest_key(rest, self.dimensions), "aside": True, "rest": rest.label, **self._measures(totals)}
            for rest, totals in self.rests.items()
            if self.dimensions
        ]
        return {
            **opening(self.at),
            **({"overlapping": True} if self.overlapping else {}),
            **({"provisional": True} if self.is_provisional else {}),
            **({"notes": [*self.notes, *self.beside]} if self.notes or self.beside else {}),
            "total": {**self._measures(self.total), "usd_per_hour": money(self.burn_usd_per_hour)},
            "groups": groups,
            "sources": [source_json(record, self.at) for record in self.at.sources],
        }

    def _measures(self, totals: Totals) -> dict[str, Any]:
        units = dict(totals.tokens.units) if self.knows_units else None
        return {**_measures(totals, self.at), "units": units}


def report(
    reader: Reader, since_ms: int, until_ms: int, dimensions: Sequence[str], wanted: Filter, now_ms: int
) -> Report:
    """Read the report; the window is widened to whole minutes at its beginning."""
    at = window(reader, since_ms, until_ms, now_ms)
    found = sided(reader, at.since_ms, at.until_ms, dimensions, wanted)
    costs = committed(reader, at)

    def of(key: SumKey) -> tuple[str | None, ...] | None:
        return tuple(key.value(name) for name in dimensions) if wants(wanted, key) else _ELSEWHERE

    def sums_of(part: Moment) -> Sequence[Sum]:
        return sided(reader, part.since_ms, part.until_ms, dimensions, wanted).whole

    shared, rests = allocated(found.whole, of, costs, sums_of)
    parts = {name: totals for name, totals in shared.items() if name is not _ELSEWHERE}
    groups = parts if found.members is None else _overlapping(found, of, dimensions.index(TAG), costs)
    kept = _kept_rests(rests, dimensions) if wanted.is_empty else {}
    return Report(
        at=at,
        dimensions=tuple(dimensions),
        total=added((*parts.values(), *kept.values())),
        overlapping=TAG in dimensions,
        notes=found.doubts,
        beside=provider_notes(reader, found.whole, at.seconds),
        knows_units=not asked_sides(dimensions, wanted),
        groups=tuple(
            Group(key=dict(zip(dimensions, name, strict=True)), totals=totals)
            for name, totals in sorted(
                groups.items(), key=lambda item: (-item[1].nano_usd, -item[1].requests, str(item[0]))
            )
        ),
        rests=kept,
        committed_usd_per_hour=costs.usd_per_hour if wanted.is_empty else None,
    )


def _kept_rests(rests: Mapping[Rest, int], dimensions: Sequence[str]) -> dict[Rest, Totals]:
    """The rests by host and GPUs where the report is by these, else by what they are called alone."""
    kept: dict[Rest, Totals] = {}
    for rest, nano_usd in rests.items():
        place = Rest(rest.label, rest.host if "host" in dimensions else None, rest.gpu if GPU in dimensions else None)
        kept[place] = kept.get(place, EMPTY) + replace(EMPTY, allocated_nano_usd=nano_usd)
    return kept


def _overlapping(found: Sided, of: Callable[[SumKey], _Name | None], tag: int, costs: Committed) -> dict[_Name, Totals]:
    """Groups by tag; each gets its share of the hosts' dollars as if it were the only tag."""
    if not costs.pools:
        groups = group(found.members or (), of)
        return {name: totals for name, totals in groups.items() if name is not _ELSEWHERE}
    tagged: dict[_Name, Totals] = {}
    for layer in found.layers():
        # Tags have no minutes of their own to cut a window by: it is divided as a whole.
        shared, _ = allocated(layer, of, costs.as_one_stretch(), _window_alone)
        tagged |= {name: totals for name, totals in shared.items() if name is not _ELSEWHERE and name[tag] is not None}
    return tagged


def rest_key(rest: Rest, dimensions: Sequence[str]) -> dict[str, str | None]:
    """A rest's place among groups: its host and GPUs in their columns, its name in the first of the others."""
    key: dict[str, str | None] = dict.fromkeys(dimensions)
    places = {"host": rest.host, GPU: rest.gpu}
    key.update({name: place for name, place in places.items() if name in key})
    named = next((name for name in dimensions if name not in places), None)
    if named is not None:
        key[named] = rest.label
    return key


def _window_alone(part: Moment) -> Sequence[Sum]:
    raise AssertionError(f"an uncut window was asked for its part {part.since_ms} to {part.until_ms}")


def source_json(record: SourceRecord, at: Moment) -> dict[str, Any]:
    """One source in the agreed form."""
    health = record.health
    return {
        "name": health.name,
        "state": at.states[health.name].value,
        "watermark": None if health.watermark_ms is None else instant_text(health.watermark_ms),
        "events": record.events,
        "rejected": record.rejected,
    }


def opening(at: Moment) -> dict[str, Any]:
    """What every document about a window begins with: the schema's number, the instant it is of, the window."""
    return {
        "schema": 1,
        "as_of": instant_text(at.now_ms),
        "window": {
            "since": instant_text(at.since_ms),
            "until": instant_text(at.until_ms),
            "seconds": round(at.seconds),
        },
    }


def instant_text(at_ms: int) -> str:
    """An instant in RFC 3339, UTC, to the millisecond where it has any."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds" if at_ms % 1000 else "seconds").replace("+00:00", "Z")


def money(value: Decimal | None) -> str | None:
    """A computed amount as a decimal string, to the nano-dollar."""
    return None if value is None else decimal_text(value.quantize(_WHOLE_DIGITS))


def _measures(totals: Totals, at: Moment) -> dict[str, Any]:
    tokens = totals.tokens
    return {
        "requests": totals.requests,
        "errors": totals.errors,
        "retries": totals.retries,
        "unpriced_requests": totals.unpriced_requests,
        "partial_requests": totals.partial_requests,
        "usage_missing_requests": totals.unmetered_requests,
        "bought_nothing": {
            "requests": totals.lost_requests,
            "usd": usd_text(totals.lost_nano_usd),
            "lower_bound": totals.lost_unpriced_requests > 0,
            "failed": {"requests": totals.given_up_requests, "usd": usd_text(totals.given_up_nano_usd)},
            "retried": {"requests": totals.retried_requests, "usd": usd_text(totals.retried_nano_usd)},
            "fallback": {"requests": totals.fallback_requests, "usd": usd_text(totals.fallback_nano_usd)},
            "cut": {"requests": totals.cut_requests, "usd": usd_text(totals.cut_nano_usd)},
        },
        "metered_usd": usd_text(totals.metered_nano_usd),
        "committed_usd": usd_text(totals.allocated_nano_usd),
        "usd": usd_text(totals.nano_usd),
        "usd_per_hour": money(usd_per_hour(totals.nano_usd, at.seconds)),
        "reported_usd": usd_text(totals.reported_nano_usd),
        "lower_bound": totals.is_lower_bound,
        "tokens": {
            "input": tokens.input_tokens,
            "cache_read": tokens.cache_read_tokens,
            "cache_write": tokens.cache_write_any_tokens,
            "output": tokens.output_tokens,
            "reasoning": tokens.reasoning_tokens,
        },
        "served_from_cache": {
            "requests": totals.cached_requests,
            "tokens": totals.cached_tokens,
            "saved_usd": usd_text(totals.saved_nano_usd) if totals.saved_requests else None,
            "lower_bound": totals.saved_requests < totals.cached_requests,
        },
        "usd_per_million_tokens": money(totals.usd_per_million_tokens),
        "usd_per_request": money(totals.usd_per_request),
        "cache_hit_ratio": None if totals.cache_hit_ratio is None else round(totals.cache_hit_ratio, 6),
    }

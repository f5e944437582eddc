"""Traffic out of the store, as comparisons and savings want it: by sender and card, with the single requests kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from collectors.prices.repricer import variant_of
from pricing.books.book import STANDARD
from pricing.card import CardStatus
from pricing.filters import Filter
from pricing.hosts.allocation import largest_remainder
from pricing.whatif.traffic import KeptRequest, Sender, Traffic
from store.reader import Reader
from store.records import RequestRecord
from store.requests.identity import RECORD_BITS
from store.sums import Sum, SumKey, total
from store.tables import DIMENSIONS
from tui.reading.cards import Cards
from tui.reading.committed import committed
from tui.reading.moment import Moment
from tui.reading.sharing import allocated

_PAGE = 500
"""Records that are in memory at a time: what is left of each is much smaller."""
_MOST_SCANNED = 20_000
"""Single requests looked at: bounds the time that a long window takes."""

_DAY_SECONDS = 86_400
_MOST_DAYS = 7
_NIGHT_HOURS = 6
_USED = frozenset({CardStatus.PRICED, CardStatus.ESTIMATED, CardStatus.FREE, CardStatus.UNPRICED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTraffic:
    """What was seen in a window: at providers, on own hosts, and single requests of the first."""

    at: Moment
    metered: tuple[Traffic, ...]
    hosted: tuple[Traffic, ...]
    """Their cost is their share of the hosts' dollars."""
    kept: tuple[KeptRequest, ...]

    @property
    def hosted_requests(self) -> int:
        """Requests that own hosts served."""
        return sum(one.requests for one in self.hosted)


def seen_traffic(reader: Reader, at: Moment, wanted: Filter, patient: Filter | None = None) -> SeenTraffic:
    """Read the traffic that a filter lets through; `patient` is a filter of what nobody waits for."""
    sums = reader.sums(at.since_ms, at.until_ms)
    mine = [one for one in sums if wanted.matches(one.key.values(DIMENSIONS))]
    cards = Cards(reader)
    kept = _kept(reader, at, wanted, cards)
    nights = _night_shares(reader, at)
    metered = _groups(mine, _USED, cards, patient, nights, _largest(kept))
    return SeenTraffic(
        at=at,
        metered=metered,
        hosted=_hosted(reader, at, mine, sums, _groups(mine, {CardStatus.HOSTED}, cards, patient, nights, {})),
        kept=tuple(kept),
    )


def prepaid_traffic(reader: Reader, at: Moment, covered: Callable[[SumKey], bool]) -> tuple[Traffic, ...]:
    """The prepaid requests that a commitment covers; `covered` says which series are under it."""
    sums = [one for one in reader.sums(at.since_ms, at.until_ms) if covered(one.key)]
    return _groups(sums, {CardStatus.PREPAID}, Cards(reader), None, {}, {})


def _variant(cards: Cards, card_id: str) -> str:
    return variant_of(cards.card(card_id)) or STANDARD


def _groups(
    sums: Iterable[Sum],
    statuses: Iterable[CardStatus],
    cards: Cards,
    patient: Filter | None,
    nights: dict[Sender, float],
    largest: dict[Sender, int],
) -> tuple[Traffic, ...]:
    groups: dict[tuple[Sender, str | None, bool, bool, str], list[Sum]] = {}
    for one in sums:
        if one.key.card.status in statuses and (one.tokens or one.units):
            dimensions = one.key.dimensions
            waits = patient is not None and patient.matches(one.key.values(DIMENSIONS))
            failed = dimensions.outcome.failed
            key = (_sender(one.key), dimensions.call_type, failed, waits, one.key.card.card_id)
            groups.setdefault(key, []).append(one)
    return tuple(
        _traffic(members, sender, call_type, cards, largest.get(sender), nights.get(sender), failed=failed, waits=waits)
        for (sender, call_type, failed, waits, _), members in groups.items()
    )


def _traffic(
    members: Sequence[Sum],
    sender: Sender,
    call_type: str | None,
    cards: Cards,
    largest: int | None,
    night_share: float | None,
    *,
    failed: bool,
    waits: bool,
) -> Traffic:
    totals, card_id = total(members), members[0].key.card.card_id
    known = members[0].key.card.status is not CardStatus.UNPRICED
    return Traffic(
        sender=sender,
        card=cards.card(card_id),
        requests=totals.requests,
        usage=totals.tokens,
        nano_usd=totals.metered_nano_usd if known else None,
        partial=totals.partial_requests > 0,
        failed=failed,
        call_type=call_type,
        variant=_variant(cards, card_id),
        largest_prompt_tokens=largest,
        may_wait=waits,
        night_share=night_share,
    )


def _hosted(
    reader: Reader, at: Moment, mine: Sequence[Sum], sums: Sequence[Sum], groups: tuple[Traffic, ...]
) -> tuple[Traffic, ...]:
    """The hosted groups with their share of the hosts' dollars, by tokens; without hosts' prices it is unknown."""
    if not groups:
        return ()
    wanted = {one.key for one in mine}
    costs = committed(reader, at)
    shared, _ = allocated(
        sums,
        lambda key: key._replace(sides=()) in wanted,
        costs,
        lambda part: reader.sums(part.since_ms, part.until_ms),
    )
    nano_usd = shared[True].allocated_nano_usd if True in shared else 0
    if not nano_usd:
        return tuple(replace(one, nano_usd=None) for one in groups)
    parts = largest_remainder(nano_usd, {n: Fraction(one.usage.total_tokens) for n, one in enumerate(groups)})
    return tuple(replace(one, nano_usd=parts[n]) for n, one in enumerate(groups))


def _kept(reader: Reader, at: Moment, wanted: Filter, cards: Cards) -> list[KeptRequest]:
    """Single requests of the window at known prices, the newest first; at most so many are looked at."""
    found: list[KeptRequest] = []
    before: int | None = None
    for _ in range(_MOST_SCANNED // _PAGE):
        page = reader.newest_requests(before_id=before, limit=_PAGE)
        found += [
            _kept_request(one, cards)
            for one in page
            if at.since_ms <= one.ended_at_ms < at.until_ms
            and one.card.status in _USED
            and wanted.matches(SumKey(one.dimensions, one.card).values(DIMENSIONS))
        ]
        if len(page) < _PAGE:
            break
        before = page[-1].id
    return found


def _kept_request(record: RequestRecord, cards: Cards) -> KeptRequest:
    return KeptRequest(
        sender=_sender(SumKey(record.dimensions, record.card)),
        call=record.identity >> RECORD_BITS,
        ended_at_ms=record.ended_at_ms,
        usage=record.usage,
        nano_usd=record.nano_usd,
        failed=record.dimensions.outcome.failed,
        variant=_variant(cards, record.card.card_id),
        session=record.session,
    )


def _largest(kept: Iterable[KeptRequest]) -> dict[Sender, int]:
    largest: dict[Sender, int] = {}
    for one in kept:
        largest[one.sender] = max(largest.get(one.sender, 0), one.usage.prompt_tokens)
    return largest


def _night_shares(reader: Reader, at: Moment) -> dict[Sender, float]:
    """Each sender's share of dollars between 00 and 06 UTC; nothing for less than a day or more than a week."""
    if not _DAY_SECONDS <= at.seconds <= _MOST_DAYS * _DAY_SECONDS:
        return {}
    spent: dict[Sender, list[int]] = {}
    for minute, key, nano_usd, _ in reader.steps(at.since_ms, at.until_ms):
        sums = spent.setdefault(_sender(key), [0, 0])
        sums[0] += nano_usd if minute // 3_600 % 24 < _NIGHT_HOURS else 0
        sums[1] += nano_usd
    return {sender: night / whole for sender, (night, whole) in spent.items() if whole}


def _sender(key: SumKey) -> Sender:
    dimensions = key.dimensions
    return Sender(dimensions.provider, dimensions.model, dimensions.key)

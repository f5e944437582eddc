"""Reading answers: rows one by one, so that one broken row costs only itself, and money in every unit providers use."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TypeVar

import msgspec

from collectors.door import example
from pricing.money import NANO_PER_USD, nano_from_usd
from store.facts import Reject

Row = TypeVar("Row")
Fact = TypeVar("Fact")

_TICKS_PER_USD = 10_000_000_000
_MOST_USD = Decimal(10**9)


def usd(said: Decimal) -> int:
    """Dollars as nano-dollars; ValueError for what no account can hold."""
    if not said.is_finite() or abs(said) > _MOST_USD:
        raise ValueError("an amount that no account can hold")
    return nano_from_usd(said)


def cents(said: Decimal) -> int:
    """Cents, perhaps with decimals ("123.45" is $1.2345), as nano-dollars."""
    return usd(said.scaleb(-2))


def ticks(said: int) -> int:
    """Ticks, of which 10,000,000,000 are a dollar, as nano-dollars."""
    return usd(Decimal(said) / _TICKS_PER_USD)


def units_and_nanos(units: int, nanos: int) -> int:
    """Google's money: whole units and billionths, both of one sign, as nano-dollars."""
    return usd(Decimal(units) + Decimal(nanos) / NANO_PER_USD)


def whole(said: Decimal) -> int:
    """A count that arrives as text or with decimals."""
    return int(said.to_integral_value(ROUND_HALF_EVEN))


def seconds_text(at_ms: int) -> str:
    """An instant as epoch seconds."""
    return str(at_ms // 1_000)


def instant(at_ms: int) -> str:
    """An instant in RFC 3339, e.g. "2026-11-22T08:00:00Z"."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_ms(text: str) -> int:
    """The beginning of a UTC day written 2026-11-22, whatever follows it, as epoch milliseconds."""
    return round(datetime.fromisoformat(text[:10]).replace(tzinfo=UTC).timestamp()) * 1_000


def facts(
    rows: Iterable[msgspec.Raw], decode: Callable[[msgspec.Raw], Row], fact: Callable[[Row], Fact | None]
) -> tuple[list[Fact], list[Reject]]:
    """What each row says (None is nothing to count), and the rows that say nothing that can be taken."""
    found: list[Fact] = []
    rejects: list[Reject] = []
    for row in rows:
        try:
            one = fact(decode(row))
        except (msgspec.MsgspecError, ValueError, ArithmeticError) as error:
            why = "a row without a field that it needs, or of another shape"
            reason = why if isinstance(error, msgspec.MsgspecError) else str(error)
            rejects.append(Reject(reason=reason, count=1, example=example(bytes(row))))
            continue
        if one is not None:
            found.append(one)
    return found, merged(rejects)


def grouped_facts(
    groups: Iterable[tuple[Iterable[msgspec.Raw], Callable[[Row], Fact | None]]], decode: Callable[[msgspec.Raw], Row]
) -> tuple[list[Fact], list[Reject]]:
    """The same of rows that stand in groups, each of which says something of its own about its rows, such as their hour."""
    found: list[Fact] = []
    rejects: list[Reject] = []
    for rows, fact in groups:
        taken, refused = facts(rows, decode, fact)
        found += taken
        rejects += refused
    return found, rejects


def check_usd(currency: str, what: str = "cost") -> None:
    """ValueError for money that is not in US dollars."""
    if currency.upper() != "USD":
        raise ValueError(f"a {what} that is not in US dollars")


def merged(rejects: Sequence[Reject]) -> list[Reject]:
    """One reject per reason, with the newest example."""
    by_reason: dict[str, Reject] = {}
    for reject in rejects:
        known = by_reason.get(reject.reason)
        count = reject.count + (known.count if known else 0)
        by_reason[reject.reason] = Reject(reason=reject.reason, count=count, example=reject.example)
    return list(by_reason.values())

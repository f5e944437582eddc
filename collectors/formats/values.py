"""Values as home-made logs write them: numbers as text, `-` for nothing, and instants in every usual form."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any

from collectors.door import count, duration, milliseconds, names, reported_nano, text_milliseconds

_UNSAID = ("", "-", None)
_CLF_TIME = "%d/%b/%Y:%H:%M:%S %z"
_CENTS_PER_USD = 100


def instant(said: Any, zone: tzinfo | None) -> int | None:
    """Epoch milliseconds of an epoch in any unit, RFC 3339 or an access log's time; `zone` where none is said.

    Raises ValueError for what is no instant; None where nothing is said.
    """
    if said in _UNSAID:
        return None
    if isinstance(said, bool | dict | list):
        raise ValueError("a time that is no instant")
    if not isinstance(said, str):
        return milliseconds(float(said))
    bare = said.strip().strip("[]")
    try:
        return milliseconds(float(bare))
    except ValueError:
        return _written_instant(bare, zone)


def _written_instant(said: str, zone: tzinfo | None) -> int:
    try:
        at = datetime.strptime(said, _CLF_TIME)  # noqa: DTZ007 - the pattern has its zone in a name
    except ValueError:
        try:
            at = datetime.fromisoformat(said)
        except ValueError:
            raise ValueError("a time that is no instant") from None
    if at.tzinfo is None and zone is not None:
        at = at.replace(tzinfo=zone)
    return text_milliseconds(at.isoformat())


def amount(said: Any) -> int | None:
    """A number of tokens; ValueError for one that no request can have."""
    if isinstance(said, Decimal):
        return count(float(said))
    if said is None or isinstance(said, int | float | str):
        return count(said)
    raise ValueError("a number of tokens that is no number")


def text(said: Any) -> str | None:
    """A name or an id; None where nothing is said, or something that is no text."""
    if said in _UNSAID or isinstance(said, dict | list):
        return None
    return str(said)


def duration_ms(said: Mapping[str, Any], what: str) -> int | None:
    """What the targets `<what>_ms` and `<what>_seconds` say, in whole milliseconds."""
    in_ms, in_seconds = _number(said.get(f"{what}_ms")), _number(said.get(f"{what}_seconds"))
    if in_ms is None and in_seconds is not None:
        in_ms = in_seconds * 1_000
    return duration(in_ms)


def reported(said: Mapping[str, Any]) -> int | None:
    """The cost that the targets for dollars and cents say, in nano-dollars."""
    usd, cents = _number(said.get("reported_usd")), _number(said.get("reported_cents"))
    if usd is None and cents is not None:
        usd = cents / _CENTS_PER_USD
    return None if usd is None else reported_nano(usd)


def tags(said: Any) -> tuple[str, ...]:
    """A list of tags, or text with commas between them."""
    if isinstance(said, str):
        said = said.split(",")
    return names(tag.strip() for tag in said if isinstance(tag, str)) if isinstance(said, list) else ()


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

"""One span as it is handed from a decoder to the reading of its attributes."""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

AttributeValue: TypeAlias = str | int | float | Decimal | bool
Attributes: TypeAlias = Mapping[str, AttributeValue]


class Span(NamedTuple):
    """The part of a span that is read; ids are lower-case hexadecimal, times nanoseconds since 1970 or None."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    started_ns: int | None
    ended_ns: int | None
    failed: bool
    attributes: Attributes
    """Those whose names are in `names.WANTED`, and the resource's service name."""


def text(attributes: Attributes, names: tuple[str, ...]) -> str | None:
    """The first of these attributes that says something; an empty string says nothing."""
    for name in names:
        value = attributes.get(name)
        if value is not None and value != "":
            return value if isinstance(value, str) else str(value)
    return None


def count(attributes: Attributes, names: tuple[str, ...]) -> int | None:
    """The first of these attributes that is a count of tokens; anything else is passed over."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, bool) or value is None:
            continue
        number = decimal(value)
        if number is not None and 0 <= number < 2**32 and number == number.to_integral_value():
            return int(number)
    return None


def decimal(value: AttributeValue) -> Decimal | None:
    """A finite number however an exporter wrote it, or None."""
    try:
        number = Decimal(value) if isinstance(value, str | int | Decimal) else Decimal(repr(value))
    except ArithmeticError:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 40 else None

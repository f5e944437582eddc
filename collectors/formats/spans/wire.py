"""Spans out of OTLP's binary encoding: the few fields of `ExportTraceServiceRequest` that are read.

Source of the field numbers: `trace.proto`, `common.proto` and `resource.proto` of opentelemetry-proto 1. The protobuf
runtime would decode every prompt and answer on the way; this walks over what nobody asked for.
"""

import struct
from collections.abc import Iterator
from typing import TypeAlias

from collectors.formats.spans.names import SERVICE, WANTED
from collectors.formats.spans.span import AttributeValue, Span

_Field: TypeAlias = tuple[int, int | bytes]
"""A field's number and value: an integer, or the bytes of a string, a message or a list."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FAILED = 2
_LONGEST_VARINT = 10


def spans_of(message: bytes) -> list[Span]:
    """The spans of one export request; ValueError where the bytes are none."""
    return [span for group in _messages(message, 1) for span in _group(group)]


def _group(group: bytes) -> Iterator[Span]:
    """The spans of one resource, each with the name of its service."""
    named: dict[str, AttributeValue] = {}
    for resource in _messages(group, 1):
        named |= {name: value for name, value in _attributes(_messages(resource, 1)).items() if name in SERVICE}
    for scope in _messages(group, 2):
        for message in _messages(scope, 2):
            yield _span(message, named)


def _span(message: bytes, named: dict[str, AttributeValue]) -> Span:
    fields: dict[int, int | bytes] = {}
    pairs: list[bytes] = []
    for number, value in _fields(message):
        if number == 9 and isinstance(value, bytes):
            pairs.append(value)
        else:
            fields[number] = value
    return Span(
        trace_id=_bytes(fields.get(1)).hex(),
        span_id=_bytes(fields.get(2)).hex(),
        parent_id=_bytes(fields.get(4)).hex(),
        name=_bytes(fields.get(5)).decode("utf-8", "replace"),
        started_ns=_integer(fields.get(7)),
        ended_ns=_integer(fields.get(8)),
        failed=any(number == 3 and value == _FAILED for number, value in _fields(_bytes(fields.get(15)))),
        attributes={**named, **_attributes(pairs)},
    )


def _attributes(pairs: list[bytes]) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for pair in pairs:
        fields = dict(_fields(pair))
        key = _bytes(fields.get(1)).decode("utf-8", "replace")
        if key in WANTED and (value := _value(_bytes(fields.get(2)))) is not None:
            found[key] = value
    return found


def _value(message: bytes) -> AttributeValue | None:
    """A plain value; lists, maps and bytes are as good as absent."""
    for number, value in _fields(message):
        if number == 1 and isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if isinstance(value, int):
            if number == 2:
                return bool(value)
            if number == 3:
                return value - (1 << 64) if value >> 63 else value
            if number == 4:
                return float(struct.unpack("<d", value.to_bytes(8, "little"))[0])
    return None


def _messages(message: bytes, wanted: int) -> list[bytes]:
    return [value for number, value in _fields(message) if number == wanted and isinstance(value, bytes)]


def _fields(message: bytes) -> Iterator[_Field]:
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("not protobuf")
        piece = message[at : at + size]
        if len(piece) != size:
            raise ValueError("protobuf that ends too early")
        at += size
        yield number, piece if kind == _BYTES else int.from_bytes(piece, "little")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """The integer that begins at `at`, and where the next thing begins."""
    value = 0
    for position, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:
            return value & (2**64 - 1), at + position + 1
    raise ValueError("protobuf that ends too early")


def _bytes(value: int | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else b""


def _integer(value: int | bytes | None) -> int | None:
    return value if isinstance(value, int) else None

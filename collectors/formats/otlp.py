"""OTLP/JSON export requests of spans, one per line, as the OpenTelemetry collector's file exporter writes them.

Source of the format: the JSON encoding of the OTLP specification. Names are lowerCamelCase, ids hexadecimal in any
case, and 64-bit integers decimal strings or numbers.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from collectors.formats.format import LineFormat
from collectors.formats.spans.event import event_from
from collectors.formats.spans.names import SERVICE, WANTED
from collectors.formats.spans.span import Attributes, AttributeValue, Span
from collectors.formats.spans.tree import calls
from store.facts import UsageEvent

NAME = "otel.span"

_FAILED = (2, "2", "STATUS_CODE_ERROR")

_OTHER_SIGNALS = frozenset({"resourceMetrics", "resourceLogs"})
_NULL = msgspec.Raw(b"null")


class _KeyValue(msgspec.Struct, gc=False):
    key: str = ""
    value: msgspec.Raw = _NULL


class _Value(msgspec.Struct, gc=False, rename="camel"):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: Decimal | None = None
    bool_value: bool | None = None


class _Status(msgspec.Struct, gc=False):
    code: int | str | None = None


class _Span(msgspec.Struct, gc=False, rename="camel"):
    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    name: str | None = None
    start_time_unix_nano: int | str | None = None
    end_time_unix_nano: int | str | None = None
    attributes: list[_KeyValue] | None = None
    status: _Status | None = None


class _Resource(msgspec.Struct, gc=False):
    attributes: list[_KeyValue] | None = None


class _ScopeSpans(msgspec.Struct, gc=False):
    spans: list[_Span] | None = None


class _ResourceSpans(msgspec.Struct, gc=False, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans] | None = None


class _Export(msgspec.Struct, gc=False, rename="camel"):
    resource_spans: list[_ResourceSpans] | None = None
    resource_metrics: msgspec.Raw = _NULL
    resource_logs: msgspec.Raw = _NULL


_decode = msgspec.json.Decoder(_Export).decode
_decode_value = msgspec.json.Decoder(_Value | None).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an export request, of spans or of another signal."""
    return "resourceSpans" in keys or bool(keys & _OTHER_SIGNALS)


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The model calls among the spans of one line, each once; none where it holds other spans, metrics or logs only.

    Raises msgspec.MsgspecError where the line is no export request.
    """
    export = _decode(line)
    if export.resource_spans is None and export.resource_metrics == _NULL and export.resource_logs == _NULL:
        raise ValueError("no export request of OpenTelemetry")
    return events_of(list(_spans(export)))


def events_of(spans: Sequence[Span]) -> list[UsageEvent]:
    """The events of the spans of one export."""
    return [event_from(span) for span in calls(spans)]


def _spans(export: _Export) -> Iterator[Span]:
    for group in export.resource_spans or ():
        resource = _attributes(group.resource.attributes if group.resource else None)
        service = {name: resource[name] for name in SERVICE if name in resource}
        for scope in group.scope_spans or ():
            for span in scope.spans or ():
                yield _span(span, service)


def _span(span: _Span, service: Attributes) -> Span:
    return Span(
        trace_id=span.trace_id.lower(),
        span_id=span.span_id.lower(),
        parent_id=(span.parent_span_id or "").lower(),
        name=span.name or "",
        started_ns=_integer(span.start_time_unix_nano),
        ended_ns=_integer(span.end_time_unix_nano),
        failed=span.status is not None and span.status.code in _FAILED,
        attributes={**service, **_attributes(span.attributes)},
    )


def _attributes(pairs: list[_KeyValue] | None) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {}
    for pair in pairs or ():
        if pair.key in WANTED and (value := _value(bytes(pair.value))) is not None:
            found[pair.key] = value
    return found


def _value(raw: bytes) -> AttributeValue | None:
    """A plain value; lists, maps, bytes and what cannot be read are as good as absent."""
    try:
        value = _decode_value(raw)
    except msgspec.MsgspecError:
        return None
    if value is None:
        return None
    plain: tuple[AttributeValue | None, ...] = (
        value.string_value,
        value.int_value,
        value.double_value,
        value.bool_value,
    )
    return next((one for one in plain if one is not None), None)


def _integer(said: int | str | None) -> int | None:
    if isinstance(said, int) or said is None:
        return said
    return int(said) if said.isascii() and said.isdigit() and len(said) < 20 else None


FORMAT = LineFormat(NAME, recognises, parse)

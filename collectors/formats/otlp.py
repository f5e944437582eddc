"""OTLP/JSON export requests of spans, one per line, as the OpenTelemetry collector's file exporter writes them.

Source of the format: the JSON encoding of the OTLP specification. Names are lowerCamelCase, ids hexadecimal in any
case, and 64-bit integers decimal strings or numbers.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from collectors.formats.doubts import STRANGE_SPAN, note
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


SpanOrRaw = TypeVar("SpanOrRaw")


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


class _ScopeSpans(msgspec.Struct, Generic[SpanOrRaw], gc=False):
    spans: list[SpanOrRaw] | None = None


class _ResourceSpans(msgspec.Struct, Generic[SpanOrRaw], gc=False, rename="camel"):
    resource: _Resource | None = None
    scope_spans: list[_ScopeSpans[SpanOrRaw]] | None = None


class _Export(msgspec.Struct, Generic[SpanOrRaw], gc=False, rename="camel"):
    resource_spans: list[_ResourceSpans[SpanOrRaw]] | None = None
    resource_metrics: msgspec.Raw = _NULL
    resource_logs: msgspec.Raw = _NULL


_decode = msgspec.json.Decoder(_Export[_Span]).decode
_decode_raw = msgspec.json.Decoder(_Export[msgspec.Raw]).decode
_decode_span = msgspec.json.Decoder(_Span).decode
_decode_value = msgspec.json.Decoder(_Value | None).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is an export request, of spans or of another signal."""
    return "resourceSpans" in keys or bool(keys & _OTHER_SIGNALS)


def parse(line: bytes) -> Sequence[UsageEvent]:
    """The model calls among the spans of one line, each once; none where it holds other spans, metrics or logs only.

    One span that is none costs no other one. Raises msgspec.MsgspecError where the line is no export request, or none of
    its spans is one.
    """
    try:
        export = _decode(line)
    except msgspec.ValidationError:
        export = _without_strange(line)
    if export.resource_spans is None and export.resource_metrics == _NULL and export.resource_logs == _NULL:
        raise ValueError("no export request of OpenTelemetry")
    return events_of(list(_spans(export)))


def _without_strange(line: bytes) -> _Export[_Span]:
    """An export request with those of its spans that are as the specification says; the others are noted."""
    export = _decode_raw(line)
    strange: list[msgspec.ValidationError] = []

    def good(raw: Sequence[msgspec.Raw]) -> Iterator[_Span]:
        for one in raw:
            try:
                yield _decode_span(one)
            except msgspec.ValidationError as error:
                strange.append(error)

    groups = [
        _ResourceSpans(
            group.resource, [_ScopeSpans(list(good(scope.spans or ()))) for scope in group.scope_spans or ()]
        )
        for group in export.resource_spans or ()
    ]
    if strange and not any(scope.spans for group in groups for scope in group.scope_spans or ()):
        raise strange[0]
    for _ in strange:
        note(STRANGE_SPAN)
    return _Export(groups, export.resource_metrics, export.resource_logs)


def events_of(spans: Sequence[Span]) -> list[UsageEvent]:
    """The events of the spans of one export."""
    return [event_from(span) for span in calls(spans)]


def _spans(export: _Export[_Span]) -> Iterator[Span]:
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

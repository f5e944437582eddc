"""Azure OpenAI's diagnostic log: who called which deployment, how long it took and whether it worked, without tokens.

Source of the format: test logs of `packages/azure_openai` in elastic/integrations and the monitoring reference of Azure
OpenAI. `properties` is an object or a text with one; times in it are .NET ticks; `durationMs` may be negative.
"""

import msgspec

from collectors.door import cut, duration, text_milliseconds, tick_milliseconds
from collectors.formats.format import LineFormat
from store.facts import Outcome, UsageEvent

NAME = "azure.diag"

_REQUESTS = "RequestResponse"
_FIRST_ERROR = 400


class _Properties(msgspec.Struct, gc=False):
    responseTime: int | None = None  # noqa: N815 - the format's own name
    modelDeploymentName: str | None = None  # noqa: N815 - the format's own name
    modelName: str | None = None  # noqa: N815 - the format's own name
    objectId: str | None = None  # noqa: N815 - the format's own name


class _Record(msgspec.Struct, gc=False):
    time: str
    category: str
    operationName: str | None = None  # noqa: N815 - the format's own name
    correlationId: str | None = None  # noqa: N815 - the format's own name
    durationMs: float | None = None  # noqa: N815 - the format's own name
    resultSignature: str | int | None = None  # noqa: N815 - the format's own name
    properties: _Properties | str | None = None


_decode = msgspec.json.Decoder(_Record).decode
_decode_properties = msgspec.json.Decoder(_Properties).decode


def recognises(keys: frozenset[str]) -> bool:
    """Whether an object with these keys is a diagnostic record."""
    return {"resourceId", "category", "properties"} <= keys


def parse(line: bytes) -> tuple[UsageEvent, ...]:
    """One request as an event whose usage is missing; nothing for audits and traces."""
    record = _decode(line)
    if record.category != _REQUESTS:
        return ()
    about = record.properties or _Properties()
    if isinstance(about, str):
        about = _decode_properties(about)
    status = str(record.resultSignature or "")
    failed = status.isdecimal() and int(status) >= _FIRST_ERROR
    event = UsageEvent(
        id=f"{record.correlationId or ''} {record.time}",
        ended_at_ms=tick_milliseconds(about.responseTime) if about.responseTime else text_milliseconds(record.time),
        duration_ms=None if (record.durationMs or 0) < 0 else duration(record.durationMs),
        provider="azure",
        model=cut(about.modelName),
        deployment=cut(about.modelDeploymentName),
        call_type=cut(record.operationName),
        outcome=Outcome.ERROR if failed else Outcome.OK,
        usage_missing=not failed,
        error=f"HTTP {status}" if failed else None,
        user=cut(about.objectId),
    )
    return (event,)


FORMAT = LineFormat(NAME, recognises, parse)

"""Every known format, in the order in which a record of unknown origin is offered to them: the most telling keys first."""

from collectors.formats import (
    azure_log,
    bedrock_log,
    bifrost,
    claude_code,
    cloudflare,
    codex,
    envoy,
    generation,
    helicone,
    kong,
    langfuse,
    langsmith,
    litellm,
    litellm_rows,
    otlp,
    portkey,
    tensorzero,
)
from collectors.formats.bodies import batch_results, cohere_stream, messages_stream, realtime
from collectors.formats.bodies.any_body import WHOLE
from collectors.formats.format import LineFormat

_BODIES = (batch_results.FORMAT, *WHOLE, messages_stream.FORMAT, cohere_stream.FORMAT, realtime.FORMAT)
"""After all logs: their keys are the plainest, and a log may carry a body in one of its fields."""

_GATEWAYS = (bedrock_log.FORMAT, litellm.FORMAT, litellm_rows.FORMAT, kong.FORMAT)
_CLIENTS_AND_CLOUDS = (claude_code.FORMAT, codex.FORMAT, azure_log.FORMAT)
_EXPORTS = (
    langfuse.FORMAT, langsmith.FORMAT, helicone.FORMAT, cloudflare.FORMAT, portkey.FORMAT, tensorzero.FORMAT,
    bifrost.FORMAT, generation.FORMAT,
)  # fmt: skip

FORMATS: tuple[LineFormat, ...] = (
    otlp.FORMAT, *_GATEWAYS, *_CLIENTS_AND_CLOUDS, *_EXPORTS, envoy.FORMAT, *_BODIES,
)  # fmt: skip

"""One answer of each provider as it was sent, written by hand after the vendor's documented example or schema."""

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "openai.chat": {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1764000000, "model": "gpt-5",
        "choices": [{"index": 0, "message": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 5},
    },
    "openai.responses": {
        "id": "resp_1", "object": "response", "created_at": 1764000000, "status": "completed", "model": "gpt-5",
        "output": [], "usage": {"input_tokens": 5},
    },
    "anthropic.messages": {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
        "stop_reason": "end_turn", "usage": {
            "input_tokens": 200, "cache_read_input_tokens": 4000, "cache_creation_input_tokens": 1000,
            "output_tokens": 410,
        },
    },
    "gemini.generate": {
        "candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 5}, "responseId": "r",
    },
    "bedrock.converse": {
        "output": {}, "stopReason": "end_turn", "metrics": {"latencyMs": 1}, "usage": {
            "inputTokens": 200, "outputTokens": 410, "cacheReadInputTokens": 4000, "cacheWriteInputTokens": 1000,
            "cacheDetails": [{"ttl": "5m", "inputTokens": 1000}],
        },
    },
    "cohere.v2": {
        "id": "c", "finish_reason": "COMPLETE", "message": {}, "usage": {"billed_units": {"input_tokens": 5.0}},
    },
    "otel.span": {"resourceSpans": [{"scopeSpans": [{"spans": [{
        "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174",
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
    }]}]}]},
}  # fmt: skip
EMBEDDINGS = {"object": "list", "data": [], "model": "e", "usage": {"prompt_tokens": 8, "total_tokens": 8}}
RERANK = {"id": "r", "results": [], "meta": {"billed_units": {"search_units": 1.0}}}
BATCHED: dict[str, Any] = {
    "id": "batch_req_1", "custom_id": "request-1", "error": None,
    "response": {"status_code": 200, "request_id": "req_1", "body": BODIES["openai.chat"]},
}  # fmt: skip

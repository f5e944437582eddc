"""One record of each gateway's and client's log, written by hand after the vendor's documented example or schema.

Most tell of the same call to Claude: 200 fresh tokens, 4,000 read from the cache, 1,000 written for five minutes, 410 out.
"""

import json
from typing import Any

RECORDS: dict[str, dict[str, Any]] = {
    "bedrock.invocation": json.loads("""
{"schemaType":"ModelInvocationLog","schemaVersion":"1.0","timestamp":"2026-11-22T08:15:30Z","accountId":"111122223333",
 "identity":{"arn":"arn:aws:sts::111122223333:assumed-role/app/i-0abc"},"region":"us-east-1","requestId":"b2c1","operation":"ConverseStream",
 "modelId":"us.anthropic.claude-sonnet-4-5-20250929-v1:0","inferenceRegion":"us-west-2","requestMetadata":{"tenant":"t9"},
 "input":{"inputContentType":"application/json","inputTokenCount":200,"cacheReadInputTokenCount":4000,"cacheWriteInputTokenCount":1000},
 "output":{"outputContentType":"application/json","outputTokenCount":410}}"""),
    "kong.ai": json.loads("""
{"started_at":1764000000123,"request":{"id":"6b1f","uri":"/chat"},"response":{"status":200},"latencies":{"request":4200,"kong":3,"proxy":4100},
 "consumer":{"id":"c1","username":"checkout"},"workspace_name":"default",
 "ai":{"proxy":{"meta":{"request_model":"gpt-5","response_model":"gpt-5-2025-08-07","provider_name":"openai","llm_latency":4100},
  "usage":{"prompt_tokens":1500,"completion_tokens":420,"total_tokens":1920,"cost":0,"time_per_token":9.8}}}}"""),
    "envoy.access": json.loads("""
{"start_time":"2026-11-22T08:15:30.123Z","duration":4120,"response_code":200,"x-request-id":"7c9e","gen_ai.request.model":"gpt-5",
 "gen_ai.response.model":"gpt-5-2025-08-07","gen_ai.provider.name":"default/openai","gen_ai.usage.input_tokens":1500,"gen_ai.usage.output_tokens":420,"gen_ai.usage.total_tokens":1920}"""),
    "litellm.spendlogs": json.loads("""
{"request_id":"msg_01abc","call_type":"acompletion","api_key":"88dc","spend":0.0117,"total_tokens":5610,"prompt_tokens":5200,
 "completion_tokens":410,"startTime":"2025-11-24T16:00:00.120","endTime":"2025-11-24T16:00:04.500",
 "completionStartTime":"2025-11-24T16:00:00.900","model":"claude-sonnet-4-5","model_id":"d1","model_group":"sonnet",
 "custom_llm_provider":"anthropic","user":"ana","team_id":"team-a","organization_id":"","end_user":"tenant-9",
 "metadata":{"litellm_call_id":"2f6c","user_api_key_alias":"checkout","user_api_key_team_alias":"Payments","status":null,
  "usage_object":{"prompt_tokens":5200,"completion_tokens":410,"cache_read_input_tokens":4000,"cache_creation_input_tokens":1000,
   "prompt_tokens_details":{"cache_creation_token_details":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":0}},
   "completion_tokens_details":{"reasoning_tokens":120}}},
 "cache_hit":"False","cache_key":"Cache OFF","request_tags":["env:prod","User-Agent: curl"],"session_id":"t-77","status":"success"}"""),
    "claude_code.jsonl": json.loads("""
{"type":"assistant","timestamp":"2026-11-22T08:15:30.123Z","sessionId":"s-1","requestId":"req_1","uuid":"u-1","cwd":"/home/ana/shop",
 "version":"2.0.44","isSidechain":false,"message":{"id":"msg_01abc","type":"message","role":"assistant",
  "model":"claude-sonnet-4-5-20250929","stop_reason":"end_turn","usage":{"input_tokens":200,"cache_creation_input_tokens":1000,
   "cache_read_input_tokens":4000,"cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":0},
   "output_tokens":410,"output_tokens_details":{"thinking_tokens":120},"service_tier":"standard"}}}"""),
    "azure.diag": json.loads("""
{"time":"2026-11-22T08:15:31.0000000Z","resourceId":"/SUBSCRIPTIONS/1/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.COGNITIVESERVICES/ACCOUNTS/A",
 "category":"RequestResponse","operationName":"ChatCompletions_Create","correlationId":"c-1","durationMs":877,"resultSignature":"200",
 "callerIpAddress":"10.0.0.***","location":"eastus","properties":"{\\"apiName\\":\\"Azure OpenAI API\\",\\"requestTime\\":639309321301230000,\\"responseTime\\":639309321310000000,\\"requestLength\\":512,\\"responseLength\\":900,\\"streamType\\":\\"Non-Streaming\\",\\"modelDeploymentName\\":\\"prod-chat\\",\\"modelName\\":\\"gpt-4o\\",\\"modelVersion\\":\\"2024-08-06\\",\\"objectId\\":\\"\\"}"}"""),
    "langfuse.observation": json.loads("""
{"id":"obs-1","traceId":"t-77","type":"GENERATION","name":"answer","startTime":"2026-11-22T08:15:30.000Z","endTime":"2026-11-22T08:15:34.500Z",
 "completionStartTime":"2026-11-22T08:15:30.900Z","providedModelName":"claude-sonnet-4-5",
 "usageDetails":{"input":200,"input_cache_read":4000,"input_cache_creation_5m":1000,"output":290,"output_reasoning_tokens":120,"total":5610},
 "costDetails":{"input":0.0006},"totalCost":0.0117,"level":"DEFAULT","environment":"production","userId":"ana","sessionId":"s-1",
 "latency":4.5,"timeToFirstToken":0.9,"tags":["rag"]}"""),
    "langsmith.run": json.loads("""
{"id":"run-1","trace_id":"t-77","run_type":"llm","name":"ChatAnthropic","start_time":"2026-11-22T08:15:30.000000",
 "end_time":"2026-11-22T08:15:34.500000","first_token_time":"2026-11-22T08:15:30.900000","status":"success","error":null,"session_id":"p-1",
 "prompt_tokens":5200,"completion_tokens":410,"total_tokens":5610,"prompt_token_details":{"cache_read":4000,"cache_creation":1000},
 "completion_token_details":{"reasoning":120},"total_cost":"0.0117","tags":["rag"],
 "extra":{"metadata":{"ls_provider":"anthropic","ls_model_name":"claude-sonnet-4-5"}}}"""),
    "helicone.request": json.loads("""
{"request_id":"h-1","response_id":"r-1","request_created_at":"2026-11-22T08:15:30.000Z","response_created_at":"2026-11-22T08:15:34.500Z",
 "response_status":200,"request_model":"claude-sonnet-4-5","response_model":"claude-sonnet-4-5-20250929","provider":"ANTHROPIC",
 "request_user_id":"ana","request_properties":{"env":"prod"},"delay_ms":4500,"time_to_first_token":900,"prompt_tokens":200,
 "prompt_cache_read_tokens":4000,"prompt_cache_write_tokens":1000,"completion_tokens":410,"total_tokens":5610,"costUSD":0.0117,
 "cache_enabled":false,"cache_reference_id":"00000000-0000-0000-0000-000000000000"}"""),
    "cloudflare.aig": json.loads("""
{"id":"cf-1","created_at":"2026-11-22T08:15:34.500Z","provider":"openai","model":"gpt-5","model_type":"text","path":"chat/completions",
 "request_type":"chat","duration":4500,"status_code":200,"success":true,"cached":false,"tokens_in":1500,"tokens_out":420,"cost":0.0061,
 "custom_cost":false,"metadata":"{\\"team\\":\\"search\\",\\"paid\\":true}","step":0}"""),
    "portkey.export": json.loads("""
{"id":"pk-1","trace_id":"t-77","created_at":"2026-11-22T08:15:34.500Z","ai_org":"openai","ai_model":"gpt-5","req_units":1500,"res_units":420,
 "total_units":1920,"cost":0.6075,"cost_currency":"USD","request_url":"https://api.openai.com/v1/chat/completions","response_time":4500,
 "response_status_code":200,"is_success":true,"mode":"single","config":null,"prompt_slug":null,"metadata":{"_user":"ana","env":"prod"}}"""),
    "tensorzero.clickhouse": json.loads("""
{"id":"019ab697-e800-7000-8000-000000000001","inference_id":"i-1","model_name":"claude-sonnet-4-5","model_provider_name":"anthropic",
 "input_tokens":5200,"output_tokens":410,"cost":"0.0117","provider_cache_read_input_tokens":4000,"provider_cache_write_input_tokens":1000,
 "response_time_ms":4500,"ttft_ms":900,"timestamp":"2025-11-24 16:00:00","finish_reason":"stop","function_name":"answer",
 "tags":{"env":"prod"}}"""),
    "bifrost.logs": json.loads("""
{"id":"bf-1","parent_request_id":null,"timestamp":"2026-11-22T08:15:30Z","object_type":"chat_completion","provider":"anthropic",
 "model":"claude-sonnet-4-5","alias":"sonnet","number_of_retries":0,"fallback_index":0,"virtual_key_name":"checkout","user_id":"ana",
 "team_id":"team-a","customer_id":"acme","latency":4500,"cost":0.0117,"status":"success","stream":false,"prompt_tokens":5200,
 "completion_tokens":410,"total_tokens":5610,"cached_read_tokens":4000,
 "token_usage":"{\\"prompt_tokens\\":5200,\\"completion_tokens\\":410,\\"total_tokens\\":5610,\\"prompt_tokens_details\\":{\\"cached_read_tokens\\":4000,\\"cached_write_tokens\\":1000,\\"cached_write_token_details\\":{\\"cached_write_tokens_5m\\":1000,\\"cached_write_tokens_1h\\":0}},\\"completion_tokens_details\\":{\\"reasoning_tokens\\":120}}"}"""),
    "vercel.generation": json.loads("""
{"id":"gen_01","total_cost":0.0117,"upstream_inference_cost":0.0117,"usage":0.0117,"created_at":"2026-11-22T08:15:34.500Z",
 "model":"anthropic/claude-sonnet-4-5","is_byok":false,"provider_name":"anthropic","streamed":true,"finish_reason":"stop","latency":900,
 "generation_time":4500,"native_tokens_prompt":5200,"native_tokens_completion":410,"native_tokens_reasoning":120,
 "native_tokens_cached":4000,"native_tokens_cache_creation":1000,"billable_web_search_calls":0}"""),
}


def line(name: str, /, **changes: Any) -> bytes:
    """The record of a format as its log holds it, with other values for some of its fields."""
    return json.dumps({**RECORDS[name], **changes}).encode()


def without(name: str, /, *fields: str) -> bytes:
    """The record of a format that leaves out some of its fields."""
    return json.dumps({key: value for key, value in RECORDS[name].items() if key not in fields}).encode()

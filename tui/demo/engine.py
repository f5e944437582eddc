"""A stand-in for a serving engine: a loopback server whose page is shaped as vLLM's."""

import math
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

MODEL = "meta-llama/Llama-3.3-70B-Instruct"

_INPUT_PER_SECOND, _CACHED_PER_SECOND, _OUTPUT_PER_SECOND = 620.0, 140.0, 150.0
_WAVE_S, _WAVE = 90.0, 0.35
_TTFT_S, _TPOT_S = 0.41, 0.028
_TTFT_SHARES = {"0.1": 0.02, "0.25": 0.31, "0.5": 0.74, "0.75": 0.92, "1.0": 0.97, "2.5": 1.0, "+Inf": 1.0}
_TPOT_SHARES = {"0.01": 0.04, "0.025": 0.46, "0.05": 0.95, "0.075": 0.99, "0.1": 1.0, "+Inf": 1.0}
"""Of first and further tokens, how many took at most so many seconds."""

_PAGE = """\
# TYPE process_start_time_seconds gauge
process_start_time_seconds {started:.3f}
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="{model}"}} {running}
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{engine="0",model_name="{model}"}} {waiting}
# TYPE vllm:kv_cache_usage_perc gauge
vllm:kv_cache_usage_perc{{engine="0",model_name="{model}"}} {kv:.4f}
# TYPE vllm:prompt_tokens counter
vllm:prompt_tokens_total{{engine="0",model_name="{model}"}} {prompt}
# TYPE vllm:prompt_tokens_by_source counter
vllm:prompt_tokens_by_source_total{{engine="0",model_name="{model}",source="local_compute"}} {computed}
vllm:prompt_tokens_by_source_total{{engine="0",model_name="{model}",source="local_cache_hit"}} {cached}
# TYPE vllm:generation_tokens counter
vllm:generation_tokens_total{{engine="0",model_name="{model}"}} {output}
# TYPE vllm:request_success counter
vllm:request_success_total{{engine="0",finished_reason="stop",model_name="{model}"}} {finished}
# TYPE vllm:time_to_first_token_seconds histogram
{ttft_buckets}
vllm:time_to_first_token_seconds_sum{{engine="0",model_name="{model}"}} {ttft:.3f}
vllm:time_to_first_token_seconds_count{{engine="0",model_name="{model}"}} {finished}
# TYPE vllm:inter_token_latency_seconds histogram
{tpot_buckets}
vllm:inter_token_latency_seconds_sum{{engine="0",model_name="{model}"}} {tpot:.3f}
vllm:inter_token_latency_seconds_count{{engine="0",model_name="{model}"}} {output}
"""


def page(seconds: float, started_s: float) -> str:
    """The metrics page after so many seconds of serving; the load swings slowly."""
    served = seconds + _WAVE * _WAVE_S * (1 - math.cos(seconds / _WAVE_S))
    load = 1 + _WAVE * math.sin(seconds / _WAVE_S)
    computed, cached = int(served * _INPUT_PER_SECOND), int(served * _CACHED_PER_SECOND)
    output, finished = int(served * _OUTPUT_PER_SECOND), int(served / 3)
    return _PAGE.format(
        started=started_s,
        model=MODEL,
        running=round(9 * load),
        waiting=round(4 * max(0.0, load - 1.1)),
        kv=0.42 * load,
        prompt=computed + cached,
        computed=computed,
        cached=cached,
        output=output,
        finished=finished,
        ttft=finished * _TTFT_S,
        tpot=output * _TPOT_S,
        ttft_buckets=_buckets("vllm:time_to_first_token_seconds", finished, _TTFT_SHARES),
        tpot_buckets=_buckets("vllm:inter_token_latency_seconds", output, _TPOT_SHARES),
    )


def _buckets(family: str, count: int, shares: dict[str, float]) -> str:
    return "\n".join(
        f'{family}_bucket{{engine="0",le="{bound}",model_name="{MODEL}"}} {int(count * share)}'
        for bound, share in shares.items()
    )


class EngineStandIn:
    """Serves the page on a free loopback port until it is closed."""

    def __init__(self, seconds: Callable[[], float], started_s: float) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the name is http.server's own
                body = page(seconds(), started_s).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, name="demo engine", daemon=True).start()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._server.server_port}/metrics"

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()

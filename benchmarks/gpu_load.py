"""A load for a GPU that looks like a serving engine: matrix products by a plan, and a metrics page that counts them.

It is started under the name `vllm serve`, so that it is found and joined with its GPU as an engine is. One product
counts as one output token. Without PyTorch it only sleeps.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple

from collectors.clock import now_ms

SIZE = 8192
FLOPS_PER_PRODUCT = 2 * SIZE**3
BURST_SECONDS = 0.35
_PAGE = """\
# TYPE process_start_time_seconds gauge
process_start_time_seconds {started:.3f}
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="matrix-product"}} {running}
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{{engine="0",model_name="matrix-product"}} 0
# TYPE vllm:generation_tokens counter
vllm:generation_tokens_total{{engine="0",model_name="matrix-product"}} {products}
"""


class Phase(NamedTuple):
    """`share` of the time the GPU works: 0, 1, or something between, in bursts."""

    name: str
    seconds: float
    share: float


def phases(plan: str) -> Iterator[Phase]:
    """A plan such as "idle:25,full:45,half:45" in order."""
    shares = {"idle": 0.0, "half": 0.5, "full": 1.0}
    for part in plan.split(","):
        kind, _, seconds = part.partition(":")
        yield Phase(kind, float(seconds), shares[kind])


class Load:
    """Counts the products that it has made."""

    def __init__(self, multiply: Callable[[], None]) -> None:
        self.products = 0
        self.running = 0
        self.started = now_ms() / 1_000
        self._multiply = multiply

    def run(self, phase: Phase) -> None:
        """One phase of the plan."""
        self.running = int(phase.share > 0)
        ends = time.monotonic() + phase.seconds
        while (now := time.monotonic()) < ends:
            pause_at = min(ends, now + BURST_SECONDS)
            while phase.share and time.monotonic() < pause_at:
                self._multiply()
                self.products += 1
            if phase.share < 1:
                time.sleep(max(0.0, min(BURST_SECONDS, ends - time.monotonic())))

    def page(self) -> bytes:
        """Its metrics, as vLLM writes them."""
        return _PAGE.format(started=self.started, running=self.running, products=self.products).encode()


def _multiplication() -> Callable[[], None]:
    try:
        torch: Any = importlib.import_module("torch")
    except ImportError:
        return lambda: time.sleep(0.01)
    first, second = (torch.randn(SIZE, SIZE, dtype=torch.bfloat16, device="cuda") for _ in range(2))
    out = torch.empty_like(first)

    def multiply() -> None:
        torch.matmul(first, second, out=out)
        torch.cuda.synchronize()

    multiply()
    return multiply


def serve(load: Load, port: int) -> None:
    """Answer with the page until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = load.page()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    Thread(target=server.serve_forever, daemon=True).start()


def main() -> None:
    """`serve MODEL --port PORT --plan PLAN`; says on standard output when each phase began and ended."""
    options = dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True))
    load = Load(_multiplication())
    serve(load, int(options["--port"]))
    print(json.dumps({"ready_ms": now_ms()}), flush=True)
    for phase in phases(options["--plan"]):
        begins_ms, before = now_ms(), load.products
        load.run(phase)
        said = {"phase": phase.name, "begins_ms": begins_ms, "ends_ms": now_ms()}
        print(json.dumps({**said, "products": load.products - before}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()

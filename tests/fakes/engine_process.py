"""A serving engine as a process of its own, which can be killed: a real server whose page is what a file says."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.fakes.waiting import eventually

_SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = open(sys.argv[2], "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *said):
        pass

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""

_PAGE = """\
process_start_time_seconds {started:.3f}
vllm:num_requests_running{{engine="0",model_name="{model}"}} {running}
vllm:num_requests_waiting{{engine="0",model_name="{model}"}} 0
vllm:kv_cache_usage_perc{{engine="0",model_name="{model}"}} 0.4
vllm:prompt_tokens_by_source_total{{engine="0",model_name="{model}",source="local_compute"}} {computed}
vllm:prompt_tokens_by_source_total{{engine="0",model_name="{model}",source="local_cache_hit"}} 0
vllm:generation_tokens_total{{engine="0",model_name="{model}"}} {output}
"""


class EngineProcess:
    """Serves a page of its counters on one port, through as many lives as a test gives it."""

    def __init__(self, page: Path, model: str) -> None:
        self._page = page
        self._model = model
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}/metrics"

    def say(self, *, started_s: float, computed: int, output: int) -> None:
        """What its page says from now on."""
        text = _PAGE.format(started=started_s, model=self._model, running=8, computed=computed, output=output)
        self._page.write_text(text)

    def start(self) -> None:
        """A new life."""
        self._process = subprocess.Popen([sys.executable, "-c", _SERVER, str(self.port), str(self._page)])
        eventually(self._answers, 30, "the engine's server to answer")

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", self.port)) == 0

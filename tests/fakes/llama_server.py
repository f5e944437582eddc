"""llama.cpp's own server with a tiny model, where it is installed."""

import json
import os
import shutil
import socket
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.gguf import write_tiny_model
from tests.fakes.waiting import eventually

BINARY = "USDTOP_LLAMA_SERVER"
"""Where the program is, if it is not on the path."""


@dataclass(frozen=True)
class Usage:
    """What one answer said of itself."""

    prompt: int
    cached: int
    output: int


class LlamaServer:
    """The server on one port, through as many lives as a test gives it."""

    def __init__(self, folder: Path, slots: int = 2) -> None:
        program = os.environ.get(BINARY) or shutil.which("llama-server")
        if program is None:
            pytest.skip(f"llama.cpp's llama-server is not installed, and {BINARY} names none")
        self._program = program
        self._model = folder / "tiny.gguf"
        self._slots = slots
        write_tiny_model(self._model)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = int(free.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self._port}/metrics"

    def start(self) -> None:
        """A new life, from the loaded model on."""
        command = [self._program, "-m", str(self._model), "--metrics", "--host", "127.0.0.1", "--port", str(self._port)]
        command += ["-c", str(512 * self._slots), "-np", str(self._slots), "-t", "1", "--no-warmup"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(self._is_ready, 60, "llama-server to have loaded its model")

    def kill(self) -> None:
        """Kill it as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def complete(self, prompt: str, tokens: int) -> Usage:
        """Ask for an answer of at most so many tokens."""
        asked = {"prompt": prompt, "max_tokens": tokens, "seed": 1}
        answer = self._post("/v1/completions", asked)
        usage = answer["usage"]
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
        return Usage(usage["prompt_tokens"], cached, usage["completion_tokens"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=60) as answer:
            told: dict[str, Any] = json.loads(answer.read())
        return told

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/health", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

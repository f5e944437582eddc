"""This machine, and the serving engines found on it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from collectors.machine import Address, engine_kind, machine_name, memory, serving_processes
from tests.fakes.processes import FakeProcess

LISTENER = """#!{python}
import socket, subprocess, sys
listening = socket.create_server(("127.0.0.1", 0))
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(listening.getsockname()[1], child.pid, flush=True)
sys.stdin.read()
child.communicate()
"""
SECRET = "sk-very-secret"


@pytest.fixture
def vllm(tmp_path: Path) -> Iterator[tuple[int, int, int]]:
    """A real process that looks like `vllm serve` and listens on loopback: its PID, its port and its child's PID."""
    script = tmp_path / "vllm"
    script.write_text(LISTENER.format(python=sys.executable))
    script.chmod(0o755)
    argv = [str(script), "serve", "org/model-7b", "--api-key", SECRET, "--port=8000"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port, child = map(int, process.stdout.readline().split())
        yield process.pid, port, child
        process.communicate()


def test_a_running_engine_is_found_with_its_port_and_its_children(vllm: tuple[int, int, int]) -> None:
    pid, port, child = vllm
    found = next(process for process in serving_processes() if process.pid == pid)

    assert found.kind == "vllm"
    assert found.summary == "vllm org/model-7b"
    assert found.listens == (Address("127.0.0.1", port),)
    assert found.stated_port == 8000
    assert found.pids == tuple(sorted((pid, child)))
    assert SECRET not in repr(found)


def test_a_process_of_somebody_else_is_found_without_its_sockets() -> None:
    hidden = FakeProcess(7, None, listens=None)
    engine = FakeProcess(8, ["llama-server", "-m", "tiny.gguf", "--port", "8080"], listens=None)

    (found,) = serving_processes([hidden, engine])
    assert (found.pid, found.listens, found.stated_port, found.summary) == (8, (), 8080, "llama.cpp tiny.gguf")


def test_a_family_is_one_engine_and_its_children_may_do_the_listening() -> None:
    launcher = FakeProcess(10, ["text-generation-launcher", "--model-id", "org/m"])
    router = FakeProcess(11, ["text-generation-router"], parent=10, listens=[3000])
    shard = FakeProcess(12, ["vllm", "serve"], parent=11)

    (found,) = serving_processes([shard, router, launcher])
    assert (found.pid, found.kind, found.pids) == (10, "tgi", (10, 11, 12))
    assert found.listens == (Address("0.0.0.0", 3000),)


def test_processes_that_are_each_others_parents_end_nothing() -> None:
    one, other = FakeProcess(20, ["ollama", "serve"], parent=21), FakeProcess(21, ["sh"], parent=20)
    assert [process.pid for process in serving_processes([one, other])] == [20]


def test_a_hostile_command_line_is_only_text() -> None:
    (found,) = serving_processes([FakeProcess(30, ["vllm", "serve", "\x1b[2J" + "x" * 999, "--port", "²"])])
    assert found.summary.startswith("vllm \\x1b[2J")
    assert len(found.summary) <= 120
    assert found.stated_port is None


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (["vllm", "serve", "m"], "vllm"),
        (["/usr/bin/python3", "/opt/bin/vllm", "serve", "m"], "vllm"),
        (["python", "-m", "vllm.entrypoints.openai.api_server", "--model", "m"], "vllm"),
        (["python3.12", "-u", "-m", "sglang.launch_server", "--model-path", "m"], "sglang"),
        (["text-generation-launcher"], "tgi"),
        (["./llama-server", "-m", "m.gguf"], "llama.cpp"),
        (["lmdeploy", "serve", "api_server", "m"], "lmdeploy"),
        (["trtllm-serve", "m"], "tensorrt-llm"),
        (["/usr/local/bin/ollama", "serve"], "ollama"),
        (["vllm", "bench"], None),
        (["ollama", "run", "m"], None),
        (["grep", "vllm", "serve"], None),
        (["bash", "-c", "vllm serve m"], None),
        (["python", "-c", "pass", "vllm", "serve"], None),
        (["python", "-m"], None),
        (["python", "-m", "vllmetrics"], None),
        (["python"], None),
        ([""], None),
        ([], None),
    ],
)
def test_an_engine_is_told_by_what_runs_and_not_by_what_is_mentioned(argv: list[str], kind: str | None) -> None:
    assert engine_kind(argv) == kind


def test_memory_in_use_is_what_cannot_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100, available=30, used=40))
    assert memory() == (70, 100)


def test_the_machine_has_the_name_that_the_system_gives_it() -> None:
    assert machine_name() == os.uname().nodename


def test_importing_a_collector_loads_nothing_that_it_may_not_need() -> None:
    modules = "collectors.gpus.gpu, collectors.gpus.nvml.gpus, collectors.engines.engine, collectors.machine, collectors.engines"
    code = f"import sys, {modules}; print(*sorted({{'httpx', 'psutil', 'pynvml'}} & set(sys.modules)))"
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (child.stdout, child.stderr) == ("\n", "")

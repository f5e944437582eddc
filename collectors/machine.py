"""This machine: its name, its memory, and the serving engines that run on it."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any, NamedTuple, Protocol

from collectors.containers import Forward, container_of, forward
from collectors.door import visible

MAX_SUMMARY = 120
MAX_PORT = 65535

COMMANDS: dict[tuple[str, str | None], str] = {
    ("vllm", "serve"): "vllm",
    ("sglang", "serve"): "sglang",
    ("text-generation-launcher", None): "tgi",
    ("llama-server", None): "llama.cpp",
    ("lmdeploy", "serve"): "lmdeploy",
    ("trtllm-serve", None): "tensorrt-llm",
    ("ollama", "serve"): "ollama",
}
"""Program and, where it has several uses, its first argument."""

MODULES = {"vllm.entrypoints": "vllm", "sglang.launch_server": "sglang"}
"""What follows `python -m`, or what that begins with."""

MODEL_OPTIONS = frozenset({"--model", "--model-path", "--model-id", "--hf-repo", "-m"})


class Address(NamedTuple):
    """Where a process listens; the address may be a wildcard such as 0.0.0.0 or ::."""

    ip: str
    port: int


class Memory(NamedTuple):
    """Of this machine, in bytes."""

    used_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingProcess:
    """A serving engine that runs on this machine."""

    pid: int
    kind: str
    summary: str
    """The engine and its model; whatever else the command line says can hold keys, and is left out."""
    listens: tuple[Address, ...]
    """Empty where another user's process may not be looked into; see `stated_port`."""
    stated_port: int | None
    """The port that its command line names."""
    pids: tuple[int, ...]
    """Itself and its descendants: those hold the GPUs."""
    published: tuple[int, ...] = ()
    """Ports of this machine that lead to it, where it runs in a container."""

    @property
    def ports(self) -> tuple[int, ...]:
        """Ports of this machine at which it answers, the one to ask first."""
        return self.published or tuple(address.port for address in self.listens)


class Running(Protocol):
    """The part of psutil.Process that is asked, after `process_iter` has filled `info` with pid, ppid and cmdline."""

    info: dict[str, Any]

    def net_connections(self, kind: str = ...) -> Sequence[Any]:
        """Open sockets; raises psutil.Error where they may not be seen."""
        ...


def machine_name() -> str:
    """This machine's host name: what a `[[host]]` without a name stands for."""
    return socket.gethostname()


def memory() -> Memory:
    """How much of it there is, and how much cannot be had."""
    import psutil

    found = psutil.virtual_memory()
    return Memory(found.total - found.available, found.total)


def serving_processes(running: Iterable[Running] | None = None) -> Sequence[ServingProcess]:
    """Serving engines among the processes of this machine (or those given), the topmost of each family only."""
    import psutil

    if running is None:
        running = psutil.process_iter(["pid", "ppid", "cmdline"])
    seen: dict[int, Running] = {process.info["pid"]: process for process in running}
    forwards = [one for p in seen.values() if (one := forward(p.info["cmdline"] or ())) is not None]
    parents = {pid: process.info["ppid"] for pid, process in seen.items()}
    kinds = {pid: kind for pid, process in seen.items() if (kind := engine_kind(process.info["cmdline"] or ()))}
    families: dict[int, list[int]] = {pid: [] for pid in kinds}
    for pid in seen:
        top = next((one for one in reversed(list(_line(pid, parents))) if one in kinds), None)
        if top is not None:
            families[top].append(pid)
    engines = [_described(seen, pid, kinds[pid], family) for pid, family in families.items() if family]
    return [_published(engine, engines, forwards) for engine in engines]


def engines_here(ports: Iterable[int] = ()) -> Sequence[ServingProcess]:
    """Serving engines of this machine, and whatever listens at one of `ports` where no known engine does."""
    known = serving_processes()
    heard = {port for one in known for port in (*one.ports, one.stated_port)}
    others = (_listening_family(port) for port in ports if port not in heard)
    return [*known, *(other for other in others if other is not None)]


def _listening_family(port: int) -> ServingProcess | None:
    """The process that listens at a port, with its descendants: an engine that its command line does not tell."""
    import psutil

    try:
        connections = psutil.net_connections(kind="tcp")
        heard = {Address(*c.laddr): c.pid for c in connections if c.status == psutil.CONN_LISTEN and c.pid}
        found = next((address for address in heard if address.port == port), None)
        if found is None:
            return None
        pid = heard[found]
        family = (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))
    except psutil.Error:
        return None
    return ServingProcess(pid=pid, kind="", summary="", listens=(found,), stated_port=None, pids=tuple(sorted(family)))


def _published(engine: ServingProcess, beside: Sequence[ServingProcess], forwards: Sequence[Forward]) -> ServingProcess:
    """The same with the ports that lead to it, where it is the only engine in a container that listens at their ends."""

    def fits(one: ServingProcess, port: int) -> bool:
        inner: list[int | None] = [address.port for address in one.listens]
        return port in (inner or [one.stated_port]) and container_of(one.pid) is not None

    mine = [f for f in forwards if [one.pid for one in beside if fits(one, f.inner_port)] == [engine.pid]]
    return replace(engine, published=tuple(dict.fromkeys(f.port for f in mine)))


def engine_kind(argv: Sequence[str]) -> str | None:
    """Which engine a command line starts, or None; a shell or an editor that only mentions one starts none."""
    program, arguments = _program(argv)
    module = program.removeprefix("-m ")
    if module != program:
        return next((kind for name, kind in MODULES.items() if f"{module}.".startswith(f"{name}.")), None)
    return COMMANDS.get((program, None)) or COMMANDS.get((program, arguments[0] if arguments else None))


def _program(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """What runs, a module as "-m name", and its arguments; an interpreter is looked through."""
    if not argv:
        return "", ()
    if not PurePath(argv[0]).name.startswith("python"):
        return PurePath(argv[0]).name, argv[1:]
    for at, word in enumerate(argv[1:], start=1):
        if word == "-m":
            return f"-m {''.join(argv[at + 1 : at + 2])}", argv[at + 2 :]
        if word == "-c":
            break
        if not word.startswith("-"):
            return PurePath(word).name, argv[at + 1 :]
    return "", ()


def _line(pid: int, parents: dict[int, int | None]) -> Iterator[int]:
    """A process and its ancestors, nearest first."""
    passed: set[int] = set()
    one: int | None = pid
    while one in parents and one not in passed:
        yield one
        passed.add(one)
        one = parents[one]


def _described(seen: dict[int, Running], pid: int, kind: str, family: Sequence[int]) -> ServingProcess:
    _, arguments = _program(seen[pid].info["cmdline"])
    # A launcher leaves the listening to its children.
    listens = _listens(seen[pid]) or [address for child in family for address in _listens(seen[child])]
    return ServingProcess(
        pid=pid,
        kind=kind,
        summary=_summary(kind, arguments),
        listens=tuple(dict.fromkeys(listens)),
        stated_port=_port(arguments),
        pids=tuple(sorted(family)),
    )


def _listens(process: Running) -> list[Address]:
    import psutil

    try:
        connections = process.net_connections(kind="tcp")
    except psutil.Error:
        return []
    return sorted(Address(*one.laddr) for one in connections if one.status == psutil.CONN_LISTEN)


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options with their values, whether written `--name value` or `--name=value`."""
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        name, equals, value = word.partition("=")
        yield name, value if equals else following


def _port(arguments: Sequence[str]) -> int | None:
    stated = next((value for name, value in _options(arguments) if name == "--port"), "")
    return int(stated) if stated.isascii() and stated.isdigit() and int(stated) <= MAX_PORT else None


def _summary(kind: str, arguments: Sequence[str]) -> str:
    """The engine with its model: what the option says, else what stands after `serve`."""
    model = next((value for name, value in _options(arguments) if name in MODEL_OPTIONS), "")
    if not model and arguments[:1] == ["serve"]:
        model = next((word for word in arguments[1:2] if not word.startswith("-")), "")
    return visible(f"{kind} {model}".strip().encode(errors="replace"), MAX_SUMMARY)

"""What this machine already tells us, when no configuration does: logs, serving engines, keys in the environment."""

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from glob import glob
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from collectors.addresses import LOOPBACK
from collectors.formats.lines import LineReader
from collectors.holders import port_of
from collectors.machine import ServingProcess, serving_processes
from collectors.providers.registry import key_variables

LOG_PLACES = (
    "/var/log/litellm/*.jsonl",
    "/var/log/litellm/*.log",
    "/var/log/llm-gateway/*.jsonl",
    "/srv/litellm/logs/*.jsonl",
    "~/.litellm/*.jsonl",
    "~/litellm/logs/*.jsonl",
)
"""Places where operators' LiteLLM callbacks commonly write; LiteLLM itself has no built-in file logger."""


_AGENTS = ("claude_code.jsonl", "codex.jsonl")


def agent_places(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Where Claude Code and Codex keep their sessions, at home or where a variable says so."""
    claude = environment.get("CLAUDE_CONFIG_DIR", "~/.claude,~/.config/claude").split(",")
    codex = environment.get("CODEX_HOME") or "~/.codex"
    return (
        *(f"{folder.strip()}/projects/**/*.jsonl" for folder in claude if folder.strip()),
        f"{codex}/sessions/**/rollout-*.jsonl",
        f"{codex}/archived_sessions/rollout-*.jsonl",
    )


MASTER_KEY = "LITELLM_MASTER_KEY"
"""A gateway's own key: with it and the proxy's address its spend logs can be read."""

METRICS_PATHS = {"tensorrt-llm": "/prometheus/metrics"}
"""Where an engine's metrics stand, if not at `/metrics`."""

_FIRST_BYTES = 1 << 20


class FoundLog(NamedTuple):
    """A well-known place that holds lines of a known format."""

    pattern: str
    format_name: str

    @property
    def name(self) -> str:
        """What the source is called: of a coding agent's sessions the path from home, which is short enough to read."""
        if self.format_name not in _AGENTS:
            return self.pattern
        home = str(Path.home())
        return f"~{self.pattern.removeprefix(home)}" if self.pattern.startswith(f"{home}/") else self.pattern


class FoundEngine(NamedTuple):
    """A serving engine that listens on this machine."""

    name: str
    kind: str
    url: str
    pid: int


class Discovered(NamedTuple):
    """Everything that was found, and sentences on what was looked for in vain."""

    logs: Sequence[FoundLog]
    engines: Sequence[FoundEngine]
    keys: Sequence[str]

    def sentences(self) -> list[str]:
        """What was found or looked for, for a person."""
        return [self.logs_sentence, self.engines_sentence, *([self.keys_sentence] if self.keys else [])]

    @property
    def logs_sentence(self) -> str:
        """On logs."""
        if self.logs:
            return f"Gateway logs: {', '.join(f'{log.pattern} ({log.format_name})' for log in self.logs)}."
        return f"No gateway log in {', '.join(LOG_PLACES)}, and no sessions of Claude Code or Codex."

    @property
    def engines_sentence(self) -> str:
        """On engines."""
        if self.engines:
            return f"Serving engines: {', '.join(f'{e.kind} at {e.url}' for e in self.engines)}."
        return "No serving engine (vLLM, SGLang, TGI, llama.cpp ...) listens on this machine."

    @property
    def keys_sentence(self) -> str:
        """On keys, which are named and never used unasked; empty without any."""
        if not self.keys:
            return ""
        return f"{', '.join(self.keys)} set and not used: `usdtop init` writes sources for them, u on the Sources screen allows one."


def discover(
    *,
    environment: Mapping[str, str] = os.environ,
    places: Iterable[str] | None = None,
    processes: Sequence[ServingProcess] | None = None,
) -> Discovered:
    """Look around; reads the beginning of candidate logs and the list of processes, and asks nobody over a network."""
    running = serving_processes() if processes is None else processes
    if places is None:
        places = (*LOG_PLACES, *agent_places(environment))
    return Discovered(
        logs=[log for place in places if (log := _log(place)) is not None],
        engines=[engine for process in running if (engine := _engine(process)) is not None],
        keys=[name for name in (*key_variables(), MASTER_KEY) if environment.get(name, "").strip()],
    )


def not_configured(
    engines: Iterable[FoundEngine], *, ports: Collection[int | None], pids: Collection[int | None]
) -> list[FoundEngine]:
    """Engines that no source reads yet: configured sources of this machine stand at these ports, and lead to these processes.

    One engine has many addresses (localhost, 127.0.0.1, the machine's name), and read at two of them it would count twice.
    """

    def stands_there(engine: FoundEngine) -> bool:
        return urlsplit(engine.url).hostname in LOOPBACK and port_of(engine.url) in ports

    return [engine for engine in engines if engine.pid not in pids and not stands_there(engine)]


def _log(place: str) -> FoundLog | None:
    pattern = str(Path(place).expanduser())
    for path in sorted(glob(pattern, recursive=True)):  # noqa: PTH207 - Path.glob refuses absolute patterns
        if (name := format_of(Path(path))) is not None:
            return FoundLog(pattern, name)
    return None


def format_of(path: Path) -> str | None:
    """The format of a log's first lines, or None when none is known or the file cannot be read."""
    try:
        with path.open("rb") as file:
            lines = file.read(_FIRST_BYTES).split(b"\n")[:20]
    except OSError:
        return None
    return LineReader().read([line for line in lines if line.strip()]).format_name


def _engine(process: ServingProcess) -> FoundEngine | None:
    """Where the engine's metrics are; one whose port nothing tells is left out."""
    port = next(iter(process.published), process.stated_port) or next(iter(process.ports), None)
    if port is None:
        return None
    address = next((a.ip for a in process.listens if a.port == port), "127.0.0.1")
    if address in ("0.0.0.0", "::", ""):  # noqa: S104 - compared with, not bound to
        address = "127.0.0.1"
    shown = f"[{address}]" if ":" in address else address
    url = f"http://{shown}:{port}{METRICS_PATHS.get(process.kind, '/metrics')}"
    return FoundEngine(f"{process.kind}-{port}", process.kind, url, process.pid)

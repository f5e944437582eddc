"""Containers as the kernel shows them: who shares one, which ports lead into it, and whose process numbers we see."""

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path, PurePath
from typing import NamedTuple

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
"""The kernel's fixed number of the machine's own process namespace (PROC_PID_INIT_INO, include/linux/proc_ns.h)."""

_CONTAINER = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
"""Docker, containerd, CRI-O and Podman name a container's control group by its id."""
_PROC = Path("/proc")


class Forward(NamedTuple):
    """A port of this machine that leads to a port inside a container."""

    port: int
    inner_port: int


def sees_host_processes(proc: Path = _PROC) -> bool:
    """Whether process numbers mean the same to us as to the driver, which always says the machine's own."""
    with suppress(OSError):
        return str((proc / "self/ns/pid").readlink()) == INITIAL_PID_NAMESPACE
    return False


def container_of(pid: int, proc: Path = _PROC) -> str | None:
    """The id of the container that a process is in, or None."""
    with suppress(OSError):
        found = _CONTAINER.findall((proc / str(pid) / "cgroup").read_text(errors="replace"))
        return found[-1] if found else None
    return None


def forward(argv: Sequence[str]) -> Forward | None:
    """What a process of Docker that publishes a port leads to; None for any other command line."""
    if not argv or PurePath(argv[0]).name != "docker-proxy":
        return None
    said = dict(pairwise(argv))
    outer, inner = said.get("-host-port", ""), said.get("-container-port", "")
    return Forward(int(outer), int(inner)) if _is_port(outer) and _is_port(inner) else None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) < 65536

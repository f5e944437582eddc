"""Who holds which GPU: the driver names processes, and processes belong to serving engines.

Process numbers are the machine's own even where the driver is asked inside a container, so they are only joined where
ours are, too.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from collectors.containers import container_of, sees_host_processes
from collectors.machine import ServingProcess
from store.facts import GpuReading


def port_of(url: str) -> int | None:
    """The port of an address, as written or by its scheme; None for one that has no such port."""
    try:
        parts = urlsplit(url)
        return parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None


class Held(NamedTuple):
    """An engine's topmost process, and the GPUs that its processes hold; nothing is what could not be told."""

    pid: int | None = None
    gpus: tuple[int, ...] = ()
    uuids: tuple[str, ...] = ()


class Holders:
    """The newest list of GPUs with their processes, and the newest list of engines with theirs."""

    def __init__(self, *, container: Callable[[int], str | None] = container_of, joined: bool | None = None) -> None:
        self._container = container
        self._joined = sees_host_processes() if joined is None else joined
        self._by_source: dict[str, tuple[GpuReading, ...]] = {}
        self._engines: tuple[ServingProcess, ...] = ()
        self._owners: dict[int, ServingProcess | None] = {}

    def saw_gpus(self, readings: Iterable[GpuReading], source: str = "") -> bool:
        """Take a poll of one source's GPUs; whether a process holds one that held none before."""
        known = {pid for gpu in self._by_source.get(source, ()) for pid in gpu.pids}
        self._by_source[source] = gpus = tuple(readings)
        return any(pid not in known for gpu in gpus for pid in gpu.pids)

    def saw_engines(self, processes: Sequence[ServingProcess]) -> None:
        """Take a look at the engines that run here."""
        self._engines = tuple(processes)
        self._owners = {}

    def held_at(self, url: str) -> Held:
        """What the engine of this machine whose page stands at `url` holds."""
        engine = self._engine_at(port_of(url))
        if engine is None:
            return Held()
        gpus = (gpu for seen in self._by_source.values() for gpu in seen)
        held = [gpu for gpu in gpus if any(self._owner(pid) is engine for pid in gpu.pids)]
        # A divided card lists the processes of its instances, too.
        divided = {gpu.parent_uuid for gpu in held}
        held = [gpu for gpu in held if gpu.uuid not in divided]
        return Held(engine.pid, tuple(sorted({gpu.index for gpu in held})), tuple(gpu.uuid for gpu in held))

    def _engine_at(self, port: int | None) -> ServingProcess | None:
        """The one engine that answers at a port: by its sockets, else by what its command line says."""
        if port is None:
            return None
        by_socket = [one for one in self._engines if port in one.ports]
        by_word = [one for one in self._engines if not one.ports and one.stated_port == port]
        found = by_socket or by_word
        return found[0] if len(found) == 1 else None

    def _owner(self, pid: int) -> ServingProcess | None:
        if pid not in self._owners:
            self._owners[pid] = self._find_owner(pid) if self._joined else None
        return self._owners[pid]

    def _find_owner(self, pid: int) -> ServingProcess | None:
        """The engine that a process belongs to: as a descendant, else as the only engine of its container."""
        family = [one for one in self._engines if pid in one.pids]
        if not family and (container := self._container(pid)) is not None:
            family = [one for one in self._engines if self._container(one.pid) == container]
        return family[0] if len(family) == 1 else None

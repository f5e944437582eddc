"""Processes as psutil shows them."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import psutil


class FakeProcess:
    """One process as psutil shows it, or refuses to."""

    def __init__(
        self, pid: int, argv: Sequence[str] | None, *, parent: int = 1, listens: Sequence[int] | None = ()
    ) -> None:
        self.info: dict[str, Any] = {"pid": pid, "ppid": parent, "cmdline": argv}
        self._listens = listens

    def net_connections(self, kind: str = "inet") -> Sequence[Any]:
        if self._listens is None:
            raise psutil.AccessDenied(self.info["pid"])
        return [
            SimpleNamespace(laddr=("0.0.0.0", 50_000), status=psutil.CONN_ESTABLISHED),
            *(SimpleNamespace(laddr=("0.0.0.0", port), status=psutil.CONN_LISTEN) for port in self._listens),
        ]

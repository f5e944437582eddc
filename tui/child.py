"""The collector that a monitor starts when nobody collects on its store."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from collectors.lock import collector_lock
from store.folder import for_owner, open_folder

if TYPE_CHECKING:
    import subprocess


def start_collector(
    store: Path, extra: Sequence[str] = (), *, group: str | None = None
) -> "subprocess.Popen[bytes] | None":
    """Start `usdtop collect` in a session of its own unless a collector runs; what it says goes into a log beside the store.

    Raises OSError when the store's folder cannot be written.
    """
    open_folder(store, group=group)
    import subprocess

    if not collector_lock(store).is_free():
        return None
    command = [sys.executable, "-m", "tui.cli", "--store", str(store), "collect", "--for-monitors", *extra]
    with open(log_beside(store), "wb", opener=for_owner) as log:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def log_beside(store: Path) -> Path:
    """Where the started collector's narration goes; begun anew at each start."""
    return store.with_name(f"{store.name}.collector.log")

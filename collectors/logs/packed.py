"""Which finished logs are read packed, by the ending of their name."""

from collectors.logs.gziplog import GzipLog
from collectors.logs.stdliblogs import Bz2Log, XzLog
from collectors.logs.zstlog import ZstLog

PACKED: dict[str, type[GzipLog]] = {".gz": GzipLog, ".zst": ZstLog, ".bz2": Bz2Log, ".xz": XzLog}
READABLE = tuple(PACKED)
"""Compressed files that are read: when they are named as such, and where they hold the rest of a log."""

COMPRESSED = (*READABLE, ".lz4")


def packing(path: str) -> type[GzipLog] | None:
    """How a file of this name is read, where that is not as it stands."""
    return next((kind for ending, kind in PACKED.items() if path.endswith(ending)), None)

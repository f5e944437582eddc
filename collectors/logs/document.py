"""Files that are one JSON document instead of lines: pages and arrays of records that somebody has saved from an interface."""

import gzip
import importlib
import io
import zlib
from pathlib import Path
from typing import IO, Any, cast

import msgspec

from collectors.logs.stdliblogs import StdlibStream

MAX_BYTES = 256 * 1024 * 1024
"""A larger one is not held in memory; lines have no such limit."""

_FIRST_BYTES = 64 * 1024
_LONGEST_LINE = 8 * 1024 * 1024
_STREAMED = {".bz2": "bz2", ".xz": "lzma"}
_BOM = b"\xef\xbb\xbf"
_check = msgspec.json.Decoder(msgspec.Raw).decode


def is_document(path: Path) -> bool:
    """Whether the whole file is one JSON value that does not end on its first line; False where it cannot be read."""
    try:
        with opened(path) as file:
            head = file.read(_FIRST_BYTES).removeprefix(_BOM).lstrip()
            if head[:1] not in (b"[", b"{"):
                return False
            if b"\n" not in head:
                head += file.read(_LONGEST_LINE)
            first, newline, _ = head.partition(b"\n")
            if newline and _is_json(first):
                return False
            rest = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    whole = head + rest
    return len(whole) <= MAX_BYTES and (bool(newline) or len(first) >= _LONGEST_LINE) and _is_json(whole)


def opened(path: Path) -> IO[bytes]:
    """The file's bytes, unpacked where its name says that they are packed; raises OSError."""
    if path.suffix == ".gz":
        return cast("IO[bytes]", gzip.open(path))
    if path.suffix == ".zst":
        try:
            zstd: Any = importlib.import_module("zstandard")
        except ImportError:
            raise OSError("it is packed with zstd") from None
        unpacked: IO[bytes] = zstd.open(path, "rb")
        return unpacked
    if path.suffix in _STREAMED:
        return io.BufferedReader(_Unpacked(StdlibStream(path.open("rb"), _STREAMED[path.suffix])))
    return path.open("rb")


class _Unpacked(io.RawIOBase):
    """A packed stream as a file of bytes."""

    def __init__(self, stream: StdlibStream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = self._stream.read1(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _is_json(text: bytes) -> bool:
    try:
        _check(text)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True

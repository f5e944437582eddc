"""One zstd file of log lines, read once as the stream that it holds; needs the optional package `zstandard`."""

import errno
import importlib
from typing import IO, Any

from collectors.logs.gziplog import GzipLog

_INPUT_BYTES = 256
"""Taken at a time: so little can unpack to a few megabytes at most, whatever a file says."""


class ZstLog(GzipLog):
    """As a gzip log; raises OSError with a sentence where the package is missing."""

    def _open_stream(self) -> "_ZstStream":
        return _ZstStream(self._raw)


class _ZstStream:
    """The bytes of a file of one or more frames; raises EOFError where the last one breaks off or is damaged."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        try:
            self._zstd: Any = importlib.import_module("zstandard")
        except ImportError:
            raise OSError(errno.ENOTSUP, "it is packed with zstd; install usdtop with its extra `zstd`") from None
        self._frame: Any = None
        self._unpacked = bytearray()
        self._damage = ""

    def read1(self, size_bytes: int) -> bytes:
        """The next bytes, empty at the end."""
        while not self._unpacked:
            if self._damage:
                raise EOFError(self._damage)
            packed = self._raw.read(_INPUT_BYTES)
            if not packed:
                if self._frame is not None:
                    raise EOFError("the file ends within a frame")
                return b""
            self._unpack(packed)
        block = bytes(self._unpacked[:size_bytes])
        del self._unpacked[:size_bytes]
        return block

    def close(self) -> None:
        """Let go of what was unpacked."""
        self._unpacked.clear()

    def _unpack(self, packed: bytes) -> None:
        while packed:
            if self._frame is None:
                self._frame = self._zstd.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
            try:
                self._unpacked += self._frame.decompress(packed)
            except self._zstd.ZstdError as error:
                self._damage = f"a frame is damaged ({error})"
                return
            if not self._frame.eof:
                return
            packed, self._frame = self._frame.unused_data, None

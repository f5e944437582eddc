"""Files of log lines that are packed with bzip2 or xz, read once as the stream that they hold, with Python's own modules."""

import errno
import importlib
from collections.abc import Callable
from typing import IO, Any, ClassVar

from collectors.logs.gziplog import GzipLog

_INPUT_BYTES = 64 * 1024
MEMORY_BYTES = 256 * 1024 * 1024
"""The most that unpacking an xz file may take, which a file says itself; `xz -9` takes 65 MiB."""


class StdlibLog(GzipLog):
    """As a gzip log; raises OSError with a sentence where this Python was built without the module."""

    module: ClassVar[str]

    def _open_stream(self) -> "StdlibStream":
        return StdlibStream(self._raw, self.module)


class Bz2Log(StdlibLog):
    """Packed with bzip2."""

    module = "bz2"


class XzLog(StdlibLog):
    """Packed with xz."""

    module = "lzma"


class StdlibStream:
    """The bytes of a file of one or more streams; raises EOFError where the last one breaks off or is damaged."""

    def __init__(self, raw: IO[bytes], module: str) -> None:
        self._raw = raw
        self._make, self._errors = _unpacker(module)
        self._decoder: Any = None
        self._packed = b""

    def read1(self, size_bytes: int) -> bytes:
        """The next bytes, empty at the end; never more than asked for, whatever they were packed from."""
        while True:
            if self._decoder is None and not self._begin():
                return b""
            try:
                block: bytes = self._decoder.decompress(self._packed, size_bytes)
            except self._errors as error:
                raise EOFError(f"a stream is damaged ({error})") from None
            self._packed = b""
            if self._decoder.eof:
                self._packed, self._decoder = self._decoder.unused_data, None
            elif self._decoder.needs_input:
                self._packed = self._raw.read(_INPUT_BYTES)
                if not self._packed and not block:
                    raise EOFError("the file ends within a stream")
            if block:
                return block

    def close(self) -> None:
        """Let go of what was unpacked."""
        self._decoder, self._packed = None, b""
        self._raw.close()

    def _begin(self) -> bool:
        """Take up the next stream; between two there may be zeros, and False is the end."""
        while not (packed := self._packed.lstrip(b"\0")):
            self._packed = self._raw.read(_INPUT_BYTES)
            if not self._packed:
                return False
        self._packed, self._decoder = packed, self._make()
        return True


def _unpacker(module: str) -> tuple[Callable[[], Any], tuple[type[Exception], ...]]:
    """What makes a decoder, and the errors of a damaged stream."""
    try:
        found: Any = importlib.import_module(module)
    except ImportError:
        raise OSError(errno.ENOTSUP, f"this Python was built without its module `{module}`") from None
    if module == "bz2":
        return found.BZ2Decompressor, (OSError, ValueError)
    return lambda: found.LZMADecompressor(memlimit=MEMORY_BYTES), (found.LZMAError, ValueError)

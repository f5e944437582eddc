"""Blocks of bytes cut into whole lines, with what has no newline yet held back."""

BOM = b"\xef\xbb\xbf"


class LineSplitter:
    """Takes a file's bytes in order and gives back each line once, when its newline has come.

    A line longer than `max_line_bytes` is let pass unheld and counted in `too_long`, so that memory
    stays bounded whatever a file holds. Blank lines are dropped; so are carriage returns before the
    newline, a byte order mark, and the NUL bytes that a crash leaves behind, or a log that was emptied while its
    writer went on where it stood: text on either side of them is two lines, and before one they have no length.
    """

    def __init__(self, max_line_bytes: int, *, at_start: bool) -> None:
        self.pending_bytes = 0
        """Bytes taken since the last newline, held or not."""
        self.too_long = 0
        self._max_line_bytes = max_line_bytes
        self._held = bytearray()
        self._nul_bytes = 0
        """Of those pending, so many stand before any text."""
        self._at_start = at_start

    def feed(self, block: bytes) -> list[bytes]:
        """The lines that this block completes, without their newlines."""
        pieces = _split(block)
        rest = pieces.pop()
        lines: list[bytes] = []
        if pieces:
            first = self._complete(pieces[0])
            pieces[0] = b""
            if len(block) > self._max_line_bytes:
                pieces = [piece for piece in pieces if self._fits(len(piece))]
            if b"\0" in block or b"\r" in block:
                pieces = [part for piece in pieces for part in _cleaned(piece)]
            lines = [*first, *filter(bytes.strip, pieces)]
        self._hold(rest)
        return lines

    def take_rest(self) -> list[bytes]:
        """What is held back, as the line it is when no newline will ever come."""
        return self._complete(b"") if self.pending_bytes else []

    def _complete(self, end: bytes) -> list[bytes]:
        end = self._without_nuls(end)
        length, line = self.pending_bytes - self._nul_bytes + len(end), bytes(self._held) + end
        if self._at_start:
            line = line.removeprefix(BOM)
        self._at_start = False
        self.pending_bytes = self._nul_bytes = 0
        self._held = bytearray()
        return [part for part in _cleaned(line) if part.strip()] if self._fits(length) else []

    def _hold(self, rest: bytes) -> None:
        text = self._without_nuls(rest)
        self.pending_bytes += len(rest)
        self._nul_bytes += len(rest) - len(text)
        if self.pending_bytes - self._nul_bytes > self._max_line_bytes:
            self._held = bytearray()
        else:
            self._held += text

    def _without_nuls(self, piece: bytes) -> bytes:
        """Without those that stand before the first text of a line."""
        return piece.lstrip(b"\0") if piece[:1] == b"\0" and self.pending_bytes == self._nul_bytes else piece

    def _fits(self, length: int) -> bool:
        self.too_long += length > self._max_line_bytes
        return length <= self._max_line_bytes


class WholeKeeper(LineSplitter):
    """Takes all bytes of a file as one line, which is complete only when nothing more will come."""

    def feed(self, block: bytes) -> list[bytes]:
        """Hold on to the bytes."""
        self._hold(block)
        return []


def _split(block: bytes) -> list[bytes]:
    """`block.split(b"\\n")`, which looks at one byte at a time where `find` looks at many: lines here are long."""
    pieces, start = [], 0
    while (end := block.find(b"\n", start)) >= 0:
        pieces.append(block[start:end])
        start = end + 1
    pieces.append(block[start:])
    return pieces


def _cleaned(line: bytes) -> list[bytes]:
    return line.removesuffix(b"\r").split(b"\0")

"""A finished log read and priced to its end: in this process, or read in one of its own when it is large and there are cores for both.

Whoever has less to do prices: of short lines the process that reads, of long ones the process that writes.
"""

import fcntl
import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import IO, TypeVar

import msgspec

from collectors.clock import now_ms
from collectors.errors import CollectorError
from collectors.formats.dimensions import DimensionMap
from collectors.logs.files import FileSource
from collectors.prices.books import price_book
from collectors.prices.prepaid import Prepaid
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config, load
from collectors.settings.sourceconfig import SourceConfig
from collectors.source import Poll
from store.facts import CommitmentFact, Position
from store.requests.ready import Ready, make_ready

LARGE_BYTES = 64_000_000
"""From here on, a second process is worth its start."""

_UNSAID = SourceConfig(type="file")
SHORT_BYTES = 4_000
"""Up to here a line is read faster than its row is written (measured with lines of 0.6 and 13.5 KB)."""

_LENGTH_BYTES = 4
_ROWS = 16_000
_FRAMES_BYTES = 6_000_000
"""What makes a transaction: ids come in no order, so that each touches pages all over their index, and few large ones
write less. In frames, that is up to 65,000 rows."""
_MOST_PIECES = 24
_FRAMES_AHEAD = 24
"""Pieces kept ready: more than one transaction takes; each is some thousand rows at most."""
_PIPE_BYTES = 1 << 20
"""What a pipe may hold: a whole piece, so that whoever reads the log needn't wait for each 64 KB to be taken."""
_ROWS_PER_COLLECTION = 200_000
_encode = msgspec.msgpack.Encoder().encode
_T = TypeVar("_T")


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles seldom: hundreds of thousands of rows come and go, and nothing in them refers to itself."""
    before = gc.get_threshold()
    gc.set_threshold(_ROWS_PER_COLLECTION)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class ReadingError(CollectorError):
    """The process that reads a log has ended before the log."""


class Task(msgspec.Struct, frozen=True):
    """What to read, from where, and the configuration that says what it costs."""

    name: str
    pattern: str
    positions: Sequence[Position]
    config: str | None = None
    whole: bool = False
    """It is one JSON document instead of lines."""
    source: SourceConfig | None = None
    """How the configuration says that this log is to be read."""
    bought: Sequence[CommitmentFact] = ()
    """Commitments, under which nothing is billed by the token."""


class Piece(msgspec.Struct, frozen=True):
    """A poll whose events stand beside it, priced and made ready for the store; those still in the poll are not."""

    poll: Poll
    ready: Ready = Ready()
    clock_skew: int = 0


_decode = msgspec.msgpack.Decoder(Piece).decode


def portions(task: Task, size_bytes: int, pricer: Pricer) -> Iterator[Iterable[Piece]]:
    """Everything in a log in its order, the last line without newline included, as much at a time as makes one transaction.

    The last piece has no more. Raises ReadingError when the reading process dies; what was handed over until then stands
    with its position.
    """
    if size_bytes < LARGE_BYTES or (os.cpu_count() or 1) == 1:
        here = (priced_piece(task.name, poll, pricer) for poll in _polls(task))
        yield from _gathered(here, lambda piece: len(piece.ready.rows), _ROWS)
        return
    for frames in _gathered(_in_a_process(task), len, _FRAMES_BYTES):
        # Taken out of their frames one by one: as objects they are ten times as large.
        yield (_taken_out(frame, task, pricer) for frame in frames)


def _taken_out(frame: bytes, task: Task, pricer: Pricer) -> Piece:
    piece = _decode(frame)
    return priced_piece(task.name, piece.poll, pricer) if piece.poll.events else piece


def _gathered(items: Iterable[_T], size: Callable[[_T], int], enough: int) -> Iterator[list[_T]]:
    """Some at a time, of which the sizes add up to enough, or that are many: a log in which little is found goes on, too."""
    some: list[_T] = []
    sizes = 0
    for item in items:
        some.append(item)
        sizes += size(item)
        if sizes >= enough or len(some) >= _MOST_PIECES:
            yield some
            some, sizes = [], 0
    if some:
        yield some


def priced_piece(name: str, poll: Poll, pricer: Pricer) -> Piece:
    """What one poll of the source of this name saw, priced."""
    priced = pricer.price(poll.events, now_ms=now_ms())
    ready = make_ready(name, priced.events, priced.cards)
    return Piece(msgspec.structs.replace(poll, events=()), ready, priced.clock_skew)


def _polls(task: Task) -> Iterator[Poll]:
    as_said = task.source or _UNSAID
    dimensions = DimensionMap(as_said.dimensions or {})
    source = FileSource(
        task.name, task.pattern, task.positions, format_name=as_said.format, fields=as_said.fields, whole=task.whole
    )

    def mapped(poll: Poll, *, more: bool) -> Poll:
        return msgspec.structs.replace(poll, events=dimensions.apply(poll.events), more=more)

    try:
        more = True
        while more:
            poll = source.read()
            more = poll.more
            yield mapped(poll, more=True)
        yield mapped(source.finish(), more=False)
    finally:
        source.close()


def _pieces(task: Task) -> Iterator[Piece]:
    """What the reading process hands over."""
    pricer: Pricer | None = None
    before = sum(position.offset for position in task.positions)
    for poll in _polls(task):
        after = sum(position.offset for position in poll.positions) if poll.positions else before
        if after - before > SHORT_BYTES * len(poll.events):
            yield Piece(poll)
        else:
            pricer = pricer or _pricer(task)
            yield priced_piece(task.name, poll, pricer)
        before = after


def _pricer(task: Task) -> Pricer:
    config = load(Path(task.config)) if task.config else Config()
    return Pricer(price_book(config), Prepaid(task.bought))


def _in_a_process(task: Task) -> Iterator[bytes]:
    """The pieces, each as it came through the pipe."""
    command = [sys.executable, "-m", "collectors.logs.finished"]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module, no shell
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as reading:
        assert reading.stdin is not None
        assert reading.stdout is not None
        with suppress(OSError, AttributeError):
            # Not every system has it, and not everybody may have so much.
            fcntl.fcntl(reading.stdout, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        try:
            with suppress(BrokenPipeError):
                # One that has died before it was told what to read shows that by its exit code.
                reading.stdin.write(_encode(task))
                reading.stdin.flush()
            with suppress(BrokenPipeError):
                reading.stdin.close()
            yield from _read_ahead(reading.stdout)
            if reading.wait() != 0:
                raise ReadingError(
                    f"reading {task.pattern} ended too early, with code {reading.returncode}; try again."
                )
        finally:
            reading.kill()


def _read_ahead(stream: IO[bytes]) -> Iterator[bytes]:
    """The frames, some of them taken in beforehand: while one process commits, the other must not wait for its pipe."""
    waiting: Queue[bytes | None] = Queue(_FRAMES_AHEAD)

    def take() -> None:
        with suppress(OSError, ValueError):
            for frame in _frames(stream):
                waiting.put(frame)
        waiting.put(None)

    Thread(target=take, name="read ahead", daemon=True).start()
    while (frame := waiting.get()) is not None:
        yield frame


def _frames(stream: IO[bytes]) -> Iterator[bytes]:
    while len(header := stream.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        length = int.from_bytes(header)
        frame = stream.read(length)
        if len(frame) < length:
            return
        yield frame


def main() -> int:
    """Read the log that standard input names; standard output carries its pieces, each with its length before it."""
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    out = sys.stdout.buffer
    try:
        with rare_collections():
            for piece in _pieces(task):
                frame = _encode(piece)
                out.write(len(frame).to_bytes(_LENGTH_BYTES))
                out.write(frame)
                out.flush()
    except BrokenPipeError:
        # Whoever asked has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

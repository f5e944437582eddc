"""Read finished logs into the store: whole files, packed ones too (.gz, .bz2, .xz, .zst), or - for standard input.

Safe to repeat: each request is counted once.
"""

import argparse
import importlib.util
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from collectors.clock import now_ms
from collectors.logs.copies import IMPORT, names_of, read_before
from collectors.logs.document import is_document
from collectors.logs.finished import Piece, Task, portions, priced_piece, rare_collections
from collectors.logs.stream import StreamSource
from collectors.prices.books import price_book
from collectors.prices.prepaid import Prepaid, in_force
from collectors.prices.pricer import Pricer
from collectors.settings.config import ConfigError
from collectors.settings.plans import commitments
from collectors.settings.sourceconfig import SourceConfig
from collectors.settings.sources import source_for
from collectors.source import Poll
from store.facts import Batch, CommitmentFact, Reject, SourceHealth, SourceState
from store.writer import Writer, Written
from tui.commands.common import NOTHING_KNOWN, config_of, existing, place_to_write, plain, say

PIPED = Path("-")
_DRAW_EVERY_SECONDS = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The files."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="a log; - is standard input")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(options: argparse.Namespace) -> int:
    """Import each file; 3 when no line of any was understood."""
    config = config_of(options)
    files = [path if path == PIPED else existing(path) for path in options.files]
    for path in files:
        _check_packed(path)
    writer = Writer(place_to_write(options).path, group=config.store.group, limits=config.limits)
    bought = in_force(writer.commitments(), commitments(config, now_ms=now_ms()))
    importer = Importer(
        writer,
        Pricer(price_book(config), Prepaid(bought)),
        config=config.path,
        bought=bought,
        sources=config.source,
        quiet=options.quiet or not sys.stderr.isatty(),
    )
    try:
        for path in files:
            if path == PIPED:
                importer.read_stream(StreamSource(IMPORT))
            else:
                importer.read(path)
    finally:
        writer.close()
    importer.summarise()
    return NOTHING_KNOWN if importer.rejected and not (importer.new or importer.known) else 0


def _check_packed(path: Path) -> None:
    """What is packed with zstd needs a package that few have."""
    if path.suffix == ".zst" and importlib.util.find_spec("zstandard") is None:
        raise ConfigError(
            f"{path} is packed with zstd: install usdtop with its extra `zstd`, or pipe it: zstdcat FILE | usdtop import -"
        )


class Importer:
    """Reads files to their end, some pieces in each transaction, so that an interrupted import goes on."""

    def __init__(
        self,
        writer: Writer,
        pricer: Pricer,
        *,
        quiet: bool,
        config: Path | None = None,
        bought: Sequence[CommitmentFact] = (),
        sources: Sequence[SourceConfig] = (),
    ) -> None:
        """`config` and `bought` are what the pricer was made from, for a process that reads a large file.

        A file that one of the `sources` names is read as that says.
        """
        self._writer = writer
        self._pricer = pricer
        self._config = None if config is None else str(config)
        self._bought = bought
        self._sources = sources
        self._quiet = quiet
        self._drawn = 0.0
        self._reasons: dict[str, Reject] = {}
        self.new = self.known = self.rejected = 0

    def read(self, path: Path) -> None:
        """Read one file from where it was left to its end, the last line without newline included."""
        size = path.stat().st_size
        started = time.monotonic()
        self._writer.expect_much()
        with rare_collections():
            for some in portions(self._task(path), size, self._pricer):
                with self._writer.transaction():
                    written = [(self._write(piece), piece.poll) for piece in some]
                for counts, poll in written:
                    self._count(counts, poll.rejects)
                self._draw(path, size, written[-1][1], time.monotonic() - started)

    def _task(self, path: Path) -> Task:
        """A log that somebody follows is read in the name of its source, whose requests are known by that, and on from there."""
        names = [str(path), *names_of(path)]
        source = next(filter(None, (source_for(Path(name), self._sources) for name in names)), None)
        follower = source.label if source else self._writer.follower_of(names)
        pattern, positions = _literal(path), self._writer.positions(IMPORT)
        if not any(position.path == pattern for position in positions):
            # Where a source begins says which of its bytes were counted.
            read = self._writer.positions(source.label) if source and source.start == "beginning" else []
            position = read_before(path, [*positions, *read])
            if position is not None:
                positions = [*positions, msgspec.structs.replace(position, path=pattern)]
                say(f"{plain(path.name)}: its first {position.offset:,} bytes were read before and are not read again")
        return Task(
            name=follower or IMPORT,
            pattern=pattern,
            positions=positions,
            config=self._config,
            whole=is_document(path),
            source=source,
            bought=self._bought,
        )

    def read_stream(self, source: StreamSource) -> None:
        """Read what is piped in to its end; it has no position, so that ids alone tell what was taken before."""
        while not source.ended:
            piece = priced_piece(IMPORT, source.read(), self._pricer)
            self._count(self._write(piece), piece.poll.rejects)

    def summarise(self) -> None:
        """Say what was taken and what was not, and why."""
        say(f"{self.new:,} requests imported, {self.known:,} already known, {self.rejected:,} lines rejected")
        for reject in sorted(self._reasons.values(), key=lambda r: -r.count)[:10]:
            say(f"  {reject.count:,} x {reject.reason}: {reject.example}")

    def _write(self, piece: Piece) -> Written:
        poll = piece.poll
        # An import is no live source: its watermark stays unknown, so that the past is not drawn as now.
        health = SourceHealth(
            name=IMPORT, kind="import", state=SourceState.OK, detail=poll.detail, polled_ms=now_ms(), poll_every_ms=0
        )
        batch = Batch(health=health, positions=poll.positions, rejects=poll.rejects, gap_bytes=poll.gap_bytes)
        return self._writer.write(batch, ready=piece.ready)

    def _count(self, written: Written, rejects: Sequence[Reject]) -> None:
        self.new += written.events
        self.known += written.duplicates
        for reject in rejects:
            before = self._reasons.get(reject.reason)
            count = reject.count + (before.count if before else 0)
            self._reasons[reject.reason] = Reject(reason=reject.reason, count=count, example=reject.example)
            self.rejected += 0 if reject.taken else reject.count

    def _draw(self, path: Path, size: int, poll: Poll, seconds: float) -> None:
        if self._quiet or (poll.more and seconds - self._drawn < _DRAW_EVERY_SECONDS):
            return
        self._drawn = seconds
        share = 1.0 if not size else 1 - min(size, poll.backlog_bytes or 0) / size
        left = seconds / share - seconds if share > 0 else 0.0
        filled = round(share * 30)
        rate = self.new / seconds if seconds else 0.0
        end = "\r" if poll.more else "\n"
        bar = "#" * filled + "." * (30 - filled)
        sys.stderr.write(f"{plain(path.name)[:30]} [{bar}] {share:4.0%} {rate:,.0f} requests/s {left:3.0f} s left{end}")
        sys.stderr.flush()


def _literal(path: Path) -> str:
    """A path in which no character is a pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in os.fspath(path.resolve()))

"""Damaged lines among good ones, and a process of its own that reads them the whole way into a store.

It prints what was counted, and by how much it has grown, as JSON.
"""

import json
import random
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

from collectors.clock import now_ms
from collectors.logs.files import FileSource
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config
from store.writer import Writer
from tests.fakes.events import batch
from tests.fakes.gateway_lines import RECORDS
from tests.fakes.payloads import payload

EVERY = 100
"""One line in so many is good."""

HUGE_BYTES = 50_000_000
_PIECE_BYTES = 1_000_000
_ODD = (
    b"\x00", b"\x00" * 500, b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", b"9" * 400, b"-1", b"1e999", b"-1e-999", b"NaN",
    b"Infinity", b"null", b"[" * 3_000, b'{"a":' * 3_000, b'"', b"{", b"}", b",", b"\\", b"\x1b[2J", b"\r", b"true", b"[]",
)  # fmt: skip


def damaged(count: int) -> Iterator[bytes]:
    """Records of every format with a few bytes flipped, put in, doubled or cut off."""
    chance = random.Random(20261122)
    whole = [json.dumps(record).encode() for record in RECORDS.values()] + [payload("damaged")]
    for _ in range(count):
        line = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 1, 2, 4))):
            at = chance.randrange(len(line))
            how = chance.random()
            if how < 0.5:
                line[at] ^= 1 << chance.randrange(8)
            elif how < 0.8:
                line[at:at] = chance.choice(_ODD)
            elif how < 0.9:
                line[at:at] = line[at : at + 200]
            else:
                del line[at + 1 :]
        yield bytes(line).replace(b"\n", b" ")


def write_log(path: Path, count: int) -> int:
    """The log; returns how many good lines stand in it."""
    good = 0
    with path.open("wb") as log:
        for number, line in enumerate(damaged(count)):
            log.write(line + b"\n")
            if number % EVERY == 0:
                log.write(payload(f"good-{good}") + b"\n")
                good += 1
            if number == count // 2:
                log.write(b'{"id": "')
                for _ in range(HUGE_BYTES // _PIECE_BYTES):
                    log.write(b"x" * _PIECE_BYTES)
                log.write(b'"}\n')
    return good


def main(log: Path) -> dict[str, int]:
    """Read the log into a store beside it, and look what arrived."""
    writer, pricer = Writer(log.parent / "usdtop.db"), Pricer(price_book(Config()))
    source = FileSource("fuzzed", str(log), ())
    rejected, more = 0, True
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    while more:
        poll = source.read()
        priced = pricer.price(poll.events, now_ms=now_ms())
        writer.write(batch(priced.events, positions=poll.positions, rejects=poll.rejects), priced.cards)
        rejected += sum(reject.count for reject in poll.rejects)
        more = poll.more
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    with writer.transaction() as connection:
        good = "SELECT count(*) FROM requests WHERE CAST(record_id AS TEXT) LIKE 'good-%'"
        arrived = connection.execute(good).fetchone()[0]
        reasons = connection.execute("SELECT count(*) FROM rejects").fetchone()[0]
    source.close()
    writer.close()
    return {"arrived": arrived, "rejected": rejected, "reasons": reasons, "grown_kib": grown}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]))))

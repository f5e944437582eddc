"""Lines of a log give the same totals in any order, however often they come, and however they are cut into batches."""

import json
import random
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.formats.lines import LineReader
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config
from pricing.filters import parse_filter
from store.reader import Reader
from store.tables import DIMENSIONS
from store.writer import Writer
from tests.fakes import samples
from tests.fakes.events import batch
from tui.reading.report import report

BY_CALL: dict[str, list[bytes]] = {}
for line in samples.lines():
    BY_CALL.setdefault(str(json.loads(line)["litellm_call_id"]), []).append(line)
TRIED_TWICE = [line for lines in BY_CALL.values() if len(lines) > 1 for line in lines]
"""Attempts that share their call with another one: what an order could confuse."""

LINES = [
    *TRIED_TWICE[:16],
    *(line for line in samples.lines() if b'"cache_hit": true' in line or b'"cache_hit":true' in line),
]
LINES += [line for line in samples.lines() if line not in LINES][:24]
PRICER = Pricer(price_book(Config()))
NOW_MS = 1_795_400_000_000


def totals(pieces: Sequence[Sequence[bytes]]) -> dict[str, Any]:
    """What a report says after these batches were written."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "usdtop.db"
        writer, reader = Writer(path), LineReader()
        for piece in pieces:
            priced = PRICER.price(reader.read(piece).events, now_ms=NOW_MS)
            writer.write(batch(priced.events), priced.cards)
        writer.close()
        stored = Reader(path)
        found = report(stored, 0, NOW_MS, ("model", "outcome"), parse_filter("", DIMENSIONS), NOW_MS)
        stored.close()
    document = found.as_json()
    # Which attempt of a call came second is a matter of order; how many there are is not.
    groups = [{name: value for name, value in group.items() if name != "retries"} for group in document["groups"]]
    return {"total": document["total"], "groups": sorted(groups, key=json.dumps)}


EXPECTED = totals([LINES])


def test_the_lines_hold_what_an_order_could_confuse() -> None:
    assert EXPECTED["total"]["requests"] == len(LINES) == len(set(LINES))
    assert EXPECTED["total"]["retries"] >= 5
    assert EXPECTED["total"]["served_from_cache"]["requests"] >= 5


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32), again=st.integers(0, 40), cuts=st.lists(st.integers(0, 80), max_size=6))
def test_any_order_repetition_and_division_gives_the_same_totals(seed: int, again: int, cuts: list[int]) -> None:
    chance = random.Random(seed)
    lines = [*LINES, *chance.choices(LINES, k=again)]
    chance.shuffle(lines)
    edges = [0, *sorted(min(cut, len(lines)) for cut in cuts), len(lines)]
    assert totals([lines[begin:end] for begin, end in pairwise(edges)]) == EXPECTED

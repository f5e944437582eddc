"""A stream that breaks off at the end of a log is counted once: by an import at once, by who follows after a quiet minute."""

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.logs.fileid import Key, key_of
from collectors.logs.files import CUT_AFTER_MS, FileSource
from collectors.prices.books import price_book
from collectors.prices.pricer import Pricer
from collectors.settings.config import Config
from collectors.source import Poll
from store.facts import Outcome, Position, UsageEvent
from store.reader import Reader
from store.writer import Writer
from tests.collectors.formats.test_messages_stream import BETWEEN, END, STARTED, delta, start
from tests.fakes.events import batch
from tui.cli import main

WRITTEN_MS = 1_000_000_000_000
QUIET_MS = WRITTEN_MS + CUT_AFTER_MS


def lines(*events: dict[str, Any]) -> list[bytes]:
    return [json.dumps(event).encode() + b"\n" for event in events]


CUT_ONE = lines(start(message_id="msg_1"), *BETWEEN)
WHOLE = lines(start(message_id="msg_2"), *BETWEEN, delta(output_tokens=410), END)
CUT_TWO = lines(start({**STARTED, "output_tokens": 7}, message_id="msg_3"), BETWEEN[0])
"""Of three streams the first and the last break off; a stream that was cut says 1 token, or 7."""


class Collector:
    """Takes up a log where it was left; what a life saw is kept with its positions, or lost with them."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.positions: dict[Key, Position] = {}
        self.events: list[UsageEvent] = []

    def live(self, now_ms: int, *, is_killed: bool = False) -> Poll:
        source = FileSource("streams", str(self.log), list(self.positions.values()))
        poll = asyncio.run(source.poll(now_ms)) if now_ms else source.finish()
        source.close()
        if not is_killed:
            self.events += poll.events
            self.positions |= {key_of(position): position for position in poll.positions}
        return poll

    def write(self, pieces: Sequence[bytes]) -> None:
        with self.log.open("ab") as file:
            file.writelines(pieces)
        os.utime(self.log, ns=(WRITTEN_MS * 1_000_000, WRITTEN_MS * 1_000_000))


@pytest.fixture
def collector(tmp_path: Path) -> Collector:
    return Collector(tmp_path / "streams.jsonl")


def said(events: Sequence[UsageEvent]) -> list[tuple[str, Outcome, int]]:
    return [(event.id, event.outcome, event.usage.output_tokens) for event in events]


def test_it_is_counted_after_a_quiet_minute_and_not_before(collector: Collector) -> None:
    collector.write(CUT_ONE)
    assert collector.live(QUIET_MS - 1).events == []
    assert said(collector.live(QUIET_MS).events) == [("msg_1", Outcome.CUT, 1)]
    assert collector.live(QUIET_MS + 1).events == []


def test_one_source_that_goes_on_counts_it_in_the_poll_after_the_minute(collector: Collector) -> None:
    collector.write(CUT_ONE)
    source = FileSource("streams", str(collector.log), ())
    polls = [asyncio.run(source.poll(WRITTEN_MS + after)) for after in (0, 30_000, CUT_AFTER_MS, CUT_AFTER_MS + 500)]
    assert [len(poll.events) for poll in polls] == [0, 0, 1, 0]
    collector.write(WHOLE)
    assert said(asyncio.run(source.poll(WRITTEN_MS)).events) == [("msg_2", Outcome.OK, 410)]
    source.close()


def test_a_stream_that_goes_on_after_all_is_one_request_that_ended_well(tmp_path: Path, collector: Collector) -> None:
    collector.write(WHOLE[:3])
    collector.live(QUIET_MS)
    collector.write(WHOLE[3:])
    collector.live(QUIET_MS)
    assert said(collector.events) == [("msg_2", Outcome.CUT, 1), ("msg_2", Outcome.OK, 410)]
    with closing(Writer(tmp_path / "usdtop.db")) as writer:
        for event in collector.events:
            priced = Pricer(price_book(Config())).price([event], now_ms=QUIET_MS)
            writer.write(batch(priced.events), priced.cards)
    (kept,) = Reader(tmp_path / "usdtop.db").newest_requests()
    assert (kept.dimensions.outcome, kept.usage.output_tokens) == (Outcome.OK, 410)


def test_who_was_killed_before_it_was_stored_counts_it_in_the_next_life(collector: Collector) -> None:
    collector.write(CUT_ONE)
    collector.live(QUIET_MS - 1)
    assert len(collector.live(QUIET_MS, is_killed=True).events) == 1
    assert len(collector.live(QUIET_MS).events) == 1
    assert collector.live(QUIET_MS).events == []


def test_an_error_ends_a_stream_at_once(collector: Collector) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    collector.write([*CUT_ONE, *lines(error), *WHOLE])
    (failed, whole) = collector.live(WRITTEN_MS).events
    assert (failed.id, failed.outcome, failed.error) == ("msg_1", Outcome.ERROR, "overloaded_error")
    assert failed.usage.prompt_tokens == 5_200
    assert whole.id == "msg_2"


def test_an_import_counts_it_at_the_end_and_never_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Collector(tmp_path / "streams.jsonl")

    def imported() -> str:
        assert main(["import", str(log.log), "--store", str(tmp_path / "usdtop.db")]) == 0
        return capsys.readouterr().err

    log.write([*WHOLE, *CUT_ONE])
    assert "2 requests imported, 0 already known" in imported()
    assert "0 requests imported, 0 already known" in imported()
    log.write(CUT_TWO)
    assert "1 requests imported, 0 already known" in imported()


def test_doctor_counts_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = Collector(tmp_path / "streams.jsonl")
    log.write(CUT_ONE)
    main(["doctor", str(log.log), "--store", str(tmp_path / "usdtop.db")])
    assert "1 request" in capsys.readouterr().out


LOG = [*CUT_ONE, *WHOLE, *CUT_TWO]
EXPECTED = {"msg_1": (Outcome.CUT, 1), "msg_2": (Outcome.OK, 410), "msg_3": (Outcome.CUT, 7)}


lives = st.lists(st.tuples(st.integers(0, len(LOG)), st.booleans(), st.booleans()), max_size=10)


@settings(max_examples=60, deadline=None)
@given(lives)
def test_wherever_a_log_is_cut_and_a_collector_killed_each_stream_is_one_request(
    drawn: list[tuple[int, bool, bool]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        collector, written = Collector(Path(folder) / "streams.jsonl"), 0
        collector.log.touch()
        for until, is_quiet, is_killed in [*sorted(drawn), (len(LOG), False, False)]:
            collector.write(LOG[written:until])
            written = max(written, until)
            collector.live(QUIET_MS if is_quiet else WRITTEN_MS, is_killed=is_killed)
        collector.live(0)
        collector.live(0)
        ended: dict[str, tuple[Outcome, int]] = {}
        for event in collector.events:
            told = ended.get(event.id)
            if told is None or event.usage.output_tokens > told[1]:
                ended[event.id] = (event.outcome, event.usage.output_tokens)
        assert ended == EXPECTED
        repeated = [event for event in collector.events if event.outcome is Outcome.CUT]
        assert len(repeated) == len({event.id for event in repeated}), "told to be cut once at most"

"""What is piped in becomes requests, whatever pieces it comes in, and its end is the end."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.errors import SourceAbsentError
from collectors.logs.stream import StreamSource
from store.reader import Reader
from store.sums import total
from tests.fakes.payloads import payload
from tui.cli import main

LINES = [payload(f"r-{number}") for number in range(5)]


@pytest.fixture
def pipe() -> Iterator[tuple[int, io.FileIO]]:
    reading, writing = os.pipe()
    with io.FileIO(writing, "wb") as writer:
        yield reading, writer
    os.close(reading)


def ids(source: StreamSource) -> list[str]:
    """Of everything up to the end."""
    found = []
    while not source.ended:
        found += [event.id for event in source.read(0.01).events]
    return found


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 900), max_size=20), st.booleans())
def test_any_pieces_give_every_line_once_the_last_one_without_newline_too(sizes: list[int], newline: bool) -> None:
    text = b"\n".join(LINES) + (b"\n" if newline else b"")
    reading, writing = os.pipe()
    source, found = StreamSource(descriptor=reading), []
    for size in sizes:
        os.write(writing, text[:size])
        text = text[size:]
        found += [event.id for event in source.read(0.0).events]
    os.write(writing, text)
    os.close(writing)
    found += ids(source)
    os.close(reading)
    assert found == [f"r-{number}" for number in range(5)]


async def test_a_silent_pipe_is_asked_without_waiting_and_has_not_ended(pipe: tuple[int, io.FileIO]) -> None:
    source = StreamSource(descriptor=pipe[0])
    poll = await source.poll(0)
    assert (poll.events, poll.more, source.ended) == ([], False, False)

    pipe[1].write(LINES[0] + b"\nnot JSON\n")
    poll = await source.poll(0)
    assert ([event.id for event in poll.events], [reject.reason for reject in poll.rejects]) == (["r-0"], ["not JSON"])


async def test_it_has_ended_only_when_what_came_last_was_handed_over(pipe: tuple[int, io.FileIO]) -> None:
    source = StreamSource(descriptor=pipe[0])
    pipe[1].write(LINES[0])
    pipe[1].close()
    assert [event.id for event in (await source.poll(0)).events] == ["r-0"]
    assert source.ended is False
    with pytest.raises(SourceAbsentError, match="the input has ended"):
        await source.poll(0)
    assert source.ended is True


def test_a_line_without_an_end_takes_bounded_memory_and_is_counted(pipe: tuple[int, io.FileIO]) -> None:
    source = StreamSource(descriptor=pipe[0], max_line_bytes=10_000)

    def write() -> None:
        for _ in range(100):
            pipe[1].write(b"x" * 10_000)
        pipe[1].write(b"\n" + LINES[0] + b"\n")
        pipe[1].close()

    writer = threading.Thread(target=write)
    writer.start()
    polls = []
    while not source.ended:
        polls.append(source.read(0.1))
    writer.join()
    assert [event.id for poll in polls for event in poll.events] == ["r-0"]
    assert [reject.count for poll in polls for reject in poll.rejects] == [1]


def usdtop(store: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())", *arguments]
    config = store.with_name("config.toml")
    config.write_text("[gpu]\nenabled = false\n")
    places = ["--store", str(store), "--config", str(config)]
    return subprocess.run([*command, *places], input=b"\n".join(LINES), capture_output=True, timeout=60, check=False)


@pytest.mark.parametrize("arguments", [("import", "-"), ("collect", "--stdin")])
def test_a_command_reads_its_standard_input_to_the_end_and_ends_well(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    store = tmp_path / "usdtop.db"
    done = usdtop(store, *arguments)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    reader = Reader(store)
    assert total(reader.sums(0, 2_000_000_000_000)).requests == 5
    reader.close()


def test_what_was_piped_in_before_counts_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = tmp_path / "usdtop.db"
    assert usdtop(store, "import", "-").returncode == 0
    assert b"0 requests imported, 5 already known" in usdtop(store, "import", "-").stderr
    assert main(["sources", "--store", str(store)]) == 0
    assert "import" in capsys.readouterr().out

"""Logs out of containers: whatever wrapped and cut their lines, each comes out once and whole."""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.logs.files import FileSource
from collectors.logs.tail import Tail
from collectors.logs.wrapped import Unwrapper
from store.facts import Position
from tests.fakes.payloads import payload
from tests.fakes.tailing import Reader, put

AT = "2026-11-22T08:15:30.123456789Z"


def cut(line: bytes, size: int) -> list[bytes]:
    """The parts in which a runtime passes a long line on."""
    return [line[at : at + size] for at in range(0, len(line), size)] or [b""]


def docker(line: bytes, size: int = 16_384, stream: str = "stdout") -> list[bytes]:
    """As Docker's json-file driver writes it."""
    parts = cut(line + b"\n", size)
    return [json.dumps({"log": part.decode(), "stream": stream, "time": AT}).encode() for part in parts]


def cri(line: bytes, size: int = 16_384, stream: str = "stdout") -> list[bytes]:
    """As containerd writes it."""
    *parts, last = cut(line, size)
    return [f"{AT} {stream} {tag} ".encode() + part for tag, part in [*(("P", p) for p in parts), ("F", last)]]


def journal(line: bytes, size: int = 0, stream: str = "") -> list[bytes]:
    """As `journalctl -o json` prints it; it cuts nothing."""
    record = {"_TRANSPORT": "stdout", "__REALTIME_TIMESTAMP": "1763799330123456", "MESSAGE": line.decode()}
    return [json.dumps(record).encode()]


Wrap = Callable[[bytes, int], list[bytes]]
WRAPS: list[Wrap] = [docker, cri, journal]
NAMES = ["docker", "cri", "journald"]


@pytest.mark.parametrize("wrap", WRAPS, ids=NAMES)
def test_a_line_comes_out_as_it_was_before(wrap: Wrap) -> None:
    line = '{"id":"chatcmpl-1","text":"ünï \\"quoted\\" \\n"}'.encode()
    assert Unwrapper(1_000).feed(wrap(line, 100)) == [line]


def test_the_documented_line_of_each_runtime_is_understood() -> None:
    assert Unwrapper(1_000).feed(
        [b'{"log":"Log line is here\\n","stream":"stdout","time":"2019-01-01T11:11:11.111111111Z"}']
    ) == [b"Log line is here"]
    assert Unwrapper(1_000).feed(
        [
            b"2016-10-06T00:17:09.669794202Z stdout P log content 1",
            b"2016-10-06T00:17:09.669794203Z stderr F log content 2",
            b"2016-10-06T00:17:09.669794204Z stdout F  goes on",
        ]
    ) == [b"log content 2", b"log content 1 goes on"]


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"a","log":"x"}', b'{"log":5}', b'{"log":"x"', b"2026-11-22 08:15:30 stdout F x", b'{"Records":[]}',
        b"2026-11-22T08:15:30.1Z stdout X text", b'{"MESSAGE":"without a time"}', b"12 34", b"",
    ],
)  # fmt: skip
def test_what_is_not_wrapped_passes_untouched(line: bytes) -> None:
    assert Unwrapper(1_000).feed([line]) == [line]


def test_a_message_that_is_no_text_comes_as_numbers() -> None:
    line = b'{"__REALTIME_TIMESTAMP":"1","MESSAGE":[123,34,255,34,125]}'
    assert Unwrapper(1_000).feed([line]) == [b'{"\xff"}']
    assert Unwrapper(1_000).feed([b'{"__REALTIME_TIMESTAMP":"1","MESSAGE":null}']) == []


@pytest.mark.parametrize("wrap", WRAPS[:2], ids=NAMES[:2])
def test_a_cut_line_that_grows_too_long_is_counted_and_the_next_one_is_taken(wrap: Wrap) -> None:
    unwrapper = Unwrapper(100)
    lines = [*wrap(b"x" * 5_000, 30), *wrap(b"short", 30)]
    assert [whole for line in lines for whole in unwrapper.feed([line])] == [b"short"]
    assert (unwrapper.too_long, unwrapper.held_bytes) == (1, 0)


def test_a_line_whose_end_never_came_is_what_it_is_when_its_file_is_finished() -> None:
    unwrapper = Unwrapper(100)
    assert unwrapper.feed(cri(b"a" * 40, 15)[:-1]) == []
    assert unwrapper.held_bytes > 0
    assert (unwrapper.take_rest(), unwrapper.held_bytes) == ([b"a" * 30], 0)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n", exclude_categories=["Cs"]), min_size=1)
ascii_lines = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60).map(str.encode)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(ascii_lines, st.integers(1, 30)), min_size=1, max_size=12),
    st.sampled_from(WRAPS),
    st.lists(st.integers(1, 400), max_size=12),
    st.data(),
)
def test_any_cut_any_growth_and_any_restart_gives_every_line_once(
    lines: list[tuple[bytes, int]], wrap: Wrap, growth: list[int], data: st.DataObject
) -> None:
    wrapped = b"".join(part + b"\n" for line, size in lines for part in wrap(line, size))
    seen: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "0.log"
        log.touch()
        positions: dict[tuple[int, int], Position] = {}
        tail = Tail(str(log), ())
        for size in [*growth, len(wrapped)]:
            with log.open("ab") as file:
                file.write(wrapped[:size])
            wrapped = wrapped[size:]
            chunk = tail.read(data.draw(st.integers(1, 200)))
            while True:
                seen += chunk.lines
                positions |= {(p.device, p.inode): p for p in chunk.positions}
                if data.draw(st.booleans()):
                    tail.close()
                    tail = Tail(str(log), tuple(positions.values()))
                if not chunk.more:
                    break
                chunk = tail.read(200)
        seen += tail.read(1 << 20).lines
        seen += tail.finish().lines
        tail.close()
    assert seen == [line for line, _ in lines]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, st.integers(1, 9), st.booleans()), max_size=10), st.data())
def test_two_streams_that_interleave_are_put_together_each_for_itself(
    lines: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    streams: dict[str, list[bytes]] = {"stdout": [], "stderr": []}
    for text, size, is_error in lines:
        stream = "stderr" if is_error else "stdout"
        streams[stream] += cri(text.encode(), size, stream)
    unwrapper, seen = Unwrapper(10_000), []
    left = {name: list(parts) for name, parts in streams.items()}
    while any(left.values()):
        name = data.draw(st.sampled_from([name for name, parts in left.items() if parts]))
        seen += unwrapper.feed([left[name].pop(0)])
    assert sorted(seen) == sorted(text.encode() for text, _, _ in lines if text.encode().strip())
    assert unwrapper.held_bytes == 0


@pytest.mark.parametrize("wrap", WRAPS, ids=NAMES)
def test_a_gateway_s_log_is_read_out_of_a_container_s(wrap: Wrap, tmp_path: Path) -> None:
    log = tmp_path / "0.log"
    records = [payload(f"r-{number}") for number in range(3)]
    log.write_bytes(b"".join(part + b"\n" for record in records for part in wrap(record, 100)))
    source = FileSource("pod", str(log), ())
    poll = source.read()
    source.close()
    assert [event.id for event in poll.events] == ["r-0", "r-1", "r-2"]
    assert poll.rejects == ()


def by_docker(text: str, *, ends: bool = True) -> str:
    return json.dumps({"log": text + ("\n" if ends else ""), "stream": "stdout", "time": "2026-11-22T08:15:30Z"})


def by_cri(text: str, *, ends: bool = True) -> str:
    return f"2026-11-22T08:15:30.123456789Z stdout {'F' if ends else 'P'} {text}"


@pytest.mark.parametrize("wrap", [by_docker, by_cri])
@pytest.mark.parametrize("pattern", ["{}", "{}*"])
def test_a_line_that_a_rotation_cuts_is_put_together(tmp_path: Path, wrap: Callable[..., str], pattern: str) -> None:
    log = tmp_path / "x.log"
    put(log, wrap("first"), wrap("one ", ends=False), at=100)
    reader = Reader(pattern.format(log))
    assert reader.read() == [b"first"]
    log.rename(f"{log}.1")
    put(log, wrap("two ", ends=False), at=200)
    assert reader.read() == []
    put(log, wrap("three"), wrap("last"), at=300)
    assert reader.read() == [b"one two three", b"last"]
    reader.restart()
    put(log, wrap("more"), at=400)
    assert reader.read() == [b"more"]
    assert (reader.gap_bytes, reader.notes) == (0, [])


@settings(max_examples=60, deadline=None)
@given(
    parts=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=1, max_size=6),
    rotations=st.dictionaries(st.integers(0, 20), st.integers(1, 2), max_size=3),
    looks=st.sets(st.integers(0, 20), max_size=6),
    deaths=st.sets(st.integers(0, 20), max_size=3),
    uncommitted=st.booleans(),
)
def test_any_rotation_and_any_restart_between_parts_gives_every_line_once(
    parts: list[list[int]], rotations: dict[int, int], looks: set[int], deaths: set[int], uncommitted: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log, at, count = Path(folder) / "x.log", 100, 0
        put(log, at=at)
        reader = Reader(log)
        reader.read()
        written = []
        for number, sizes in enumerate(parts):
            pieces = [f"{number}-{place}-{'x' * size} " for place, size in enumerate(sizes)]
            written.append("".join(pieces).encode())
            for place, piece in enumerate(pieces):
                at, count = at + 10, count + 1
                put(log, by_docker(piece, ends=place == len(pieces) - 1), at=at)
                if count in looks:
                    reader.read()
                if count in deaths:
                    if uncommitted:
                        reader.tail.read()
                    reader.restart()
                for _ in range(rotations.get(count, 0)):
                    for old in range(8, 0, -1):
                        if (there := Path(f"{log}.{old}")).exists():
                            there.rename(f"{log}.{old + 1}")
                    log.rename(f"{log}.1")
                    at += 10
                    put(log, at=at)
        reader.read()
        reader.tail.close()
        assert reader.lines == written

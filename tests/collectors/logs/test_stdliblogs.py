"""Logs packed with bzip2 or xz: read whole, taken up where they were left, and said where they break off."""

import bz2
import lzma
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from collectors.logs import stdliblogs
from collectors.logs.tail import Tail
from tests.fakes.packed_logs import LINES, TEXT, everything
from tests.fakes.payloads import payload
from tui.cli import main


class Packing(NamedTuple):
    """How a log was packed."""

    ending: str
    pack: Callable[[bytes], bytes]
    module: str

    def streams(self, text: bytes, count: int = 1) -> bytes:
        size = -(-len(text) // count)
        return b"".join(self.pack(text[at : at + size]) for at in range(0, len(text), size))

    def log(self, folder: Path, packed: bytes) -> Path:
        path = folder / f"gateway.jsonl{self.ending}"
        path.write_bytes(packed)
        return path


BZ2 = Packing(".bz2", lambda data: bz2.compress(data), "bz2")
XZ = Packing(".xz", lambda data: lzma.compress(data), "lzma")
BOTH = pytest.mark.parametrize("packing", [BZ2, XZ], ids=["bz2", "xz"])


@BOTH
@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize("limit_bytes", [100, 1 << 20])
def test_every_line_is_read_once_and_then_the_file_is_finished(
    tmp_path: Path, packing: Packing, count: int, limit_bytes: int
) -> None:
    log = packing.log(tmp_path, packing.streams(TEXT, count))
    lines, positions, notes = everything(Tail(str(log), ()), limit_bytes)

    assert (lines, notes) == (LINES, [])
    assert [(position.offset, position.finished) for position in positions] == [(len(TEXT), True)]
    assert everything(Tail(str(log), positions))[0] == []


@BOTH
def test_a_stored_position_is_taken_up(tmp_path: Path, packing: Packing) -> None:
    log = packing.log(tmp_path, packing.streams(TEXT, 3))
    first = Tail(str(log), ()).read(30_000)

    assert 0 < len(first.lines) < len(LINES)
    assert [*first.lines, *everything(Tail(str(log), first.positions))[0]] == LINES


@BOTH
def test_a_file_that_breaks_off_gives_what_stands_before_and_says_so(tmp_path: Path, packing: Packing) -> None:
    log = packing.log(tmp_path, packing.pack(TEXT[:50_000]) + packing.pack(TEXT[50_000:])[:-500])
    lines, positions, notes = everything(Tail(str(log), ()))

    assert lines == LINES[: len(lines)]
    assert len(lines) > 500
    assert not any(position.finished for position in positions)
    assert "breaks off: the file ends within a stream" in notes[0]


@BOTH
def test_damage_gives_what_stands_before_and_says_so(tmp_path: Path, packing: Packing) -> None:
    log = packing.log(tmp_path, packing.pack(TEXT[:50_000]) + b"this is no stream at all")
    lines, _, notes = everything(Tail(str(log), ()))

    assert lines == TEXT[:50_000].split(b"\n")[:-1]
    assert "a stream is damaged" in notes[0]


def test_zeros_between_the_streams_of_an_xz_file_are_no_damage(tmp_path: Path) -> None:
    log = XZ.log(tmp_path, XZ.pack(TEXT[:50_000]) + bytes(8) + XZ.pack(TEXT[50_000:]) + bytes(4))
    lines, positions, notes = everything(Tail(str(log), ()))
    assert (lines, notes, positions[0].finished) == (LINES, [], True)


@BOTH
def test_a_file_that_unpacks_to_very_much_is_read_piece_by_piece(tmp_path: Path, packing: Packing) -> None:
    log = packing.log(tmp_path, packing.pack(b"x" * 40_000_000 + b"\n" + LINES[0] + b"\n"))
    tail = Tail(str(log), (), max_line_bytes=10_000)
    chunks = [tail.read(1 << 20)]
    while chunks[-1].more:
        chunks.append(tail.read(1 << 20))

    assert len(chunks) >= 38
    assert [line for chunk in chunks for line in chunk.lines] == [LINES[0]]
    assert sum(chunk.too_long for chunk in chunks) == 1


def test_an_xz_file_that_wants_more_memory_than_it_may_have_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdliblogs, "MEMORY_BYTES", 1_000_000)
    lines, _, notes = everything(Tail(str(XZ.log(tmp_path, XZ.pack(TEXT))), ()))
    assert lines == []
    assert "breaks off: a stream is damaged (Memory usage limit exceeded)" in notes[0]


@BOTH
def test_a_python_without_the_module_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packing: Packing) -> None:
    log = packing.log(tmp_path, packing.pack(TEXT))
    monkeypatch.setitem(sys.modules, packing.module, None)
    lines, _, notes = everything(Tail(str(log), ()))
    assert (lines, notes) == (
        [],
        [f"{log} cannot be read: this Python was built without its module `{packing.module}`."],
    )


@BOTH
def test_import_and_doctor_read_it(tmp_path: Path, packing: Packing, capsys: pytest.CaptureFixture[str]) -> None:
    log = packing.log(tmp_path, packing.pack(b"\n".join(payload(f"r-{number}") for number in range(3))))

    assert main(["doctor", str(log), "--store", str(tmp_path / "usdtop.db")]) == 0
    assert "litellm.slp" in capsys.readouterr().out
    assert main(["import", str(log), "--store", str(tmp_path / "usdtop.db")]) == 0
    assert "3 requests imported" in capsys.readouterr().err
    assert main(["import", str(log), "--store", str(tmp_path / "usdtop.db")]) == 0
    assert "0 requests imported" in capsys.readouterr().err


@BOTH
def test_one_that_is_a_whole_document_is_read_as_one(
    tmp_path: Path, packing: Packing, capsys: pytest.CaptureFixture[str]
) -> None:
    records = b",\n".join(payload(f"r-{number}") for number in range(3))
    log = packing.log(tmp_path, packing.pack(b"[\n" + records + b"\n]\n"))
    assert main(["import", str(log), "--store", str(tmp_path / "usdtop.db")]) == 0
    assert "3 requests imported" in capsys.readouterr().err


@BOTH
def test_a_name_that_does_not_say_how_it_is_packed_is_told(
    tmp_path: Path, packing: Packing, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "gateway.jsonl"
    log.write_bytes(packing.pack(TEXT))
    main(["doctor", str(log), "--store", str(tmp_path / "usdtop.db")])
    assert f"give it the ending {packing.ending}" in capsys.readouterr().out

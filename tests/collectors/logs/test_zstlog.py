"""Logs packed with zstd: read whole, taken up where they were left, and said where they break off."""

import importlib.util
import sys
from pathlib import Path

import pytest

from collectors.logs.tail import Tail
from tests.fakes.packed_logs import LINES, TEXT, everything
from tests.fakes.payloads import payload
from tui.cli import main

zstandard = pytest.importorskip("zstandard", reason="zstandard is not installed: it is an extra")


def packed(text: bytes, frames: int = 1) -> bytes:
    size = -(-len(text) // frames)
    return b"".join(zstandard.ZstdCompressor().compress(text[at : at + size]) for at in range(0, len(text), size))


@pytest.mark.parametrize("frames", [1, 7])
@pytest.mark.parametrize("limit_bytes", [100, 1 << 20])
def test_every_line_is_read_once_and_then_the_file_is_finished(tmp_path: Path, frames: int, limit_bytes: int) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(TEXT, frames))
    lines, positions, notes = everything(Tail(str(log), ()), limit_bytes)

    assert (lines, notes) == (LINES, [])
    assert [(position.offset, position.finished) for position in positions] == [(len(TEXT), True)]
    assert everything(Tail(str(log), positions))[0] == []


def test_a_stored_position_is_taken_up(tmp_path: Path) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(TEXT, 3))
    first = Tail(str(log), ()).read(30_000)

    assert 0 < len(first.lines) < len(LINES)
    assert [*first.lines, *everything(Tail(str(log), first.positions))[0]] == LINES


def test_a_file_that_breaks_off_gives_what_stands_before_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(TEXT[:50_000]) + packed(TEXT[50_000:])[:-500])
    lines, positions, notes = everything(Tail(str(log), ()))

    assert lines == LINES[: len(lines)]
    assert len(lines) > 500
    assert not any(position.finished for position in positions)
    assert "breaks off: the file ends within a frame" in notes[0]


def test_damage_gives_what_stands_before_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(TEXT[:50_000]) + b"this is no frame at all")
    lines, _, notes = everything(Tail(str(log), ()))

    assert lines == TEXT[:50_000].split(b"\n")[:-1]
    assert "a frame is damaged" in notes[0]


def test_a_file_that_unpacks_to_very_much_is_read_piece_by_piece(tmp_path: Path) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(b"x" * 200_000_000 + b"\n" + LINES[0] + b"\n"))
    tail = Tail(str(log), (), max_line_bytes=10_000)
    chunks = [tail.read(1 << 20)]
    while chunks[-1].more:
        chunks.append(tail.read(1 << 20))

    assert len(chunks) >= 190
    assert [line for chunk in chunks for line in chunk.lines] == [LINES[0]]
    assert sum(chunk.too_long for chunk in chunks) == 1


def test_without_the_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(TEXT))
    find_spec = importlib.util.find_spec
    monkeypatch.setitem(sys.modules, "zstandard", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "zstandard" else find_spec(name))

    lines, _, notes = everything(Tail(str(log), ()))
    assert (lines, notes) == (
        [],
        [f"{log} cannot be read: it is packed with zstd; install usdtop with its extra `zstd`."],
    )
    assert main(["import", str(log), "--store", str(tmp_path / "usdtop.db")]) == 2
    assert "install usdtop with its extra `zstd`" in capsys.readouterr().err


def test_the_import_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "gateway.jsonl.zst"
    log.write_bytes(packed(b"\n".join(payload(f"r-{number}") for number in range(3))))

    assert main(["import", str(log), "--store", str(tmp_path / "usdtop.db")]) == 0
    assert "3 requests imported" in capsys.readouterr().err

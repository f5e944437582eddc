"""Following files that are compressed, by a rotation or from the start."""

import bz2
import gzip
import lzma
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.fakes.tailing import Reader, as_bytes, numbered, put


def pack(path: Path, name: str) -> None:
    """Compress a file as logrotate does: another file with the time of the first one, which is removed."""
    packed = path.with_name(name)
    ways: dict[str, Callable[[bytes], bytes]] = {
        ".gz": lambda data: gzip.compress(data),
        ".zst": lambda data: zstandard.compress(data),
        ".bz2": lambda data: bz2.compress(data),
        ".xz": lambda data: lzma.compress(data),
        ".lz4": lambda data: b"nothing that is read here" + data,
    }
    packed.write_bytes(ways[packed.suffix](path.read_bytes()))
    os.utime(packed, ns=(path.stat().st_mtime_ns, path.stat().st_mtime_ns))
    path.unlink()


def test_a_rotated_file_that_was_compressed_so_that_it_cannot_be_read_is_named(log: Path) -> None:
    put(log, "a", at=100)
    reader = Reader(log)
    reader.read()
    put(log, "b", at=200)
    pack(log, f"{log.name}.1.lz4")
    put(log, "c", at=300)
    reader.restart()
    assert reader.read() == [b"c"]
    assert any(f"{log}.1.lz4" in note and "usdtop import" in note for note in reader.notes)


@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        ("{}.3.gz", "{}.2.gz", "{}.1"),
        ("{}.3.zst", "{}.2.zst", "{}.1.zst"),
        ("{}.3.bz2", "{}.2.xz", "{}.1.bz2"),
        ("{}-20261120.gz", "{}-20261121.gz", "{}-20261122"),
        ("{}-2026-11-20.gz", "{}-2026-11-21.gz", "{}-2026-11-22.gz"),
    ],
)
def test_files_that_were_rotated_and_compressed_while_nobody_collected_are_finished_in_their_order(
    log: Path, first: str, second: str, third: str
) -> None:
    put(log, *numbered(0, 5), at=50)
    pack(log, f"{log.name}.9.gz")  # older than all, and never ours to read
    put(log, *numbered(5, 10), at=100)
    reader = Reader(log)
    reader.read()
    for number, name in enumerate((first, second, third), start=1):
        put(log, *numbered(10 * number, 10 * number + 10), at=100 + number)
        name = name.format(log.name)
        if not name.endswith(("1", "22")):
            pack(log, name)
        else:
            log.rename(log.with_name(name))
    put(log, *numbered(40, 50), at=200)
    reader.restart()
    assert reader.read() == as_bytes(numbered(10, 50))
    for _ in range(3):
        reader.restart()
        assert reader.read() == []


PACKINGS = pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".xz"])


@PACKINGS
def test_a_compressed_file_of_which_nothing_was_read_is_finished_first_when_the_one_before_it_is_gone(
    log: Path, ending: str
) -> None:
    put(log, *numbered(0, 5), at=50)
    pack(log, f"{log.name}.9{ending}")  # from before anybody collected
    put(log, *numbered(5, 10), at=100)
    reader = Reader(log)
    reader.read()
    log.unlink()  # rotated away for good: only two are kept
    for number, name in ((1, f"{log.name}.2{ending}"), (2, f"{log.name}.1{ending}")):
        put(log, *numbered(10 * number, 10 * number + 10), at=100 + number)
        pack(log, name)
    put(log, *numbered(40, 50), at=200)
    reader.restart()
    assert reader.read() == as_bytes([*numbered(10, 30), *numbered(40, 50)])
    for _ in range(3):
        reader.restart()
        assert reader.read() == []
    assert not any("usdtop import" in note for note in reader.notes)


@PACKINGS
def test_a_file_that_was_empty_when_it_was_seen_last_is_finished_in_its_compressed_form(log: Path, ending: str) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.1")
    put(log, at=150)
    assert reader.read() == []
    pack(Path(f"{log}.1"), f"{log.name}.2{ending}")
    put(log, *numbered(10, 20), at=200)
    pack(log, f"{log.name}.1{ending}")
    put(log, *numbered(20, 30), at=300)
    reader.restart()
    assert reader.read() == as_bytes(numbered(10, 30))
    reader.restart()
    assert reader.read() == []


def test_a_file_and_its_compressed_copy_that_is_being_written_are_read_once(log: Path) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.2")
    put(log, *numbered(10, 2_000), at=200)
    log.rename(f"{log}.1")
    whole = gzip.compress(Path(f"{log}.1").read_bytes())
    Path(f"{log}.1.gz").write_bytes(whole[:3_000])
    put(log, *numbered(2_000, 2_010), at=300)
    reader.restart()
    reader.read()
    Path(f"{log}.1.gz").write_bytes(whole)
    os.utime(f"{log}.1.gz", (200, 200))
    Path(f"{log}.1").unlink()
    reader.read()
    log.rename(f"{log}.0")
    put(log, *numbered(2_010, 2_020), at=400)
    for _ in range(2):
        reader.read()
        reader.restart()
    assert sorted(reader.lines) == sorted(as_bytes(numbered(0, 2_020)))


@pytest.mark.parametrize("lines_before", [10, 0], ids=["with lines", "empty"])
def test_a_file_that_is_compressed_at_once_while_it_is_still_held_open_is_read_once(
    log: Path, lines_before: int
) -> None:
    put(log, *numbered(0, lines_before), at=100)
    reader = Reader(log)
    reader.read()
    put(log, *numbered(10, 20), at=200)
    pack(log, f"{log.name}.1.gz")
    put(log, *numbered(20, 30), at=300)
    assert reader.read() == as_bytes(numbered(10, 30))
    for _ in range(3):
        assert reader.read() == []
        reader.restart()


def test_a_heading_that_was_all_that_was_read_does_not_hide_the_files_that_begin_alike(log: Path) -> None:
    heading = "time,model,tokens"
    put(log, heading, at=100)
    reader = Reader(log)
    reader.read()
    put(log, "a", at=200)
    pack(log, f"{log.name}.2.gz")
    put(log, heading, "b", at=300)
    pack(log, f"{log.name}.1.gz")
    put(log, heading, "c", at=400)
    reader.restart()
    assert reader.read() == as_bytes(["a", heading, "b", heading, "c"])


def test_files_that_share_their_heading_are_told_apart_when_they_are_compressed(log: Path) -> None:
    heading = "time,model,tokens"
    put(log, heading, at=100)
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.1")
    put(log, heading, "a", at=150)
    reader.read()
    assert reader.lines == as_bytes([heading, heading, "a"])
    Path(f"{log}.1").unlink()
    log.rename(f"{log}.2")
    put(log, heading, "b", at=200)
    pack(log, f"{log.name}.1.gz")
    put(log, heading, "c", at=300)
    reader.restart()
    assert reader.read() == as_bytes([heading, "b", heading, "c"])


def test_a_crash_within_a_compressed_rest_goes_on_where_it_was_committed(log: Path) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    put(log, *numbered(10, 40), at=200)
    pack(log, f"{log.name}.1.gz")
    put(log, *numbered(40, 50), at=300)
    for _ in range(60):
        reader.restart()
        reader.commit(reader.tail.read(limit_bytes=200))
    assert reader.lines == as_bytes(numbered(0, 50))
    assert reader.gap_bytes == 0


def test_a_file_that_was_read_to_its_end_is_not_read_again_when_it_is_compressed(log: Path) -> None:
    put(log, *numbered(0, 10), at=100)
    reader = Reader(log)
    reader.read()
    log.rename(f"{log}.1")
    put(log, *numbered(10, 20), at=200)
    reader.read()
    for is_running in (True, False):
        older = Path(f"{log}.1")
        pack(older, f"{log.name}.{2 + is_running}.gz")
        log.rename(older)
        os.utime(older, (300, 300))
        put(log, f"new {is_running}", at=400)
        if not is_running:
            reader.restart()
        assert reader.read() == [f"new {is_running}".encode()]
    assert reader.gap_bytes == 0


def test_a_gzip_file_is_read_once_and_counts_what_was_compressed(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    data = b"".join(line + b"\n" for line in as_bytes(numbered(0, 500)))
    packed.write_bytes(gzip.compress(data[:1000]) + gzip.compress(data[1000:]) + gzip.compress(b"last"))
    reader = Reader(packed)
    assert reader.read(limit_bytes=700) == as_bytes(numbered(0, 500))
    assert reader.finish() == [b"last"]
    (position,) = reader.positions.values()
    assert (position.offset, position.finished) == (len(data) + 4, True)
    reader.restart()
    assert (reader.read(), reader.finish()) == ([], [])


def test_a_gzip_file_goes_on_after_a_crash(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    packed.write_bytes(gzip.compress(b"".join(line + b"\n" for line in as_bytes(numbered(0, 500)))))
    reader = Reader(packed)
    for _ in range(200):
        reader.restart()
        reader.commit(reader.tail.read(limit_bytes=1000))
    assert reader.lines == as_bytes(numbered(0, 500))


def test_a_gzip_file_that_breaks_off_yields_what_stands_before_and_the_rest_when_it_comes(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    lines = [b"%05d " % number + os.urandom(30).hex().encode() for number in range(1000)]
    whole = gzip.compress(b"\n".join(lines) + b"\n")
    packed.write_bytes(whole[:-10_000])
    reader = Reader(packed)
    reader.read()
    assert "breaks off" in reader.notes[-1]
    assert 500 < len(reader.lines) < 1000
    assert not any(position.finished for position in reader.positions.values())
    packed.write_bytes(whole)
    reader.read()
    assert reader.lines == lines


def test_a_file_that_is_no_gzip_is_told(log: Path) -> None:
    packed = log.with_name("old.jsonl.gz")
    packed.write_bytes(b"plain text\n")
    reader = Reader(packed)
    assert reader.read() == []
    assert "breaks off" in reader.notes[0]


def test_compressed_files_in_a_plain_glob_are_named_once_and_not_read(log: Path) -> None:
    put(log, "a")
    Path(f"{log}.1.gz").write_bytes(gzip.compress(b"old\n"))
    reader = Reader(f"{log}*")
    assert reader.read() == [b"a"]
    reader.read()
    assert len(reader.notes) == 1
    assert "usdtop import" in reader.notes[0]


@pytest.mark.parametrize("ending", [".gz", ".zst", ".bz2", ".xz"])
def test_a_stream_that_is_put_behind_those_that_were_read_is_read_while_the_file_is_open(
    tmp_path: Path, ending: str
) -> None:
    log = tmp_path / f"x{ending}"
    ways: dict[str, Callable[[bytes], bytes]] = {
        ".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
    }  # fmt: skip
    reader = Reader(tmp_path / f"*{ending}")
    for number in range(4):
        with log.open("ab") as file:
            file.write(ways[ending](f"line {number}\n".encode()))
        assert reader.read() == [f"line {number}".encode()]
    reader.restart()
    os.utime(log)
    assert reader.read() == []


def test_a_gzip_file_that_broke_off_and_was_replaced_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "x.gz"
    log.write_bytes(gzip.compress("\n".join(numbered(0, 200)).encode() + b"\n")[:-12])
    reader = Reader(log)
    first = len(reader.read())
    log.write_bytes(gzip.compress(b"another\n"))
    assert reader.read() == [b"another"]
    for _ in range(3):
        assert reader.read() == []
    assert (len(reader.lines), reader.gap_bytes) == (first + 1, 0)


def test_a_gzip_file_that_was_read_to_its_end_and_then_written_anew_is_read_once(tmp_path: Path) -> None:
    log = tmp_path / "x.gz"
    log.write_bytes(gzip.compress("\n".join(numbered(0, 200)).encode() + b"\n"))
    reader = Reader(log)
    reader.read()
    log.write_bytes(gzip.compress(b"another\n"))
    for _ in range(3):
        reader.read()
    assert reader.lines == [*as_bytes(numbered(0, 200)), b"another"]

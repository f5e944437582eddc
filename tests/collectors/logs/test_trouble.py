"""A log that is followed and cannot be read makes its source late at the second poll, and is read again when it can be."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from collectors.logs.files import FileSource
from tests.fakes.gateway_lines import line
from tests.fakes.tailing import put

LINE = line("kong.ai").decode()
ANOTHER = line("portkey.export").decode()
"""Of another log, which the same inode may be given to."""


def to_a_directory(log: Path) -> None:
    log.mkdir()


def to_a_link_to_nothing(log: Path) -> None:
    log.symlink_to(log.with_name("nowhere"))


def to_a_link_to_itself(log: Path) -> None:
    log.symlink_to(log)


def to_a_pipe(log: Path) -> None:
    os.mkfifo(log)


def without_its_folder(log: Path) -> None:
    log.parent.rename(log.parent.with_name("elsewhere"))


Change = Callable[[Path], None]
CHANGES: dict[Change, str] = {
    to_a_directory: "is not a regular file",
    to_a_pipe: "is not a regular file",
    to_a_link_to_nothing: "is a link to what does not exist",
    to_a_link_to_itself: "cannot be read: Too many levels of symbolic links",
    without_its_folder: "does not exist, nor does its folder",
}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs" / "gateway.jsonl"


@pytest.mark.parametrize(("change", "sentence"), CHANGES.items(), ids=lambda said: getattr(said, "__name__", ""))
def test_it_is_late_within_two_polls_and_heals_by_itself(log: Path, change: Change, sentence: str) -> None:
    put(log, LINE)
    source = FileSource("gateway", str(log), ())
    assert len(source.read().events) == 1
    log.unlink()
    change(log)
    assert source.read().late is None, "it may be a rotation that is under way"
    assert sentence in (source.read().late or "")
    assert source.read().late, "for as long as it lasts"

    if not log.parent.exists():
        log.parent.with_name("elsewhere").rename(log.parent)
    elif log.is_dir():
        log.rmdir()
    else:
        log.unlink()
    put(log, ANOTHER)
    healed = source.read()
    assert (healed.late, len(healed.events)) == (None, 1)


def test_a_log_that_is_away_is_no_trouble_since_a_rotation_may_leave_it_so_until_the_next_line(log: Path) -> None:
    put(log, LINE)
    source = FileSource("gateway", str(log), ())
    source.read()
    log.unlink()
    for _ in range(3):
        poll = source.read()
        assert (poll.late, poll.detail) == (None, f"{log} does not exist.")


@pytest.mark.parametrize("name", ["gateway.jsonl", "*.jsonl"])
def test_a_log_that_nobody_has_ever_seen_is_late_and_asks_whether_its_path_is_right(log: Path, name: str) -> None:
    source = FileSource("gateway", str(log.with_name(name)), ())
    assert source.read().late is None
    late = source.read().late or ""
    assert str(log.with_name(name)) in late
    assert late.endswith("is the path right?")
    put(log, LINE)
    found = source.read()
    assert (found.late, len(found.events)) == (None, 1)
    log.unlink()
    source.read()
    assert source.read().late is None, "from now on it may be away between two rotations"


def test_what_a_pattern_names_and_was_never_read_is_told_and_no_trouble(log: Path) -> None:
    put(log, LINE)
    strange = log.with_name("strange.jsonl")
    strange.symlink_to(strange)
    source = FileSource("gateway", f"{log.parent}/*.jsonl", ())
    for _ in range(3):
        poll = source.read()
        assert (poll.late, "Too many levels" in poll.detail) == (None, True)


def test_a_log_with_two_troubles_in_turn_is_late_for_each_that_lasts(log: Path) -> None:
    source = FileSource("gateway", str(log), ())
    log.mkdir()
    source.read()
    log.rmdir()
    to_a_link_to_nothing(log)
    assert source.read().late is None
    assert "is a link" in (source.read().late or "")

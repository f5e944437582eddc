"""`usdtop mark`: what a deploy pipeline calls."""

import json
from pathlib import Path

import pytest

from store.reader import Reader
from store.writer import Writer
from tui.acts.marks import SetMark
from tui.cli import main
from tui.feed import FeedError
from tui.storefeed import StoreFeed


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "usdtop.db"
    Writer(path).close()
    return path


def mark(store: Path, *words: str) -> int:
    return main(["mark", "--store", str(store), *words])


def test_a_mark_is_set_at_its_time_and_said_on_stderr(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mark(store, "deploy", "41", "--at", "2026-05-16T14:05:00Z") == 0

    (found,) = Reader(store).marks(0, 2**60)
    assert (found.at_ms, found.text) == (1_778_940_300_000, "deploy 41")
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "marked 2026-05-16T14:05:00Z: deploy 41\n")


def test_marks_are_listed_when_nothing_is_said(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mark(store, "flag\x1b[31m on", "--at", "2026-05-16T14:05:00Z")
    assert mark(store, "--since", "2026-05-16") == 0
    assert capsys.readouterr().out == "2026-05-16T14:05:00Z  flag�[31m on\n"

    assert mark(store, "--since", "2026-05-16", "--json") == 0
    assert json.loads(capsys.readouterr().out)["marks"] == [{"at": "2026-05-16T14:05:00Z", "text": "flag\x1b[31m on"}]


def test_the_newest_mark_of_a_name_is_removed(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for at in ("2026-05-16T14:05:00Z", "2026-05-16T15:00:00Z"):
        mark(store, "deploy", "--at", at)
    assert mark(store, "--remove", "deploy") == 0
    assert [found.at_ms for found in Reader(store).marks(0, 2**60)] == [1_778_940_300_000]

    assert mark(store, "--remove", "deploy", "--at", "2026-05-16T15:00:00Z") == 3
    assert "no mark called deploy" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("--at", "1h"), ("--remove",), ("x", "--at", "yesterday"), ("x", "--at", "9999999d")]
)
def test_wrong_use_is_a_sentence_and_marks_nothing(
    store: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert mark(store, *words) == 2
    assert capsys.readouterr().err.startswith("usdtop: ")
    assert Reader(store).marks(0, 2**60) == []


def test_who_watches_only_sets_no_mark(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    feed = StoreFeed(store, clock=lambda: 1_778_940_300_000, machine="m", read_only=True)
    with pytest.raises(FeedError, match="no mark was set: this monitor watches only"):
        feed.do(SetMark("deploy"))
    assert mark(store, "--read-only", "deploy") == 2
    assert "leave --read-only out" in capsys.readouterr().err
    assert Reader(store).marks(0, 2**60) == []

"""The feed of a real store: what it answers from, and for how long an answer serves."""

import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collectors.settings.places import Place
from store.tables import StoreError
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.feed import FeedError, OpenStore, Question
from tui.pictures.view import View
from tui.questions.alerts import AlertsQuestion
from tui.questions.burn import BurnQuestion
from tui.questions.machines import MachinesQuestion
from tui.questions.sources import SourcesQuestion
from tui.storefeed import StoreFeed
from tui.watching import Notices


class Twice(Question[tuple[int, int]], frozen=True):
    """How many requests there are, asked before and after another one is written."""

    name: str

    def answer(self, store: OpenStore) -> tuple[int, int]:
        """Both counts."""
        before = len(store.reader.newest_requests())
        with closing(Writer(store.reader.path)) as writer:
            writer.write(batch([priced(self.name)]), [CARD])
        return before, len(store.reader.newest_requests())


class Count(Question[int], frozen=True):
    """How many requests there are."""

    def answer(self, store: OpenStore) -> int:
        """The count."""
        return len(store.reader.newest_requests())


class Broken(Question[int], frozen=True):
    """What cannot be read."""

    def answer(self, store: OpenStore) -> int:
        """Nothing."""
        raise StoreError("the store is damaged.")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def test_a_picture_is_of_one_instant_and_the_next_one_of_a_later(writer: Writer) -> None:
    feed = StoreFeed(writer.path, clock=lambda: AT_MS, machine="here")
    assert feed.read(Twice("a")) == (0, 0)
    assert feed.read(Twice("b")) == (1, 1)
    feed.close()


def test_what_cannot_be_read_is_a_sentence_and_the_next_question_is_answered(writer: Writer) -> None:
    feed = StoreFeed(writer.path, clock=lambda: AT_MS, machine="here")
    with pytest.raises(FeedError, match="the store is damaged"):
        feed.read(Broken())
    assert feed.read(Count()) == 0
    feed.close()


@pytest.mark.parametrize(
    "question",
    [BurnQuestion(View()), MachinesQuestion(View()), AlertsQuestion(View()), SourcesQuestion(View())],
    ids=repr,
)
def test_what_must_not_be_missed_stands_in_the_header_of_every_screen(writer: Writer, question: Question[Any]) -> None:
    said: list[str] = []
    feed = StoreFeed(writer.path, clock=lambda: AT_MS, machine="here", notices=lambda: tuple(said))
    assert feed.read(question).header.notices == ()
    said.append("the disk is full")
    assert feed.read(question).header.notices == ("the disk is full",)
    feed.close()


def test_a_monitor_says_that_the_disk_of_its_store_is_full_and_one_that_only_watches_does_not(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(writer.path)
    assert not any("full" in notice for notice in Notices(place, read_only=False)())
    room = os.statvfs(writer.path.parent)
    full = os.statvfs_result((room.f_bsize, room.f_frsize, room.f_blocks, room.f_bfree, 0, *tuple(room)[5:]))
    monkeypatch.setattr(os, "statvfs", lambda _: full)
    assert any("full: nothing is recorded" in notice for notice in Notices(place, read_only=False)())
    assert not any("full" in notice for notice in Notices(place, read_only=True)())

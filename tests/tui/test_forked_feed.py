"""Pictures are read in a process of their own, which the monitor outlives and which does not outlive the monitor."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeVar

import msgspec
import pytest

from tui.feed import Act, Feed, FeedError, Question
from tui.forkedfeed import ForkedFeed

# Nothing here forks while another thread holds a lock that the test needs.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

P = TypeVar("P")


class Word(Question[str], frozen=True):
    """Anything that can be asked."""

    text: str


class Note(Act, frozen=True):
    """Anything that can be done."""

    text: str


class Pair(msgspec.Struct, frozen=True):
    """An answer in two parts."""

    left: object
    right: object


class PairQuestion(Question[Pair], frozen=True):
    """What an answer in two parts is asked by."""

    right: int


class Parrot:
    """Says who it is, how often it was asked, and what."""

    def __init__(self) -> None:
        self.asked = 0
        self.left = ["kept"]

    def read(self, question: Question[P]) -> P:
        if isinstance(question, PairQuestion):
            return Pair(self.left, question.right)  # type: ignore[return-value]  # it asks for a pair
        assert isinstance(question, Word)
        self.asked += 1
        if question.text == "fail":
            raise FeedError("the store is locked.")
        if question.text == "break":
            raise ZeroDivisionError
        if question.text == "wait":
            Event().wait()
        return f"{os.getpid()} {self.asked} {question.text}"  # type: ignore[return-value]  # a Word asks for a text

    def do(self, act: Act) -> str:
        assert isinstance(act, Note)
        return f"noted {act.text}"


@pytest.fixture
def forked() -> Iterator[Callable[[], ForkedFeed]]:
    made: list[ForkedFeed] = []

    def fork() -> ForkedFeed:
        made.append(ForkedFeed(Parrot))
        return made[-1]

    yield fork
    for feed in made:
        feed.close()


def said(feed: Feed, text: str) -> tuple[int, int, str]:
    pid, asked, word = feed.read(Word(text)).split(" ")
    return int(pid), int(asked), word


def test_a_question_is_answered_in_another_process(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    pid, _, word = said(feed, "hello")
    assert pid != os.getpid()
    assert word == "hello"
    assert feed.do(Note("deploy")) == "noted deploy"


def test_a_failure_is_a_sentence_on_this_side_and_the_other_side_goes_on(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    with pytest.raises(FeedError, match=r"^the store is locked\.$"):
        feed.read(Word("fail"))
    with pytest.raises(FeedError, match="this screen failed to read: ZeroDivisionError"):
        feed.read(Word("break"))
    assert said(feed, "on") == (said(feed, "on")[0], 3, "on")


def test_what_was_asked_ahead_is_not_asked_again(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    feed.ask_ahead(Word("first"), Word("second"))
    assert [said(feed, word)[1:] for word in ("first", "second", "third")] == [
        (1, "first"),
        (2, "second"),
        (3, "third"),
    ]


def test_an_answer_that_nobody_wants_any_more_is_given_to_nobody(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    feed.ask_ahead(Word("first"), Word("second"), Word("third"))
    assert said(feed, "second")[2] == "second"
    assert said(feed, "else")[2] == "else"
    assert said(feed, "third")[2] == "third"


def test_a_part_of_an_answer_that_stayed_the_same_value_does_so_on_this_side(
    forked: Callable[[], ForkedFeed],
) -> None:
    feed = forked()
    feed.ask_ahead(PairQuestion(1), Word("else"), PairQuestion(2))
    first, other = feed.read(PairQuestion(1)), feed.read(PairQuestion(2))
    assert (first, other) == (Pair(["kept"], 1), Pair(["kept"], 2))
    assert other.left is first.left
    with pytest.raises(FeedError):
        feed.read(Word("fail"))
    assert [feed.read(PairQuestion(number)).right for number in (2, 3, 1)] == [2, 3, 1]


def test_when_the_other_process_dies_the_monitor_reads_by_itself(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    os.kill(said(feed, "hello")[0], signal.SIGKILL)
    assert said(feed, "hello") == (os.getpid(), 1, "hello")
    assert said(feed, "again") == (os.getpid(), 2, "again")


def test_closing_ends_a_question_that_takes_too_long(forked: Callable[[], ForkedFeed]) -> None:
    feed = forked()
    feed.read(Word("hello"))
    failures: list[Any] = []

    def wait() -> None:
        try:
            feed.read(Word("wait"))
        except FeedError as error:
            failures.append(str(error))

    waiting = Thread(target=wait)
    waiting.start()
    feed.close()
    waiting.join()
    assert failures == ["nothing is read any more."]


_KILLED = """
import os, signal, sys
from tui.forkedfeed import ForkedFeed
from tests.tui.test_forked_feed import Parrot, Word

feed = ForkedFeed(Parrot)
feed.read(Word("hello"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_other_process_ends_when_the_monitor_is_killed() -> None:
    ours, theirs = os.pipe()
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED], pass_fds=[theirs], cwd=Path(__file__).parents[2], check=False
    )
    os.close(theirs)
    assert killed.returncode == -signal.SIGKILL
    assert os.read(ours, 1) == b"", "whoever still lives holds the other end of this pipe"
    os.close(ours)

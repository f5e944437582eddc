"""Keys are waited for without looking for them again and again, and the waiting ends when it should."""

import os
from collections.abc import AsyncIterator, Callable
from queue import Queue
from threading import Thread

import pytest
from textual.app import App
from textual.events import Key
from textual.message import Message

from tui.app import MonitorApp
from tui.driver import PatientDriver
from tui.sending import HUNG_UP

_PATIENCE_S = 10


class Heard(PatientDriver):
    """Reads from a pipe, and keeps what it would hand on."""

    def __init__(self) -> None:
        super().__init__(App())
        self.fileno, self.keyboard = os.pipe()
        self.heard: Queue[Message] = Queue()

    def process_message(self, message: Message) -> None:
        """Keep it."""
        self.heard.put(message)

    def write(self, data: str) -> None:
        """There is no terminal."""

    def begin(self) -> None:
        """Wait as the app has it wait."""
        self._key_thread = Thread(target=self.run_input_thread, daemon=True)
        self._key_thread.start()

    def key(self) -> str:
        """The next key that was typed."""
        message = self.heard.get(timeout=_PATIENCE_S)
        assert isinstance(message, Key)
        return message.key


@pytest.fixture
async def driver() -> AsyncIterator[Heard]:
    heard = Heard()
    heard.begin()
    yield heard
    heard.disable_input()


async def test_what_is_typed_is_handed_on_one_by_one_also_in_pieces(driver: Heard) -> None:
    os.write(driver.keyboard, b"jk\x1b[")
    os.write(driver.keyboard, "Aü".encode()[:-1])
    assert [driver.key() for _ in range(3)] == ["j", "k", "up"]
    os.write(driver.keyboard, "ü".encode()[-1:])
    assert driver.key() == "ü"


async def test_escape_is_told_from_the_beginning_of_a_sequence_by_the_silence_after_it(driver: Heard) -> None:
    os.write(driver.keyboard, b"\x1b")
    assert driver.key() == "escape"
    os.write(driver.keyboard, b"j")
    assert driver.key() == "j"


async def test_input_can_be_disabled_and_begun_again_as_when_the_program_is_stopped_and_goes_on(driver: Heard) -> None:
    for _ in range(3):
        thread = driver._key_thread
        driver.disable_input()
        driver.disable_input()
        assert thread is not None
        assert not thread.is_alive()
        driver.begin()
    os.write(driver.keyboard, b"j")
    assert driver.key() == "j"


async def test_a_terminal_that_is_gone_ends_the_app_and_is_not_asked_again(
    driver: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: Queue[int] = Queue()
    told: Queue[Callable[[], object]] = Queue()
    monkeypatch.setattr(driver._app, "call_later", told.put)
    typed = driver._typed

    def counted() -> bytes:
        asked.put(1)
        return typed()

    monkeypatch.setattr(driver, "_typed", counted)
    os.close(driver.keyboard)
    asked.get(timeout=_PATIENCE_S)
    told.get(timeout=_PATIENCE_S)()
    assert driver._app.return_code == HUNG_UP
    driver.disable_input()
    assert asked.empty()


def test_the_monitor_waits_so() -> None:
    from tests.fakes.feed import FakeFeed

    assert MonitorApp(FakeFeed()).driver_class is PatientDriver

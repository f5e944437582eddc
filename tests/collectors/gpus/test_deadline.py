"""Calls that may hang, and who must not wait for them."""

import threading
from collections.abc import Iterator

import pytest

from collectors.gpus.deadline import DeadlineThread, StillBusy

PLENTY = 60.0
"""Seconds that no passing test ever waits."""


class Hanging:
    """A call that comes back when it is told to."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.release = threading.Event()

    def __call__(self) -> str:
        self.entered.set()
        assert self.release.wait(PLENTY)
        return "late"


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    call = Hanging()
    yield call
    call.release.set()


@pytest.fixture
def patient() -> Iterator[DeadlineThread]:
    thread = DeadlineThread("the driver", monotonic=iter(range(0, 1000, 7)).__next__)
    yield thread
    thread.close()


def test_a_call_that_comes_back_gives_its_answer(patient: DeadlineThread) -> None:
    assert patient.call(lambda: 6 * 7, seconds=PLENTY) == 42


def test_calls_run_in_one_thread_of_their_own_that_does_not_keep_the_process_alive(patient: DeadlineThread) -> None:
    first = patient.call(threading.current_thread, seconds=PLENTY)
    second = patient.call(threading.current_thread, seconds=PLENTY)

    assert first is second is not threading.current_thread()
    assert first.daemon


def test_what_a_call_raises_reaches_its_caller(patient: DeadlineThread) -> None:
    with pytest.raises(ZeroDivisionError):
        patient.call(lambda: 1 // 0, seconds=PLENTY)


def _times_out() -> None:
    raise TimeoutError("of the call itself")


def test_a_timeout_inside_the_call_is_not_ours(patient: DeadlineThread) -> None:
    with pytest.raises(TimeoutError, match="of the call itself"):
        patient.call(_times_out, seconds=PLENTY)


async def test_a_timeout_inside_an_awaited_call_is_not_ours(patient: DeadlineThread) -> None:
    with pytest.raises(TimeoutError, match="of the call itself"):
        await patient.call_async(_times_out, seconds=PLENTY)


def test_a_call_that_hangs_is_left_with_a_sentence(patient: DeadlineThread, hanging: Hanging) -> None:
    with pytest.raises(StillBusy, match="the driver has not answered for 7 s"):
        patient.call(hanging, seconds=0)


def test_while_a_call_hangs_the_next_is_refused_at_once_and_not_begun(
    patient: DeadlineThread, hanging: Hanging
) -> None:
    with pytest.raises(StillBusy):
        patient.call(hanging, seconds=0)
    begun: list[int] = []
    with pytest.raises(StillBusy, match="for 14 s"):
        patient.call(lambda: begun.append(1), seconds=PLENTY)

    assert not patient.wait_until_free(0)
    hanging.release.set()
    assert patient.wait_until_free(PLENTY)
    assert begun == []


def test_a_late_answer_is_nobodys(patient: DeadlineThread, hanging: Hanging) -> None:
    with pytest.raises(StillBusy):
        patient.call(hanging, seconds=0)
    hanging.release.set()
    assert patient.wait_until_free(PLENTY)

    assert patient.call(lambda: "fresh", seconds=PLENTY) == "fresh"


async def test_an_event_loop_goes_on_while_a_call_hangs(patient: DeadlineThread, hanging: Hanging) -> None:
    with pytest.raises(StillBusy, match="has not answered"):
        await patient.call_async(hanging, seconds=0.001)
    with pytest.raises(StillBusy):
        await patient.call_async(lambda: "never", seconds=PLENTY)
    hanging.release.set()
    assert patient.wait_until_free(PLENTY)

    assert await patient.call_async(lambda: "fresh", seconds=PLENTY) == "fresh"


def test_closing_does_not_wait_for_a_call_that_hangs(patient: DeadlineThread, hanging: Hanging) -> None:
    with pytest.raises(StillBusy):
        patient.call(hanging, seconds=0)
    patient.close()
    assert not patient.wait_until_free(0)

"""Waiting for another process: the only place in the tests where time passes."""

import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

_LOOK_EVERY_SECONDS = 0.02


def eventually(predicate: Callable[[], Answer], seconds: float, what: str = "the condition") -> Answer:
    """Look until the answer is true and return it; AssertionError with `what` after so many seconds."""
    ends = time.monotonic() + seconds
    while not (answer := predicate()):
        if time.monotonic() > ends:
            raise AssertionError(f"{what} did not come to hold within {seconds:g} seconds")
        time.sleep(_LOOK_EVERY_SECONDS)
    return answer

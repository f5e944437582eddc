"""Replicas behind one address are not taken for restarts of each other."""

import pytest

from collectors.engines.processes import Processes
from tests.fakes.pages import NOW_MS, Shown, answered

NOW_S = NOW_MS // 1000


def page(started_s: int, output: int) -> str:
    return f"process_start_time_seconds {started_s}\nvllm:generation_tokens_total {output}\n"


def outputs(*pages: str | Shown) -> list[int | str | None]:
    """What each poll counts, or why it cannot."""
    return [one if isinstance(one, str) else one.output_tokens for one in answered(pages)]


def test_two_replicas_that_answer_in_turn_count_nothing_twice_and_say_so() -> None:
    first, second = NOW_S - 9_000, NOW_S - 5_000
    seen = outputs(page(first, 1_000_000), page(second, 900_000), page(second, 900_050), page(first, 1_000_100))

    assert [one if isinstance(one, int) else type(one) for one in seen] == [type(None), str, 50, str]
    assert "address of its own" in str(seen[1])


def test_a_restart_counts_whole_and_the_old_process_that_comes_back_does_not() -> None:
    old, new = NOW_S - 9_000, NOW_S + 3
    seen = outputs(page(old, 1_000), page(old, 1_100), page(new, 7), page(old, 1_200), page(old, 1_230))
    assert [one for one in seen if not isinstance(one, str)] == [None, 100, 7, 30]


def test_lives_that_a_header_tells_apart_are_replicas_when_one_comes_back() -> None:
    def shown(count: int, life: str) -> Shown:
        return Shown(f"llamacpp:tokens_predicted_total {count}\n", {"Process-Start-Time-Unix": life})

    seen = outputs(shown(100, "51"), shown(5, "77"), shown(120, "51"), shown(130, "51"))
    assert [one for one in seen if not isinstance(one, str)] == [None, 5, 10]


def test_a_clock_that_stands_a_second_apart_is_one_process() -> None:
    processes = Processes()
    processes.watch(1_000.0)
    assert not any(processes.is_beside(started_s, None) for started_s in (500.0, 501.0, 500.0, None, 500.4))


@pytest.mark.parametrize("started_s", [1_500.0, 1_001.0])
def test_a_process_that_began_under_our_eyes_is_a_successor(started_s: float) -> None:
    processes = Processes()
    processes.watch(1_000.0)
    assert not processes.is_beside(500.0, None)
    assert not processes.is_beside(started_s, None)
    assert processes.is_beside(500.0, None), "and the one before it is not"

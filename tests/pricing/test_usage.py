"""Usage holds every token in exactly one class."""

import pytest

from pricing.usage import INPUT_CLASSES, NOTHING, TOKEN_CLASSES, Usage, invalid_reason

FULL = Usage(1, 20, 300, 4_000, 50_000, 600_000, 7_000_000, 80_000_000, 9_000_000, (("web_searches", 3),))


def test_the_fields_stand_in_the_order_of_the_token_classes() -> None:
    assert [f"{name}_tokens" for name in TOKEN_CLASSES] == list(Usage._fields[: len(TOKEN_CLASSES)])
    assert TOKEN_CLASSES[INPUT_CLASSES] == "output"
    assert FULL.tokens == (1, 20, 300, 4_000, 50_000, 600_000, 7_000_000, 80_000_000)


def test_the_prompt_is_all_input_and_leaves_the_output_out() -> None:
    assert FULL.prompt_tokens == 7_654_321


def test_sound_that_was_heard_counts_towards_the_threshold_of_long_prompts() -> None:
    heard = Usage(input_tokens=10, units=(("input_audio_tokens", 250_000), ("web_searches", 3)))
    assert (heard.prompt_tokens, heard.total_tokens) == (250_010, 10)


def test_writes_of_every_lifetime_are_writes() -> None:
    assert FULL.cache_write_any_tokens == 7_654_300


def test_reasoning_is_part_of_the_output_and_not_counted_again() -> None:
    assert FULL.total_tokens == 87_654_321


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        (NOTHING, None),
        (FULL, None),
        (Usage(output_tokens=5, reasoning_tokens=5), None),
        (Usage(input_tokens=-1), "a negative count"),
        (Usage(output_tokens=9, reasoning_tokens=-1), "a negative count"),
        (Usage(units=(("web_searches", -1),)), "a negative count"),
        (Usage(output_tokens=5, reasoning_tokens=6), "more reasoning tokens than output tokens"),
    ],
)
def test_counts_that_cannot_be_are_told_apart(usage: Usage, reason: str | None) -> None:
    assert invalid_reason(usage) == reason

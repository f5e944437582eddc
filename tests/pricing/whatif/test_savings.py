"""Every rule of savings: what it finds, to the dollar, and when it is silent."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook
from pricing.card import PREPAID
from pricing.hosts.economics import Capacity, Served
from pricing.overhead import Overhead, full_cost
from pricing.usage import Usage
from pricing.whatif.saving import BoughtCapacity, Missing, OwnEngine, Saving, Situation
from pricing.whatif.savings import RULES, Rule, find_savings
from pricing.whatif.savings_bought import dear_commitments
from pricing.whatif.savings_cache import history_sent_again, uncached_prefix, unread_writes
from pricing.whatif.savings_hosts import idle_gpus, own_instead_of_api
from pricing.whatif.savings_output import billed_failures, much_reasoning, repeated_calls, uncapped_output
from pricing.whatif.savings_price import narrow_cliff, negotiable, smaller_model
from pricing.whatif.savings_time import batchable, off_peak, patience
from pricing.whatif.traffic import KeptRequest, Sender, Traffic

ENTRIES: list[dict[str, object]] = [
    {"model": "sonnet", "input": "3", "cache_read": "0.30", "cache_write_5m": "3.75", "output": "15",
     "batch": {"multiplier": "0.5"}},
    {"model": "claude-opus-4-6", "input": "5", "output": "25"},
    {"model": "claude-haiku-4-5", "input": "1", "output": "5"},
    {"model": "cliff", "input": "1", "output": "10",
     "tier": [{"above_input_tokens": 200_000, "input": "2", "output": "15"}]},
    {"model": "nightbird", "input": "1", "output": "2",
     "window": [{"hours": ["16:30-00:30"], "tz": "UTC", "multiplier": "0.5"}]},
    {"model": "peer-dear", "input": "1", "output": "10"},
    {"model": "peer-cheap", "input": "0.5", "output": "4"},
    {"model": "llama-3.3-70b", "input": "1", "output": "1"},
]  # fmt: skip
BOOK = PriceBook([UserBook.from_entries(ENTRIES)])
HOUR_SECONDS = 3_600.0
NOON_MS = 1_778_932_800_000
"""2026-05-16T12:00:00Z."""


def seen(model: str, usage: Usage, requests: int = 100, key: str = "web", **changes: object) -> Traffic:
    """Traffic of one key, at the book's own cost for it."""
    mean = usage.prompt_tokens // requests
    card = BOOK.card("acme", model, at_ms=NOON_MS, prompt_tokens=mean)
    nano_usd = sum(n * (rate or 0) // 1_000_000 for n, rate in zip(usage.tokens, card.rates, strict=True))
    plain = Traffic(sender=Sender("acme", model, key), card=card, requests=requests, usage=usage, nano_usd=nano_usd)
    return replace(plain, **changes)  # type: ignore[arg-type]  # the test names fields of the class


def kept(one: Traffic, usages: Iterable[Usage], **changes: object) -> tuple[KeptRequest, ...]:
    """Single requests of a traffic, each a call of its own."""
    plain = [
        KeptRequest(sender=one.sender, call=call, ended_at_ms=NOON_MS, usage=usage, nano_usd=1_000_000)
        for call, usage in enumerate(usages)
    ]
    return tuple(replace(request, **changes) for request in plain)  # type: ignore[arg-type]  # likewise


def conversations(one: Traffic, number: int, *prompts: Usage, model: str | None = None) -> tuple[KeptRequest, ...]:
    """So many sessions of the same turns, a minute after each other."""
    sender = one.sender if model is None else one.sender._replace(model=model)
    return tuple(
        KeptRequest(
            sender=sender, call=session * 100 + turn, ended_at_ms=NOON_MS + turn * 60_000, usage=usage,
            nano_usd=1_000_000, session=f"s-{session}",
        )
        for session in range(number)
        for turn, usage in enumerate(prompts)
    )  # fmt: skip


GROWING = (Usage(input_tokens=2_000), Usage(input_tokens=4_000), Usage(input_tokens=6_000))


def situation(*traffic: Traffic, seconds: float = HOUR_SECONDS, **more: object) -> Situation:
    plain = Situation(seconds=seconds, at_ms=NOON_MS, traffic=traffic, book=BOOK)
    return replace(plain, **more)  # type: ignore[arg-type]  # likewise


def savings(rule: Rule, *traffic: Traffic, **more: object) -> list[Saving]:
    return [one for one in rule(situation(*traffic, **more)) if isinstance(one, Saving)]  # type: ignore[arg-type]  # likewise


def missing(rule: Rule, *traffic: Traffic, **more: object) -> list[str]:
    return [one.why for one in rule(situation(*traffic, **more)) if isinstance(one, Missing)]  # type: ignore[arg-type]  # likewise


def only(found: Sequence[Saving]) -> Saving:
    (one,) = found
    return one


# Prompts


def test_a_long_prompt_that_is_never_cached_could_be() -> None:
    one = seen("sonnet", Usage(input_tokens=300_000, output_tokens=10_000))
    found = only(savings(uncached_prefix, one, kept=kept(one, [Usage(input_tokens=3_000)] * 100)))

    # 12 writes in the hour, 88 reads of 3,000 tokens at $2.70/M less, 36,000 written tokens at $0.75/M more.
    assert found.usd_per_hour == Decimal("0.6858")
    assert found.rule == "system prompt"
    assert "3,000 tokens" in found.assumption
    assert "inferred" in found.assumption


def test_a_prefix_that_is_read_from_the_cache_needs_no_advice() -> None:
    usage = Usage(input_tokens=36_000, cache_read_tokens=264_000, output_tokens=10_000)
    one = seen("sonnet", usage)

    assert savings(uncached_prefix, one, kept=kept(one, [Usage(cache_read_tokens=3_000)] * 100)) == []


def test_a_cache_that_is_read_now_and_then_could_be_read_more() -> None:
    usage = Usage(input_tokens=234_000, cache_read_tokens=66_000, output_tokens=10_000)
    one = seen("sonnet", usage)
    found = only(savings(uncached_prefix, one, kept=kept(one, [Usage(input_tokens=3_000)] * 100)))

    # 264,000 tokens could be read, 66,000 are: 198,000 x $2.70/M, less 36,000 x $0.75/M.
    assert found.usd_per_hour == Decimal("0.5076")
    assert found.rule == "prompt cache"


@pytest.mark.parametrize(
    "sizes", [[1_000] * 100, [500] * 10 + [5_000] * 90, [3_000] * 19], ids=["short", "mixed", "few"]
)
def test_no_prefix_is_made_up(sizes: list[int]) -> None:
    one = seen("sonnet", Usage(input_tokens=sum(sizes), output_tokens=100), requests=len(sizes))

    assert savings(uncached_prefix, one, kept=kept(one, [Usage(input_tokens=size) for size in sizes])) == []


def test_a_model_without_a_price_for_cache_reads_saves_nothing_by_them() -> None:
    one = seen("cliff", Usage(input_tokens=300_000))

    assert savings(uncached_prefix, one, kept=kept(one, [Usage(input_tokens=3_000)] * 100)) == []


def test_without_single_requests_prefixes_are_not_known() -> None:
    assert "no single requests" in missing(uncached_prefix, seen("sonnet", Usage(input_tokens=300_000)))[0]


def test_cache_writes_that_nobody_reads_cost_their_surcharge() -> None:
    usage = Usage(cache_write_5m_tokens=1_000_000, cache_read_tokens=100_000)

    # 1M x $0.75/M paid, 0.1M x $2.70/M saved.
    assert only(savings(unread_writes, seen("sonnet", usage))).usd_per_hour == Decimal("0.48")
    assert savings(unread_writes, seen("sonnet", usage._replace(cache_read_tokens=1_000_000))) == []


def test_history_that_is_sent_again_uncached_could_be_cached() -> None:
    one = seen("sonnet", Usage(input_tokens=1_200_000, output_tokens=1_000), requests=300)
    found = only(savings(history_sent_again, one, kept=conversations(one, 100, *GROWING)))

    # 6,000 of each session's 12,000 tokens were sent before: 600,000 x $2.70/M less 600,000 x $0.75/M written.
    assert found.usd_per_hour == Decimal("1.17")
    assert "inferred" in found.assumption
    assert "in 100 sessions: 600,000 of 1,200,000 prompt tokens" in found.evidence


def test_sessions_that_are_no_longer_kept_are_taken_to_be_like_those_that_are() -> None:
    one = seen("sonnet", Usage(input_tokens=1_200_000, output_tokens=1_000), requests=300)
    found = only(savings(history_sent_again, one, kept=conversations(one, 50, *GROWING)))
    assert found.usd_per_hour == Decimal("1.17")


def test_turns_of_another_model_or_key_are_another_history() -> None:
    one = seen("sonnet", Usage(input_tokens=1_200_000), requests=200)
    mixed = conversations(one, 100, GROWING[0]) + conversations(one, 100, GROWING[1], model="cliff")
    assert savings(history_sent_again, one, kept=mixed) == []


def test_turns_are_ordered_by_time_and_failed_ones_are_none() -> None:
    one = seen("sonnet", Usage(input_tokens=1_200_000), requests=300)
    failed = kept(one, [Usage(input_tokens=9_000)] * 100, failed=True, session="s-1", ended_at_ms=NOON_MS + 30_000)
    turned = tuple(reversed(conversations(one, 100, *GROWING)))
    found = only(savings(history_sent_again, one, kept=(*turned, *failed)))
    assert "600,000 of 1,200,000" in found.evidence


def test_sessions_of_one_turn_send_nothing_again() -> None:
    one = seen("sonnet", Usage(input_tokens=1_200_000))
    assert savings(history_sent_again, one, kept=conversations(one, 100, Usage(input_tokens=6_000))) == []


def test_prompts_too_short_to_be_cached_are_no_history_to_cache() -> None:
    one = seen("sonnet", Usage(input_tokens=60_000), requests=200)
    short = (Usage(input_tokens=200), Usage(input_tokens=400))
    assert savings(history_sent_again, one, kept=conversations(one, 100, *short)) == []


def test_history_that_is_read_from_the_cache_needs_no_advice() -> None:
    one = seen("sonnet", Usage(input_tokens=600_000, cache_read_tokens=600_000), requests=300)
    cached = (GROWING[0], Usage(2_000, 2_000), Usage(2_000, 4_000))
    assert savings(history_sent_again, one, kept=conversations(one, 100, *cached)) == []


def test_without_sessions_history_is_not_known() -> None:
    assert "no kept request names its session" in missing(history_sent_again, seen("sonnet", Usage(input_tokens=1)))[0]


def test_where_sessions_are_named_the_prefix_is_what_they_begin_with_and_that_is_said() -> None:
    one = seen("sonnet", Usage(input_tokens=900_000), requests=200)
    found = only(
        savings(
            uncached_prefix, one, kept=conversations(one, 100, Usage(input_tokens=3_000), Usage(input_tokens=6_000))
        )
    )
    # 12 writes, 188 reads of 3,000 tokens at $2.70/M less, 36,000 written tokens at $0.75/M more.
    assert found.usd_per_hour == Decimal("1.4958")
    assert found.evidence.startswith("95 % of its 100 sessions begin with at least 3,000 tokens")


# Answers


def test_a_few_very_long_answers_could_be_capped() -> None:
    outputs = [500] * 95 + [10_000] * 5
    one = seen("sonnet", Usage(output_tokens=97_500))
    found = only(savings(uncapped_output, one, kept=kept(one, [Usage(output_tokens=n) for n in outputs])))

    # 5 x 9,500 tokens at $15/M.
    assert found.usd_per_hour == Decimal("0.7125")
    assert "500 tokens" in found.title


@pytest.mark.parametrize("outputs", [[500] * 100, [500] * 95 + [900] * 5, [9_000] * 5], ids=str)
def test_answers_of_usual_length_need_no_cap(outputs: list[int]) -> None:
    one = seen("sonnet", Usage(output_tokens=sum(outputs)))

    assert savings(uncapped_output, one, kept=kept(one, [Usage(output_tokens=n) for n in outputs])) == []


def test_a_key_that_thinks_more_than_another_on_the_same_model_stands_out() -> None:
    deep = seen("sonnet", Usage(output_tokens=110_000, reasoning_tokens=100_000), key="deep")
    calm = seen("sonnet", Usage(output_tokens=20_000, reasoning_tokens=10_000), key="calm")
    found = only(savings(much_reasoning, deep, calm))

    # 10 thinking tokens for each visible one against 1: 90,000 too many at $15/M.
    assert found.usd_per_hour == Decimal("1.35")
    assert "deep" in found.title
    assert "10.0" in found.evidence
    assert savings(much_reasoning, replace(deep, usage=calm.usage), calm) == []


def test_one_thinker_alone_is_compared_with_nobody() -> None:
    deep = seen("sonnet", Usage(output_tokens=110_000, reasoning_tokens=100_000), key="deep")

    assert savings(much_reasoning, deep) == []
    assert "nothing to compare" in missing(much_reasoning, deep)[0]


def test_failures_that_were_billed_are_counted_to_the_nano_dollar() -> None:
    good = seen("sonnet", Usage(input_tokens=100_000))
    bad = replace(good, failed=True, requests=10, nano_usd=123_456_789)

    assert only(savings(billed_failures, good, bad)).usd_per_hour == Decimal("0.123456789")
    assert savings(billed_failures, good, replace(bad, nano_usd=0)) == []


def test_calls_that_were_answered_twice_cost_the_first_answer() -> None:
    one = seen("sonnet", Usage(input_tokens=100_000), requests=200)
    twice = kept(one, [Usage(input_tokens=500)] * 100)
    twice = (*twice, *(replace(r, call=0, ended_at_ms=NOON_MS + 1, nano_usd=9_000_000) for r in twice[:1]))
    found = only(savings(repeated_calls, one, kept=twice))

    # One answer of $0.001 in 101 that are kept, of 200 that were billed.
    assert found.usd_per_hour == Decimal("0.001980198")
    assert savings(repeated_calls, one, kept=twice[:-1]) == []
    assert savings(repeated_calls, one, kept=(*twice[:-1], replace(twice[-1], failed=True))) == []


# Time


@pytest.mark.parametrize(
    ("changes", "patient"),
    [
        ({"sender": Sender("acme", "sonnet", "nightly-eval")}, True),
        ({"call_type": "batch_completion"}, True),
        ({"may_wait": True}, True),
        ({"night_share": 0.9}, True),
        ({"night_share": 0.3}, False),
        ({"sender": Sender("acme", "sonnet", "retrieval")}, False),
        ({"sender": Sender("acme", "sonnet", "social")}, False),
    ],
)
def test_traffic_that_nobody_waits_for_is_known_by_what_is_said_of_it(changes: dict[str, Any], patient: bool) -> None:
    assert (patience(replace(seen("sonnet", Usage(input_tokens=100)), **changes)) is not None) is patient


def test_patient_traffic_costs_half_as_a_batch() -> None:
    one = seen("sonnet", Usage(input_tokens=1_000_000, output_tokens=100_000), may_wait=True)

    # $3 + $1.50, half of it.
    assert only(savings(batchable, one)).usd_per_hour == Decimal("2.25")


def test_traffic_that_is_batched_already_or_must_not_wait_is_left_alone() -> None:
    one = seen("sonnet", Usage(input_tokens=1_000_000))

    assert savings(batchable, one) == []
    assert savings(batchable, replace(one, may_wait=True, variant="batch")) == []
    assert "--patient" in missing(batchable, one)[0]


def test_a_model_without_a_batch_price_is_said_to_lack_one() -> None:
    one = seen("cliff", Usage(input_tokens=1_000_000), may_wait=True)

    assert savings(batchable, one) == []
    assert "no book has a batch price" in missing(batchable, one)[0]


def test_patient_traffic_could_run_in_cheaper_hours() -> None:
    one = seen("nightbird", Usage(input_tokens=1_000_000, output_tokens=500_000), may_wait=True)
    found = only(savings(off_peak, one))

    # $2 at noon, $1 in the evening; 17:00 to 24:00 are eight of the full hours.
    assert found.usd_per_hour == Decimal(1)
    assert "8 cheaper hours" in found.evidence
    assert savings(off_peak, replace(one, may_wait=False)) == []
    assert savings(off_peak, replace(one, nano_usd=1_000_000_000)) == []
    assert savings(off_peak, seen("sonnet", Usage(input_tokens=1_000_000), may_wait=True)) == []


# Prices


def test_prompts_a_little_over_the_threshold_could_stay_below_it() -> None:
    usage = Usage(input_tokens=210_000, output_tokens=1_000)
    one = seen("cliff", usage, requests=1)
    found = only(savings(narrow_cliff, one, kept=kept(one, [usage])))

    # 210,000 x $2/M + 1,000 x $15/M = $0.435 against 200,000 x $1/M + 1,000 x $10/M = $0.21.
    assert found.usd_per_hour == Decimal("0.225")
    assert "200,000" in found.title


@pytest.mark.parametrize(
    "usage",
    [
        Usage(input_tokens=200_000),
        Usage(input_tokens=300_000),
        Usage(input_tokens=1_000, cache_read_tokens=209_000),
    ],
    ids=["below", "far beyond", "nothing to cut"],
)
def test_other_prompts_are_left_as_they_are(usage: Usage) -> None:
    one = seen("cliff", usage, requests=1)

    assert savings(narrow_cliff, one, kept=kept(one, [usage])) == []


def test_requests_that_are_no_longer_kept_cross_the_threshold_as_often() -> None:
    usage = Usage(input_tokens=210_000, output_tokens=1_000)
    one = seen("cliff", usage, requests=1)
    four = replace(one, requests=4)

    assert only(savings(narrow_cliff, four, kept=kept(one, [usage]))).usd_per_hour == Decimal("0.9")


def test_the_next_smaller_model_that_has_a_price_is_named_and_quality_is_not_claimed() -> None:
    one = seen("claude-opus-4-6", Usage(input_tokens=1_000_000, output_tokens=100_000))
    found = only(savings(smaller_model, one))

    # $7.50 against $1.50; the middle model has no price in this book.
    assert found.usd_per_hour == Decimal(6)
    assert "if it is good enough" in found.title
    assert "$0.6" in found.assumption
    assert "nothing here measures quality" in found.risk


def test_a_smaller_model_whose_context_is_too_small_is_not_named() -> None:
    one = seen("claude-opus-4-6", Usage(input_tokens=1_000_000), largest_prompt_tokens=300_000)

    assert savings(smaller_model, one, windows=lambda *_: 200_000) == []


def test_the_smallest_model_has_no_smaller_one() -> None:
    assert savings(smaller_model, seen("claude-haiku-4-5", Usage(input_tokens=1_000_000))) == []


def test_a_cheaper_model_of_the_same_class_counts_when_it_is_in_use() -> None:
    dear = seen("peer-dear", Usage(input_tokens=1_000_000, output_tokens=100_000))
    cheap = seen("peer-cheap", Usage(input_tokens=1_000, output_tokens=100))
    found = only(savings(smaller_model, dear, cheap))

    # $2 against $0.90.
    assert found.usd_per_hour == Decimal("1.1")
    assert "peer-cheap" in found.title
    assert savings(smaller_model, dear) == []


def test_a_large_bill_is_worth_a_talk_and_a_small_one_is_not() -> None:
    one = seen("acme/sonnet", Usage(), nano_usd=70_000_000_000, requests=1)
    large = replace(one, card=BOOK.card(None, "sonnet", at_ms=0, prompt_tokens=0))

    # $70/h x 730 h = $51,100 a month; 20 % of $70/h.
    assert only(savings(negotiable, large)).usd_per_hour == Decimal(14)
    assert savings(negotiable, replace(large, nano_usd=68_000_000_000)) == []


# Own GPUs

CAPACITY = Capacity(prefill_tokens_per_second=1_000, decode_tokens_per_second=200)
"""Work at saturation: 2,000 a second, an output token weighing 5."""


def engine(used: str, **changes: object) -> OwnEngine:
    """Eight GPUs at $16/h that did this share of what they can in an hour."""
    served = Served(input_tokens=round(2_000 * 3_600 * Decimal(used)))
    plain = OwnEngine(
        host="h100-1", model="meta-llama/Llama-3.3-70B-Instruct", gpus=8, usd_per_hour=Decimal(16),
        seconds=HOUR_SECONDS, served=served, capacity=CAPACITY,
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]  # the test names fields of the class


def test_gpus_that_the_mean_load_does_not_need_could_be_given_back() -> None:
    # 30 % of eight GPUs at 80 % each are three.
    found = only(savings(idle_gpus, engines=(engine("0.3"),)))

    assert found.usd_per_hour == Decimal(10)
    assert "3 of its 8" in found.title
    assert "80 %" in found.assumption
    assert savings(idle_gpus, engines=(engine("0.75"),)) == []


def test_the_last_gpu_is_never_given_back() -> None:
    assert savings(idle_gpus, engines=(engine("0", gpus=1),)) == []


def test_gpus_that_serve_nothing_are_their_whole_price() -> None:
    assert only(savings(idle_gpus, idle_hosts=(("spare", Decimal(8)),))).usd_per_hour == Decimal(8)
    assert savings(idle_gpus, idle_hosts=(("spare", Decimal(0)),)) == []


def test_a_host_without_a_capacity_is_said_to_lack_one() -> None:
    blind = engine("0.3", capacity=None)

    assert savings(idle_gpus, engines=(blind,)) == []
    assert "prefill_tokens_per_second" in missing(idle_gpus, engines=(blind,))[0]


def test_the_same_model_could_be_served_by_own_gpus_that_have_room() -> None:
    bought = seen("llama-3.3-70b", Usage(input_tokens=1_000_000, output_tokens=100_000))
    found = only(savings(own_instead_of_api, bought, engines=(engine("0.3"),)))

    # 1.5M of work in the hour; half of 7.2M is free below 80 %: all of $1.10 fits.
    assert found.usd_per_hour == Decimal("1.1")
    assert "power" in found.assumption


def test_what_does_not_fit_is_worth_another_host_only_past_break_even() -> None:
    # 14.4M of work in the hour where 3.6M fit: 10.8M are left for two hosts of 5.76M each, at $32/h.
    bought = seen("llama-3.3-70b", Usage(input_tokens=14_400_000), nano_usd=100_000_000_000)
    found = savings(own_instead_of_api, bought, engines=(engine("0.3"),))

    assert [one.rule for one in found] == ["own GPUs", "self-hosting"]
    assert [one.usd_per_hour for one in found] == [Decimal(25), Decimal(43)]
    cheap = replace(bought, nano_usd=40_000_000_000)
    assert [one.rule for one in savings(own_instead_of_api, cheap, engines=(engine("0.3"),))] == ["own GPUs"]


def test_full_gpus_and_other_models_take_no_traffic_over() -> None:
    bought = seen("llama-3.3-70b", Usage(input_tokens=1_000_000))

    assert savings(own_instead_of_api, bought, engines=(engine("0.9"),)) == []
    assert savings(own_instead_of_api, bought, engines=(engine("0.3", model="qwen-3-32b"),)) == []


# All of them


def test_savings_are_ranked_and_say_everything_they_must() -> None:
    patient = seen("sonnet", Usage(input_tokens=1_000_000), may_wait=True)
    opus = seen("claude-opus-4-6", Usage(input_tokens=10_000_000))
    found = find_savings(situation(patient, opus, idle_hosts=(("spare", Decimal(8)),)))

    amounts = [one.usd_per_hour for one in found.savings]
    assert [one.rule for one in found.savings][:3] == ["smaller model", "idle GPUs", "batch"]
    assert amounts == sorted(amounts, reverse=True)
    for one in found.savings:
        assert all((one.rule, one.title, one.evidence, one.assumption, one.risk))


def test_a_longer_window_with_the_same_traffic_saves_less_an_hour() -> None:
    one = seen("sonnet", Usage(input_tokens=1_000_000), may_wait=True)

    assert only(savings(batchable, one, seconds=2 * HOUR_SECONDS)).usd_per_hour == Decimal("0.75")


def test_nothing_seen_is_nothing_to_save() -> None:
    found = find_savings(situation())

    assert (found.savings, found.missing) == ((), ())


def test_what_has_no_price_saves_nothing() -> None:
    unknown = seen("nobody", Usage(input_tokens=10**9), nano_usd=None, may_wait=True)

    assert find_savings(situation(unknown, kept=kept(unknown, [Usage(input_tokens=5_000)] * 50))).savings == ()


models = st.sampled_from(["sonnet", "claude-opus-4-6", "cliff", "nightbird", "peer-dear", "peer-cheap"])
counts = st.integers(0, 10**7)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    traffic: list[Traffic] = []
    requests: list[KeptRequest] = []
    for key in range(draw(st.integers(1, 3))):
        visible, thinking = draw(counts), draw(counts)
        usage = Usage(
            input_tokens=draw(counts), cache_read_tokens=draw(counts), cache_write_5m_tokens=draw(counts),
            output_tokens=visible + thinking, reasoning_tokens=thinking,
        )  # fmt: skip
        number = draw(st.integers(1, 60))
        one = seen(draw(models), usage, number, key=f"k{key}", may_wait=draw(st.booleans()), failed=draw(st.booleans()))
        each = Usage.of([count // number for count in usage[:9]])
        traffic.append(one)
        session = draw(st.sampled_from([None, "a"]))
        requests += kept(one, [each] * number, call=draw(st.integers(0, 5)), session=session)
    return situation(
        *traffic,
        kept=tuple(requests),
        engines=(engine(draw(st.sampled_from(["0", "0.4", "1.2"]))),),
        seconds=draw(st.sampled_from([60.0, 3_600.0, 86_400.0])),
    )


@given(situations())
def test_no_saving_is_negative_and_none_is_more_than_what_is_spent(found: Situation) -> None:
    spent = found.per_hour(sum(one.nano_usd or 0 for one in found.traffic)) + 16
    for rule in RULES:
        for one in rule(found):
            if isinstance(one, Saving):
                assert 0 <= one.usd_per_hour <= spent


def test_overheads_stand_beside_the_spend_and_both_in_each_revenue_dollar() -> None:
    beside = [Overhead(name="evals", percent=Decimal(5)), Overhead(name="egress", usd_per_hour=Decimal("0.75"))]
    full = full_cost(Decimal(10), beside, Decimal(45))

    assert full.overheads == (("evals", Decimal("0.5")), ("egress", Decimal("0.75")))
    assert full.usd_per_hour == Decimal("11.25")
    assert full.usd_per_revenue_usd == Decimal("0.25")
    assert full_cost(Decimal(10), beside, None).usd_per_revenue_usd is None


@pytest.mark.parametrize(
    "wrong", [{}, {"percent": "5", "usd_per_hour": "1"}, {"percent": "-1"}, {"usd_per_hour": "NaN"}], ids=str
)
def test_an_overhead_is_one_amount(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either percent or usd_per_hour"):
        Overhead(name="x", **{name: Decimal(text) for name, text in wrong.items()})


def bought(*traffic: Traffic, nano_usd: int = 10_000_000_000) -> dict[str, object]:
    return {"bought": (BoughtCapacity(name="azure-ptu", nano_usd=nano_usd, traffic=traffic),)}


def test_a_commitment_that_costs_more_than_its_requests_would_by_the_token_could_be_smaller() -> None:
    one = seen("sonnet", Usage(input_tokens=1_000_000, output_tokens=200_000), card=PREPAID, nano_usd=0)
    found = only(savings(dear_commitments, **bought(one)))

    # $10 an hour, against $3 of input and $3 of output.
    assert found.usd_per_hour == Decimal(4)
    assert "1,200,000 tokens in 100 requests would cost $6.00" in found.evidence
    assert savings(dear_commitments, **bought(one, nano_usd=6_000_000_000)) == []


def test_an_unused_commitment_could_be_given_back() -> None:
    assert only(savings(dear_commitments, **bought())).usd_per_hour == Decimal(10)


def test_whether_a_commitment_pays_is_not_known_without_a_price_by_the_token() -> None:
    one = seen("sonnet", Usage(input_tokens=1_000), card=PREPAID, nano_usd=0)
    strange = replace(one, sender=one.sender._replace(model="nobody-knows"))
    assert "no book has a price" in missing(dear_commitments, **bought(strange))[0]

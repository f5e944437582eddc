from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from pricing.alerts import words
from pricing.money import usd_from_nano
from tui import format as fmt

AMOUNTS = st.decimals(min_value=-(10**13), max_value=10**13, allow_nan=False, allow_infinity=False, places=9)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0", "$0.00"),
        ("0.000000001", "<$0.01"),
        ("0.0123", "$0.012"),
        ("1.84", "$1.840"),
        ("9.9999", "$10.00"),
        ("64.1", "$64.10"),
        ("412.60", "$412.6"),
        ("999.96", "$1,000"),
        ("1204.4", "$1,204"),
        ("123456", "$123.5k"),
        ("4567890", "$4.568M"),
        ("999999999", "$1.000G"),
        ("-12.3", "-$12.30"),
        ("-0.001", "-<$0.01"),
    ],
)
def test_dollars_have_four_digits(amount: str, text: str) -> None:
    assert fmt.usd(Decimal(amount)) == text


def test_a_lower_bound_says_at_least_and_unknown_is_a_dash() -> None:
    assert fmt.usd(Decimal("41.7"), lower_bound=True) == "≥$41.70"
    assert fmt.usd(None, lower_bound=True) == "--"
    assert fmt.dollars(None) == "--"


@given(AMOUNTS, st.booleans())
def test_money_that_is_not_zero_never_reads_as_zero(amount: Decimal, lower_bound: bool) -> None:
    text = fmt.usd(amount, lower_bound=lower_bound)
    digits = text.strip("≥-<$kMGTPE").replace(",", "")
    assert (float(digits) == 0) == (amount == 0)
    assert len(digits) <= 6
    assert text.startswith("≥") == lower_bound


@given(AMOUNTS)
def test_dollars_are_within_half_a_part_in_a_thousand_of_the_amount(amount: Decimal) -> None:
    text = fmt.dollars(abs(amount))
    if text[0] == "<" or text == "0.00":
        return
    power = {"k": 3, "M": 6, "G": 9, "T": 12}.get(text[-1], 0)
    shown = Decimal(text.rstrip("kMGT").replace(",", "")).scaleb(power)
    assert abs(shown - abs(amount)) <= max(abs(amount) / 1000, Decimal("0.0005"))


@given(st.integers(min_value=0, max_value=10**15))
def test_a_requests_cost_never_reads_as_zero_unless_it_is(nano_usd: int) -> None:
    text = fmt.request_usd(nano_usd)
    assert (text == "0.000000") == (nano_usd == 0)


def test_a_bill_shows_nano_dollars_only_where_something_needs_them() -> None:
    assert fmt.bill_usd(144_336_000, fmt.bill_places([144_336_000, None])) == "0.144336"
    assert fmt.bill_usd(144_336_000, fmt.bill_places([144_336_000, 7])) == "0.144336000"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (None, "--"),
        (0, "0"),
        (0.04, "<0.1"),
        (5.25, "5.2"),
        (99.97, "100"),
        (812, "812"),
        (999.7, "1.00k"),
        (12_345, "12.3k"),
        (999_960, "1.00M"),
        (4_500_000, "4.50M"),
        (123_456, "123k"),
    ],
)
def test_counts_have_three_digits(number: float | None, text: str) -> None:
    assert fmt.count(number) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "--"), (0, "0%"), (0.0001, "<0.1%"), (0.003, "0.3%"), (0.57, "57%"), (0.9999, "<100%"), (1, "100%")],
)
def test_shares_are_per_cent(share: float | None, text: str) -> None:
    assert fmt.percent(share) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (None, ""),
        (9_999, ""),
        (10_000, "10 s"),
        (59_999, "10 s"),
        (60_000, "1 min"),
        (299_999, "2 min"),
        (300_000, "5 min"),
        (3_600_000, "1 h"),
        (7 * 3_600_000, "5 h"),
        (3 * 86_400_000, "3 d"),
    ],
)
def test_ages_appear_past_ten_seconds_and_grow_in_steps(milliseconds: int | None, text: str) -> None:
    assert fmt.age(milliseconds) == text


def test_times_are_utc() -> None:
    at = 1_778_941_387_000
    assert fmt.clock(at) == "14:23:07Z"
    assert fmt.clock(None) == "--:--:--Z"
    assert fmt.moment(at, at) == "14:23Z"
    assert fmt.moment(at, at + 2 * 86_400_000) == "2026-05-16 14:23Z"
    assert (fmt.window(300), fmt.window(86_400), fmt.window(90)) == ("5m", "24h", "90s")
    assert (fmt.span(245_000), fmt.span(10_493_000), fmt.span(273_600_000)) == ("4m05s", "2h54m", "3d04h")
    assert (fmt.duration(None), fmt.duration(2310), fmt.duration(12_340)) == ("--", "2,310 ms", "12.3 s")


def test_sizes_are_binary() -> None:
    assert (fmt.size(None), fmt.size(12), fmt.size(4096), fmt.size(80 << 30)) == ("--", "12 B", "4.0 KiB", "80.0 GiB")


def test_a_gap_in_a_curve_is_a_blank() -> None:
    assert fmt.sparkline([0, None, 4, 8]) == "▁ ▄▇"
    assert fmt.sparkline([0, None, 4, 8], ascii_only=True) == "_ =%"
    assert fmt.sparkline([1, 2, 8], 2) == "▂▇"
    assert fmt.sparkline([], 5) == ""


def test_a_bar_marks_the_plan() -> None:
    assert fmt.bar(0.5, 8, 0.75) == "████▒▒│▒"
    assert fmt.bar(0.001, 4) == "█▒▒▒"
    assert fmt.bar(1.7, 4) == "████"


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_text_from_outside_shows_no_control_character_and_keeps_its_width(text: str, width: int) -> None:
    harmless = fmt.safe(text, width)
    assert harmless.isprintable()
    assert cell_len(harmless) <= width
    assert all(cell_len(character) > 0 for character in harmless)


@given(st.text(alphabet=st.characters(categories=["L", "N"], max_codepoint=0x2000)).filter(str.isascii))
def test_plain_text_from_outside_stays_as_it_is(text: str) -> None:
    assert fmt.safe(text) == text


@pytest.mark.parametrize(
    "hidden", ["\x1b", "\x9b", "\n", "\u202e", "\u200b", "\u2066", "\ufeff", "\x00", "\u0301\u0301"]
)
def test_what_hides_or_moves_text_is_replaced_visibly(hidden: str) -> None:
    assert "�" in fmt.safe(f"4{hidden}4")


@given(st.text(), st.integers(min_value=0, max_value=30), st.booleans())
def test_a_padded_cell_has_exactly_its_width(text: str, width: int, right: bool) -> None:
    assert cell_len(fmt.pad(text, width, right=right)) == width


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_shortened_name_fits_and_is_harmless(text: str, width: int) -> None:
    short = fmt.shorten(text, width)
    assert cell_len(short) <= width
    assert short.isprintable()


def test_a_name_that_is_too_long_loses_its_provider_first_and_its_snapshot_s_date_next() -> None:
    assert fmt.shorten("openai/gpt-4o", 18) == "openai/gpt-4o"
    assert fmt.shorten("google/gemini-2.5-pro", 18) == "…/gemini-2.5-pro"
    assert fmt.shorten("anthropic/claude-sonnet-4-6", 18) == "claude-sonnet-4-6"
    assert fmt.shorten("anthropic/claude-sonnet-4-5-20250929", 18) == "claude-sonnet-4-5…"
    assert fmt.shorten("a-name-without-a-slash/", 18) == "a-name-without-a-…"


def test_a_countdown_is_to_the_minute() -> None:
    assert (fmt.countdown(28 * 60_000 + 59_000), fmt.countdown(10_493_000)) == ("28m", "2h54m")


@given(st.text().map(fmt.safe))
def test_ascii_has_the_same_width(text: str) -> None:
    assert fmt.ascii_text(text).isascii()
    assert len(fmt.ascii_text(text)) == cell_len(text)


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_wrapped_sentence_fits(sentence: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in fmt.wrap(sentence, width))


def test_a_member_without_a_name_says_what_is_missing() -> None:
    assert fmt.member("tenant", None) == "(no tenant)"
    assert fmt.member("tenant", "") == '""'
    assert fmt.member("tenant", "acme") == "acme"


def test_short_texts_stand_side_by_side_and_each_stays_whole() -> None:
    parts = ["busy 97%", "memory 75.0 GiB of 80.0 GiB (94%)", "$1.800/h"]
    assert fmt.side_by_side(parts, 80) == ["busy 97%   memory 75.0 GiB of 80.0 GiB (94%)   $1.800/h"]
    assert fmt.side_by_side(parts, 45) == ["busy 97%   memory 75.0 GiB of 80.0 GiB (94%)", "$1.800/h"]
    assert fmt.side_by_side(parts, 20) == ["busy 97%", "memory 75.0 GiB of", "80.0 GiB (94%)", "$1.800/h"]
    assert fmt.side_by_side([], 20) == []


@given(st.integers(-(10**20), 10**20))
def test_the_sentences_of_alerts_have_their_dollars_as_the_columns_beside_them(nano_usd: int) -> None:
    assert words.usd(nano_usd) == fmt.usd(usd_from_nano(nano_usd))

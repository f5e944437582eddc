import dataclasses

import msgspec

from pricing.bill import make_bill
from pricing.books.userbook import rates_card
from pricing.card import HOSTED, UnitRate, unpriced
from pricing.usage import Usage
from tests.fakes import pictures
from tui.pictures.requests import BillPicture
from tui.widgets.bill import bill_lines


def written(picture: BillPicture, width: int = 80) -> str:
    return "\n".join("".join(text for text, _ in line).rstrip() for line in bill_lines(picture, width))


def test_the_lines_of_a_bill_add_up_to_its_sum() -> None:
    lines = written(pictures.bill()).splitlines()
    costs = [line.split()[-1] for line in lines if line.startswith(("   input", "   cache", "   output", "   web"))]
    assert costs == ["0.144336", "0.007680", "0.012180", "0.030000"]
    assert any(line.split() == ["our", "cost", "0.194196"] for line in lines)


def test_reasoning_inside_output_is_not_charged_again() -> None:
    line = next(line for line in written(pictures.bill()).splitlines() if "of which reasoning" in line)
    assert line.split()[-3:] == ["260", "inside", "output"]


def test_a_class_without_a_rate_makes_the_cost_a_lower_bound() -> None:
    usage = Usage(input_tokens=1000, cache_write_12h_tokens=500, output_tokens=10)
    text = written(pictures.bill(usage=usage))
    assert "no rate" in text
    assert "≥0.003150" in text
    assert "no rate for cache write, 12 h: the cost is at least this" in text


def test_an_unpriced_request_has_no_cost_and_says_why() -> None:
    usage = Usage(input_tokens=1000, output_tokens=10)
    text = written(pictures.bill(bill=make_bill(usage, unpriced(1000))))
    line = next(line for line in text.splitlines() if "our cost" in line)
    assert line.split() == ["our", "cost", "--"]
    assert "no book knows this model" in text


def test_drift_is_the_difference_to_what_the_gateway_reported() -> None:
    ours = pictures.bill().bill.nano_usd
    assert ours == 194_196_000
    assert "drift 0%" in written(pictures.bill(reported_nano_usd=ours))
    assert "drift +100%" in written(pictures.bill(reported_nano_usd=ours // 2))
    assert "drift" not in written(pictures.bill(reported_nano_usd=None))
    assert "drift >999%" in written(pictures.bill(reported_nano_usd=1))
    assert "reported none" in written(pictures.bill(reported_nano_usd=0))


def test_an_answer_from_the_gateway_s_cache_says_what_that_saved() -> None:
    text = written(pictures.bill(saved_nano_usd=171_000, reported_nano_usd=None))
    line = next(line for line in text.splitlines() if "saved by the cache" in line)
    assert line.split()[-1] == "0.000171"
    assert "gateway reported" not in text
    assert "saved by the cache" not in written(pictures.bill())


def test_the_bill_says_why_these_rates() -> None:
    text = written(pictures.bill())
    for reason in ("record anthropic/claude-sonnet-4-6", "provider prefix removed", "2026-02-17", "200,000 cliff"):
        assert reason in " ".join(text.split())


def test_the_session_of_a_request_and_a_minimum_that_was_billed_are_said() -> None:
    heard = UnitRate(unit="audio_seconds", nano_usd=111_000_000, per=3_600, minimum=10)
    card = dataclasses.replace(pictures.CARD, unit_rates=(heard,))
    picture = pictures.bill(bill=make_bill(Usage(units=(("audio_seconds", 4),)), card))
    picture = msgspec.structs.replace(picture, request=msgspec.structs.replace(picture.request, session="conv-7[/]"))
    text = written(picture)
    assert "session conv-7[/]" in text
    assert "audio seconds (min)" in text
    assert "0.000308333" in text


def test_a_hosted_request_says_that_the_host_pays() -> None:
    text = written(pictures.bill(bill=make_bill(Usage(output_tokens=5), HOSTED)))
    assert "served by our own hosts" in text


def test_an_amount_below_a_millionth_of_a_dollar_is_shown_in_full() -> None:
    card = dataclasses.replace(pictures.CARD, rates=(100_000_000, *pictures.CARD.rates[1:]))
    text = written(pictures.bill(usage=Usage(input_tokens=3), card=card))
    assert "0.000000300" in text


def test_a_bill_fits_into_eighty_columns() -> None:
    picture = pictures.bill(reported_nano_usd=1)
    assert all(sum(len(text) for text, _ in line) <= 80 for line in bill_lines(picture, 80))


def test_pictures_and_cached_sound_stand_apart_where_they_have_rates_and_are_said_to_be_billed_as_text_where_not() -> (
    None
):
    units = (("cache_audio_read_tokens", 70), ("input_image_tokens", 258), ("input_video_tokens", 20))
    rates = rates_card("input=1,cache_read=1,output=1,cache_audio_read=3,input_image=2")
    text = written(pictures.bill(bill=make_bill(Usage(input_tokens=326, cache_read_tokens=100, units=units), rates)))
    amounts = {
        line[:25].strip(): line.split()[-3] for line in text.splitlines() if line.startswith(("   input", "   cache"))
    }
    assert amounts == {"input, uncached": "68", "cache read": "30", "cache read, audio": "70", "input, image": "258"}
    assert "billed input_video_tokens as input" in text


def test_what_is_paid_by_the_hour_differs_from_no_price_by_the_token() -> None:
    hosted = pictures.bill(bill=make_bill(Usage(output_tokens=5), HOSTED), reported_nano_usd=100_170)
    lines = written(msgspec.structs.replace(hosted, like_it_requests=184, like_it_mean_usd=None)).splitlines()
    assert next(line for line in lines if "gateway reported" in line).split() == ["gateway", "reported", "0.000100170"]
    assert lines[-1].endswith("184 requests   mean --")


def test_where_a_request_came_from_is_said_whole_in_lines_of_their_own() -> None:
    names = {
        "record_id": "chatcmpl-3bb51158-31e5-4c75-a834-2f6893aa0c1f",
        "session": "conversation-of-a-long-afternoon-7",
    }
    picture = pictures.bill()
    picture = msgspec.structs.replace(
        picture,
        request=msgspec.structs.replace(picture.request, **names),
        deployment="claude-sonnet-4-5-of-the-second-region",
    )
    text = written(picture)
    for whole in (*names.values(), "deployment claude-sonnet-4-5-of-the-second-region"):
        assert whole in text
    assert max(map(len, text.splitlines())) <= 80

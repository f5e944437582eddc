"""Every way in which a provider bills can be written down, and is billed so."""

import tomllib
from datetime import UTC, datetime

import pytest

from pricing.bill import Bill, cost_nano_usd, make_bill
from pricing.books.book import PriceBook
from pricing.books.userbook import PriceError, UserBook
from pricing.card import CardStatus, RateCard, card_from_mapping, card_to_mapping
from pricing.money import usd_text
from pricing.usage import Usage

FRIDAY_NOON_MS = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1000)
HOUR_MS = 3_600_000
SHEET = """
[[price]]
model = "chat"
input = "3"
output = "15"
cache_read = "0.30"
effective_from = 2026-07-01
effective_to = 2027-07-01
cache_storage_per_mtok_hour = "4.50"
[price.batch]
multiplier = "0.5"
[price.priority]
input = "6"
output = "30"
cache_read = "0.60"
[[price.window]]
name = "off-peak"
tz = "Asia/Shanghai"
days = ["mon", "tue", "wed", "thu", "fri"]
hours = ["22:00-06:00"]
multiplier = "0.5"
[[price.window]]
name = "weekend"
days = ["sat", "sun"]
variants = ["standard", "batch"]
multiplier = "0.1"
[[price.fee]]
unit = "web_searches"
per = 1000
amount = "10"
[[price.fee]]
unit = "request"
amount = "0.001"

[[price]]
model = "long"
input = "1.25"
output = "10"
cache_read = "0.125"
graduated = true
[[price.tier]]
above_input_tokens = 200000
input = "2.50"
cache_read = "0.25"
"""


def sheet(text: str = SHEET) -> PriceBook:
    return PriceBook(UserBook.from_tables(tomllib.loads(text)["price"]).over([]))


def card(model: str = "chat", at_ms: int = FRIDAY_NOON_MS, variant: str = "") -> RateCard:
    return sheet().card(None, model, at_ms=at_ms, prompt_tokens=1, variant=variant)


def one(text: str, usage: Usage) -> Bill:
    return make_bill(usage, sheet(f'[[price]]\nmodel = "m"\n{text}').card(None, "m", at_ms=0, prompt_tokens=1))


@pytest.mark.parametrize(
    ("hours_later", "variant", "rates", "conditions"),
    [
        (0, "", (3_000_000_000, 300_000_000), ()),
        (0, "batch", (1_500_000_000, 150_000_000), ("batch",)),
        (0, "priority", (6_000_000_000, 600_000_000), ("priority",)),
        # 22:00 in Shanghai is 14:00 in UTC; the night of Friday ends on Saturday, and a batch knows no night
        (2, "", (1_500_000_000, 150_000_000), ("off-peak: mon, tue, wed, thu, fri 22:00 to 06:00 UTC+08:00",)),
        (2, "batch", (1_500_000_000, 150_000_000), ("batch",)),
        (12, "batch", (150_000_000, 15_000_000), ("batch", "weekend: sat, sun 00:00 to 24:00 UTC")),
        (12, "priority", (6_000_000_000, 600_000_000), ("priority",)),
        (12, "", (300_000_000, 30_000_000), ("weekend: sat, sun 00:00 to 24:00 UTC",)),
    ],
)
def test_variants_and_hours_have_their_prices(
    hours_later: int, variant: str, rates: tuple[int, int], conditions: tuple[str, ...]
) -> None:
    found = card(at_ms=FRIDAY_NOON_MS + hours_later * HOUR_MS, variant=variant)
    assert (found.rates[:2], found.conditions) == (rates, conditions)


def test_a_window_leaves_fees_as_they_are() -> None:
    night = card(at_ms=FRIDAY_NOON_MS + 2 * HOUR_MS)
    assert (night.request_rate, night.unit_rates) == (card().request_rate, card().unit_rates)
    assert night.request_rate == 1_000_000


def test_a_variant_without_a_price_is_unpriced() -> None:
    assert card(variant="flex").status is CardStatus.UNPRICED


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ((2026, 6, 30), CardStatus.UNPRICED),
        ((2026, 7, 1), CardStatus.PRICED),
        ((2027, 6, 30), CardStatus.PRICED),
        ((2027, 7, 1), CardStatus.UNPRICED),
    ],
)
def test_a_price_ends_on_the_day_it_says(day: tuple[int, int, int], status: CardStatus) -> None:
    found = card(at_ms=int(datetime(*day, 12, tzinfo=UTC).timestamp() * 1000))
    assert found.status is status
    if status is CardStatus.PRICED:
        assert (found.effective_from, found.effective_to) == ("2026-07-01", "2027-07-01")


def test_searches_requests_and_cache_storage_are_billed_beside_the_tokens() -> None:
    kept = 2_000_000 * 3_600 // 2  # two million tokens for half an hour
    usage = Usage(1_000_000, units=(("cache_storage_token_seconds", kept), ("web_searches", 3)))
    bill = make_bill(usage, card(), requests=2)
    assert [(line.item, usd_text(line.nano_usd)) for line in bill.lines] == [
        ("input", "3"),
        ("cache_storage_token_seconds", "4.5"),
        ("web_searches", "0.03"),
        ("requests", "0.002"),
    ]
    assert bill.status == "priced"


UNITS = [
    ('unit = "search"\nper = 1000\namount = "2.00"', (("rerank_searches", 5),), "0.01"),
    ('unit = "image"\namount = "0.04"', (("images", 3),), "0.12"),
    ('unit = "second"\namount = "0.50"', (("video_seconds", 8),), "4"),
    ('unit = "minute"\namount = "0.006"', (("audio_seconds", 90),), "0.009"),
    ('unit = "minute"\nper = 60\namount = "0.36"\nminimum = 1', (("audio_seconds", 9),), "0.006"),
    ('unit = "second"\namount = "0.01"\nminimum = 10', (("audio_seconds", 4),), "0.1"),
    ('unit = "second"\namount = "0.01"\nminimum = 10', (("audio_seconds", 11),), "0.11"),
    ('unit = "character"\nper = 1000000\namount = "15"', (("input_characters", 200_000),), "3"),
    ('unit = "page"\nper = 1000\namount = "1.5"', (("input_document_pages", 4),), "0.006"),
    ('unit = "token_hour"\nper = 1000000\namount = "1"', (("cache_storage_token_seconds", 7_200_000_000),), "2"),
    ('unit = "code_executions"\namount = "0.05"', (("code_executions", 2),), "0.1"),
    ('input = "1"\ninput_audio = "40"\noutput_audio = "80"', (("input_audio_tokens", 500_000),), "20"),
    ('input = "1"\ninput_image = "8"\noutput_image = "32"', (("output_image_tokens", 250_000),), "8"),
    ('input = "1"\ninput_video = "2"', (("input_video_tokens", 500_000),), "1"),
]


@pytest.mark.parametrize(("text", "units", "dollars"), UNITS, ids=[units[0][0] for _, units, _ in UNITS])
def test_what_is_no_text_token_is_billed_by_its_own_unit(
    text: str, units: tuple[tuple[str, int], ...], dollars: str
) -> None:
    bill = one(text, Usage(units=units))
    assert (usd_text(bill.nano_usd), bill.missing) == (dollars, ())
    other = one(text, Usage(units=(("storage_searches", 1),)))
    assert (other.status, other.missing, other.nano_usd) == ("partial", ("storage_searches",), 0)


def test_a_model_billed_by_the_request_costs_each_request() -> None:
    found = sheet('[[price]]\nmodel = "m"\nunit = "request"\nper = 1000\namount = "5"').card(
        None, "m", at_ms=0, prompt_tokens=1
    )
    assert cost_nano_usd(Usage(), found, requests=7) == (35_000_000, False)


def test_an_embedding_has_an_input_price_alone() -> None:
    bill = one('input = "0.02"', Usage(input_tokens=50_000_000))
    assert (usd_text(bill.nano_usd), bill.status) == ("1", "priced")


def test_a_graduated_tier_prices_only_what_is_over_the_threshold() -> None:
    bill = make_bill(Usage(input_tokens=500_000, output_tokens=100_000), card("long"))
    assert [(line.item, line.amount, usd_text(line.nano_usd)) for line in bill.lines] == [
        ("input", 200_000, "0.25"),
        ("input over 200,000", 300_000, "0.75"),
        ("output", 100_000, "1"),
    ]
    assert cost_nano_usd(Usage(input_tokens=200_000), card("long")) == (250_000_000, False)
    assert cost_nano_usd(Usage(input_tokens=200_001), card("long")) == (250_002_500, False)


def test_the_cached_beginning_of_a_prompt_fills_the_lower_bracket_first() -> None:
    bill = make_bill(Usage(input_tokens=100_000, cache_read_tokens=250_000), card("long"))
    assert [(line.item, line.amount) for line in bill.lines] == [
        ("input over 200,000", 100_000),
        ("cache_read", 200_000),
        ("cache_read over 200,000", 50_000),
    ]


def test_a_graduated_sum_of_equal_requests_costs_what_they_cost_one_by_one() -> None:
    alone = cost_nano_usd(Usage(input_tokens=300_000, output_tokens=9), card("long"))[0]
    together = cost_nano_usd(Usage(input_tokens=900_000, output_tokens=27), card("long"), requests=3)[0]
    assert alone is not None
    assert together == 3 * alone


def test_a_request_that_does_not_use_a_unit_is_not_billed_its_minimum_and_a_sum_is_billed_it_for_each() -> None:
    text = 'unit = "second"\namount = "0.01"\nminimum = 10'
    assert one(text, Usage(units=(("audio_seconds", 0),))).nano_usd == 0
    (card,) = {bill.card for bill in [one(text, Usage())]}
    assert cost_nano_usd(Usage(units=(("audio_seconds", 25),)), card, requests=3) == (300_000_000, False)
    assert card_from_mapping(card_to_mapping(card)) == card


WRONG = [
    ('unit = "image"\namount = "1"\nminimum = 0', "minimum must be a whole number above 0"),
    ('input = "1"\n[price.batch]\ninput = "1"\noutput = "1"', "batch: it must price the same classes .* output"),
    ('input = "1"\n[price.batch]\nmultiplier = "0"', "multiplier is 0"),
    ('input = "1"\n[price.batch]\nmultiplier = "0.5"\ninput = "1"', "multiplier and input contradict each other"),
    ('input = "1"\n[price.batch]\nmultiplier = 0.5', "multiplier = 0.5 is not exact"),
    ('input = "1"\nbatch = "0.5"', r"batch is written as \[price.batch\]"),
    ('input = "1"\nvariant = "flex"\n[price.batch]\nmultiplier = "0.5"', "variant of its own has no others"),
    (
        'input = "1"\n[[price.tier]]\nabove_input_tokens = 9\ninput = "2"\n[price.batch]\ninput = "1"',
        "its entry has tiers and it has none",
    ),
    ('input = "1"\ngraduated = true', "graduated = true needs a tier"),
    (
        'input = "1"\noutput = "2"\ngraduated = true\n[[price.tier]]\nabove_input_tokens = 9\ninput = "2"\noutput = "3"',
        "output is in only one of them .a graduated tier prices what a prompt is made of",
    ),
    (
        'input = "1"\n[[price.window]]\ntz = "Europe/Berlin"\nmultiplier = "0.5"',
        "window 1: tz: `Europe/Berlin` is not known here",
    ),
    ('input = "1"\n[[price.window]]\nhours = ["8-9"]\nmultiplier = "0.5"', 'hours = "8-9" is no range'),
    ('input = "1"\n[[price.window]]\ndays = ["monday"]\nmultiplier = "0.5"', 'days = "monday" is no weekday'),
    ('input = "1"\n[[price.window]]\nhours = "22:00-06:00"\nmultiplier = "0.5"', "hours must be a list of texts"),
    ('input = "1"\n[[price.window]]\nvariants = ["batch"]\nmultiplier = "0.5"', "its entry has no batch price"),
    ('input = "1"\n[[price.window]]\nvariants = ["night"]\nmultiplier = "0.5"', 'variants = "night" is not known'),
    ('input = "1"\n[[price.window]]\nhour = ["22:00-06:00"]', 'unknown key "hour"; did you mean "hours"'),
    ('unit = "parsec"\namount = "1"', "unit = 'parsec' is not known; known units are search, image"),
    ('unit = "image"', "amount is missing"),
    ('unit = "image"\namount = "0"', "amount is 0"),
    ('unit = "image"\namount = "1"\nper = 0', "per must be a whole number above 0"),
    ('unit = "image"\namount = "1"\n[[price.fee]]\nunit = "image"\namount = "2"', "images is priced twice"),
    ('input = "1"\n[[price.fee]]\nunits = "image"', 'fee 1: unknown key "units"; did you mean "unit"'),
    ('free = true\ncache_storage_per_mtok_hour = "1"', "free = true and cache_storage_per_mtok_hour contradict"),
    ('input = "1"\neffective_to = "never"', "effective_to must be a day such as"),
    ('input = "1"\neffective_from = 2026-07-01\neffective_to = 2026-06-30', "must be later than effective_from"),
]


@pytest.mark.parametrize(("text", "sentence"), WRONG, ids=[sentence[:48] for _, sentence in WRONG])
def test_a_wrong_rule_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(PriceError, match=sentence):
        sheet(f'[[price]]\nmodel = "m"\n{text}')


def test_a_sentence_names_the_line_where_it_is_known() -> None:
    with pytest.raises(
        PriceError, match=r'^\[\[price\]\] 2 \("b"\), line 12: unknown key "inptu"; did you mean "input"'
    ):
        UserBook.from_entries([{"model": "a", "input": "1"}, {"model": "b", "inptu": "1"}], lines=[3, 12])


def test_a_price_must_end_where_the_next_one_begins() -> None:
    entries = [
        {"model": "m", "input": "1", "effective_to": "2026-08-01"},
        {"model": "m", "input": "2", "effective_from": "2026-07-01"},
    ]
    with pytest.raises(PriceError, match=r"it begins on 2026-07-01, before .* ends on 2026-08-01"):
        UserBook.from_entries(entries)
    UserBook.from_entries([entries[0], {**entries[1], "effective_from": "2026-08-01"}])


def test_the_digest_of_our_prices_changes_with_every_word_and_not_with_their_order() -> None:
    first = UserBook.from_entries([{"model": "m", "input": "1", "output": "2"}]).digest
    assert UserBook.from_entries([{"output": "2", "model": "m", "input": "1"}]).digest == first
    assert UserBook.from_entries([{"model": "m", "input": "1", "output": "3"}]).digest != first
    alias = [{"name": "a", "model": "m"}]
    assert UserBook.from_tables([{"model": "m", "input": "1", "output": "2"}], aliases=alias).digest != first

"""What a book answered is remembered exactly, for as long as its digest stays, and only from a file of ours."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collectors.prices.cardcache import MODELS_AT_MOST, CachedBook
from pricing.books.book import Offer, PricedModel
from pricing.books.catalogue import Catalogue
from pricing.books.hours import Hours
from pricing.card import CardStatus, RateCard, UnitRate

CARD = RateCard(book="test", record="gpt-4o", status=CardStatus.PRICED, rates=(5, *(None,) * 7))


class CountingBook:
    """One answer to everything; counts how often it was asked."""

    name = "test"

    def __init__(self, answer: PricedModel | None, digest: str = "d1") -> None:
        self.answer = answer
        self.digest = digest
        self.asked = 0

    def find(self, provider: str | None, model: str) -> PricedModel | None:
        self.asked += 1
        return self.answer


PRICED = PricedModel(offers=(Offer(card=CARD),))

offers = st.builds(
    Offer,
    card=st.builds(
        RateCard,
        book=st.just("test"),
        record=st.text(max_size=9),
        status=st.sampled_from(CardStatus),
        rates=st.tuples(*[st.none() | st.integers(0, 10**12)] * 8),
        unit_rates=st.lists(st.builds(UnitRate, unit=st.text(max_size=5), nano_usd=st.integers(0, 99))).map(tuple),
        conditions=st.lists(st.text(max_size=9)).map(tuple),
        effective_from=st.none() | st.just("2026-05-16"),
    ),
    variant=st.text(max_size=5),
    from_ms=st.none() | st.integers(0, 2**50),
    until_ms=st.none() | st.integers(0, 2**50),
    above_prompt_tokens=st.integers(0, 10**6),
    hours=st.none()
    | st.builds(
        Hours,
        start=st.integers(0, 1439),
        end=st.integers(0, 1440),
        weekdays=st.frozensets(st.integers(0, 6)),
        offset_minutes=st.integers(-840, 840),
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.none() | st.builds(PricedModel, offers=st.lists(offers, min_size=1, max_size=4).map(tuple)))
def test_the_second_start_gets_the_same_answer_without_asking_the_book(
    tmp_path: Path, answer: PricedModel | None
) -> None:
    path = tmp_path / "offers.json"
    path.unlink(missing_ok=True)
    assert CachedBook(CountingBook(answer), path).find("p", "m") == answer

    behind = CountingBook(None)
    assert CachedBook(behind, path).find("p", "m") == answer
    assert behind.asked == 0


def test_every_kind_of_offer_in_the_catalogue_comes_back_as_it_was(tmp_path: Path) -> None:
    catalogue, path = Catalogue(), tmp_path / "offers.json"
    names = [("openai", "gpt-4o"), ("google", "gemini-2.5-pro"), ("deepseek", "deepseek-chat"), (None, "no-such-model")]
    first, second = CachedBook(catalogue, path), CachedBook(catalogue, path)
    for provider, model in names:
        assert first.find(provider, model) == catalogue.find(provider, model)
    for provider, model in names:
        assert second.find(provider, model) == catalogue.find(provider, model)


def test_other_prices_are_not_answered_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    CachedBook(CountingBook(PRICED), path).find("p", "m")
    newer = CountingBook(None, digest="d2")
    assert CachedBook(newer, path).find("p", "m") is None
    assert newer.asked == 1


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff", b"[]", b"null", b"{", b'{"digest": "d1"}', b'{"digest": "d1", "models": 5}', b"[" * 100_000,
        b'{"digest": "d1", "models": {"[\\"p\\", \\"m\\"]": {"offers": [{}], "between": []}}}',
        b'{"digest": "d1", "models": {"[\\"p\\", \\"m\\"]": 7}}',
    ],
)  # fmt: skip
def test_a_damaged_file_is_passed_over_and_written_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "offers.json"
    path.write_bytes(content)
    path.chmod(0o600)
    assert CachedBook(CountingBook(PRICED), path).find("p", "m") == PRICED
    again = CountingBook(None)
    assert CachedBook(again, path).find("p", "m") == PRICED
    assert again.asked == 0


def test_a_file_that_others_may_write_decides_no_price(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    CachedBook(CountingBook(PRICED), path).find("p", "m")
    path.chmod(0o666)
    assert CachedBook(CountingBook(None), path).find("p", "m") is None


def test_a_link_to_a_file_decides_no_price(tmp_path: Path) -> None:
    CachedBook(CountingBook(PRICED), tmp_path / "target.json").find("p", "m")
    (tmp_path / "offers.json").symlink_to(tmp_path / "target.json")
    assert CachedBook(CountingBook(None), tmp_path / "offers.json").find("p", "m") is None


def test_a_place_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert CachedBook(CountingBook(PRICED), tmp_path / "file" / "offers.json").find("p", "m") == PRICED


def test_made_up_names_do_not_fill_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "offers.json"
    book = CachedBook(CountingBook(None), path)
    for number in range(MODELS_AT_MOST + 20):
        book.find(None, f"made-up-{number}")
    behind = CountingBook(None)
    again = CachedBook(behind, path)
    for number in range(MODELS_AT_MOST + 20):
        again.find(None, f"made-up-{number}") if number >= 20 else None
    assert behind.asked == 0
    again.find(None, "made-up-0")
    assert behind.asked == 1


def test_a_warm_start_answers_a_price_without_loading_the_catalogue_or_textual(tmp_path: Path) -> None:
    program = (
        "import sys; from tui.cli import main; code = main(['price', 'gpt-4o', '--input', '1000']);"
        "loaded = {name.partition('.')[0] for name in sys.modules};"
        "print(sorted(loaded & {'genai_prices', 'pydantic', 'textual', 'httpx', 'sqlite_utils', 'asyncio'})); sys.exit(code)"
    )
    outputs = []
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])},
        )
        *bill, loaded = ran.stdout.splitlines()
        outputs.append((bill, loaded))
    assert "genai_prices" in outputs[0][1]
    assert outputs[1] == (outputs[0][0], "[]")

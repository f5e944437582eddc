"""What a served model is compared with: as configured, else the same model where it is cheapest; with a date."""

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.prices.rivals import find_rival
from collectors.settings.rivalconfig import RivalConfig
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook
from store.facts import RivalFact
from store.hosts.capacity import put_rival, rivals
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS


def listed(model: str, input_usd: float, output_usd: float) -> dict[str, Any]:
    return {
        "id": model,
        "match": {"equals": model},
        "prices": {"input_mtok": input_usd, "output_mtok": output_usd},
    }


def catalogue(**sellers: list[dict[str, Any]]) -> Catalogue:
    found = [
        {"id": name, "name": name, "api_pattern": name, "models": models, "pricing_urls": []}
        for name, models in sellers.items()
    ]
    return Catalogue(json.dumps(found).encode(), "test of 2026-11-09")


LISTED = catalogue(
    together=[listed("meta-llama/Llama-3.3-70B-Instruct", 0.88, 0.88), listed("other", 1, 1)],
    groq=[listed("llama-3.3-70b-instruct", 0.59, 0.79)],
    free=[listed("llama-3.3-70b-instruct", 0, 0)],
)


def rival(model: str, *configured: RivalConfig, book: PriceBook | None = None) -> RivalFact | None:
    return find_rival(model, configured, book or PriceBook([LISTED]), LISTED, at_ms=AT_MS)


def test_the_same_model_where_it_is_cheapest() -> None:
    found = rival("meta-llama/Llama-3.3-70B-Instruct")
    assert found is not None
    assert (found.record, found.input_nano_usd, found.output_nano_usd) == (
        "groq/llama-3.3-70b-instruct", 590_000_000, 790_000_000
    )  # fmt: skip
    assert (found.how, found.checked) == ("the same model, cheapest of 2 providers", "test of 2026-11-09")


def test_a_quantised_name_is_the_model_it_was_made_of() -> None:
    found = rival("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic")
    assert found is not None
    assert found.how == "the same model, not quantised, cheapest of 2 providers"


def test_the_configured_model_and_provider_win() -> None:
    entry = RivalConfig(model="llama-*", against="meta-llama/Llama-3.3-70B-Instruct", provider="together")
    found = rival("llama-70b", entry)
    assert found is not None
    assert (found.record, found.how) == ("together/meta-llama/Llama-3.3-70B-Instruct", "as configured")


def test_a_configured_model_without_a_provider_is_taken_where_it_is_cheapest() -> None:
    found = rival("llama-70b", RivalConfig(model="llama-70b", against="llama-3.3-70b-instruct"))
    assert found is not None
    assert found.record.startswith("groq/")


def test_a_price_of_one_s_own_is_a_price_to_compare_with() -> None:
    own = PriceBook([UserBook.from_entries([{"model": "house-api", "input": "1", "output": "2"}])])
    found = rival("tuned", RivalConfig(model="tuned", against="house-api"), book=own)
    assert found is not None
    assert (found.input_nano_usd, found.output_nano_usd) == (10**9, 2 * 10**9)


@pytest.mark.parametrize("entries", [(), (RivalConfig(model="*", against="none"),)])
def test_a_model_that_nobody_sells_and_one_that_should_not_be_are_compared_with_nothing(
    entries: tuple[RivalConfig, ...],
) -> None:
    assert rival("my-finetune" if not entries else "other", *entries) is None


def test_a_price_is_in_force_from_when_it_was_found_until_another_one_is(tmp_path: Path) -> None:
    first = rival("llama-3.3-70b-instruct")
    assert first is not None
    later = RivalFact(
        model=first.model, record="x/y", input_nano_usd=1, output_nano_usd=2, how="as configured", since_ms=AT_MS + 10
    )
    writer = Writer(tmp_path / "usdtop.db")
    with writer.transaction() as connection:
        for fact in (first, first, later):
            put_rival(connection, fact)
    writer.close()
    reader = Reader(tmp_path / "usdtop.db")
    found = {at_ms: rivals(reader.ask, at_ms) for at_ms in (AT_MS - 1, AT_MS, AT_MS + 10)}
    reader.close()

    assert found[AT_MS - 1] == {}
    assert found[AT_MS]["llama-3.3-70b-instruct"].record == first.record
    assert found[AT_MS + 10]["llama-3.3-70b-instruct"].record == "x/y"

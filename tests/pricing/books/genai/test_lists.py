"""The lists of genai-prices are read as its own code reads them, record by record, and without it."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pytest
from genai_prices import data as package
from genai_prices import types as theirs
from genai_prices.data_units import unit_data
from genai_prices.types import _providers_from_raw
from hypothesis import given
from hypothesis import strategies as st

from pricing.books.genai import lists, types
from pricing.books.genai.lists import installed, published, taken_over, units
from tests.fakes.catalogues import catalogue_json, provider

_PARTS = ("equals", "starts_with", "ends_with", "contains")
_NAMES = st.text("gpt-4o/:.GPT", max_size=8)


def said(value: object) -> Any:
    """A record of the package in the form in which its project publishes it."""
    match value:
        case list():
            return [said(one) for one in value]
        case dict():
            return value
        case Decimal():
            return float(value)
        case date() | time() | datetime():
            return value.isoformat()
        case str() | int() | None:
            return value
    return {name.rstrip("_"): said(one) for name, one in vars(value).items() if name != "extractors"}


def everything() -> bytes:
    """All that the package lists, published."""
    return json.dumps(said(package.providers)).encode()


def test_what_is_installed_is_what_the_package_lists() -> None:
    assert installed() == taken_over(package.providers)
    assert len(installed()) == len(package.providers)
    assert sum(len(owner.models) for owner in installed()) > 1_000


def test_a_published_list_is_what_the_package_reads_in_it() -> None:
    body = everything()
    assert published(body) == taken_over(_providers_from_raw(json.loads(body)))
    assert published(body) == list(installed())


def test_each_unit_is_the_one_that_the_package_bills() -> None:
    assert units()["input_mtok"] == ("input_tokens", 1_000_000)
    assert {(usage, per) for usage, per in units().values()} == {
        (name, unit["per"]) for name, unit in unit_data.items()
    }


def test_a_list_of_a_later_version_is_read_by_the_code_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    known = list(installed())
    installed.cache_clear()
    monkeypatch.setattr(types, "__all__", [name for name in types.__all__ if name != "TieredPrices"])
    try:
        assert [owner.id for owner in installed()] == [owner.id for owner in known]
        assert installed() != known
    finally:
        installed.cache_clear()


def clauses(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions on names, as they are published."""
    plain = st.builds(lambda kind, text: {kind: text}, st.sampled_from(_PARTS), _NAMES)
    plain |= st.builds(lambda text: {"regex": text.replace(".", r"\.")}, _NAMES)
    if not depth:
        return plain
    parts = st.lists(clauses(depth - 1), max_size=3)
    return plain | st.builds(lambda kind, some: {kind: some}, st.sampled_from(("or", "and")), parts)


@given(clauses(), _NAMES)
def test_a_condition_lets_the_names_through_that_it_does_in_the_package(clause: Mapping[str, Any], name: str) -> None:
    raw = [{**provider({}), "models": [{"id": "m", "match": clause}]}]
    (ours,), (other,) = published(json.dumps(raw).encode()), _providers_from_raw(raw)
    assert ours.models[0].match.is_match(name) == other.models[0].match.is_match(name)


def broken() -> Iterator[bytes]:
    """Lists in which one thing is not what it should be."""
    for price in (
        True,
        "dear",
        [1],
        {"base": 1},
        {"base": 1, "tiers": [{"start": 1.5, "price": 1}]},
        float("nan"),
        "1e999999999",
        1e300,
    ):
        yield catalogue_json({"m": {"input_mtok": price}})
    for since in ("soon", 5, None):
        yield catalogue_json({"m": [{"constraint": {"start_date": since}, "prices": {}}]})
    models: list[dict[str, Any]] = [
        {"id": 1},
        {"match": {"begins": "x"}},
        {"match": {}},
        {"match": {"regex": "("}},
        {"context_window": "x"},
    ]
    for model in models:
        yield json.dumps([{**provider({}), "models": [{"id": "m", "match": {"equals": "m"}, **model}]}]).encode()


@pytest.mark.parametrize("body", broken())
def test_a_list_in_which_something_is_wrong_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        published(body)


def test_a_price_is_exact_and_what_nobody_needs_is_left_out() -> None:
    body = b'[{"id": "p", "extra": 1, "models": [{"id": "m", "match": {"equals": "m"}, "prices": {"input_mtok": 0.1, "x": null}}]}]'
    (owner,) = published(body)
    assert owner.models[0].prices == types.ModelPrice(input_mtok=Decimal("0.1"))
    assert theirs.ModelPrice(input_mtok=Decimal("0.1")) == theirs.ModelPrice(input_mtok=Decimal("0.1"), x=None)
    assert lists.published(body) == [owner]

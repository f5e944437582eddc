"""`usdtop reprice` on real stores: exact where requests are kept, estimated where only sums are, and said in dollars."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from collectors.clock import now_ms
from collectors.prices.books import price_book
from collectors.prices.catalogue_file import KeptCatalogue, keep, package_version
from collectors.prices.pricer import Pricer
from collectors.prices.repricer import FROM_SUMS, note_catalogue, prompt_tokens_of, unpriced_repricing, variant_of
from collectors.settings.config import Config
from pricing.books.book import PriceBook
from pricing.books.catalogue import Catalogue
from pricing.books.userbook import UserBook
from pricing.card import unpriced
from pricing.usage import Usage
from store.facts import UsageEvent
from store.reader import Reader
from store.sums import total
from store.writer import Writer
from tests.fakes.catalogues import catalogue_json
from tests.fakes.events import AT_MS, batch, event
from tui.cli import main
from tui.pictures.view import View
from tui.reading.burn import burn

MINE: dict[str, Any] = {"model": "our-model", "input": "3", "output": "15"}
MINE_LONG = {**MINE, "tier": [{"above_input_tokens": 200_000, "input": "6", "output": "30"}]}
DAY_MS = 86_400_000


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    return tmp_path / "usdtop.db"


def book(*entries: dict[str, Any]) -> PriceBook:
    return PriceBook([UserBook.from_entries(entries), Catalogue()])


def write(path: Path, events: list[UsageEvent], *entries: dict[str, Any]) -> None:
    priced = Pricer(book(*entries)).price(events, now_ms=AT_MS + DAY_MS)
    with closing(Writer(path)) as writer:
        writer.write(batch(priced.events), priced.cards)


def ours(number: int, tokens: int = 1_000, **changes: Any) -> UsageEvent:
    usage = Usage(input_tokens=tokens, output_tokens=100)
    return event(f"r-{number}", provider=None, model="our-model", usage=usage, **changes)


def forget_requests(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM requests")
        connection.commit()


def configure(tmp_path: Path, text: str) -> Path:
    config = tmp_path / "config.toml"
    config.write_text(text)
    return config


OURS = '[[price]]\nmodel = "our-model"\ninput = "3"\noutput = "15"\n'
PRICED_NANO_USD = 4_500_000
"""1,000 x 3 + 100 x 15 dollars per million."""


def test_a_new_price_prices_the_past_and_says_so_in_dollars_by_model(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path, [ours(1), ours(2), event("known")])
    config = configure(tmp_path, OURS)

    assert main(["reprice", "--store", str(path), "--config", str(config)]) == 0

    printed = capsys.readouterr()
    lines = [line.split() for line in printed.out.splitlines()]
    assert ["our-model", "2", "unknown", "0.0090"] in lines
    assert not any(line[0] == "gpt-4o" for line in lines)
    assert "2 requests were priced again" in printed.err
    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.unpriced_requests, found.metered_nano_usd) == (0, 2 * PRICED_NANO_USD + 3_500_000)

    assert main(["reprice", "--store", str(path), "--config", str(config)]) == 0
    assert capsys.readouterr().out == "Nothing changes: every price is the one in force.\n"


def test_its_json_holds_both_amounts_as_text_and_a_dry_run_leaves_the_store_alone(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(path, [ours(1)])
    forget_requests(path)
    config = configure(tmp_path, OURS)

    assert main(["reprice", "--dry-run", "--json", "--store", str(path), "--config", str(config)]) == 0

    answer = json.loads(capsys.readouterr().out)
    measures = {
        "requests": 1,
        "estimated_requests": 1,
        "unpriced_requests": {"before": 1, "after": 0},
        "metered_usd": {"before": "0", "after": "0.0045"},
    }
    assert answer == {
        "schema": 1,
        "dry_run": True,
        "total": measures,
        "groups": [{"key": {"model": "our-model"}, **measures}],
    }
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).unpriced_requests == 1


def test_without_a_store_it_says_so(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprice", "--store", str(path)]) == 2
    assert "there is no store" in capsys.readouterr().err
    assert not path.exists()


def test_only_what_happened_since_is_priced_again(path: Path, tmp_path: Path) -> None:
    write(path, [ours(1, ended_at_ms=AT_MS - DAY_MS), ours(2)])
    config = configure(tmp_path, OURS)
    since = "2026-05-16T00:00:00Z"
    assert main(["reprice", "--since", since, "--store", str(path), "--config", str(config)]) == 0
    assert [record.nano_usd for record in Reader(path).newest_requests()] == [PRICED_NANO_USD, None]


@pytest.mark.parametrize(("tokens", "input_rate"), [(1_000, 3), (199_000, 3), (250_000, 6), (300_000, 6)])
def test_unpriced_sums_are_priced_at_the_tier_of_their_prompt_band(path: Path, tokens: int, input_rate: int) -> None:
    write(path, [ours(1, tokens)])
    forget_requests(path)
    with closing(Writer(path)) as writer:
        repricing = unpriced_repricing(writer, book(MINE_LONG))
        assert repricing is not None
        list(repricing.steps())

    (one,) = Reader(path).sums(AT_MS, AT_MS + 1)
    card = Reader(path).card(one.key.card.card_id)
    assert card.rates[0] == input_rate * 10**9
    assert card.conditions[-1] == FROM_SUMS
    assert total([one]).estimated_requests == 1
    output_rate = 15 * input_rate // 3
    assert total([one]).metered_nano_usd == (tokens * input_rate + 100 * output_rate) * 1_000


def test_a_collector_has_nothing_to_do_where_the_book_still_knows_no_price(path: Path) -> None:
    write(path, [ours(1), event("priced", variant="no-such-tier"), event("nameless", model=None)])
    with closing(Writer(path)) as writer:
        assert unpriced_repricing(writer, book()) is None


def test_a_collector_prices_the_unpriced_and_nothing_else(path: Path) -> None:
    dearer = {"model": "gpt-4o", "input": "100", "output": "100"}
    write(path, [ours(1), event("known")])
    with closing(Writer(path)) as writer:
        repricing = unpriced_repricing(writer, book(MINE, dearer))
        assert repricing is not None
        list(repricing.steps())
    costs = {record.record_id: record.nano_usd for record in Reader(path).newest_requests()}
    assert costs == {"r-1": PRICED_NANO_USD, "known": 3_500_000}


def test_a_batch_that_had_no_price_gets_the_batch_price(path: Path, tmp_path: Path) -> None:
    write(path, [ours(1, variant="batch")])
    config = configure(
        tmp_path, OURS + '[[price]]\nmodel = "our-model"\nvariant = "batch"\ninput = "1"\noutput = "1"\n'
    )
    assert main(["reprice", "--store", str(path), "--config", str(config)]) == 0
    assert Reader(path).newest_requests()[0].nano_usd == 1_100_000


def test_sums_keep_the_batch_and_the_tier_that_their_cards_name(path: Path) -> None:
    batch_long = {**MINE_LONG, "variant": "batch"}
    write(path, [ours(1, 250_000, variant="batch")], batch_long)
    forget_requests(path)
    cheaper = {**batch_long, "tier": [{"above_input_tokens": 200_000, "input": "4", "output": "20"}]}
    config = Config(price=(cheaper,))
    with closing(Writer(path)) as writer:
        from collectors.prices.repricer import BookChooser
        from store.repricing import Repricing

        list(Repricing(writer, BookChooser(price_book(config))).steps())
    assert total(Reader(path).sums(AT_MS, AT_MS + 1)).metered_nano_usd == (250_000 * 4 + 100 * 20) * 1_000


def test_a_newer_catalogue_with_the_same_rates_makes_no_sum_an_estimate(path: Path) -> None:
    write(path, [event("known")])
    forget_requests(path)
    same = catalogue_json({"gpt-4o": {"input_mtok": 2.5, "cache_read_mtok": 1.25, "output_mtok": 10}})
    keep(path.parent / "state" / "usdtop" / "catalogue", same, package=package_version(), now_ms=AT_MS)

    assert main(["reprice", "--store", str(path)]) == 0

    found = total(Reader(path).sums(AT_MS, AT_MS + 1))
    assert (found.estimated_requests, found.metered_nano_usd) == (0, 3_500_000)


def test_what_a_card_says_of_its_conditions_is_read_back() -> None:
    offers = [offer for model in ("gpt-4o", "gpt-5") for offer in _offers("openai", model)]
    offers += _offers("google", "gemini-2.5-pro")
    assert {offer.variant for offer in offers} >= {"", "batch"}
    for offer in offers:
        assert variant_of(offer.card) == offer.variant
        assert prompt_tokens_of(offer.card) == (offer.above_prompt_tokens + 1 if offer.above_prompt_tokens else 0)
    assert [prompt_tokens_of(unpriced(n)) for n in (5, 150_000, 250_000, 900_000)] == [0, 128_001, 200_001, 272_001]
    assert variant_of(unpriced(0, "no price for this service tier")) is None
    assert variant_of(unpriced(0, "no flex price at that time")) == "flex"


def _offers(provider: str, model: str) -> list[Any]:
    priced = Catalogue().find(provider, model)
    assert priced is not None
    return list(priced.offers)


@pytest.mark.parametrize(("days", "said"), [(60, False), (61, True)])
def test_list_prices_older_than_sixty_days_are_said_beside_the_figures(path: Path, days: int, said: bool) -> None:
    write(path, [event("known", ended_at_ms=AT_MS - 60_000)])
    folder = path.parent / "catalogue"
    keep(folder, catalogue_json({"gpt-4o": {"input_mtok": 1}}), package=package_version(), now_ms=AT_MS - days * DAY_MS)
    with closing(Writer(path)) as writer:
        note_catalogue(writer, KeptCatalogue(folder), now_ms=AT_MS)
        note_catalogue(writer, KeptCatalogue(folder), now_ms=AT_MS)

    picture = burn(Reader(path), View(window_seconds=300), AT_MS + 30_000, machine="here")

    assert any("days old: usdtop prices update" in doubt for doubt in picture.doubts) is said


def test_the_package_s_own_catalogue_is_as_old_as_its_newest_price(path: Path) -> None:
    write(path, [event("known")])
    with closing(Writer(path)) as writer:
        note_catalogue(writer, KeptCatalogue(path.parent / "none"), now_ms=now_ms())
    noted = Reader(path).note("catalogue")
    assert noted is not None
    assert noted.startswith("202")

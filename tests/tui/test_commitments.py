"""Capacity that is bought by the hour: it costs whether it is used or not, and nothing is billed twice for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from collectors.prices.pricer import Pricer
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.plans import commitments, prepaid
from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook
from pricing.card import CardStatus
from pricing.totals import EMPTY
from pricing.usage import Usage
from store.facts import UsageEvent
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, batch, event
from tests.fakes.stores import closing_connections
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.reading.burn import burn

NOW_MS = AT_MS + 30_000
CONFIG = from_mapping(
    {"commitment": [{"name": "azure-ptu", "usd_per_hour": "36", "match": "provider=azure", "since": "2026-01-01"}]},
    None,
)
BOOK = PriceBook([UserBook.from_entries([{"model": "gpt-4o", "input": "2.5", "output": "10"}])])


@pytest.fixture(autouse=True)
def _closed_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from closing_connections(monkeypatch)


@dataclass
class Scene:
    """A store under one commitment; everything is priced as a collector prices it."""

    path: Path
    pricer: Pricer = field(default_factory=lambda: Pricer(BOOK, prepaid(CONFIG)))

    def saw(self, *events: UsageEvent) -> None:
        writer = Writer(self.path)
        writer.set_commitments(commitments(CONFIG, now_ms=AT_MS), AT_MS)
        priced = self.pricer.price(events, now_ms=NOW_MS)
        writer.write(batch(priced.events, at_ms=NOW_MS), priced.cards)
        writer.close()

    def burn(self, by: str = "tenant") -> BurnPicture:
        return burn(Reader(self.path), View(by=by), NOW_MS, machine="here")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "usdtop.db")


def azure(record_id: str, tenant: str, tokens: int) -> UsageEvent:
    return event(record_id, provider="azure", model="gpt-4o", tenant=tenant, usage=Usage(input_tokens=tokens))


def test_a_request_under_a_commitment_has_no_price_by_the_token(scene: Scene) -> None:
    (priced,) = scene.pricer.price([azure("a", "acme", 1_000)], now_ms=NOW_MS).events
    (elsewhere,) = scene.pricer.price([event("b", provider="openai", model="gpt-4o")], now_ms=NOW_MS).events

    assert (priced.nano_usd, CardStatus.PREPAID.value in priced.card_id) == (0, True)
    assert elsewhere.nano_usd


def test_its_hours_are_divided_over_its_requests_by_tokens(scene: Scene) -> None:
    scene.saw(azure("a", "acme", 3_000), azure("b", "globex", 1_000))
    rows = {row.key: row.totals for row in scene.burn().rows}

    assert rows["acme"].allocated_nano_usd == 3 * rows["globex"].allocated_nano_usd
    assert sum(t.nano_usd for t in rows.values()) == 3_300_000_000, "36 dollars an hour for 330 seconds"
    assert not any(totals.is_lower_bound for totals in rows.values())


def test_unused_it_costs_the_same_and_says_so(scene: Scene) -> None:
    scene.saw(event("a", provider="openai", model="gpt-4o", tenant="acme"))
    picture = scene.burn()
    (aside,) = [row for row in picture.rows if row.aside]

    assert (aside.key, aside.totals.nano_usd) == ("(unused: azure-ptu)", 3_300_000_000)
    assert picture.headline.committed_usd_per_hour == Decimal(36)
    assert sum((row.totals for row in picture.rows), EMPTY) == picture.total


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"usd_per_hour": "36", "match": ""}, "match must say which requests it covers"),
        ({"usd_per_hour": "36", "match": "user=ann"}, "nothing is called 'user'"),
        ({"usd_per_hour": "much", "match": "provider=azure"}, "usd_per_hour of commitment"),
        ({"usd_per_hour": "36"}, "match"),
    ],
)
def test_a_commitment_that_cannot_be_is_a_sentence(entry: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        from_mapping({"commitment": [entry]}, None)

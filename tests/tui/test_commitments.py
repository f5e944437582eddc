"""Capacity that is bought by the hour: it costs whether it is used or not, and nothing is billed twice for it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from collectors.prices.prepaid import Prepaid, in_force
from collectors.prices.pricer import Pricer
from collectors.prices.repricer import BookChooser
from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.plans import commitments
from pricing.books.book import PriceBook
from pricing.books.userbook import UserBook
from pricing.card import PREPAID, CardStatus
from pricing.totals import EMPTY
from pricing.usage import Usage
from store.facts import CommitmentFact, UsageEvent
from store.reader import Reader
from store.repricing import Repricing
from store.writer import Writer
from tests.fakes.events import AT_MS, batch, event
from tui.pictures.burn import BurnPicture
from tui.pictures.view import View
from tui.reading.burn import burn

NOW_MS = AT_MS + 30_000
CONFIG = from_mapping(
    {"commitment": [{"name": "azure-ptu", "usd_per_hour": "36", "match": "provider=azure", "since": "2026-01-01"}]},
    None,
)
BOOK = PriceBook([UserBook.from_entries([{"model": "gpt-4o", "input": "2.5", "output": "10"}])])


pytestmark = pytest.mark.usefixtures("closed_stores")


@dataclass
class Scene:
    """A store under one commitment; everything is priced as a collector prices it."""

    path: Path
    pricer: Pricer = field(default_factory=lambda: Pricer(BOOK, Prepaid(commitments(CONFIG, now_ms=AT_MS))))

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


def test_a_request_belongs_to_the_commitments_of_its_own_time() -> None:
    fact = CommitmentFact(name="ptu", usd_per_hour_nano=1, filter="provider=azure", since_ms=AT_MS, until_ms=AT_MS + 60)
    pricer = Pricer(BOOK, Prepaid([fact]))
    seen = [msgspec.structs.replace(azure("a", "acme", 1_000), ended_at_ms=AT_MS + at) for at in (-1, 0, 59, 60)]
    assert [one.nano_usd for one in pricer.price(seen, now_ms=NOW_MS).events] == [2_500_000, 0, 0, 2_500_000]


def test_a_configuration_without_dates_adds_nothing_to_what_the_store_knows_and_one_with_dates_replaces_it() -> None:
    stored = CommitmentFact(name="ptu", usd_per_hour_nano=1, filter="provider=azure", since_ms=5)
    undated = msgspec.structs.replace(stored, since_ms=900)
    dated = msgspec.structs.replace(stored, since_ms=2, dated=True)
    other = msgspec.structs.replace(undated, name="other")
    assert in_force([stored], [undated, other]) == [stored, other]
    assert in_force([stored], [dated]) == [dated]


def nanos(path: Path, card_id: str) -> dict[str, tuple[int | None, int | None]]:
    """(requests, nano-dollars) at a card in every rollup."""
    with closing(sqlite3.connect(path)) as connection:
        question = "SELECT sum(requests), sum(nano_usd) FROM {} JOIN cards AS c ON c.id = card WHERE card_id = ?"
        return {
            table: connection.execute(question.format(table), (card_id,)).fetchone()
            for table in ("rollup_minute", "rollup_hour", "rollup_day")
        }


@pytest.mark.parametrize("kept", [True, False])
def test_what_was_stored_before_a_commitment_was_configured_is_prepaid_once_it_is_repriced_and_back_again(
    tmp_path: Path, kept: bool
) -> None:
    path, day_ms = tmp_path / "usdtop.db", 86_400_000
    writer = Writer(path)
    seen = [azure("old", "acme", 1_000), azure("covered", "acme", 3_000), event("b", provider="openai")]
    seen[0] = msgspec.structs.replace(seen[0], ended_at_ms=AT_MS - day_ms)
    priced = Pricer(BOOK).price(seen, now_ms=NOW_MS)
    writer.write(batch(priced.events, at_ms=NOW_MS), priced.cards)
    if not kept:
        with writer.transaction() as connection:
            connection.execute("DELETE FROM requests")
    fact = CommitmentFact(name="ptu", usd_per_hour_nano=1, filter="provider=azure", since_ms=AT_MS // day_ms * day_ms)

    there = Repricing(writer, BookChooser(BOOK, Prepaid([fact])))
    assert list(there.steps())
    assert (there.changes["gpt-4o"].requests, there.changes["gpt-4o"].after_nano_usd) == (1, 0)
    assert set(nanos(path, PREPAID.id).values()) == {(1, 0)}

    back = Repricing(writer, BookChooser(BOOK))
    assert list(back.steps())
    assert (back.changes["gpt-4o"].before_nano_usd, back.changes["gpt-4o"].after_nano_usd) == (0, 7_500_000)
    assert set(nanos(path, PREPAID.id).values()) == {(None, None)}


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

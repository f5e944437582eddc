"""What bought nothing has dollars of its own: failed attempts and cut streams, not the retry that brought the answer."""

from pathlib import Path
from typing import Any

import pytest

from pricing.card import CACHED, UNUSED, unpriced
from pricing.totals import EMPTY
from pricing.usage import NOTHING, Usage
from store.facts import Outcome
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced
from tests.tui.test_cli import Shell, shell
from tests.tui.test_report import read

__all__ = ["shell"]  # a fixture

UNKNOWN = unpriced(1_000)
UNSAID = unpriced(0, "the source does not say what was used")
CARDS = [CARD, CACHED, UNUSED, UNKNOWN, UNSAID]


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def lost(writer: Writer) -> dict[str, Any]:
    found: dict[str, Any] = read(writer).as_json()["total"]
    return found


def test_failed_attempts_and_cut_streams_are_counted_apart_and_the_retry_is_not(writer: Writer) -> None:
    seen = [
        priced("failed", outcome=Outcome.ERROR, nano_usd=2_000, call_id="c-1"),
        priced("retried", call_id="c-1"),
        priced("cut-1", outcome=Outcome.CUT, nano_usd=30_000),
        priced("cut-2", outcome=Outcome.CUT, nano_usd=40_000),
        priced("refused", outcome=Outcome.ERROR, nano_usd=0, card=UNUSED, usage=NOTHING),
        priced("served", outcome=Outcome.CACHE, nano_usd=0, card=CACHED),
    ]
    writer.write(batch(seen), CARDS)
    total = lost(writer)

    assert total["bought_nothing"] == {
        "requests": 4, "usd": "0.000072", "lower_bound": False,
        "failed": {"requests": 1, "usd": "0"}, "retried": {"requests": 1, "usd": "0.000002"},
        "fallback": {"requests": 0, "usd": "0"}, "cut": {"requests": 2, "usd": "0.00007"},
    }  # fmt: skip
    assert (total["retries"], total["served_from_cache"]["requests"]) == (1, 1)
    # It is a part of what was metered, not beside it.
    assert total["metered_usd"] == f"{(USAGE_NANO_USD + 72_000) / 1e9:.6f}"


def test_an_unknown_cost_among_them_makes_them_a_lower_bound(writer: Writer) -> None:
    writer.write(
        batch(
            [priced("a", nano_usd=None, card=UNKNOWN, outcome=Outcome.CUT), priced("b", nano_usd=None, card=UNKNOWN)]
        ),
        CARDS,
    )
    assert lost(writer)["bought_nothing"] == {
        "requests": 1, "usd": "0", "lower_bound": True,
        "failed": {"requests": 0, "usd": "0"}, "retried": {"requests": 0, "usd": "0"},
        "fallback": {"requests": 0, "usd": "0"}, "cut": {"requests": 1, "usd": "0"},
    }  # fmt: skip


def test_requests_that_do_not_say_what_they_used_are_a_measure_of_their_own(writer: Writer) -> None:
    silent = priced("a", nano_usd=None, card=UNSAID, usage=NOTHING, usage_missing=True)
    searched = priced("c", nano_usd=None, card=UNKNOWN, usage=Usage(units=(("web_searches", 1),)))
    writer.write(batch([silent, priced("b", nano_usd=None, card=UNKNOWN), searched]), CARDS)
    total = lost(writer)
    assert (total["unpriced_requests"], total["usage_missing_requests"]) == (3, 1)


def test_nothing_lost_says_nothing_of_it(writer: Writer, shell: Shell) -> None:
    Writer(shell.store).write(batch([priced("a")]), CARDS)
    shell.here("report", "--since", "2026-05-16T14:00:00Z")
    assert "Bought nothing" not in shell.out
    assert (EMPTY.lost_requests, EMPTY.lost_nano_usd) == (0, 0)


def test_the_report_says_it_as_text_and_as_columns(shell: Shell) -> None:
    seen = [
        priced("a", outcome=Outcome.ERROR, nano_usd=2_000, call_id="c", tenant="acme"),
        priced("b", call_id="c", tenant="acme", ended_at_ms=AT_MS + 1),
        priced("e", outcome=Outcome.ERROR, nano_usd=30_000, call_id="d", tenant="acme", deployment="fast"),
        priced("f", call_id="d", tenant="acme", deployment="careful", ended_at_ms=AT_MS + 1),
        priced("g", outcome=Outcome.ERROR, nano_usd=600, tenant="acme"),
        priced("c", outcome=Outcome.CUT, nano_usd=70_000, tenant="zeta"),
        priced("d", outcome=Outcome.CUT, nano_usd=None, card=UNKNOWN, tenant="zeta"),
    ]
    Writer(shell.store).write(batch(seen), CARDS)
    since = ("--since", "2026-05-16T14:00:00Z")
    shell.here("report", *since)
    said = (
        "1 failed for $0.000001, 1 failed and tried again for $0.000002, 1 failed and taken over by a fallback for"
        " $0.000030, 2 cut off for $0.000070; ≥$0.000103 in all."
    )
    assert f"Bought nothing: {said}\n" in shell.out
    assert "Attempts of a call that was tried before, fallbacks included: 2.\n" in shell.out

    shell.here("report", *since, "--by", "tenant", "--csv")
    heading, *rows = (line.split(",") for line in shell.out.splitlines())
    by_tenant = {row[0]: dict(zip(heading, row, strict=True)) for row in rows}
    columns = ("failed_usd", "retried_usd", "fallback_usd", "cut_requests", "cut_usd", "bought_nothing_usd")
    assert [by_tenant["acme"][name] for name in columns] == [
        "0.0000006", "0.000002", "0.00003", "0", "0", "0.0000326"
    ]  # fmt: skip
    assert [by_tenant["zeta"][name] for name in columns] == ["0", "0", "0", "2", "0.00007", "0.00007"]


def test_what_was_lost_adds_up_over_every_way_to_group(writer: Writer) -> None:
    seen = [
        priced(
            f"r-{number}",
            outcome=outcome,
            nano_usd=number * 1_000,
            tenant=f"t-{number % 3}",
            ended_at_ms=AT_MS + number,
        )
        for number, outcome in enumerate([Outcome.ERROR, Outcome.CUT, Outcome.OK] * 4)
    ]
    writer.write(batch(seen), CARDS)
    for by in ("tenant", "outcome", "model"):
        groups = [group.totals for group in read(writer, by).groups]
        # Errors are 0, 3, 6, 9; cuts are 1, 4, 7, 10 thousand nano-dollars.
        assert sum(totals.failed_nano_usd for totals in groups) == 18_000
        assert sum(totals.cut_nano_usd for totals in groups) == 22_000


def test_what_a_cache_saved_stands_apart_from_what_was_reported_to_cost(writer: Writer, shell: Shell) -> None:
    """The golden case of a hit with many tokens: dollars per million stay as they were."""
    writer.write(batch([priced("paid", reported_nano_usd=3_000_000)]), CARDS)
    before = lost(writer)
    hit: dict[str, Any] = {
        "outcome": Outcome.CACHE,
        "nano_usd": 0,
        "card": CACHED,
        "usage": Usage(4_000, output_tokens=1_000),
    }
    writer.write(batch([priced("hit", saved_nano_usd=20_000_000, reported_nano_usd=0, **hit)]), CARDS)
    after = lost(writer)
    assert after["served_from_cache"] == {"requests": 1, "tokens": 5_000, "saved_usd": "0.02", "lower_bound": False}
    for same in ("usd_per_million_tokens", "reported_usd", "usd", "tokens"):
        assert after[same] == before[same], same

    writer.write(batch([priced("silent", reported_nano_usd=0, **hit)]), CARDS)
    assert lost(writer)["served_from_cache"]["lower_bound"], "of this one nobody says what it saved"
    shell.here("report", "--since", "2026-05-16T14:00:00Z", "--store", str(writer.path))
    assert "cache for nothing: 2, 10,000 tokens, which saved ≥$0.020000.\n" in shell.out
    saved = {r.record_id: (r.saved_nano_usd, r.reported_nano_usd) for r in Reader(writer.path).newest_requests()}
    assert saved == {"hit": (20_000_000, None), "silent": (None, None), "paid": (None, 3_000_000)}


def test_hits_that_say_nothing_of_it_have_saved_what_nobody_knows(writer: Writer) -> None:
    writer.write(batch([priced("hit", outcome=Outcome.CACHE, nano_usd=0, card=CACHED, reported_nano_usd=0)]), CARDS)
    assert lost(writer)["served_from_cache"]["saved_usd"] is None

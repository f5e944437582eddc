"""`usdtop status`: the burn of the Burn screen, in one line or in sentences."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from pricing.alerts.finding import Finding
from pricing.alerts.states import Steps
from pricing.card import HOSTED, unpriced
from pricing.usage import Usage
from store.alerts.book import AlertBook
from store.budgets.standing import Standing, standing
from store.facts import EngineReading, GpuReading, HostFact
from store.provider_facts import PricedBucket, PricedReading, ProviderFact, ProviderReading, Role, UsageBucket
from store.reader import Reader
from store.snapshot import Snapshot, take_snapshot
from store.tables import REQUEST_KINDS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, USAGE_NANO_USD, batch, priced
from tui.cli import main
from tui.commands.status import line, sentences, status
from tui.pictures.view import View
from tui.reading.burn import burn

NOW_MS = AT_MS + 30_000


pytestmark = pytest.mark.usefixtures("closed_stores")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spent=st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 600_000)), max_size=6),
    host=st.integers(0, 10**12),
    has_unpriced=st.booleans(),
)
def test_it_says_what_the_burn_screen_says(
    tmp_path_factory: pytest.TempPathFactory, spent: Any, host: int, has_unpriced: bool
) -> None:
    path = tmp_path_factory.mktemp("store") / "usdtop.db"
    card = unpriced(1_000)
    events = [priced(f"r{n}", nano_usd=nano, ended_at_ms=NOW_MS - age) for n, (nano, age) in enumerate(spent)]
    events += [priced("u", nano_usd=None, card=card, ended_at_ms=NOW_MS - 1000)] * has_unpriced
    writer = Writer(path)
    writer.write(batch(events, at_ms=NOW_MS), [CARD, card])
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=host, since_ms=0)], NOW_MS)

    found, headline = standing(path, NOW_MS), burn(Reader(path), View(), NOW_MS, machine="m").headline
    assert headline.usd_per_hour is not None
    assert found.nano_usd_per_hour == pytest.approx(float(headline.usd_per_hour) * 1e9, abs=2)
    assert found.lower_bound == headline.lower_bound


@pytest.mark.parametrize("kind", REQUEST_KINDS)
def test_every_kind_of_source_that_brings_requests_tells_what_is_spent_now(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    writer.write(batch([priced(ended_at_ms=NOW_MS - 1)], kind=kind, at_ms=NOW_MS), [CARD])
    picture = burn(Reader(path), View(), NOW_MS, machine="m")
    assert (picture.header.sources_ok, picture.header.sources_total) == (1, 1)
    assert picture.headline.usd_per_hour is not None
    assert status(path, NOW_MS).nano_usd_per_hour == pytest.approx(float(picture.headline.usd_per_hour) * 1e9, abs=2)

    quiet_ms = NOW_MS + 3_600_000
    writer.write(batch(kind=kind, at_ms=quiet_ms))
    headline = burn(Reader(path), View(), quiet_ms, machine="m").headline
    assert headline.usd_per_hour == 0
    assert status(path, quiet_ms).nano_usd_per_hour == 0


def lagging(writer: Writer) -> None:
    writer.write(batch(source="slow", at_ms=NOW_MS, watermark_ms=NOW_MS - 600_000))


def served_for_nothing(writer: Writer) -> None:
    writer.write(batch([priced("own", nano_usd=0, card=HOSTED)], at_ms=NOW_MS), [HOSTED])


def not_through_the_gateway(writer: Writer) -> None:
    writer.set_providers([ProviderFact(source="openai", provider="openai", role=Role.LIVE)])
    usage = Usage(input_tokens=1_000_000)
    begins_ms = NOW_MS // 60_000 * 60_000 - 60_000
    bucket = UsageBucket(begins_ms=begins_ms, width_seconds=60, provider="openai", model="gpt-4o", usage=usage)
    reading = ProviderReading(
        dataset="usage", width_seconds=60, since_ms=begins_ms, until_ms=begins_ms + 60_000, usage=[bucket],
        watermark_ms=begins_ms + 60_000,
    )  # fmt: skip
    priced_usage = [PricedBucket(bucket=bucket, card_id=CARD.id, nano_usd=2_500_000_000)]
    seen = batch(source="openai", kind="provider", at_ms=NOW_MS)
    writer.write(replace(seen, readings=[PricedReading(reading=reading, usage=priced_usage)]), [CARD])


def draws_power(writer: Writer) -> None:
    fact = HostFact(
        name="h", usd_per_hour_nano=10**9, since_ms=0, board_to_wall=1.8, energy_nano_usd_per_kwh=150_000_000
    )
    writer.set_hosts([fact], NOW_MS)
    for second in (60, 30, 0):
        reading = GpuReading(
            host="h", uuid="GPU-0", index=0, at_ms=NOW_MS - second * 1000, energy_millijoules=(60 - second) * 700_000
        )
        writer.write(batch(source="gpu", kind="gpu", gpus=[reading], at_ms=NOW_MS))


def served_by_a_host_without_a_price(writer: Writer) -> None:
    reading = EngineReading(engine="vllm", host="h", at_ms=NOW_MS - 5_000, seconds=30.0, input_tokens=1_000)
    writer.write(batch(source="vllm", kind="engine", engines=[reading], at_ms=NOW_MS))


@pytest.mark.parametrize(
    "more",
    [lagging, served_for_nothing, not_through_the_gateway, draws_power, served_by_a_host_without_a_price],
    ids=lambda more: more.__name__,
)
def test_it_says_what_the_burn_screen_says_whatever_burns(more: Callable[[Writer], None], tmp_path: Path) -> None:
    path = tmp_path / "usdtop.db"
    writer = Writer(path)
    writer.write(batch([priced("a", ended_at_ms=NOW_MS - 1_000)], at_ms=NOW_MS), [CARD])
    more(writer)

    headline = burn(Reader(path), View(), NOW_MS, machine="m").headline
    found = status(path, NOW_MS)
    assert headline.usd_per_hour is not None
    assert found.nano_usd_per_hour == pytest.approx(float(headline.usd_per_hour) * 1e9, abs=2)
    assert found.lower_bound == headline.lower_bound
    plain = standing(path, NOW_MS)
    assert (found.nano_usd_per_hour, found.lower_bound) != (USAGE_NANO_USD * 12, False), "it makes a difference"
    assert plain.is_whole == (more not in (not_through_the_gateway, draws_power))


def test_what_has_not_been_read_lately_is_not_known(tmp_path: Path) -> None:
    Writer(tmp_path / "s.db").write(batch([priced("a")]), [CARD])
    found = standing(tmp_path / "s.db", NOW_MS + 600_000)
    assert found.nano_usd_per_hour is None
    assert line(found) == "$--/h"
    assert next(iter(sentences(found))).startswith("Nothing is known of now")


def test_the_line_is_short_and_harmless_to_a_status_bar() -> None:
    found = Standing(412_600_000_000, True, 2, "#(rm) \x1b[31m" + "x" * 100, 0)
    assert line(found) == "≥$412.60/h  !2 (rm) �[31m" + "x" * 50
    assert line(Standing(0, False, 0, None, 0)) == "$0.00/h"
    assert line(Standing(5_000_000, False, 0, None, 0)) == "<$0.01/h"


def test_a_private_line_says_what_fires_and_not_whom_it_is_about() -> None:
    found = Standing(412_600_000_000, False, 2, "cache hits 71% -> 4%", 0, worst_about="acme")
    assert line(found) == "$412.60/h  !2 acme: cache hits 71% -> 4%"
    assert line(found._replace(worst_about=None)) == "$412.60/h  !2 cache hits 71% -> 4%"


def test_nobody_is_named_where_private_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Writer(tmp_path / "usdtop.db").transaction() as connection:
        acme = Finding(
            rule="cache_fall", subject="acme", title="cache hits 71% -> 4%", value=0.67, fires_at=0.2, clears_at=0.1
        )
        AlertBook(connection).take(Steps(opened=(acme,)), at_ms=NOW_MS)
    for private in ([], ["--private"]):
        assert main(["--store", str(tmp_path / "usdtop.db"), "status", *private]) == 0
    named, unnamed = capsys.readouterr().out.split("\n1 alert fires; ")[1:]
    assert named.startswith("the gravest: acme: cache hits 71% -> 4%.")
    assert unnamed == "the gravest: cache hits 71% -> 4%.\n"


def test_without_a_store_it_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", str(tmp_path / "none.db"), "status", "--line"]) == 2
    assert "there is no store" in capsys.readouterr().err


def test_a_copy_is_made_by_command_and_refuses_to_replace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Writer(tmp_path / "s.db").write(batch([priced("a")]), [CARD])
    words = ["--store", str(tmp_path / "s.db"), "snapshot", str(tmp_path / "copy.db")]
    assert main(words) == 0
    assert "--read-only" in capsys.readouterr().err
    assert main(words) == 2
    assert "exists already" in capsys.readouterr().err


def test_a_copy_is_looked_at_as_of_when_it_was_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store, copy = tmp_path / "s.db", tmp_path / "copy.db"
    Writer(store).write(batch([priced("a", nano_usd=10**9, ended_at_ms=NOW_MS - 60_000)], at_ms=NOW_MS), [CARD])
    take_snapshot(store, copy, Snapshot("gpu-host-3", NOW_MS))
    years_later = NOW_MS + 2 * 365 * 86_400_000
    assert standing(copy, years_later) == standing(store, NOW_MS)
    assert main(["--store", str(copy), "report", "--since", "1h", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["window"]["until"].startswith("2026-05-16T14:23:30")
    assert report["total"]["usd"] == "1"
    assert main(["--store", str(copy), "requests", "--since", "1h", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["requests"]) == 1

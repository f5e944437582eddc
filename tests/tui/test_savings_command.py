"""`usdtop savings`: what would cost less in stored traffic, for a person and for a program."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pricing.card import HOSTED
from pricing.usage import Usage
from store.facts import EngineReading, HostFact, Outcome
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main

WINDOW = ["--since", "2026-05-16T14:00:00Z", "--until", "2026-05-16T15:00:00Z"]
CONFIGURATION = """
revenue_usd_per_hour = "1"

[[overhead]]
name = "logs"
usd_per_hour = "2"

[[price]]
model = "gpt-4o"
input = "2.5"
output = "10"
batch = { multiplier = "0.5" }
"""
SMALL = Usage(input_tokens=10_000, output_tokens=100)
SMALL_NANO_USD = 26_000_000
"""10,000 x $2.50/M + 100 x $10/M on gpt-4o."""


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where store and configuration stand; nothing outside the test's folder is read."""
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    (tmp_path / "config.toml").write_text(CONFIGURATION)
    return ["--store", str(tmp_path / "usdtop.db"), "--config", str(tmp_path / "config.toml")]


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


def sheet(capsys: pytest.CaptureFixture[str], options: list[str], *more: str) -> dict[str, Any]:
    assert main(["savings", *options, *WINDOW, *more, "--json"]) == 0
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def rules(got: dict[str, Any]) -> dict[str, str]:
    return {one["rule"]: one["usd_per_hour"] for one in got["savings"]}


def test_savings_are_found_in_the_stored_traffic_and_ranked(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        priced("a", usage=SMALL, nano_usd=SMALL_NANO_USD),
        priced("b", usage=SMALL, nano_usd=SMALL_NANO_USD, outcome=Outcome.ERROR),
    ]
    writer.write(batch(events), [CARD])
    got = sheet(capsys, options)

    assert got["schema"] == 1
    assert (got["usd_per_hour"], got["usd_per_request"], got["overlapping"]) == ("0.052", "0.026", True)
    # On gpt-4o-mini each request costs 10,000 x $0.15/M + 100 x $0.60/M = $0.00156.
    assert rules(got) == {"smaller model": "0.04888", "billed failures": "0.026"}
    assert [one["rule"] for one in got["savings"]] == ["smaller model", "billed failures"]
    assert all(one[part] for one in got["savings"] for part in ("title", "evidence", "assumption", "risk"))


def test_traffic_that_may_wait_is_named_by_a_filter(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a", usage=SMALL, nano_usd=SMALL_NANO_USD)]), [CARD])

    assert "batch" not in rules(sheet(capsys, options))
    assert rules(sheet(capsys, options, "--patient", "key=search"))["batch"] == "0.013"
    assert "batch" not in rules(sheet(capsys, options, "--patient", "key=other"))


def test_prefixes_are_inferred_from_the_requests_that_are_kept(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [priced(f"r{n}", usage=SMALL, nano_usd=SMALL_NANO_USD) for n in range(32)]
    writer.write(batch(events), [CARD])
    got = sheet(capsys, options)

    # The card of these requests has no price for cache reads.
    assert "system prompt" not in rules(got)
    assert "history" in {one["rule"] for one in got["missing"]}


def test_own_gpus_that_are_idle_are_in_the_list(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    fact = HostFact(
        name="h100-1", usd_per_hour_nano=16 * 10**9, since_ms=AT_MS - 10**9, gpus=8,
        prefill_tokens_per_second=1_000, decode_tokens_per_second=200,
    )  # fmt: skip
    spare = HostFact(name="spare", usd_per_hour_nano=3 * 10**9, since_ms=AT_MS - 10**9)
    reading = EngineReading(
        at_ms=AT_MS, engine="vllm", host="h100-1", model="llama", seconds=60.0,
        input_tokens=36_000, cache_read_tokens=0, output_tokens=0,
    )  # fmt: skip
    writer.write(batch(source="vllm", kind="engine", engines=[reading]), [])
    writer.set_hosts([fact, spare], AT_MS)
    got = sheet(capsys, options)

    # 36,000 of 120,000 in the minute is 30 %: three of eight GPUs at 80 % would do.
    assert [(one["rule"], one["usd_per_hour"]) for one in got["savings"]] == [("idle GPUs", "10"), ("idle GPUs", "3")]
    assert "idle GPUs" not in rules(sheet(capsys, options, "--filter", "tenant=acme"))


def test_costs_stand_beside_the_savings_and_add_up(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [priced("a"), priced("b", tenant="other", key=None), priced("c", provider="hosted_vllm", model="llama",
              card=HOSTED, nano_usd=0)]  # fmt: skip
    writer.write(batch(events), [CARD, HOSTED])
    got = sheet(capsys, options)

    assert {one["name"]: one["usd_per_hour"] for one in got["costs"]["tenant"]} == {"acme": "0.0035", "other": "0.0035"}
    assert {one["name"]: one["requests"] for one in got["costs"]["key"]} == {"search": 2, None: 1}
    assert got["full_cost"]["usd_per_hour"] == "2.007"
    assert got["full_cost"]["usd_per_revenue_usd"] == "2.007"


def test_nothing_seen_is_said(writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    writer.write(batch([]), [])

    assert main(["savings", *options, *WINDOW]) == 0
    assert "No rule found anything" in capsys.readouterr().out


def test_the_text_fits_80_columns_is_harmless_and_never_adds_savings_up(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        priced("a", usage=SMALL, nano_usd=SMALL_NANO_USD, key="night\x1b[31mly", outcome=Outcome.ERROR),
        priced("b", usage=SMALL, nano_usd=SMALL_NANO_USD, tenant="t" * 90),
    ]
    writer.write(batch(events), [CARD])
    assert main(["savings", *options, *WINDOW]) == 0
    text = capsys.readouterr().out

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert "do not add up" in text
    assert "overhead logs: $2.0000/h" in text
    assert "TENANT" in text


def test_a_filter_that_cannot_be_is_a_sentence(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([]), [])

    assert main(["savings", *options, *WINDOW, "--patient", "keyy=x"]) == 2
    assert "--patient: nothing is called 'keyy'; did you mean key?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('name = "logs"', "overhead `logs` needs either percent or usd_per_hour"),
        ('name = "logs"\npercent = "5"\nusd_per_hour = "1"', "overhead `logs` needs either percent or usd_per_hour"),
        ('name = "logs"\npercent = "five"', 'such as "12.5"; it is `five`'),
        ('name = "logs"\npercnt = "5"', "did you mean `percent`?"),
        ('percent = "5"', "name"),
    ],
    ids=str,
)
def test_an_overhead_that_cannot_be_is_a_sentence(
    options: list[str], capsys: pytest.CaptureFixture[str], lines: str, sentence: str
) -> None:
    Path(options[-1]).write_text(f"[[overhead]]\n{lines}\n")

    assert main(["savings", *options, *WINDOW]) == 2
    assert sentence in capsys.readouterr().err


def test_costs_stand_beside_the_savings_by_everything_that_requests_say(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    said = [
        priced("a", 1_000, user="ann", tags=("search", "chat"), session="s-1"),
        priced("b", 20_000, user="bob", tags=("chat",), session="s-1"),
        priced("c", 300_000, key=None),
    ]
    writer.write(batch(said), [CARD])
    costs = sheet(capsys, options)["costs"]

    assert {name: {one["name"]: one["usd_per_request"] for one in rows} for name, rows in costs.items()} == {
        "tenant": {"acme": "0.000107"},
        "key": {"search": "0.0000105", None: "0.0003"},
        "tag": {"chat": "0.0000105", "search": "0.000001"},
        "user": {"ann": "0.000001", "bob": "0.00002", None: "0.0003"},
        "session": {"s-1": "0.0000105", None: "0.0003"},
    }

    assert main(["savings", *options, *WINDOW]) == 0
    text = capsys.readouterr().out
    assert "A request may have several tags or none" in text
    assert "session: only single requests say this" in text


def test_history_that_is_sent_again_is_told_by_the_growth_of_prompts_in_a_session(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    sonnet = replace(CARD, rates=(3_000_000_000, 300_000_000, 3_750_000_000, *(None,) * 4, 15_000_000_000))
    turns = [
        priced(f"{n}-{turn}", 1, sonnet, session=f"s-{n}", usage=Usage(input_tokens=2_000 * (turn + 1)),
               ended_at_ms=AT_MS + turn)
        for n in range(10) for turn in range(3)
    ]  # fmt: skip
    writer.write(batch(turns), [sonnet])
    found = sheet(capsys, options)

    (history,) = [one for one in found["savings"] if one["rule"] == "history"]
    # Of 120,000 prompt tokens 60,000 were sent before: x $2.70/M, less 60,000 written at $0.75/M more.
    assert history["usd_per_hour"] == "0.117"
    assert "10 sessions: 60,000 of 120,000 prompt tokens" in history["evidence"]
    assert not [one for one in found["missing"] if one["rule"] == "history"]

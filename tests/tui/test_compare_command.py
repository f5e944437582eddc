"""`usdtop compare`: stored traffic on other models, for a person and for a program."""

import json
from pathlib import Path
from typing import Any

import pytest

from pricing.card import HOSTED, unpriced
from pricing.usage import Usage
from store.facts import EngineReading, HostFact
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main

WINDOW = ["--since", "2026-05-16T14:00:00Z", "--until", "2026-05-16T15:00:00Z"]
CONFIGURATION = """
revenue_usd_per_hour = "0.14"

[[overhead]]
name = "evals"
percent = "100"

[[price]]
model = "half"
input = "1.25"
output = "5"
"""
BIG = Usage(input_tokens=1_000_000, output_tokens=100_000)
"""$3.50 on gpt-4o, $1.75 on half."""


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


def sheet(capsys: pytest.CaptureFixture[str], options: list[str], *more: str, code: int = 0) -> dict[str, Any]:
    assert main(["compare", *options, *WINDOW, *more, "--json"]) == code
    read: dict[str, Any] = json.loads(capsys.readouterr().out)
    return read


def refused(capsys: pytest.CaptureFixture[str], options: list[str], *more: str) -> str:
    try:
        code = main(["compare", *options, *WINDOW, *more])
    except SystemExit as ended:  # what the parser itself refuses
        code = int(str(ended.code))
    assert code == 2
    return capsys.readouterr().err


def test_traffic_is_priced_on_the_models_that_are_named(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a", usage=BIG, nano_usd=3_500_000_000)]), [CARD])
    got = sheet(capsys, options, "--with", "half,nobody")

    assert got["schema"] == 1
    assert got["window"] == {"since": "2026-05-16T14:00:00Z", "until": "2026-05-16T15:00:00Z", "seconds": 3600}
    assert got["traffic"] == {
        "requests": 1, "usd": "3.5", "usd_per_hour": "3.5", "lower_bound": False, "largest_prompt_tokens": 1_000_000,
    }  # fmt: skip
    half, nobody = got["candidates"]
    assert (half["model"], half["status"], half["usd"]) == ("half", "priced", "1.75")
    assert (half["saved_usd"], half["saved_usd_per_hour"], half["saved_bound"]) == ("1.75", "1.75", None)
    assert (nobody["model"], nobody["status"], nobody["usd"], nobody["saved_usd"]) == ("nobody", "unpriced", None, None)
    assert nobody["why"]


def test_overheads_and_revenue_stand_beside_the_spend(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a", usage=BIG, nano_usd=3_500_000_000)]), [CARD])

    assert sheet(capsys, options, "--with", "half")["full_cost"] == {
        "usd_per_hour": "7",
        "overheads": [{"name": "evals", "usd_per_hour": "3.5"}],
        "usd_per_revenue_usd": "50",
    }


def test_without_names_the_models_in_use_and_their_smaller_relatives_are_compared(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    small = Usage(input_tokens=10_000, output_tokens=100)
    writer.write(batch([priced("a", usage=small, nano_usd=26_000_000)]), [CARD])
    got = sheet(capsys, options)

    assert {one["model"] for one in got["candidates"]} == {"openai/gpt-4o", "openai/gpt-4o-mini"}
    # 10,000 x $0.15/M + 100 x $0.60/M
    assert got["candidates"][0]["usd"] == "0.00156"


def test_a_class_shows_its_cheapest_models_and_counts_the_others(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    small = Usage(input_tokens=10_000, output_tokens=100)
    writer.write(batch([priced("a", usage=small, nano_usd=26_000_000)]), [CARD])
    got = sheet(capsys, options, "--with", "budget")

    assert len(got["candidates"]) == 10
    costs = [float(one["usd"]) for one in got["candidates"]]
    assert costs == sorted(costs)
    assert got["left_out"][0].startswith("budget: output over $0.10/M up to $0.30/M: the 10 cheapest of")


def test_a_filter_picks_the_traffic(writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    writer.write(batch([priced("a", tenant="acme"), priced("b", tenant="other")]), [CARD])

    assert sheet(capsys, options, "--with", "half", "--filter", "tenant=acme")["traffic"]["requests"] == 1


def test_switches_and_routes_are_priced_and_said(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a", usage=BIG, nano_usd=3_500_000_000)]), [CARD])
    got = sheet(capsys, options, "--route", "easy=half:0.8,hard=half:0.2", "--retries", "2", "--reasoning", "1")

    # 1M at $1.25/M and 200k at $5/M, twice.
    routed = next(one for one in got["candidates"] if "easy" in one["model"])
    assert routed["usd"] == "4.5"
    assert (routed["saved_usd"], routed["saved_usd_per_hour"]) == ("-1", "-1")
    assert any("billed 2 times" in said for said in got["assumptions"])
    assert any(one["model"] == "the same models" for one in got["candidates"])


def test_unpriced_traffic_makes_the_saving_a_lower_bound(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    strange = unpriced(1_000)
    writer.write(batch([priced("a"), priced("b", model="tuned", card=strange, nano_usd=None)]), [CARD, strange])
    got = sheet(capsys, options, "--with", "half")

    assert got["traffic"]["lower_bound"] is True
    assert got["candidates"][0]["saved_bound"] == ">="


def test_requests_without_output_and_those_of_own_hosts_are_left_out_and_counted(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    events = [
        priced("a"),
        priced("b", usage=Usage(input_tokens=500), nano_usd=1_250_000),
        priced("c", provider="hosted_vllm", model="llama", card=HOSTED, nano_usd=0),
    ]
    writer.write(batch(events), [CARD, HOSTED])
    got = sheet(capsys, options, "--with", "half")

    # The same key and card: only groups without any output are told apart.
    assert got["traffic"]["requests"] == 2
    assert got["left_out"] == ["1 requests to own hosts, which are paid by the hour"]
    embedded = priced("d", model="embed", usage=Usage(input_tokens=500), nano_usd=1_250_000)
    writer.write(batch([embedded]), [CARD])
    assert "1 requests without output" in sheet(capsys, options, "--with", "half")["left_out"][1]


def test_traffic_of_own_hosts_alone_is_compared_at_its_share_of_their_dollars(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    own = priced("c", provider="hosted_vllm", model="llama", card=HOSTED, nano_usd=0, usage=BIG)
    writer.write(batch([own]), [HOSTED])
    reading = EngineReading(
        at_ms=AT_MS, engine="vllm", host="h", model="llama", seconds=60.0, input_tokens=1_000_000, output_tokens=100_000
    )
    writer.write(batch(source="vllm", kind="engine", engines=[reading]), [])
    writer.set_hosts([HostFact(name="h", usd_per_hour_nano=20 * 10**9, since_ms=AT_MS - 10**9)], AT_MS)
    got = sheet(capsys, options, "--with", "half")

    # Nobody says what the host could do, so its one hour belongs to what it served.
    assert (got["traffic"]["usd"], got["candidates"][0]["usd"]) == ("20", "1.75")
    assert "given back" in got["left_out"][0]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--route", "easy=half:0.8"], "add up to 1"),
        (["--route", "half:0.8"], "KIND=MODEL:SHARE"),
        (["--route", "easy=half:often"], "KIND=MODEL:SHARE"),
        (["--cache-hit", "80"], "write 0.6 for 60 %"),
        (["--retries", "0.5"], "billed once"),
        (["--reasoning", "-1"], "reasoning"),
        (["--filter", ">0.10"], "single requests"),
        (["--filter", "modell=x"], "did you mean model?"),
        (["--until", "2026-05-16T13:00:00Z"], "--since must be before"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_a_sentence(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    writer.write(batch([priced("a")]), [CARD])

    assert sentence in refused(capsys, options, *arguments)


def test_a_window_without_traffic_is_nothing_known(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a")]), [CARD])

    got = sheet(capsys, options, "--with", "half", "--filter", "tenant=nobody", code=3)
    assert got["traffic"]["requests"] == 0


def test_the_text_fits_80_columns_and_is_harmless(
    writer: Writer, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    writer.write(batch([priced("a", model="evil\x1b[31m" + "x" * 90)]), [CARD])
    assert main(["compare", *options, *WINDOW, "--batch", "0.5"]) == 0
    text = capsys.readouterr().out

    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 80
    assert main(["compare", *options, *WINDOW, "--with", "half"]) == 0
    text = capsys.readouterr().out
    assert "overhead evals" in text
    assert "per revenue dollar" in text
    assert "half" in text


def test_given_traffic_is_compared_without_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "c.toml"
    config.write_text(
        '[[price]]\nmodel = "big"\ninput = "2"\ncache_read = "1"\noutput = "10"\n'
        '[[price]]\nmodel = "small"\ninput = "1"\noutput = "4"\n'
    )
    asked = ["--config", str(config), "--store", str(tmp_path / "none.db"), "compare", "--mix", "1500:500:300"]
    assert main([*asked, "--requests", "10000", "--now", "big", "--with", "small", "--json"]) == 0
    sheet = json.loads(capsys.readouterr().out)
    # 10,000 x (1,500 x $2 + 500 x $1 + 300 x $10) a million, and 10,000 x (2,000 x $1 + 300 x $4) on the small one.
    assert (sheet["traffic"]["requests"], sheet["traffic"]["usd_per_hour"]) == (10_000, "65")
    assert [(one["model"], one["usd_per_hour"], one["saved_usd_per_hour"]) for one in sheet["candidates"]] == [
        ("small", "32", "33")
    ]

    assert main([*asked, "--with", "small"]) == 0
    text = capsys.readouterr().out
    assert "1,000 requests cost nobody knows how much now" in text
    assert "3.2000            --  priced" in text
    for wrong in (
        ["compare", "--mix", "1:1"],
        ["compare", "--now", "big"],
        [*asked[4:], "--filter", "model=x", "--now", "big"],
    ):
        assert main(["--config", str(config), *wrong]) == 2

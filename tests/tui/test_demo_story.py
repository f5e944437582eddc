"""The demo's story: what happens is in the recording's own terms, and costs what list prices say."""

import json
from collections import Counter
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tui.cli import main
from tui.demo.recording import load, play
from tui.demo.story import CACHE_BROKE_S, LAUNCH_S, MARKS, RUNAWAY_S, SPIKE_S

STARTED_S = 1_778_941_380.0


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture(scope="module")
def played() -> list[tuple[float, dict[str, Any]]]:
    """Everything from the launch to a minute after the demo's start."""
    lines = takewhile(lambda one: one.due_s < 60, play(STARTED_S, load()))
    return [(one.due_s, json.loads(one.line)) for one in lines if one.due_s >= LAUNCH_S - 600]


def team(record: dict[str, Any]) -> str | None:
    name: str | None = record["metadata"].get("user_api_key_team_alias")
    return name


def test_no_two_requests_have_the_same_id(played: list[tuple[float, dict[str, Any]]]) -> None:
    ids = Counter(record["id"] for _, record in played)
    assert ids.most_common(1)[0][1] == 1


def test_the_runaway_tenant_appears_out_of_nothing_with_growing_prompts(
    played: list[tuple[float, dict[str, Any]]],
) -> None:
    loop = [(due_s, record["prompt_tokens"]) for due_s, record in played if team(record) == "agents-lab"]
    assert loop[0][0] >= RUNAWAY_S[0]
    prompts = [prompt for _, prompt in loop]
    assert prompts == sorted(prompts)
    assert prompts[-1] > prompts[0]


def test_the_cache_of_one_team_and_model_breaks(played: list[tuple[float, dict[str, Any]]]) -> None:
    def cached(since_s: float, until_s: float) -> int:
        return sum(
            (record["metadata"].get("usage_object") or {}).get("cache_read_input_tokens") or 0
            for due_s, record in played
            if since_s <= due_s < until_s and team(record) == "support" and "haiku" in record["model"]
        )

    assert cached(LAUNCH_S - 600, CACHE_BROKE_S) > 100_000
    assert cached(CACHE_BROKE_S, 60) == 0


def test_the_campaign_is_a_spike(played: list[tuple[float, dict[str, Any]]]) -> None:
    times = [due_s for due_s, record in played if record["metadata"].get("user_api_key_alias") == "growth-copy"]
    inside = sum(SPIKE_S[0] <= due_s < SPIKE_S[1] for due_s in times)
    before = sum(SPIKE_S[0] - 90 <= due_s < SPIKE_S[0] for due_s in times)
    assert inside > 3 * before


def test_marks_tell_of_everything_but_the_runaway_tenant() -> None:
    assert [at_s for at_s, _ in MARKS] == [LAUNCH_S, CACHE_BROKE_S, SPIKE_S[0]]


def test_what_was_made_up_costs_what_the_gateway_says_it_does(
    played: list[tuple[float, dict[str, Any]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, store = tmp_path / "gateway.jsonl", str(tmp_path / "s.db")
    log.write_text("".join(f"{json.dumps(record)}\n" for due_s, record in played if due_s >= CACHE_BROKE_S))
    assert main(["--store", store, "import", str(log)]) == 0
    capsys.readouterr()
    words = [
        "--store",
        store,
        "report",
        "--since",
        "2026-05-16",
        "--until",
        "2026-05-17",
        "--by",
        "tenant,model",
        "--json",
    ]
    assert main(words) == 0
    groups = {(one["key"]["tenant"], one["key"]["model"]): one for one in json.loads(capsys.readouterr().out)["groups"]}
    for key in (
        ("agents-lab", "anthropic/claude-sonnet-4-5-20250929"),
        ("support", "anthropic/claude-haiku-4-5-20251001"),
    ):
        assert float(groups[key]["usd"]) == pytest.approx(float(groups[key]["reported_usd"]), rel=1e-6)
        assert float(groups[key]["usd"]) > 1

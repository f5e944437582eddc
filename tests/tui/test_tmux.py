"""The monitor in a real terminal multiplexer of 80x24: it shows its figures, obeys its keys, and leaves no trace."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.panes import PROMPT, Pane, why_no_tmux
from tests.fakes.waiting import eventually

pytestmark = pytest.mark.skipif(why_no_tmux() is not None, reason=str(why_no_tmux()))

ROOT = Path(__file__).parents[2]
STATE = "alternate #{alternate_on} cursor #{cursor_flag} mouse #{mouse_any_flag}"


@pytest.fixture
def pane(tmp_path: Path) -> Iterator[Pane]:
    pane = Pane(tmp_path)
    try:
        pane.wait_for(PROMPT)
        pane.type(f"cd {ROOT}; clear; echo typed before")
        eventually(lambda: pane.text().startswith("typed before"), 30, "a clear screen")
        yield pane
    finally:
        pane.close()


@pytest.mark.timeout(120)
def test_the_demo_shows_three_figures_obeys_its_keys_and_leaves_the_terminal_clean(pane: Pane) -> None:
    pane.type(f"{sys.executable} -m tui.cli demo")
    burn = pane.wait_for("DEMO", "$/HOUR", "$/M TOKENS", "LAUNCH launch", "left of $400", "gemini-2.5-pro")
    assert max(map(len, burn.splitlines())) <= 80
    assert pane.flags("#{alternate_on}") == "1"

    pane.press("2")
    pane.wait_for("NVIDIA L40S", "vllm-a", "idle tax")
    pane.press("6")
    pane.wait_for("gateway", "gpus (demo)", "REJECTED")
    pane.press("?")
    pane.wait_for("KEYS HERE")
    pane.press("q")
    eventually(lambda: "KEYS HERE" not in pane.text(), 30, "help being left")
    pane.press("1")
    pane.wait_for("$/HOUR")

    pane.press("q")
    left = pane.wait_for(PROMPT, "typed before")
    assert "DEMO" not in left
    assert pane.flags(STATE) == "alternate 0 cursor 1 mouse 0"
    pane.type("echo $?-$((40+2))")
    assert "0-42" in pane.wait_for("-42"), "the shell has its keys again, and the demo ended well"


@pytest.mark.timeout(120)
def test_a_tour_of_the_story_finds_the_tenant_that_runs_away(pane: Pane) -> None:
    pane.type(f"{sys.executable} -m tui.cli demo")
    pane.wait_for("DEMO", "LAUNCH launch", "left of $400", "gemini-2.5-pro")
    pane.press("b")
    pane.wait_for("group by", "> model")
    pane.press("j", "Enter")
    pane.wait_for("by tenant", "agents-lab")
    pane.press("/")
    pane.wait_for("filter, e.g.")
    pane.press(*"agents")
    pane.wait_for("filter agents", "> agents-lab")
    pane.press("Enter")
    pane.wait_for("enter open")
    pane.press("Enter")
    pane.wait_for("key loop-dev > requests", "agents-lab")
    pane.press("Enter")
    pane.wait_for("WHY THESE RATES", "input, uncached")
    pane.press("i")
    pane.wait_for("explain", "our cost", "ARITHMETIC")
    pane.press("q", "q")
    pane.press("5")
    pane.wait_for("savings", "SAVES $/H")
    pane.press("3")
    pane.wait_for("support", "PACE")
    pane.press("7")
    pane.wait_for("STATE", "SINCE")
    pane.press("1", "v")
    pane.wait_for("$/h", "└")
    pane.press("m")
    pane.wait_for("mark this time")
    pane.press(*"now", "Enter")
    pane.wait_for("marked", "now")
    pane.press("[", "[")
    pane.wait_for("PAST", "ago)")
    pane.press("L")
    pane.wait_for("LIVE")
    pane.press("Q")
    left = pane.wait_for(PROMPT, "LAUNCH launch")
    assert "agents-lab" in left, "the last picture stays in the scrollback"


@pytest.mark.timeout(120)
def test_a_monitor_on_a_store_of_its_own_starts_a_collector_and_says_what_it_looked_for(
    pane: Pane, tmp_path: Path
) -> None:
    store = tmp_path / "store" / "usdtop.db"
    pane.type(f"{sys.executable} -m tui.cli --store {store}")
    pane.wait_for("usdtop", "No gateway log")
    assert store.exists()

    pane.press("q")
    pane.wait_for(PROMPT, "typed before")
    assert pane.flags(STATE) == "alternate 0 cursor 1 mouse 0"


def test_the_monitor_without_a_terminal_is_a_sentence(pane: Pane) -> None:
    pane.type(f"{sys.executable} -m tui.cli --read-only < /dev/null")
    pane.wait_for("the monitor needs a terminal")

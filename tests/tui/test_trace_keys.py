"""What a screen leaves behind: a line to paste, a document, a table, a picture."""

import base64
import json
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from textual.pilot import Pilot

from tests.fakes import alerts, pictures
from tests.fakes.feed import FakeFeed
from tests.fakes.screens import press, settle, shown
from tui import clipboard, export
from tui.app import MonitorApp


@pytest.fixture(autouse=True)
def _no_tmux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


class Recorded(MonitorApp):
    """Remembers what would have gone to the terminal."""

    sent = ""

    def write_to_terminal(self, sequence: str) -> None:
        """Keep it."""
        self.sent += sequence


def recorded(folder: Path, feed: FakeFeed | None = None) -> Recorded:
    app = Recorded(feed or FakeFeed(), refresh_seconds=3600)
    app.folder = folder
    return app


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def errands(pilot: Pilot[str]) -> None:
    await pilot.app.workers.wait_for_complete()
    await settle(pilot)


async def test_y_copies_one_line_for_an_incident_channel(tmp_path: Path) -> None:
    app = recorded(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "y")
        await errands(pilot)
        assert "handed to the terminal's clipboard" in shown(app)
    copied = base64.b64decode(app.sent.rpartition("\x1b]52;c;")[2].removesuffix("\x07")).decode()
    assert copied == (
        "usdtop gpu-host-3 2026-05-16 14:23Z over 5m: ≥$412.6/h (metered 332.6 + hosts 80.00); ≥$1.840/M tokens; "
        "budget launch $1,204 left, out 17:18Z; +$96.00/h since launch 14:05; model claude-sonnet-4-6 $188.2/h, 46%; "
        "1 unpriced model: support-tuned-7b, 0.4M tok/h"
    )


async def test_the_line_says_what_fires_first_and_why(tmp_path: Path) -> None:
    app = recorded(tmp_path, FakeFeed(pictures.burn(alerts=(alerts.alert(), alerts.BURN))))
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "y")
        await errands(pilot)
    copied = base64.b64decode(app.sent.rpartition("\x1b]52;c;")[2].removesuffix("\x07")).decode()
    assert (
        "; ! acme claude-sonnet-4-6: cache hits 71% -> 4% (cache hits +$88.70/h (acme, claude-sonnet-4-6)) since 14:09Z; "
    ) in copied
    assert "launch  burn" not in copied


@pytest.mark.parametrize(
    ("keys", "window"),
    [(("2",), "1m"), (("4",), "5m"), (("4", "enter"), "5m"), (("6",), "5m")],
    ids=["2", "4", "4-enter", "6"],
)
async def test_every_screen_has_such_a_line_about_its_own_window(
    tmp_path: Path, keys: tuple[str, ...], window: str
) -> None:
    app = recorded(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, *keys, "y")
        await errands(pilot)
        copied = base64.b64decode(app.sent.rpartition("\x1b]52;c;")[2].removesuffix("\x07")).decode()
        assert copied.startswith(f"usdtop gpu-host-3 2026-05-16 14:23Z over {window}: ")
        assert copied.isprintable()


async def test_w_writes_the_whole_picture_as_json_and_never_over_a_file(tmp_path: Path) -> None:
    app = recorded(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        for _ in range(2):
            await press(pilot, "w", "enter")
            await errands(pilot)
    names = names_in(tmp_path)
    assert names == ["usdtop-burn-20260516T142307Z-2.json", "usdtop-burn-20260516T142307Z.json"]
    document = json.loads((tmp_path / names[1]).read_text())
    assert document["picture"]["headline"]["usd_per_hour"] == "412.60"
    assert document["view"]["window_seconds"] == 300
    assert stat.S_IMODE((tmp_path / names[0]).stat().st_mode) == 0o600


async def test_w_writes_the_table_as_csv(tmp_path: Path) -> None:
    app = recorded(tmp_path)
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "w", *["backspace"] * 50, *"mine.csv", "enter")
        await errands(pilot)
    lines = (tmp_path / "mine.csv").read_text().splitlines()
    assert lines[0].startswith("NAME,$/H,SHARE,SINCE MARK,$/M")
    assert lines[1].startswith("claude-sonnet-4-6,188.2,46%,+$94.10")


async def test_what_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    app = recorded(tmp_path / "nowhere")
    async with app.run_test(size=(160, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "w", "enter")
        await errands(pilot)
        assert "nothing was written: No such file or directory" in shown(app)


async def test_the_palette_saves_a_picture(tmp_path: Path) -> None:
    app = recorded(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.action_picture()
        await errands(pilot)
    (name,) = names_in(tmp_path)
    picture = tmp_path / name
    assert "$412.6" in "".join(ElementTree.fromstring(picture.read_text()).itertext()).replace("\xa0", " ")


def test_inside_tmux_the_buffer_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tmux"
    tool.write_text(f'#!/bin/sh\n[ "$*" = "load-buffer -w -" ] && cat > {tmp_path}/buffer\n')
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    said = clipboard.copy("line", lambda _: None, tmp_path, environment={"TMUX": "x", "TERM": "tmux"})
    assert said == "copied to the tmux buffer"
    assert (tmp_path / "buffer").read_text() == "line"


def test_what_is_too_long_for_a_terminal_goes_into_a_file(tmp_path: Path) -> None:
    sent: list[str] = []
    said = clipboard.copy("x" * 10_000, sent.append, tmp_path, environment={"TERM": "xterm"})
    assert said == f"written to {tmp_path}/usdtop-copy.txt"
    assert not sent
    assert clipboard.copy("y", sent.append, tmp_path, environment={"TERM": "linux"}).endswith("usdtop-copy-2.txt")


def test_a_tmux_that_fails_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    sent: list[str] = []
    clipboard.copy("line", sent.append, tmp_path, environment={"TMUX": "gone", "TERM": "tmux"})
    assert sent == ["\x1b]52;c;bGluZQ==\x07"]


def test_a_spreadsheet_runs_no_name() -> None:
    text = export.as_csv(("NAME", "$/H"), [("=cmd|' /C calc'!A0", "-1.00"), ("@SUM(1)", "+$9")])
    assert text.splitlines()[1:] == ["'=cmd|' /C calc'!A0,-1.00", "'@SUM(1),+$9"]


def test_a_picture_without_figures_is_null_in_json() -> None:
    from tui.pictures.view import View

    document = json.loads(export.as_json("burn", View(), pictures.NOTHING))
    assert document["picture"]["headline"]["usd_per_hour"] is None

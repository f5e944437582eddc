"""Every provider is read with a canary for a key, welcome and refused; nothing that usdtop writes or shows holds it."""

import asyncio
import base64
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from collectors.providers.registry import provider
from collectors.providers.source import ProviderSource
from collectors.web.fetch import open_client
from tests.fakes.provider_accounts import ACCOUNT, KEYED, SCRIPTS
from tests.fakes.provider_server import KEY, ProviderServer, serving
from tests.fakes.waiting import eventually
from tui.storefeed import StoreFeed
from tui.widgets.lines import Lines

ROOT = Path(__file__).parents[3]

_SAID = (
    "sources", "sources --json", "report --json", "doctor", "requests --json", "reconcile --json", "budgets --json",
    "alerts --json",
)  # fmt: skip
"""What is asked of the command line about the store."""


class Machine:
    """A home with a configuration of every provider, twice: one server knows the key, the other refuses it and repeats it."""

    def __init__(self, home: Path, servers: Mapping[str, ProviderServer], listening: ExitStack) -> None:
        self.home, self.servers, self._listening = home, servers, listening
        self.store, self.config = home / "usdtop.db", home / "config.toml"
        (home / "key").write_text(KEY)
        ways = ('api_key_env = "CANARY"', f'api_key_file = "{home / "key"}"', f'api_key_command = "cat {home / "key"}"')
        lines = ["[gpu]", "enabled = false"]
        for number, (name, server) in enumerate(servers.items()):
            kind = name.partition("-")[0]
            lines += ["[[source]]", f'type = "{kind}"', f'name = "{name}"', f'url = "{server.url}"']
            lines += [f'account = "{ACCOUNT}"', ways[number % 3]]
        self.config.write_text("\n".join(lines))
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "CANARY": KEY, "USDTOP_CONFIG": str(self.config),
            "USDTOP_STORE": str(self.store), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1",
        }  # fmt: skip

    def command(self, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "tui.cli", *words],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def said(self, *commands: str) -> dict[str, bytes]:
        """What each command writes, on both streams."""
        asked = {words: self.command(*words.split()) for words in commands}
        return {words: b"".join(process.communicate(timeout=30)) for words, process in asked.items()}

    def stop_listening(self) -> None:
        """End all servers: dozens of them waiting are busy enough that a screen never seems to come to rest."""
        self._listening.close()

    def has_asked_everybody(self) -> bool:
        return all(len(server.asked) >= len(_datasets(name)) for name, server in self.servers.items())


def _datasets(name: str) -> set[str]:
    return {endpoint.dataset for endpoint in provider(name.partition("-")[0]).endpoints}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with ExitStack() as stack:
        servers = {}
        for name in KEYED:
            servers[name] = stack.enter_context(serving(SCRIPTS[name]))
            refusing = servers[f"{name}-refused"] = stack.enter_context(serving(SCRIPTS[name]))
            refusing.key, refusing.echo = "another", True
        yield Machine(tmp_path, servers, stack)


def test_a_key_stands_nowhere(machine: Machine) -> None:
    collecting = machine.command("collect")
    try:
        eventually(machine.has_asked_everybody, 30, "every provider was asked")
        command_line = Path(f"/proc/{collecting.pid}/cmdline").read_bytes()
    finally:
        collecting.send_signal(signal.SIGTERM)
    narrated = b"".join(collecting.communicate(timeout=30))
    written = {
        path.name: path.read_bytes() for path in machine.home.rglob("*") if path.is_file() and path.name != "key"
    }
    said = machine.said(*_SAID)
    machine.stop_listening()
    screens = asyncio.run(_drawn(machine.store))

    assert b"refuses the key (401)" in narrated + said["sources"], "the refused ones were refused"
    assert b"refused" in screens["screen sources"], "the screens show this very store"
    assert KEY.encode() in b"".join(
        value.encode() for s in machine.servers.values() for a in s.asked for value in a.headers.values()
    )
    everything = {
        "the command line": command_line,
        "the narration": narrated,
        **screens,
        **written,
        **said,
    }
    assert [where for where, text in everything.items() if KEY.encode() in text] == []


async def _drawn(store: Path) -> dict[str, bytes]:
    """Every screen as SVG, with what opens in front of it, and everything that its lists say."""
    from tests.fakes.screens import NEVER_SECONDS, press, settle
    from tui.app import MonitorApp

    feed = StoreFeed(store, clock=lambda: 1_795_000_000_000, machine="here")
    app = MonitorApp(feed, refresh_seconds=NEVER_SECONDS)
    pictures: dict[str, bytes] = {}
    async with app.run_test(size=(120, 40)) as pilot:
        for number, name in enumerate(app.MODES, 1):
            await press(pilot, str(number))
            for opened in ("", "enter", "i", "question_mark"):
                await press(pilot, *filter(None, (opened,)))
                texts = "".join(widget.text for widget in app.screen.query(Lines))
                pictures[f"screen {name} {opened}".strip()] = (app.export_screenshot() + texts).encode()
                while len(app.screen_stack) > 1:
                    await app.pop_screen()
                    await settle(pilot)
    feed.close()
    return pictures


@pytest.mark.parametrize("name", KEYED)
async def test_neither_an_object_nor_a_log_line_shows_it(
    name: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(SCRIPTS[name]) as server:
        async with open_client() as client:
            source = ProviderSource(name, provider(name), client, lambda: KEY, base_url=server.url, account=ACCOUNT)
            await source.poll(1_795_000_000_000)
            shown = [repr(source), repr(source._readings), repr(client), repr(provider(name))]
    assert server.asked
    written = (KEY, base64.b64encode(KEY.encode()).decode())
    assert [text for text in (*shown, caplog.text) if any(key in text for key in written)] == []

"""A shell in a real tmux of 80x24, as an engineer has it over SSH."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.fakes.waiting import eventually

PROMPT = "ready>"
PATIENCE_S = 30.0


def why_no_tmux() -> str | None:
    """Why tests in a terminal multiplexer cannot run here, or None."""
    return None if shutil.which("tmux") else "tmux is not installed"


class Pane:
    """One shell in a tmux server of its own."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "tmux"
        home = folder / "home"
        home.mkdir()
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "TERM": "screen-256color", "LANG": "C.UTF-8",
            "TMPDIR": str(folder),
        }  # fmt: skip
        shell = f"env PS1='{PROMPT} ' sh"
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", shell, environment=environment)

    def type(self, text: str) -> None:
        """Type this text and press enter."""
        self._tmux("send-keys", "-l", text)
        self.press("Enter")

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        self._tmux("send-keys", *keys)

    def text(self) -> str:
        """What is on the screen."""
        return self._tmux("capture-pane", "-p")

    def flags(self, names: str) -> str:
        """What tmux knows of the terminal's state, e.g. "#{alternate_on}"."""
        return self._tmux("display-message", "-p", names).strip()

    def wait_for(self, *texts: str) -> str:
        """The screen as soon as all of these are on it."""
        try:
            return eventually(
                lambda: shown if all(text in (shown := self.text()) for text in texts) else "", PATIENCE_S, f"{texts}"
            )
        except AssertionError as error:
            raise AssertionError(f"{error}; on the screen is:\n{self.text()}") from None

    def close(self) -> None:
        """End the server and everything in it."""
        self._tmux("kill-server")

    def _tmux(self, *words: str, environment: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", str(self._socket), *words]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=PATIENCE_S)
        return done.stdout

"""Text on its way out of the terminal: through tmux, through the terminal itself, or into a file."""

import base64
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

OSC52_MOST_BYTES = 8_192
"""Terminals drop longer sequences, some of them half-way."""

_PATIENCE_S = 2.0
_OWNER_ALONE = 0o600


def copy(
    text: str, write_to_terminal: Callable[[str], None], folder: Path, *, environment: Mapping[str, str] = os.environ
) -> str:
    """Put a text where it can be pasted from; where it went, in words. OSError when there is no such place."""
    if "TMUX" in environment and _to_tmux(text):
        return "copied to the tmux buffer"
    encoded = base64.b64encode(text.encode()).decode()
    if len(encoded) <= OSC52_MOST_BYTES and environment.get("TERM") not in ("linux", "dumb"):
        write_to_terminal(f"\x1b]52;c;{encoded}\x07")
        return "handed to the terminal's clipboard"
    path = new_file(folder, "usdtop-copy", "txt")
    path.write_text(f"{text}\n", encoding="utf-8")
    return f"written to {path}"


def _to_tmux(text: str) -> bool:
    """tmux keeps it in a buffer, and with -w hands it to the outer terminal's clipboard."""
    try:
        done = subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],  # noqa: S607 (the tmux that we run in)
            input=text.encode(), capture_output=True, timeout=_PATIENCE_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def new_file(folder: Path, stem: str, suffix: str) -> Path:
    """An empty file for its owner alone that was not there before; OSError when none can be made."""
    for number in range(1, 1_000):
        path = folder / (f"{stem}.{suffix}" if number == 1 else f"{stem}-{number}.{suffix}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ALONE))
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{folder} holds too many files called {stem}")

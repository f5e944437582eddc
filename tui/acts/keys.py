"""Letting the collector use a key that it found."""

from pathlib import Path
from typing import ClassVar

from collectors.providers.registry import NAMES, WITHOUT_FIGURES, provider
from store.allowed import allow_key
from tui.feed import Act, FeedError


def _refusal(name: str) -> str:
    """Why a key that was found for a provider is of no use by itself; "" where the provider can be asked with it."""
    if name in WITHOUT_FIGURES:
        return WITHOUT_FIGURES[name]
    if name not in NAMES:
        return f"nobody knows how to ask {name}."
    account = provider(name).needs_account
    return f"its [[source]] needs `account`: {account}." if account else ""


class AllowKey(Act, frozen=True):
    """Let the collector use the key that it found for a provider."""

    REFUSED: ClassVar[str] = "nothing was allowed: "

    provider: str

    def do(self, path: Path, now_ms: int) -> str:  # noqa: ARG002 (until it is taken back)
        """Note that it may."""
        refused = _refusal(self.provider)
        if refused:
            raise FeedError(refused)
        allow_key(path, self.provider)
        return f"{self.provider}'s own figures will be read within a minute."

"""Letting the collector use a key that it found."""

from pathlib import Path
from typing import ClassVar

from collectors.providers.registry import WITHOUT_FIGURES
from store.allowed import allow_key
from tui.feed import Act, FeedError


class AllowKey(Act, frozen=True):
    """Let the collector use the key that it found for a provider."""

    REFUSED: ClassVar[str] = "nothing was allowed: "

    provider: str

    def do(self, path: Path, now_ms: int) -> str:  # noqa: ARG002 (until it is taken back)
        """Note that it may."""
        if self.provider in WITHOUT_FIGURES:
            raise FeedError(WITHOUT_FIGURES[self.provider])
        allow_key(path, self.provider)
        return f"{self.provider}'s own figures will be read within a minute."

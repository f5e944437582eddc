"""The Compare screen: what would cost less, the same traffic on other models, and own engines against prices by the token."""

from decimal import Decimal

import msgspec

from pricing.whatif.traffic import Sender
from tui.pictures.header import Header
from tui.pictures.machines import EngineRow


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """What is supposed of the traffic; shares are 0 to 1, None leaves it as it is."""

    cache_hit: Decimal | None = None
    batch: Decimal | None = None
    easy: Decimal | None = None
    """Share of the dearest model's requests that a smaller relative would answer."""


class SavingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that would cost less, with why it is believed."""

    rule: str
    who: Sender | str
    what: str
    """What comes after the name; it holds none."""
    usd_per_hour: Decimal
    evidence: str
    assumption: str
    risk: str
    beside: Sender | None = None
    """Who does better."""

    @property
    def title(self) -> str:
        """The whole sentence."""
        return f"{self.who} {self.what}"


class LackRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule would need to say more."""

    rule: str
    who: Sender | str | None = None
    what: str

    @property
    def sentence(self) -> str:
        """All of it."""
        return f"{self.rule}: {self.what if self.who is None else f'{self.who} {self.what}'}"


class OfferedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The traffic on one model or blend of models."""

    name: str
    status: str
    usd_per_hour: Decimal | None
    at_least: bool
    saved_usd_per_hour: Decimal | None
    """Negative when it is dearer; None where that is not known."""
    saved_bound: str
    """">=", "<=" or nothing."""
    why: str
    assumptions: tuple[str, ...] = ()


class ComparePicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Compare screen, over the traffic of the window, at least of the last hour."""

    header: Header
    path: tuple[tuple[str, str | None], ...]
    requests: int
    usd_per_hour: Decimal | None
    lower_bound: bool
    conditions: Conditions
    savings: tuple[SavingRow, ...] = ()
    missing: tuple[LackRow, ...] = ()
    offered: tuple[OfferedRow, ...] = ()
    assumptions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    engines: tuple[EngineRow, ...] = ()
    """Own engines whose price at saturation is known."""

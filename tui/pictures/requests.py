"""Single requests: the list, and one of them line by line."""

from decimal import Decimal

import msgspec

from pricing.bill import Bill
from pricing.usage import Usage
from tui.pictures.header import Header


class RequestRow(msgspec.Struct, frozen=True, kw_only=True):
    """One request in a list."""

    id: int
    record_id: str
    ended_at_ms: int
    duration_ms: int | None
    provider: str | None
    model: str | None
    tenant: str | None
    key: str | None
    outcome: str
    prompt_tokens: int
    output_tokens: int
    nano_usd: int | None
    status: str
    """How the cost is known: priced, partial, estimated, free, hosted, cached, unused, unpriced, invalid."""
    error: str | None = None
    session: str | None = None


class RequestsPicture(msgspec.Struct, frozen=True, kw_only=True):
    """The Requests screen: the newest or dearest requests of the window."""

    header: Header
    path: tuple[tuple[str, str | None], ...]
    rows: tuple[RequestRow, ...] = ()
    kept_since_ms: int | None = None
    """Single requests are kept from here on; older ones live on as sums."""
    looked_at: int | None = None
    """So many of the newest were looked at, and the window holds more; None is all of them."""

    @property
    def doubts(self) -> tuple[str, ...]:
        """What the list may lack."""
        said = [] if self.looked_at is None else [f"only the newest {self.looked_at:,} requests were looked at"]
        if unknown := sum(row.nano_usd is None for row in self.rows):
            said.append(f"{unknown} of these {len(self.rows)} have no known price")
        return tuple(said)


class BillPicture(msgspec.Struct, frozen=True, kw_only=True):
    """One request, line by line."""

    header: Header
    request: RequestRow
    usage: Usage
    bill: Bill
    reported_nano_usd: int | None
    saved_nano_usd: int | None = None
    """What a gateway's cache says that it saved by answering this."""
    first_token_ms: int | None
    deployment: str | None
    source: str
    call_type: str | None
    attempts: tuple[RequestRow, ...] = ()
    """Other attempts of the same call, oldest first."""
    like_it_requests: int = 0
    """Requests of the same key and model in the last hour, and their mean cost."""
    like_it_mean_usd: Decimal | None = None

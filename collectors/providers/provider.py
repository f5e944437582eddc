"""The shape of a provider: endpoints, what to ask them about a span of time, and how to read their answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import msgspec

from pricing.times import DAY_MS, HOUR_MS
from store.facts import Reject
from store.provider_facts import BalanceReading, CostBucket, UsageBucket

MINUTE, HOUR, DAY = 60, 3_600, 86_400


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """What an endpoint is asked about: buckets of `width_seconds` in [since, until); both stand on the edge of one."""

    since_ms: int
    until_ms: int
    width_seconds: int
    account: str = ""
    """Team, resource or project, where a provider wants one; from the configuration."""

    def holds(self, begins_ms: int) -> bool:
        """Whether a bucket that begins there was asked about; some endpoints answer with more."""
        return self.since_ms <= begins_ms < self.until_ms


class Ask(msgspec.Struct, frozen=True):
    """One HTTP request, below the base address; it never holds a key."""

    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    """Sent with POST; None is a GET."""
    headers: tuple[tuple[str, str], ...] = ()

    def having(self, **changed: str) -> "Ask":
        """The same with these names of its query set: another page."""
        kept = tuple((name, value) for name, value in self.query if name not in changed)
        return msgspec.structs.replace(self, query=(*kept, *changed.items()))

    def following(self, page: str | None, *, more: bool) -> "Sequence[Ask]":
        """The question for the next page, where there is more; ValueError where nothing says which page that is."""
        if not more:
            return ()
        if page is None:
            raise ValueError("there is more, and nothing says where")
        return (self.having(page=page),)


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer says, and what must be asked besides: the next page, or each of what it lists."""

    usage: Sequence[UsageBucket] = ()
    costs: Sequence[CostBucket] = ()
    balances: Sequence[BalanceReading] = ()
    rejects: Sequence[Reject] = ()
    more: Sequence[Ask] = ()
    notice: str = ""
    """What whoever is on call should know of the account now, until it is read again."""
    complete_until_ms: int | None = None
    """Where the provider itself says up to when its figures are complete."""


Asks: TypeAlias = Callable[[Span], Sequence[Ask]]
"""What to ask first about a span."""
Read: TypeAlias = Callable[[bytes, Span, Ask], Page]
"""Pure: an answer's body, what was asked about, and the very request. May raise ValueError for what is no such answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One kind of figures. Everything that a dataset says of a span replaces what it said of it before."""

    dataset: str
    """Its name in the store and in sentences, e.g. "usage/completions"."""
    asks: Asks
    read: Read
    permission: str
    """Exactly what the key must be allowed, as a part of "it wants ..."."""
    width_seconds: int = 0
    """Of its buckets; 0 is a balance, which is read as it stands."""
    coarse_seconds: int = 0
    """Width of buckets for what is older than a day, where narrow ones would be many; 0 is none."""
    first_look_ms: int = 8 * DAY_MS
    reread_ms: int = 0
    """How far back late corrections reach; 0 is 2 hours for minutes and hours, and 3 days for days."""
    most_buckets: int = 1_440
    """The longest span that is asked about at once, in its buckets; pages may divide it further."""
    lag_ms: int = 0
    """How old a bucket is before it is complete, as documented."""
    every_seconds: float = 60.0
    """The shortest documented interval between polls."""
    usual_seconds: float = 0.0
    """How often it is asked unless the configuration says, where each request costs money; 0 is as often as it may be."""
    optional: bool = False
    """Common keys may not read it: that is said, and the source counts as well."""
    may_be_absent: bool = False
    """No such page (404) says that there is nothing, e.g. no limit."""
    otherwise: "Endpoint | None" = None
    """What to read instead, under the same dataset, when the server does not have this or the key may not."""

    @property
    def reread_back_ms(self) -> int:
        """How far back each poll begins again."""
        if self.reread_ms:
            return self.reread_ms
        return 3 * DAY_MS if self.width_seconds >= DAY else 2 * HOUR_MS


class Transport(Protocol):
    """Sends the asks of one endpoint, and does not send any before a pause that its server wants is over."""

    @property
    def quiet_until_ms(self) -> int:
        """When the server may be asked again."""
        ...

    async def send(
        self,
        method: str,
        url: str,
        query: tuple[tuple[str, str], ...],
        /,
        *,
        now_ms: int,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> bytes:
        """The body of a good answer; raises CollectorError with a sentence."""
        ...

    def for_another(self, permission: str, /) -> "Transport":
        """One for another endpoint of the same server."""
        ...


Opens: TypeAlias = Callable[[str, str | None, str, Callable[[], float]], Transport]
"""A transport for an account, perhaps at another address than its own; with the permission it wants, and the jitter."""


def bearer(key: str) -> Mapping[str, str]:
    """How most providers want their key."""
    return {"Authorization": f"Bearer {key}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Everything that reading one provider's own figures takes."""

    name: str
    """The type of its source, and what its traffic is called in gateways' logs."""
    base_url: str
    """Where it is asked; `{account}` in it stands for the configured one."""
    key_variables: tuple[str, ...]
    """Where its key commonly stands; the first is the default. None where `transport` finds credentials itself."""
    endpoints: tuple[Endpoint, ...]
    headers: Callable[[str], Mapping[str, str]] = bearer
    """The headers that carry a key."""
    transport: Opens | None = None
    """What signs and sends in place of plain HTTP with a key."""
    needs_account: str = ""
    """What `account` must be, where the provider wants one, e.g. "the team's id"; empty is not needed."""
    is_gateway: bool = False
    """It counts what went to many providers: it covers the traffic of all of them, and judges unless `role` says live."""
    stands_alone: bool = False
    """Its figures are another view of dollars that other sources have, and of no log's: it adds nothing unless `role` says live."""
    base_urls: Mapping[str, str] | None = None
    """Other base addresses by `account`, where a provider has several."""

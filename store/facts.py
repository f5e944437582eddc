"""What collectors hand to the store: facts as they were seen, frozen, with units in their names."""

from collections.abc import Sequence
from enum import IntEnum, StrEnum

import msgspec

from pricing.usage import NOTHING, Usage
from store.hosts.latency import Bucket
from store.provider_facts import PricedReading


class Outcome(StrEnum):
    """How a request ended; part of its series, so that every measure can be split by it."""

    OK = "ok"
    ERROR = "error"
    """Failed, and nothing took its place as far as anybody has seen."""
    RETRIED = "error-retried"
    """A failed attempt after which the call was tried again; only the store, which knows all attempts, says so."""
    FALLBACK = "error-fallback"
    """The same, where the next attempt went to another deployment or model."""
    CACHE = "cache"
    """Answered from the gateway's own response cache: tokens stand apart, money is zero."""
    CUT = "cut"
    """A stream whose client hung up: billed for what was generated."""

    @property
    def failed(self) -> bool:
        """Whether this record is a failure, also where a later attempt of its call was none."""
        return self in _FAILED


_FAILED = frozenset({Outcome.ERROR, Outcome.RETRIED, Outcome.FALLBACK})
SAID = tuple(outcome for outcome in Outcome if outcome not in {Outcome.RETRIED, Outcome.FALLBACK})
"""What a record can say of itself."""


class Dimensions(msgspec.Struct, frozen=True, gc=False):
    """Who and what a request belongs to; None is "not said", never an empty string."""

    source: str
    provider: str | None = None
    model: str | None = None
    deployment: str | None = None
    tenant: str | None = None
    key: str | None = None
    host: str | None = None
    call_type: str | None = None
    outcome: Outcome = Outcome.OK


class Rank(IntEnum):
    """How much one view of a call knows: where two views of one call disagree, the higher one wins."""

    SPAN = 1
    ROW = 2
    PAYLOAD = 3


class UsageEvent(msgspec.Struct, frozen=True, gc=False):
    """One request (one attempt of it) as a gateway saw it end."""

    id: str
    """The source's own id of this record; two records with one id are one request."""
    ended_at_ms: int
    call_id: str | None = None
    """An id shared by several views or attempts of one call; with `id` it is the identity across sources."""
    trace_id: str | None = None
    duration_ms: int | None = None
    first_token_ms: int | None = None
    provider: str | None = None
    model: str | None = None
    deployment: str | None = None
    tenant: str | None = None
    key: str | None = None
    call_type: str | None = None
    outcome: Outcome = Outcome.OK
    usage: Usage = NOTHING
    usage_missing: bool = False
    """The call surely used something, and the source does not say what."""
    variant: str = ""
    """Batch or service tier that was billed; empty is standard."""
    reported_nano_usd: int | None = None
    """What the gateway itself said that the call cost; of what its cache answered that is nothing, and is not kept."""
    saved_nano_usd: int | None = None
    """Of what a gateway's cache answered: what it said that the call would have cost."""
    error: str | None = None
    """Class of the failure, e.g. "RateLimitError"."""
    user: str | None = None
    end_user: str | None = None
    session: str | None = None
    tags: tuple[str, ...] = ()
    rank: Rank = Rank.PAYLOAD


class PricedEvent(msgspec.Struct, frozen=True, gc=False):
    """A usage event with the card it was billed at; `nano_usd` is None where the cost is unknown."""

    event: UsageEvent
    card_id: str
    nano_usd: int | None
    partial: bool = False


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far one file has been read; the digests recognise it when its name or inode was reused."""

    path: str
    device: int
    inode: int
    offset: int
    head_digest: bytes = b""
    """Of the first KB of what was read."""
    tail_digest: bytes = b""
    """Of the last KB before the offset."""
    modified_ms: int = 0
    size_bytes: int = 0
    """Of the file when it was last looked at; 0 where that is not known."""
    finished: bool = False
    """The file was rotated away and read to its end."""
    gone_ms: int = 0
    """Since when its file has been seen to be gone; 0 while it is there."""
    memory: bytes = b""
    """What the format of its lines needs to know of those before the offset; empty for most formats."""


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """Input that could not be taken: why, how many, and the newest example (shortened, control characters escaped)."""

    reason: str
    count: int
    example: str
    taken: bool = False
    """It was taken all the same: a doubt, and no loss."""


class GpuProcess(msgspec.Struct, frozen=True, gc=False):
    """A process that holds a GPU; its number is the host's, also for one in a container."""

    pid: int
    memory_used_bytes: int | None = None


class GpuReading(msgspec.Struct, frozen=True, kw_only=True):
    """One GPU (or MIG instance) at one instant; None is "the card does not say". Shares are 0 to 1."""

    at_ms: int
    host: str
    uuid: str
    index: int
    name: str | None = None
    parent_uuid: str | None = None
    """The card that a MIG instance is part of; None for a whole card."""
    slices: int | None = None
    """Compute slices of a MIG instance, and of a card that has any (an A100 or H100 has 7)."""
    busy: float | None = None
    """Share of the time since the last reading with at least one kernel running: busy time, not utilisation."""
    memory_busy: float | None = None
    """Share of that time in which memory was read or written."""
    sm_active: float | None = None
    tensor_active: float | None = None
    """Share of the multiprocessors' time in which their matrix units worked."""
    dram_active: float | None = None
    """Memory bandwidth used, as a share of the card's: what decoding is bound by."""
    pcie_tx_bytes_per_second: int | None = None
    pcie_rx_bytes_per_second: int | None = None
    nvlink_tx_bytes_per_second: int | None = None
    nvlink_rx_bytes_per_second: int | None = None
    memory_used_bytes: int | None = None
    memory_total_bytes: int | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    """What is enforced now."""
    energy_millijoules: int | None = None
    """Counter since the driver was loaded."""
    temperature_celsius: int | None = None
    sm_clock_mhz: int | None = None
    sm_clock_max_mhz: int | None = None
    memory_clock_mhz: int | None = None
    throttle_reasons: int | None = None
    """Bits of NVML's clock event reasons."""
    ecc_corrected: int | None = None
    """Memory errors since the driver was loaded."""
    ecc_uncorrected: int | None = None
    xids: tuple[int, ...] = ()
    """Critical errors (XID numbers) that the driver has reported since the last reading."""
    processes: tuple[GpuProcess, ...] = ()
    lost: str | None = None
    """Why the card does not answer any more, or None while it does."""

    @property
    def pids(self) -> tuple[int, ...]:
        """Processes that hold it."""
        return tuple(process.pid for process in self.processes)


class ProcessorReading(msgspec.Struct, frozen=True, kw_only=True):
    """Energy that the processors of a machine used since they were looked at before."""

    at_ms: int
    host: str
    joules: float
    seconds: float


class Timed(msgspec.Struct, frozen=True, gc=False):
    """Durations that were measured between two scrapes: their sum and how many, so that means stay right when added."""

    seconds: float
    count: int
    buckets: tuple[Bucket, ...] = ()
    """How many took how long, where a histogram tells."""

    @property
    def mean_seconds(self) -> float | None:
        """None where nothing was measured."""
        return self.seconds / self.count if self.count else None


class EngineReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a serving engine did between two scrapes; counts are deltas over `seconds`, None is "not exposed"."""

    at_ms: int
    engine: str
    """Name of the source."""
    host: str | None = None
    model: str | None = None
    kind: str | None = None
    """Which engine, e.g. "vllm"."""
    seconds: float | None = None
    """Since the previous scrape; None on the first, which only sets the baseline."""
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    output_tokens: int | None = None
    requests_finished: int | None = None
    ttft: Timed | None = None
    """From a request's arrival to its first token."""
    tpot: Timed | None = None
    """Per output token after the first."""
    queue: Timed | None = None
    """Waiting until a request was scheduled."""
    idle_seconds: float | None = None
    """Of `seconds`, those in which the engine had no work, where it counts them itself."""
    running: int | None = None
    running_limit: int | None = None
    """How many requests it can run at once, where it says so."""
    waiting: int | None = None
    kv_cache_used: float | None = None
    pid: int | None = None
    """The topmost process of the engine on this machine."""
    gpus: tuple[int, ...] = ()
    """Indices of the GPUs that it holds; empty is "not said"."""
    gpu_uuids: tuple[str, ...] = ()
    """The same exactly, MIG instances included; only where its processes or its configuration told."""
    gpus_from: str | None = None
    """How the GPUs are known: "processes" or "configuration"."""


class HostFact(msgspec.Struct, frozen=True, kw_only=True):
    """What a machine costs per hour and what it can serve, in force from `since_ms` until `until_ms` (or now)."""

    name: str
    usd_per_hour_nano: int | None
    since_ms: int
    until_ms: int | None = None
    gpus: int | None = None
    prefill_tokens_per_second: int | None = None
    decode_tokens_per_second: int | None = None
    capacity_basis: str = "joint"
    energy_nano_usd_per_kwh: int | None = None
    """What one more kilowatt-hour costs at the building's meter, PUE included; 0 where the rent or the space pays it."""
    board_to_wall: float | None = None
    """Set where the energy is not in the price per hour: wall power over that of the GPU boards, which are measured."""
    base_watts: float = 0.0
    """What the host draws beside that."""
    measure_processors: bool = False
    """Energy of the processors is measured, too, and is not in `board_to_wall`."""
    dated: bool = False
    """Its dates are stated, so it replaces whatever was in force under its name before."""


class CapacityFact(msgspec.Struct, frozen=True, kw_only=True):
    """What one engine (a source's name) can serve, as configured; it wins over its part of the host's."""

    name: str
    prefill_tokens_per_second: int
    decode_tokens_per_second: int
    capacity_basis: str = "joint"
    since_ms: int
    until_ms: int | None = None


class SaturationFact(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's work rate at saturation, K, as it was learned from what it did; in force until the next one."""

    engine: str
    model: str
    since_ms: int
    work_per_second: float
    """In uncached-prompt equivalents."""
    decode_weight: float
    """Work of one output token, as it was counted."""
    how: str
    """"learned", or "raised" where the engine did more than the K in force said."""
    minutes: int
    """Saturated minutes that it was learned from."""


class RivalFact(msgspec.Struct, frozen=True, kw_only=True):
    """The price by the token that a served model is compared with; rates are nano-dollars per million tokens."""

    model: str
    """As the engine calls it."""
    record: str
    """The record of the price, e.g. "together/llama-3.3-70b"."""
    input_nano_usd: int
    output_nano_usd: int
    cache_read_nano_usd: int | None = None
    checked: str | None = None
    how: str
    """How it was found, e.g. "the same model, cheapest of 5 providers"."""
    since_ms: int
    until_ms: int | None = None


class CommitmentFact(msgspec.Struct, frozen=True, kw_only=True):
    """Provisioned capacity at a provider, paid by the hour for the requests that `filter` describes."""

    name: str
    usd_per_hour_nano: int
    filter: str
    since_ms: int
    until_ms: int | None = None
    dated: bool = False
    """As for a host."""


class BudgetFact(msgspec.Struct, frozen=True, kw_only=True):
    """A budget as configured, in force from `since_ms`."""

    name: str
    nano_usd: int
    period: str
    filter: str = ""
    counts: str = "both"
    """Which dollars: metered, committed or both."""
    timezone: str = "UTC"
    """IANA name of the zone whose calendar it keeps."""
    soft: float = 0.8
    hard: float = 1.0
    """Shares of the amount that are worth a warning, and an alarm."""
    since_ms: int
    until_ms: int | None = None


class SourceState(StrEnum):
    """What a source last said of itself; a reader turns `ok` into `late` by its own clock."""

    OK = "ok"
    LATE = "late"
    FAILING = "failing"
    ABSENT = "absent"


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One source's state, as the collector saw it at its last poll."""

    name: str
    kind: str
    state: SourceState
    detail: str = ""
    polled_ms: int
    watermark_ms: int | None = None
    """Everything up to this instant has been read."""
    poll_every_ms: int
    backlog_bytes: int | None = None
    poll_ms: float | None = None
    """How long the last poll took."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one poll of one source saw; the store writes it in one transaction or not at all."""

    health: SourceHealth
    events: Sequence[PricedEvent] = ()
    positions: Sequence[Position] = ()
    rejects: Sequence[Reject] = ()
    gpus: Sequence[GpuReading] = ()
    engines: Sequence[EngineReading] = ()
    processors: Sequence[ProcessorReading] = ()
    readings: Sequence[PricedReading] = ()
    gap_bytes: int = 0
    """Bytes that vanished before they could be read."""
    gone: Sequence[tuple[int, int]] = ()
    """Files (device, inode) that are gone for good, and whose positions are of no use any more."""

"""Pictures for tests: a small launch, invented."""

import dataclasses
from decimal import Decimal

from msgspec.structs import replace

from pricing.bill import make_bill
from pricing.card import CardStatus, RateCard, UnitRate
from pricing.totals import Totals
from pricing.usage import Usage
from pricing.whatif.traffic import Sender
from tui.pictures.budgets import BudgetLine
from tui.pictures.burn import BurnPicture, GroupRow, Headline
from tui.pictures.chart import ChartPicture, Fired, Point, Series
from tui.pictures.compare import ComparePicture, Conditions, OfferedRow, SavingRow
from tui.pictures.header import Header, SourceNote
from tui.pictures.machines import (
    GONE,
    EnginePicture,
    EngineRow,
    GpuPicture,
    GpuRow,
    Headroom,
    Hint,
    HostRow,
    MachinesPicture,
    Rival,
    Spread,
    Tier,
    User,
    Work,
)
from tui.pictures.requests import BillPicture, RequestRow, RequestsPicture
from tui.pictures.sources import RejectRow, SourceRow, SourcesPicture
from tui.reading.enginerow import NOTHING_KNOWN

AS_OF_MS = 1_778_941_387_000
"""2026-05-16T14:23:07Z."""

HEADER = Header(
    machine="gpu-host-3",
    as_of_ms=AS_OF_MS,
    read_at_ms=AS_OF_MS + 900,
    window_seconds=300,
    sources_ok=4,
    sources_total=4,
    since_ms=AS_OF_MS - 367_000,
    sources=(
        SourceNote(name="gateway", state="ok", watermark_ms=AS_OF_MS),
        SourceNote(name="vllm-a", state="late", watermark_ms=None),
    ),
    books=("catalogue of 2026-11-09",),
)
HEADLINE = Headline(
    usd_per_hour=Decimal("412.60"),
    metered_usd_per_hour=Decimal("332.60"),
    committed_usd_per_hour=Decimal(80),
    usd_per_million=Decimal("1.84"),
    api_usd_per_million=Decimal("2.10"),
    own_usd_per_million=Decimal("0.61"),
    own_at_full_usd_per_million=Decimal("0.31"),
    utilisation=0.51,
    idle_usd_per_hour=Decimal("39.20"),
    lower_bound=True,
    burn_trend=(1.0, 1.2, None, 2.0, 3.0, 5.0, 7.0, 7.5),
    per_million_trend=(3.0, 3.1, 2.9, 2.0, 1.9),
    mark=Point(AS_OF_MS - 18 * 60_000, "launch"),
    since_mark_usd_per_hour=Decimal(96),
    budget=BudgetLine(
        name="launch",
        limit_usd=Decimal(5000),
        spent_usd=Decimal(3796),
        elapsed_share=0.55,
        pace=1.38,
        runs_out_ms=AS_OF_MS + 10_493_000,
        ends_ms=AS_OF_MS + 30_000_000,
    ),
)


def totals(usd: str = "15.7", tokens: int = 5_000_000, unpriced_requests: int = 0) -> Totals:
    """Sums of a group that cost this much."""
    usage = Usage(input_tokens=tokens // 2, cache_read_tokens=tokens // 4, output_tokens=tokens // 4)
    sums = Totals(requests=1200, errors=4, retries=3, tokens=usage, metered_nano_usd=int(Decimal(usd) * 10**9))
    return dataclasses.replace(sums, duration_ms=2_310_000, durations=1000, unpriced_requests=unpriced_requests)


def group(key: str | None, usd_per_hour: str | None = "20.3", *, aside: bool = False, **changes: int) -> GroupRow:
    """One row of the Burn table."""
    rate = None if usd_per_hour is None else Decimal(usd_per_hour)
    return GroupRow(
        key=key,
        totals=totals(str((rate or 0) / 12), **changes),
        usd_per_hour=rate,
        share=None if rate is None else float(rate / 413),
        tokens_per_second=17_300.0,
        trend=(1.0, 2.0, None, 4.0, 5.0, 8.0),
        since_mark_usd_per_hour=None if rate is None else rate / 2,
        aside=aside,
    )


def burn(
    *rows: GroupRow, by: str = "model", path: tuple[tuple[str, str | None], ...] = (), **changes: object
) -> BurnPicture:
    """A Burn picture of these rows, or of five models."""
    rows = rows or (
        group("claude-sonnet-4-6", "188.20"),
        group("gpt-4o", "64.10"),
        group("support-tuned-7b", "41.70", unpriced_requests=3),
        group(None, "20.30"),
        group("(idle)", "39.20", aside=True),
    )
    picture = BurnPicture(
        header=HEADER,
        headline=HEADLINE,
        by=by,
        path=path,
        total=totals("34.4"),
        rows=rows,
        doubts=("1 unpriced model: support-tuned-7b, 0.4M tok/h", "2 estimated"),
    )
    return replace(picture, **changes)


NOTHING = BurnPicture(
    header=replace(HEADER, as_of_ms=None, sources_ok=0, sources_total=0),
    headline=Headline(),
    by="model",
    path=(),
    total=Totals(),
    nothing_found=(
        "Nothing to watch was found on this machine.",
        "Looked for gateway logs in /var/log/litellm, for serving engines among 212 processes, and for NVIDIA GPUs.",
        "Run usdtop init to write a configuration.",
    ),
)


def request(number: int = 1, **changes: object) -> RequestRow:
    """One request in a list."""
    row = RequestRow(
        id=number,
        record_id=f"51afb516{number:04}",
        ended_at_ms=AS_OF_MS - number * 1500,
        duration_ms=2310 + number,
        provider="anthropic",
        model="claude-sonnet-4-6",
        tenant="acme",
        key="rag-prod",
        outcome="ok",
        prompt_tokens=50_160,
        output_tokens=812,
        nano_usd=164_196_000,
        status="priced",
    )
    return replace(row, **changes)


REQUESTS = RequestsPicture(
    header=HEADER,
    path=(("model", "claude-sonnet-4-6"), ("tenant", "acme"), ("key", "rag-prod")),
    rows=(
        request(1),
        request(2, outcome="error", error="429 rate limited", output_tokens=0, nano_usd=0, status="unused"),
        request(3, model="tuned-support", nano_usd=None, status="unpriced", tenant=None),
        request(4, nano_usd=120, status="priced"),
        request(5, nano_usd=9_000_000, status="partial", key=None),
    ),
)

CARD = RateCard(
    book="catalogue 2026-11-09",
    record="anthropic/claude-sonnet-4-6",
    status=CardStatus.PRICED,
    rates=(3 * 10**9, 3 * 10**8, 3_750_000_000, 6 * 10**9, None, None, None, 15 * 10**9),
    unit_rates=(UnitRate(unit="web_search", nano_usd=10_000_000_000, per=1000),),
    match_rule="provider prefix removed",
    conditions=("48,112 + 2,048 input tokens: below the 200,000 cliff",),
    effective_from="2026-02-17",
    checked="2026-11-09",
)
USAGE = Usage(
    input_tokens=48_112, cache_write_5m_tokens=2048, output_tokens=812, reasoning_tokens=260, units=(("web_search", 3),)
)


def bill(number: int = 1, usage: Usage = USAGE, card: RateCard = CARD, **changes: object) -> BillPicture:
    """The bill of a request."""
    picture = BillPicture(
        header=HEADER,
        request=request(number),
        usage=usage,
        bill=make_bill(usage, card),
        reported_nano_usd=194_196_000,
        first_token_ms=412,
        deployment="claude-eu-1",
        source="gateway",
        call_type="acompletion",
        attempts=(request(9, outcome="error", error="429"),),
        like_it_requests=1204,
        like_it_mean_usd=Decimal("0.16"),
    )
    return replace(picture, **changes)


SOURCES = SourcesPicture(
    header=replace(HEADER, sources_ok=2),
    rows=(
        SourceRow(
            name="gateway",
            kind="file",
            state="ok",
            detail="/var/log/litellm/requests.jsonl, LiteLLM standard logging payload",
            state_since_ms=AS_OF_MS - 7_200_000,
            watermark_ms=AS_OF_MS,
            lag_ms=800,
            events=1_204_331,
            events_per_minute=2950.0,
            duplicates=12,
            rejected=3,
            rejects=(RejectRow(reason="not JSON", count=3, example='{"id": "chatcmpl-9', seen_ms=AS_OF_MS - 60_000),),
            backlog_bytes=0,
            gap_bytes=4096,
        ),
        SourceRow(
            name="vllm-a",
            kind="engine",
            state="late",
            detail="http://127.0.0.1:8000/metrics has not answered since 14:20:31Z",
            state_since_ms=AS_OF_MS - 150_000,
            watermark_ms=AS_OF_MS - 150_000,
            lag_ms=150_000,
            events=5400,
            events_per_minute=0.0,
            duplicates=0,
            rejected=0,
        ),
        SourceRow(
            name="openai",
            kind="provider",
            state="failing",
            detail="HTTP 401: the key in OPENAI_ADMIN_KEY is not an admin key",
            state_since_ms=AS_OF_MS - 3_600_000,
            watermark_ms=None,
            lag_ms=None,
            events=0,
            events_per_minute=None,
            duplicates=0,
            rejected=0,
        ),
    ),
    found=("ANTHROPIC_API_KEY is set; it is not used until you say so: usdtop init.",),
)


def gpu(index: int, **changes: object) -> GpuRow:
    """One GPU at work."""
    row = GpuRow(
        index=index,
        uuid=f"GPU-{index}",
        name="H100 80GB HBM3",
        busy=0.97,
        memory_used_bytes=75 << 30,
        memory_total_bytes=80 << 30,
        power_watts=655.0,
        temperature_celsius=64,
        model="llama-70b",
        lost=None,
        age_ms=900,
    )
    return replace(row, **changes)


ENGINE = EngineRow(
    source="vllm-a",
    model="llama-70b",
    kind="vllm",
    state="ok",
    running=48,
    waiting=12,
    kv_cache_used=0.94,
    input_per_second=3_200.0,
    cache_read_per_second=2_000.0,
    output_per_second=1_300.0,
    usd_per_hour=Decimal(10),
    blended_usd_per_million=Decimal("0.4274"),
    input_usd_per_million=Decimal("0.2834"),
    cache_read_usd_per_million=Decimal("0.01417"),
    output_usd_per_million=Decimal("1.4172"),
    output_only_usd_per_million=Decimal("2.1368"),
    at_full_usd_per_million=Decimal("0.2735"),
    utilisation=0.64,
    utilisation_tier="U1 configured",
    idle_usd_per_hour=Decimal("3.60"),
    gpus=(0, 1, 2, 3),
    ttft_ms=412.0,
    ttft_spread=Spread(p50_ms=344.0, p95_ms=1_910.0),
    tpot_ms=21.4,
    busy=0.97,
    joules_per_token=0.55,
    energy_usd_per_million=Decimal("0.0216"),
    work=Work(
        per_second=9_800.0,
        seconds=58.0,
        saturation_per_second=15_312.5,
        saturation_source="configured",
        saturation_since_ms=None,
        decode_weight=5.0,
        weights_assumed=False,
    ),
    headroom=Headroom(
        p95_work_per_second=11_200.0,
        days=6.9,
        minutes=9_936,
        needed_share=0.951,
        usd_per_million_more=Decimal("0.8548"),
        usd_per_million_less=None,
    ),
    rival=Rival(
        record="together/llama-3.3-70b",
        checked="2026-11-09",
        how="the same model, cheapest of 5 providers",
        usd_per_million=Decimal("0.88"),
        value_usd_per_hour=Decimal("20.592"),
        saves_usd_per_hour=Decimal("10.592"),
        break_even=Decimal("0.3108"),
    ),
    tiers=(
        Tier("U1", 0.64, "work rate against K, configured"),
        Tier("U2", 0.94, "KV cache in use"),
        Tier("U3", 0.71, "tensor or memory units active, of 86% seen at saturation"),
        Tier("U4", 0.97, "busy time: any kernel running"),
        Tier("U5", 0.88, "power between idle and the limit"),
    ),
    age_ms=1200,
)
"""6,500 tokens a second for 10 dollars an hour; work 3,200 + 0.05 x 2,000 + 5 x 1,300."""

MACHINES = MachinesPicture(
    header=replace(HEADER, window_seconds=60, own_window=True),
    hosts=(
        HostRow(
            name="gpu-host-3",
            usd_per_hour=Decimal(20),
            price_from="configuration",
            idle_usd_per_hour=Decimal("11.6"),
            utilisation=0.42,
            lower_bound=True,
            idle_at_least=True,
            gpus=(
                gpu(0, engine="vllm-a"),
                gpu(
                    1,
                    busy=0.0,
                    memory_used_bytes=1 << 30,
                    power_watts=71.0,
                    model=None,
                    hints=(Hint("idle 2h10m, $2.50/h for nothing", "no kernel has run for 2h10m; 1.0 GiB in use"),),
                ),
                gpu(2, stale=True, age_ms=70_000),
                gpu(3, busy=None, power_watts=None, memory_used_bytes=None, lost="lost 14:20:31Z (XID 79)"),
            ),
            engines=(
                ENGINE,
                replace(
                    ENGINE,
                    source="vllm-b",
                    model="qwen-32b",
                    state="failing",
                    freshness=GONE,
                    age_ms=130_000,
                    gpus=(2, 3),
                    **dict.fromkeys(NOTHING_KNOWN),
                    tiers=(),
                ),
            ),
        ),
        HostRow(
            name="gpu-host-4",
            usd_per_hour=None,
            price_from=None,
            idle_usd_per_hour=None,
            utilisation=None,
            missing=("no price for 8x H100: press $, or see usdtop doctor",),
        ),
    ),
)


def rising(start: float, end: float, steps: int = 60, gap: range = range(0)) -> tuple[float | None, ...]:
    """Values on a straight line, with a gap."""
    return tuple(None if i in gap else start + (end - start) * i / (steps - 1) for i in range(steps))


CHART = ChartPicture(
    begins_ms=AS_OF_MS // 60_000 * 60_000 - 59 * 60_000,
    step_ms=60_000,
    unit="$/h",
    series=(
        Series("hosts", rising(80, 80), aside=True),
        Series("claude-sonnet-4-6", rising(40, 188)),
        Series("gpt-4o", rising(70, 64)),
        Series("support-tuned-7b", rising(20, 41)),
        Series("4 others", rising(10, 20), aside=True),
    ),
    marks=(Point(AS_OF_MS - 18 * 60_000, "launch"),),
    alerts=(Fired(AS_OF_MS - 14 * 60_000, "cache hits 71% -> 4%"),),
)

ENGINE_PAGE = EnginePicture(
    header=HEADER,
    host="gpu-host-3",
    engine=ENGINE,
    users=(
        User(name="acme", dimension="tenant", requests=1_204, tokens=1_260_000, usd_per_hour=Decimal("4.10"), share=0.41),
        User(name=None, dimension="tenant", requests=310, tokens=400_000, usd_per_hour=Decimal("1.90"), share=0.19),
        User(
            name="(not in any log)", dimension="tenant", requests=0, tokens=0, usd_per_hour=Decimal("0.40"), share=0.04,
            aside=True,
        ),
        User(name="(idle)", dimension="tenant", requests=0, tokens=0, usd_per_hour=Decimal("3.60"), share=0.36, aside=True),
    ),
    provisional=False,
)  # fmt: skip

GPU_PAGE = GpuPicture(
    header=HEADER,
    host="gpu-host-3",
    gpu=gpu(
        0,
        engine="vllm-a",
        power_limit_watts=700.0,
        dram_active=0.61,
        tensor_active=0.18,
        sm_active=0.88,
        sm_clock_mhz=1980,
        sm_clock_max_mhz=1980,
        memory_clock_mhz=2619,
        pcie_rx_bytes_per_second=1.2 * (1 << 30),
        pcie_tx_bytes_per_second=320.0 * (1 << 20),
        nvlink_rx_bytes_per_second=41.5 * (1 << 30),
        nvlink_tx_bytes_per_second=41.5 * (1 << 30),
        ecc_corrected=3,
        ecc_uncorrected=0,
    ),
    charts=(
        ChartPicture(
            begins_ms=AS_OF_MS - 60 * 60_000,
            step_ms=60_000,
            unit="busy %",
            series=(Series("busy %", tuple(None if 20 <= n < 25 else float(60 + n % 30) for n in range(60))),),
        ),
    ),
    xids=((AS_OF_MS - 30 * 60_000, 63),),
)


COMPARE = ComparePicture(
    header=replace(HEADER, window_seconds=3600, own_window=True),
    path=(),
    requests=1204,
    usd_per_hour=Decimal("188.2"),
    lower_bound=False,
    conditions=Conditions(),
    savings=(
        SavingRow(
            rule="cache",
            who=Sender("anthropic", "claude-sonnet-4-6", "rag-prod"),
            what="reads the prompt cache less than it could: cache the prefix",
            usd_per_hour=Decimal("88.7"),
            evidence="cache hits fell from 71% to 4% at 14:09Z",
            assumption="prompts are as alike as before",
            risk="none known",
        ),
        SavingRow(
            rule="batch",
            who=Sender("openai", "gpt-4o", "etl-nightly"),
            what="could be sent as a batch",
            usd_per_hour=Decimal("3.1"),
            evidence="412 requests cost $6.20 and would cost $3.10 as batches",
            assumption="nobody waits for them",
            risk="answers take up to a day",
        ),
    ),
    offered=(
        OfferedRow(
            name="anthropic/claude-sonnet-4-6", status="priced", usd_per_hour=Decimal("188.2"), at_least=False,
            saved_usd_per_hour=Decimal(0), saved_bound="", why="",
        ),
        OfferedRow(
            name="anthropic/claude-haiku-4-5", status="priced", usd_per_hour=Decimal("62.7"), at_least=False,
            saved_usd_per_hour=Decimal("125.5"), saved_bound="", why="", assumptions=("the same tokens",),
        ),
        OfferedRow(
            name="tiny-model", status="excluded", usd_per_hour=None, at_least=False, saved_usd_per_hour=None,
            saved_bound="", why="holds no prompt as large as 120,000 tokens",
        ),
    ),
    assumptions=("answers are as long as now",),
    left_out=("3 requests without output",),
    engines=(ENGINE,),
)  # fmt: skip

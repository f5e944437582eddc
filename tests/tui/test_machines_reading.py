"""What the GPUs screen is told: prices now and elsewhere, how full and how anybody knows, energy, and hints with their figures."""

import itertools
import json
import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from collectors.settings.config import ConfigError, from_mapping
from collectors.settings.plans import capacities, hosts
from pricing.filters import parse_filter
from store.facts import (
    CapacityFact,
    EngineReading,
    GpuReading,
    HostFact,
    ProcessorReading,
    RivalFact,
    SaturationFact,
    SourceState,
    Timed,
)
from store.hosts.capacity import put_rival, put_saturations
from store.hosts.latency import Bucket
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main
from tui.feed import FeedError
from tui.pictures.machines import EngineRow, HostRow, MachinesPicture, Spread
from tui.pictures.view import View
from tui.reading.enginepage import engine_page
from tui.reading.gpupage import gpu_page
from tui.reading.machines import machines
from tui.reading.report import report
from tui.widgets.machinepanel import engine_text
from tui.widgets.machinerows import COLUMNS, spread_text, sums_text
from tui.widgets.machinerows import engine_row as engine_cells

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
NOW_MS = AT_MS + MINUTE_MS
JOINT: dict[str, Any] = {"prefill_tokens_per_second": 15_000, "decode_tokens_per_second": 3_000}


pytestmark = pytest.mark.usefixtures("closed_stores")


@dataclass
class Scene:
    """One host `h`, looked at a minute after AT_MS."""

    path: Path
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.path)

    def host(self, usd: int | None = 20, **more: Any) -> None:
        nano = None if usd is None else usd * 10**9
        self.writer.set_hosts([HostFact(name="h", usd_per_hour_nano=nano, since_ms=AT_MS - HOUR_MS, **more)], 0)

    def engine(
        self, *, at_ms: int = NOW_MS, name: str = "vllm-a", model: str = "llama", seconds: float = 60.0, **said: Any
    ) -> None:
        """A scrape; tokens are per second."""
        tokens = {key: round(rate * seconds) for key, rate in said.items() if key.endswith("_tokens")}
        reading = EngineReading(
            at_ms=at_ms, engine=name, host="h", model=model, seconds=seconds, **(said | tokens)
        )  # fmt: skip
        self.writer.write(batch(source=name, kind="engine", at_ms=at_ms, engines=[reading]))

    def gpu(self, *, index: int = 0, at_ms: int = NOW_MS, **said: Any) -> None:
        reading = GpuReading(at_ms=at_ms, host="h", uuid=f"GPU-{index}", index=index, name="H100", **said)
        self.writer.write(batch(source="gpus", kind="gpu", at_ms=at_ms, gpus=[reading]))

    def rival(self, usd: str, output: str | None = None) -> None:
        rates = [int(Decimal(rate) * 10**9) for rate in (usd, output or usd)]
        with self.writer.transaction() as connection:
            put_rival(connection, RivalFact(
                model="llama", record="together/llama", input_nano_usd=rates[0], output_nano_usd=rates[1],
                checked="2026-11-09", how="as configured", since_ms=0,
            ))  # fmt: skip

    def picture(self, now_ms: int = NOW_MS) -> MachinesPicture:
        return machines(Reader(self.path), View(), now_ms, machine="h")

    def row(self) -> HostRow:
        (host,) = self.picture().hosts
        return host

    def first(self) -> EngineRow:
        return self.row().engines[0]


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "usdtop.db")


@pytest.mark.parametrize(
    ("basis", "rates", "even"),
    [
        ("joint", ("0.88", "0.88"), "35.1"),
        ("separate", ("0.88", "0.88"), "70.1"),
        ("joint", ("0.59", "0.79"), "49.5"),
        ("separate", ("0.59", "0.79"), "99.0"),
        ("joint", ("0.60", "0.60"), "51.4"),
        ("separate", ("0.60", "0.60"), "102.9"),
    ],
)
def test_the_break_even_of_a_twenty_dollar_host_at_five_to_one(
    scene: Scene, basis: str, rates: tuple[str, str], even: str
) -> None:
    scene.host(20, capacity_basis=basis, **JOINT)
    scene.rival(*rates)
    scene.engine(input_tokens=5_000, output_tokens=1_000)
    rival = scene.first().rival

    assert rival is not None
    assert rival.break_even is not None
    assert f"{rival.break_even * 100:.1f}" == even
    assert rival.checked == "2026-11-09"


def test_what_it_saves_is_what_the_traffic_would_cost_there_less_what_the_engine_costs(scene: Scene) -> None:
    scene.host(20, **JOINT)
    scene.rival("0.88")
    scene.engine(input_tokens=15_000, output_tokens=3_000)
    rival = scene.first().rival

    # 18,000 tokens a second for an hour are 64.8 million, at 88 cents 57.024 dollars.
    assert rival is not None
    assert rival.value_usd_per_hour == Decimal("57.024")
    assert rival.saves_usd_per_hour == Decimal("37.024")


def test_prices_by_class_at_saturation_are_those_of_the_whole_host_once(scene: Scene) -> None:
    scene.host(20, **JOINT)
    scene.engine(input_tokens=15_000, output_tokens=3_000)
    engine = scene.first()

    assert (f"{engine.input_usd_per_million:.3f}", f"{engine.output_usd_per_million:.3f}") == ("0.185", "0.926")
    assert (f"{engine.blended_usd_per_million:.3f}", engine.utilisation) == ("0.309", 1.0)
    assert f"{engine.output_only_usd_per_million:.3f}" == "1.852", "the whole hour over 3,000 tokens a second"


def test_an_engine_s_own_capacity_wins_over_its_host_s(scene: Scene) -> None:
    config = from_mapping(
        {
            "source": [{"type": "engine", "name": "vllm-a", "url": "http://x/metrics",
                        "prefill_tokens_per_second": 30_000, "decode_tokens_per_second": 6_000}],
            "host": [{"name": "h", "usd_per_hour": "20", **JOINT}],
        },
        None,
    )  # fmt: skip
    scene.writer.set_hosts(hosts(config, machine="h", now_ms=0), 0)
    scene.writer.set_capacities(capacities(config, now_ms=0), 0)
    scene.engine(input_tokens=7_500, output_tokens=1_500)
    engine = scene.first()

    assert (engine.utilisation, engine.utilisation_tier) == (0.25, "U1 configured")


def test_a_learned_k_says_so_and_that_its_weights_are_assumed(scene: Scene) -> None:
    scene.host(20)
    fact = SaturationFact(
        engine="vllm-a", model="llama", since_ms=AT_MS - HOUR_MS, work_per_second=20_000.0, decode_weight=5.0,
        how="learned", minutes=12,
    )  # fmt: skip
    with scene.writer.transaction() as connection:
        put_saturations(connection, [fact])
    scene.engine(input_tokens=5_000, output_tokens=1_000)
    engine = scene.first()

    assert (engine.utilisation, engine.utilisation_tier) == (0.5, "U1 learned")
    assert engine.work is not None
    assert engine.work.weights_assumed


def test_without_a_k_there_is_no_utilisation_and_no_idle_tax_but_a_peak_that_is_called_one(scene: Scene) -> None:
    scene.host(20)
    scene.engine(at_ms=AT_MS - MINUTE_MS, input_tokens=7_000, output_tokens=1_000)
    scene.engine(input_tokens=5_000, output_tokens=1_000, kv_cache_used=0.5)
    engine = scene.first()
    page = engine_page(Reader(scene.path), View(), "vllm-a", "llama", NOW_MS, machine="h")

    assert (engine.utilisation, engine.utilisation_tier, engine.idle_usd_per_hour) == (None, None, None)
    assert engine.blended_usd_per_million is not None
    assert page.engine.work is not None
    assert page.engine.work.peak_per_second == 12_000
    assert [(tier.tier, tier.value) for tier in page.engine.tiers] == [("U2", 0.5)]


def test_an_engine_that_exposes_no_tokens_has_no_price_and_no_utilisation(scene: Scene) -> None:
    scene.host(20, **JOINT)
    scene.engine(running=3)
    engine = scene.first()
    assert (engine.utilisation, engine.blended_usd_per_million, engine.tokens_per_second) == (None, None, None)


def test_every_tier_says_what_it_was_taken_from(scene: Scene) -> None:
    scene.host(20, **JOINT)
    full: dict[str, Any] = {"dram_active": 0.8, "tensor_active": 0.2, "power_limit_watts": 700.0}
    scene.gpu(at_ms=AT_MS - 30 * MINUTE_MS, busy=0.0, power_watts=100.0, power_limit_watts=700.0)
    scene.gpu(at_ms=AT_MS - 10 * MINUTE_MS, busy=1.0, power_watts=650.0, **full)
    scene.engine(at_ms=AT_MS - 10 * MINUTE_MS, gpus=(0,), input_tokens=15_000, output_tokens=3_000, waiting=9)
    scene.gpu(busy=0.9, power_watts=400.0, **(full | {"dram_active": 0.4}))
    scene.engine(gpus=(0,), input_tokens=7_500, output_tokens=1_500, running=32, running_limit=256, idle_seconds=15.0)
    host = scene.row()

    assert {tier.tier: tier.value for tier in host.engines[0].tiers} == {
        "U1": pytest.approx(0.5),
        "U2": pytest.approx(0.75),
        "U3": pytest.approx(0.5),
        "U4": pytest.approx(0.9),
        "U5": pytest.approx(0.5),
    }
    assert all(tier.source for tier in host.engines[0].tiers)


def test_what_an_engine_needs_is_its_busy_minutes_and_a_third_against_what_it_can_do(scene: Scene) -> None:
    scene.host(20, **JOINT)
    for minute in range(1, 41):
        scene.engine(at_ms=AT_MS - minute * MINUTE_MS, input_tokens=minute * 300)
    scene.engine(input_tokens=300)
    room, engine = scene.first().headroom, scene.first()

    # Of 40 minutes that are over the 38th is 38 x 300 a second, and K 30,000.
    assert room is not None
    assert (room.minutes, room.p95_work_per_second) == (40, 11_400)
    assert room.needed_share == pytest.approx(11_400 * 1.3 / 30_000)
    assert engine.blended_usd_per_million is not None
    assert (room.usd_per_million_more, room.usd_per_million_less) == (
        engine.blended_usd_per_million * 2, engine.blended_usd_per_million / 2,
    )  # fmt: skip
    assert engine_row_of(engine)["NEED"] == "49%"


def test_without_a_k_or_with_few_minutes_nobody_knows_what_an_engine_needs(scene: Scene) -> None:
    scene.engine(input_tokens=300)
    assert scene.first().headroom is None
    for minute in range(1, 11):
        scene.engine(at_ms=AT_MS - minute * MINUTE_MS, input_tokens=300)
    room = scene.first().headroom
    assert room is not None
    assert (room.needed_share, room.usd_per_million_less) == (None, None)
    assert engine_row_of(scene.first())["NEED"] == "--"


def engine_row_of(engine: EngineRow) -> dict[str, str]:
    """Its cells by the titles of their columns."""
    return dict(zip((column.title for column in COLUMNS), engine_cells("h", engine).cells, strict=True))


def test_the_past_is_asked_once_in_a_minute(scene: Scene) -> None:
    reader, numbers = Reader(scene.path), itertools.count()
    times = [AT_MS, AT_MS + MINUTE_MS - 1, AT_MS + MINUTE_MS, AT_MS]
    assert [reader.by_minute("how much", at_ms, lambda: next(numbers)) for at_ms in times] == [0, 0, 1, 2]
    reader.close()


def test_latencies_are_means_over_what_was_measured(scene: Scene) -> None:
    scene.engine(output_tokens=10, ttft=Timed(4.0, 10), tpot=Timed(3.0, 100))
    engine = scene.first()
    assert engine.ttft_ms == pytest.approx(400)
    assert engine.tpot_ms == pytest.approx(30)


def test_percentiles_are_those_of_the_window_whatever_polls_it_was_read_in(scene: Scene) -> None:
    quick, slow = (Bucket(0.25, 0.5, 8),), (Bucket(0.0, 0.1, 2),)
    scene.engine(at_ms=NOW_MS - 120_000, output_tokens=1, ttft=Timed(99.0, 9, (Bucket(5.0, 10.0, 99),)))
    scene.engine(at_ms=NOW_MS - 30_000, seconds=30.0, output_tokens=1, ttft=Timed(3.0, 8, quick))
    scene.engine(
        seconds=30.0, output_tokens=1, ttft=Timed(0.1, 2, slow), tpot=Timed(1.0, 1, (Bucket(1.0, math.inf, 1),))
    )  # fmt: skip
    engine = scene.first()

    # The fifth of ten is the third of the eight between 250 and 500 ms.
    assert engine.ttft_spread == Spread(p50_ms=343.75, p95_ms=484.375)
    assert engine.tpot_spread == Spread(p50_ms=1000, p95_ms=1000, p50_beyond=True, p95_beyond=True)
    assert spread_text(engine.tpot_spread) == "P50 >1000ms, P95 >1000ms"
    assert "TTFT 310ms (P50 344ms, P95 484ms)" in "".join(text for line in engine_text(engine, 120) for text, _ in line)


def test_an_engine_without_a_histogram_has_no_percentiles(scene: Scene) -> None:
    scene.engine(output_tokens=10, ttft=Timed(4.0, 10))
    assert (scene.first().ttft_spread, scene.first().tpot_spread) == (None, None)


def test_a_busy_gpu_with_little_work_is_a_small_batch_and_the_hint_has_its_figures(scene: Scene) -> None:
    scene.host(20, **JOINT)
    scene.gpu(busy=0.96)
    scene.engine(gpus=(0,), output_tokens=120, running=1, waiting=0)
    (hint,) = scene.first().hints

    assert hint.text == "GPU busy, batch tiny"
    assert "busy 96%" in hint.why
    assert "work 2% of saturation" in hint.why


def test_requests_that_wait_while_gpus_idle_are_a_hint(scene: Scene) -> None:
    scene.gpu(busy=0.1)
    scene.engine(gpus=(0,), output_tokens=1, waiting=12)
    (hint,) = scene.first().hints
    assert (hint.text, "12 requests wait while GPUs are busy 10%" in hint.why) == ("queue waits, GPUs idle", True)


def test_an_idle_gpu_says_for_how_long_and_what_that_costs(scene: Scene) -> None:
    scene.host(20, gpus=8)
    scene.gpu(at_ms=NOW_MS - 130 * MINUTE_MS, busy=0.8)
    for minutes in range(129, -1, -1):
        scene.gpu(at_ms=NOW_MS - minutes * MINUTE_MS, busy=0.0)
    (gpu,) = scene.row().gpus
    assert [hint.text for hint in gpu.hints] == ["idle 2h09m, $2.500/h for nothing"]


def test_a_gpu_that_was_busy_a_moment_ago_is_no_news(scene: Scene) -> None:
    scene.gpu(at_ms=NOW_MS - 3 * MINUTE_MS, busy=0.8)
    scene.gpu(busy=0.0)
    (gpu,) = scene.row().gpus
    assert gpu.hints == ()


def test_joules_per_token_follow_from_the_counter_and_not_from_spot_watts(scene: Scene) -> None:
    scene.host(20, energy_nano_usd_per_kwh=0)
    scene.gpu(at_ms=NOW_MS - 50_000, energy_millijoules=10**9, power_watts=1.0)
    scene.gpu(energy_millijoules=10**9 + 25_000_000, power_watts=1.0)
    scene.engine(gpus=(0,), input_tokens=800, output_tokens=200, cache_read_tokens=9_000)
    engine = scene.first()

    assert engine.joules_per_token == pytest.approx(0.5), "500 W over 1,000 computed tokens a second"
    assert engine.energy_usd_per_million == 0, "the rent pays for power"


def owned(**more: Any) -> list[HostFact]:
    """A machine that costs 10 dollars an hour to have, and its electricity."""
    entry = {"name": "h", "capex_usd": "87600", "years": "1", "usd_per_kwh": "0.10", "pue": "1.4", **more}
    return hosts(from_mapping({"host": [entry]}, None), machine="h", now_ms=AT_MS - HOUR_MS)


def test_energy_of_an_owned_host_is_measured_where_its_wall_power_is_not_said(scene: Scene) -> None:
    scene.writer.set_hosts(owned(base_watts="400"), AT_MS - HOUR_MS)
    for second in range(0, 61, 10):
        scene.gpu(at_ms=AT_MS + second * 1_000 - (second == 60), energy_millijoules=10**9 + second * 2_000_000)
    host = scene.row()

    # 2 kW of boards x 1.8 and 400 W make 4 kW, at 0.14 a kilowatt-hour 56 cents.
    assert host.energy_usd_per_hour == pytest.approx(Decimal("0.56"), abs=Decimal("0.001"))
    assert host.usd_per_hour == pytest.approx(Decimal("10.56"), abs=Decimal("0.001"))


def test_a_host_with_an_engine_that_tells_no_tokens_has_no_price_per_token(scene: Scene) -> None:
    scene.host(20, gpus=2)
    scene.engine(name="a", gpus=(0,), output_tokens=100)
    assert scene.row().blended_usd_per_million is not None
    scene.engine(name="triton", gpus=(1,), running=3)
    assert scene.row().blended_usd_per_million is None


def test_energy_that_is_not_measured_makes_the_dollars_of_a_host_a_lower_bound_and_says_so(scene: Scene) -> None:
    scene.writer.set_hosts(owned(), AT_MS - HOUR_MS)
    nothing = scene.row()
    for second in (40, 50):
        scene.gpu(index=0, at_ms=AT_MS + second * 1_000, energy_millijoules=10**9 + second * 2_000_000)
        scene.gpu(index=1, at_ms=AT_MS + second * 1_000)
    half = scene.row()
    for second in (40, 50):
        scene.gpu(index=1, at_ms=AT_MS + second * 1_000 + 1, energy_millijoules=10**9 + second * 2_000_000)
    whole = scene.row()

    assert [host.usd_at_least for host in (nothing, half, whole)] == [True, True, False]
    assert "none of its GPUs is read, and their energy is not in its dollars" in nothing.missing
    assert "energy of 1 of 2 GPUs is not measured, and not in its dollars" in half.missing


def test_the_idle_tax_of_a_host_is_a_lower_bound_while_one_of_its_engines_has_no_k(scene: Scene) -> None:
    scene.host(20, gpus=2)
    own = CapacityFact(name="a", prefill_tokens_per_second=100, decode_tokens_per_second=20, since_ms=0)
    scene.writer.set_capacities([own], 0)
    scene.engine(name="a", gpus=(0,), input_tokens=100)
    scene.engine(name="b", gpus=(1,), input_tokens=100)
    host = scene.row()

    # a does half of its 200 a second for 10 dollars an hour; of b nobody knows.
    assert (host.idle_usd_per_hour, host.idle_at_least) == (Decimal(5), True)
    assert "idle tax ≥$5.000/h" in sums_text(scene.picture())


def test_energy_of_the_processors_is_added_where_it_is_measured_and_the_boards_do_not_stand_for_it(
    scene: Scene,
) -> None:
    said: dict[str, Any] = {"board_to_wall": "1.2", "base_watts": "400", "measure_processors": True}
    scene.writer.set_hosts(owned(**said), AT_MS - HOUR_MS)
    for second in range(0, 61, 10):
        scene.gpu(at_ms=AT_MS + second * 1_000 - (second == 60), energy_millijoules=10**9 + second * 2_000_000)
        used = ProcessorReading(at_ms=AT_MS + second * 1_000 - (second == 60), host="h", joules=12_000.0, seconds=10.0)
        scene.writer.write(
            batch(source="processors", kind="power", at_ms=AT_MS + second * 1_000, processors=[used])
        )  # fmt: skip

    # 2 kW of boards x 1.2, 1.2 kW of processors and 400 W make 4 kW, at 0.14 a kilowatt-hour 56 cents.
    assert scene.row().energy_usd_per_hour == pytest.approx(Decimal("0.56"), abs=Decimal("0.001"))


def test_a_minute_in_which_the_price_of_a_host_changed_has_its_energy_once(scene: Scene) -> None:
    scene.writer.set_hosts(owned(board_to_wall="2"), AT_MS - HOUR_MS)
    scene.gpu(at_ms=AT_MS - 10_000, energy_millijoules=10**9)
    scene.gpu(at_ms=AT_MS + 20_000, energy_millijoules=10**9 + 36_000_000)
    scene.writer.set_hosts(owned(board_to_wall="2", operations_usd_per_year="0.01"), AT_MS + 30_000)
    scene.writer.write(batch([priced("a", nano_usd=0)], at_ms=NOW_MS), [CARD])
    found = report(Reader(scene.path), AT_MS, NOW_MS, (), parse_filter("", ("tenant",)), NOW_MS)

    # 10 watt-hours of boards, twice at the wall, at 14 cents a kilowatt-hour; and a minute of ten dollars an hour.
    assert found.total.nano_usd == pytest.approx(10 * 10**9 / 60 + 2_800_000, abs=20_000)


def test_measured_energy_is_in_the_dollars_of_a_report(scene: Scene) -> None:
    scene.writer.set_hosts(owned(board_to_wall="2"), AT_MS - HOUR_MS)
    scene.gpu(at_ms=AT_MS - 29_000, energy_millijoules=10**9)
    scene.gpu(at_ms=AT_MS + 1_000, energy_millijoules=10**9 + 36_000_000)
    scene.writer.write(batch([priced("a", nano_usd=0)], at_ms=NOW_MS), [CARD])
    found = report(Reader(scene.path), AT_MS, NOW_MS, (), parse_filter("", ("tenant",)), NOW_MS)
    # A sixtieth of 10 dollars, and 10 watt-hours of boards, twice at the wall, at 14 cents a kilowatt-hour.
    assert found.total.nano_usd == round(10 * 10**9 / 60) + 2_800_000


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "h", "usd_per_hour": "20", "base_watts": "400"}, "energy that is measured"),
        ({"name": "h", "usd_per_hour": "20", "measure_processors": True}, "measure_processors is for energy"),
        (
            {"name": "h", "capex_usd": "9", "years": "1", "usd_per_kwh": "0.1", "measure_processors": True},
            "needs board_to_wall",
        ),
        ({"name": "h", "usd_per_hour": "20", "prefill_tokens_per_second": 5}, "go together"),
        ({"name": "h", "prefill_tokens_per_second": 0, "decode_tokens_per_second": 5}, "at least 1"),
    ],
)
def test_a_host_that_contradicts_itself_is_a_sentence(entry: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        from_mapping({"host": [entry]}, None)


def test_gpus_that_no_engine_holds_are_idle_dollars_of_the_host(scene: Scene) -> None:
    scene.host(20, gpus=8, **JOINT)
    scene.engine(gpus=(0, 1, 2, 3), input_tokens=3_750, output_tokens=750)
    host = scene.row()

    # Half of the host is the engine's, and the engine does half of what its half can do.
    assert host.engines[0].usd_per_hour == host.unclaimed_usd_per_hour == 10
    assert host.engines[0].utilisation == pytest.approx(0.5)
    assert host.utilisation == pytest.approx(0.25)
    assert host.idle_usd_per_hour == 15


def test_a_part_of_a_card_is_its_slices_of_seven(scene: Scene) -> None:
    scene.host(14, gpus=1)
    for place, slices in (("a", 3), ("b", 4)):
        reading = GpuReading(
            at_ms=NOW_MS, host="h", uuid=f"MIG-{place}", index=0, parent_uuid="GPU-0", slices=slices
        )  # fmt: skip
        scene.writer.write(batch(source="gpus", kind="gpu", at_ms=NOW_MS, gpus=[reading]))
    scene.engine(name="a", gpus=(0,), gpu_uuids=("MIG-a",), output_tokens=1)
    scene.engine(name="b", gpus=(0,), gpu_uuids=("MIG-b",), output_tokens=1)
    assert [engine.usd_per_hour for engine in scene.row().engines] == [6, 8]


def divided(scene: Scene, card: dict[str, Any], **instances: dict[str, Any]) -> None:
    """One card with MIG instances, all of them read now."""
    rows = [GpuReading(at_ms=NOW_MS, host="h", uuid="GPU-0", index=0, **card)]
    for uuid, said in instances.items():
        rows.append(GpuReading(at_ms=NOW_MS, host="h", uuid=f"MIG-{uuid}", index=0, parent_uuid="GPU-0", **said))
    scene.writer.write(batch(source="gpus", kind="gpu", at_ms=NOW_MS, gpus=rows))


def test_a_card_of_four_slices_is_divided_by_four(scene: Scene) -> None:
    scene.host(12, gpus=1)
    divided(scene, {"slices": 4}, a={"slices": 1}, b={"slices": 2})
    scene.engine(name="a", gpus=(0,), gpu_uuids=("MIG-a",), output_tokens=1)
    scene.engine(name="b", gpus=(0,), gpu_uuids=("MIG-b",), output_tokens=1)
    host = scene.row()
    assert [(engine.usd_per_hour, engine.assumed) for engine in host.engines] == [(Decimal(3), ""), (Decimal(6), "")]
    assert host.unclaimed_usd_per_hour == 3


def test_without_slices_an_instance_is_its_part_of_the_memory_which_is_assumed(scene: Scene) -> None:
    scene.host(16, gpus=1)
    divided(scene, {"memory_total_bytes": 80}, a={"memory_total_bytes": 10})
    scene.engine(gpus=(0,), gpu_uuids=("MIG-a",), output_tokens=1)
    engine = scene.first()
    assert (engine.usd_per_hour, engine.assumed) == (Decimal(2), "its part of a divided GPU is taken by memory")


def test_an_instance_that_was_configured_by_its_uuid_is_on_its_card(scene: Scene) -> None:
    scene.host(14, gpus=1)
    divided(scene, {}, a={"slices": 3})
    scene.engine(gpu_uuids=("MIG-a",), output_tokens=1)
    engine = scene.first()
    assert (engine.usd_per_hour, engine.gpus, engine.assumed) == (Decimal(6), (0,), "")


def test_an_engine_that_serves_another_model_now_does_not_share_its_gpus_with_what_it_was(scene: Scene) -> None:
    scene.host(14, gpus=1)
    scene.engine(at_ms=NOW_MS - 30_000, model="llama", gpus=(0,), output_tokens=1)
    scene.engine(model="qwen", gpus=(0,), output_tokens=1)
    assert [(engine.model, engine.usd_per_hour) for engine in scene.row().engines] == [("qwen", Decimal(14))]


def test_two_engines_on_one_card_have_half_of_it_each_and_that_is_assumed(scene: Scene) -> None:
    scene.host(14, gpus=1)
    scene.engine(name="a", gpus=(0,), output_tokens=1)
    scene.engine(name="b", gpus=(0,), output_tokens=1)
    found = [(engine.usd_per_hour, engine.assumed) for engine in scene.row().engines]
    assert found == [(Decimal(7), "it shares a GPU with another engine, in equal parts")] * 2


def test_the_energy_of_a_card_is_divided_as_its_dollars_are(scene: Scene) -> None:
    scene.host(14, gpus=1)
    divided(scene, {"power_watts": 700.0}, a={"slices": 3}, b={"slices": 4})
    scene.engine(name="a", gpus=(0,), gpu_uuids=("MIG-a",), output_tokens=100)
    scene.engine(name="b", gpus=(0,), gpu_uuids=("MIG-b",), output_tokens=100)
    host = scene.row()
    assert [engine.joules_per_token for engine in host.engines] == [pytest.approx(3), pytest.approx(4)]
    assert host.joules_per_token == pytest.approx(3.5)


def test_energy_is_unknown_where_one_of_several_cards_does_not_say_what_it_draws(scene: Scene) -> None:
    scene.gpu(index=0, power_watts=700.0)
    scene.gpu(index=1)
    scene.engine(gpus=(0, 1), output_tokens=100)
    assert scene.first().joules_per_token is None


def test_a_stretch_without_an_engine_page_is_a_sentence(scene: Scene) -> None:
    scene.host(20)
    with pytest.raises(FeedError, match="was not read for a day"):
        engine_page(Reader(scene.path), View(), "vllm-a", "llama", NOW_MS, machine="h")


def test_a_source_that_fails_leaves_its_engine_on_the_picture_without_figures(scene: Scene) -> None:
    scene.host(20, **JOINT)
    scene.engine(input_tokens=5_000, output_tokens=1_000)
    later = NOW_MS + 15_000
    scene.writer.write(batch(source="vllm-a", kind="engine", at_ms=later, state=SourceState.FAILING, watermark_ms=None))
    (host,) = scene.picture(later).hosts

    assert (host.engines[0].freshness, host.engines[0].utilisation, host.lower_bound) == ("gone", None, True)
    assert host.usd_per_hour == 20


def test_a_gpu_s_page_has_its_minutes_and_leaves_gaps_open(scene: Scene) -> None:
    for minutes in (30, 29, 27, 0):
        scene.gpu(at_ms=NOW_MS - minutes * MINUTE_MS, busy=minutes / 100, memory_used_bytes=8, memory_total_bytes=16)
    page = gpu_page(Reader(scene.path), View(), "h", "GPU-0", NOW_MS + 1, machine="h")
    busy = next(chart for chart in page.charts if chart.unit == "busy %")
    values = list(busy.series[0].values)

    assert [round(value) for value in values if value is not None] == [30, 29, 27, 0]
    assert len(values) == 60
    assert {chart.unit for chart in page.charts} == {"busy %", "mem %"}


def test_the_plain_twin_has_the_agreed_form(
    scene: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.host(20, **JOINT)
    scene.rival("0.88")
    health = {
        "memory_clock_mhz": 2619, "pcie_tx_bytes_per_second": 300, "pcie_rx_bytes_per_second": 100,
        "nvlink_tx_bytes_per_second": 7, "nvlink_rx_bytes_per_second": 9, "ecc_corrected": 3, "ecc_uncorrected": 0,
    }  # fmt: skip
    scene.gpu(busy=0.97, power_watts=512.3, memory_used_bytes=8, memory_total_bytes=16, **health)
    scene.engine(gpus=(0,), input_tokens=7_500, output_tokens=1_500, running=12, waiting=0, kv_cache_used=0.4)
    monkeypatch.setattr("tui.commands.common.now_ms", lambda: NOW_MS)
    assert main(["gpus", "--json", "--store", str(scene.path)]) == 0
    found = json.loads(capsys.readouterr().out)
    (host,) = found["hosts"]
    (gpu,), (engine,) = host["gpus"], host["engines"]

    assert (found["schema"], host["host"], host["usd_per_hour"], host["price_from"]) == (1, "h", "20", "configuration")
    assert host["idle_usd_per_hour"] == "10"
    assert {key: gpu[key] for key in ("index", "busy", "memory_used_bytes", "memory_total_bytes", "power_watts", "model")} == {
        "index": 0, "busy": 0.97, "memory_used_bytes": 8, "memory_total_bytes": 16, "power_watts": 512.3, "model": "llama",
    }  # fmt: skip
    assert {key: gpu[key] for key in health} == health
    assert (engine["source"], engine["state"], engine["running"], engine["waiting"]) == ("vllm-a", "ok", 12, 0)
    assert engine["tokens_per_second"] == {"input": 7_500, "cache_read": None, "output": 1_500}
    assert float(engine["usd_per_million_tokens"]["blended"]) == pytest.approx(20 / 9_000 / 3_600 * 1e6)
    assert float(engine["at_full"]["blended"]) == pytest.approx(20 / 18_000 / 3_600 * 1e6)
    assert (engine["utilisation"], engine["utilisation_tier"]) == (0.5, "U1 configured")
    assert engine["against"]["break_even_utilisation"] == 0.3507

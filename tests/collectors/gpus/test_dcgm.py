"""GPUs from a DCGM exporter's page: its units, its repetitions and its blanks."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from collectors.collect import Collection
from collectors.engines.engine import EngineSource
from collectors.engines.exposition import scan
from collectors.errors import CollectorError
from collectors.gpus.dcgm import WANTED, DcgmSource, is_measure, readings
from collectors.settings.config import from_mapping
from store.facts import GpuReading
from store.reader import Reader
from store.tables import StoreError
from tests.fakes.waiting import eventually

NOW_MS = 1_700_000_000_000
CARD = 'gpu="3",UUID="GPU-1",device="nvidia3",modelName="NVIDIA H100 80GB HBM3",Hostname="h100-1"'
MIB = 1_048_576


def read(*lines: str, host: str | None = None) -> list[GpuReading]:
    return readings(scan("\n".join(lines).encode(), WANTED).samples, NOW_MS, host=host, machine="asked-machine")


def only(*lines: str) -> GpuReading:
    (reading,) = read(*lines)
    return reading


def test_a_card_is_read_in_the_units_of_every_other_source() -> None:
    reading = only(
        f"DCGM_FI_DEV_GPU_UTIL{{{CARD}}} 73",
        f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{CARD}}} 0.5",
        f"DCGM_FI_DEV_FB_USED{{{CARD}}} 70000",
        f"DCGM_FI_DEV_FB_FREE{{{CARD}}} 11000",
        f"DCGM_FI_DEV_FB_RESERVED{{{CARD}}} 559",
        f"DCGM_FI_DEV_POWER_USAGE{{{CARD}}} 612.5",
        f"DCGM_FI_DEV_POWER_MGMT_LIMIT{{{CARD}}} 700",
        f"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{CARD}}} 123456789012",
        f"DCGM_FI_DEV_GPU_TEMP{{{CARD}}} 61",
        f"DCGM_FI_DEV_SM_CLOCK{{{CARD}}} 1980",
        f"DCGM_FI_DEV_XID_ERRORS{{{CARD}}} 79",
    )
    assert reading == GpuReading(
        at_ms=NOW_MS,
        host="h100-1",
        uuid="GPU-1",
        index=3,
        name="NVIDIA H100 80GB HBM3",
        busy=0.73,
        memory_used_bytes=70_000 * MIB,
        memory_total_bytes=81_559 * MIB,
        power_watts=612.5,
        power_limit_watts=700,
        energy_millijoules=123_456_789_012,
        temperature_celsius=61,
        sm_clock_mhz=1980,
        xids=(79,),
    )


def test_what_is_not_exposed_is_unknown_and_not_zero() -> None:
    reading = only(f"DCGM_FI_DEV_POWER_USAGE{{{CARD}}} 80")
    assert (reading.busy, reading.memory_used_bytes, reading.memory_total_bytes, reading.energy_millijoules) == (
        None,
    ) * 4
    assert reading.power_watts == 80


@pytest.mark.parametrize(
    "blank", ["9223372036854775794", "9.223372036854776e+18", "2147483632", "2147483635", "NaN", "+Inf", "-1"]
)
def test_a_blank_is_unknown(blank: str) -> None:
    reading = only(
        f"DCGM_FI_DEV_POWER_USAGE{{{CARD}}} 80",
        f"DCGM_FI_DEV_GPU_TEMP{{{CARD}}} {blank}",
        f"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{{{CARD}}} {blank}",
        f"DCGM_FI_DEV_GPU_UTIL{{{CARD}}} {blank}",
    )
    assert (reading.temperature_celsius, reading.energy_millijoules, reading.busy) == (None, None, None)


@given(st.floats(0, 1e15).filter(lambda value: not 2**31 - 16 <= value < 2**31))
def test_every_measure_is_one(value: float) -> None:
    assert is_measure(value)


@given(st.floats(1e15, exclude_min=True))
def test_nothing_so_large_was_measured(value: float) -> None:
    assert not is_measure(value)


def mig(instance: int, profile: str = "3g.40gb") -> str:
    return f'{CARD},GPU_I_PROFILE="{profile}",GPU_I_ID="{instance}"'


def test_the_instances_of_a_divided_card_are_one_card() -> None:
    reading = only(
        f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{mig(1)}}} 0.2",
        f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{mig(2)}}} 0.9",
        f"DCGM_FI_DEV_GPU_UTIL{{{mig(1)}}} 0",
        f"DCGM_FI_DEV_FB_USED{{{mig(1)}}} 10000",
        f"DCGM_FI_DEV_FB_USED{{{mig(2)}}} 30000",
        f"DCGM_FI_DEV_POWER_USAGE{{{mig(1)}}} 400",
        f"DCGM_FI_DEV_POWER_USAGE{{{mig(2)}}} 400",
    )
    assert (reading.busy, reading.power_watts) == (0.9, 400)
    assert reading.memory_used_bytes == 40_000 * MIB


def test_memory_of_the_card_as_a_whole_goes_before_that_of_its_instances() -> None:
    reading = only(f"DCGM_FI_DEV_FB_USED{{{CARD}}} 41000", f"DCGM_FI_DEV_FB_USED{{{mig(1)}}} 10000")
    assert reading.memory_used_bytes == 41_000 * MIB


def test_pods_that_share_a_card_do_not_multiply_it() -> None:
    reading = only(
        *(
            f'{name}{{{CARD},pod="{pod}"}} {value}'
            for name, value in [("DCGM_FI_DEV_FB_USED", 20_000), ("DCGM_FI_DEV_POWER_USAGE", 300)]
            for pod in "ab"
        )
    )
    assert (reading.memory_used_bytes, reading.power_watts) == (20_000 * MIB, 300)


def test_a_divided_card_without_profiling_has_no_busy_time_that_is_known() -> None:
    assert only(f"DCGM_FI_DEV_GPU_UTIL{{{mig(1)}}} 0").busy is None
    assert only(f"DCGM_FI_PROF_GR_ENGINE_ACTIVE{{{CARD}}} 0.5").busy == 0.5


@pytest.mark.parametrize(
    ("labels", "host", "said"),
    [
        ('Hostname="old"', None, "old"),
        ('hostname="new"', None, "new"),
        ('hostname="pod-7"', "h100-1", "h100-1"),
        ('job="x"', None, "asked-machine"),
    ],
)
def test_whose_card_it_is(labels: str, host: str | None, said: str) -> None:
    (reading,) = read(f'DCGM_FI_DEV_POWER_USAGE{{UUID="GPU-1",{labels}}} 1', host=host)
    assert reading.host == said


def test_cards_and_hosts_are_told_apart_and_what_has_no_uuid_is_left_out() -> None:
    found = read(
        'DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-1",Hostname="a"} 1',
        'DCGM_FI_DEV_POWER_USAGE{gpu="1",uuid="GPU-2",Hostname="a"} 2',
        'DCGM_FI_DEV_POWER_USAGE{gpu="x",UUID="GPU-1",Hostname="b"} 3',
        'DCGM_FI_DEV_POWER_USAGE{gpu="0",Hostname="a"} 4',
    )
    assert [(reading.host, reading.uuid, reading.index, reading.power_watts) for reading in found] == [
        ("a", "GPU-1", 0, 1),
        ("a", "GPU-2", 1, 2),
        ("b", "GPU-1", 0, 3),
    ]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def url(registry: CollectorRegistry) -> Iterator[str]:
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    yield f"http://127.0.0.1:{server.server_port}/metrics"
    server.shutdown()
    server.server_close()
    thread.join()


def expose(registry: CollectorRegistry, name: str, watts: float) -> None:
    labels = {"gpu": "0", "UUID": "GPU-1", "Hostname": "h100-1"}
    Gauge(name, "As documented.", list(labels), registry=registry).labels(**labels).set(watts)


async def test_a_served_page_is_read_from_the_wire(
    registry: CollectorRegistry, url: str, client: httpx.AsyncClient
) -> None:
    expose(registry, "DCGM_FI_DEV_POWER_USAGE", 512.5)
    poll = await DcgmSource("gpus", url, client).poll(NOW_MS)
    assert [(gpu.host, gpu.uuid, gpu.power_watts) for gpu in poll.gpus] == [("h100-1", "GPU-1", 512.5)]


async def test_a_page_without_cards_gives_a_sentence(
    registry: CollectorRegistry, url: str, client: httpx.AsyncClient
) -> None:
    source = DcgmSource("gpus", url, client)
    with pytest.raises(CollectorError, match=r"no page of a DCGM exporter"):
        await source.poll(NOW_MS)
    expose(registry, "DCGM_FI_DEV_ENC_UTIL", 0)
    with pytest.raises(CollectorError, match="shows no card: do its counters include DCGM_FI_DEV_POWER_USAGE"):
        await source.poll(NOW_MS)


async def test_an_engine_s_source_that_is_pointed_at_it_says_what_to_write(
    registry: CollectorRegistry, url: str, client: httpx.AsyncClient
) -> None:
    expose(registry, "DCGM_FI_DEV_POWER_USAGE", 1)
    with pytest.raises(CollectorError, match='type = "dcgm"'):
        await EngineSource("gpus", url, client).scrape(NOW_MS)


async def test_a_malformed_line_is_a_reject_once_and_the_rest_is_read() -> None:
    page = f"DCGM_FI_DEV_GPU_TEMP{{\x1b 5\nDCGM_FI_DEV_POWER_USAGE{{{CARD}}} 80\n".encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(page)))
    async with httpx.AsyncClient(transport=transport) as client:
        source = DcgmSource("gpus", "http://gpu.test/metrics", client)
        first, again = await source.poll(NOW_MS), await source.poll(NOW_MS + 1)

    assert [(reject.count, reject.example) for reject in first.rejects] == [(1, "DCGM_FI_DEV_GPU_TEMP{\\x1b 5")]
    assert not again.rejects
    assert first.gpus[0].power_watts == 80


async def test_a_configured_exporter_and_an_engine_without_a_model_s_name_are_followed(
    registry: CollectorRegistry, url: str, tmp_path: Path
) -> None:
    expose(registry, "DCGM_FI_DEV_POWER_USAGE", 512.5)
    Gauge("llamacpp:requests_processing", "Running.", registry=registry).set(4)
    sources = [
        {"type": "dcgm", "name": "gpus", "url": url, "host": "named"},
        {"type": "engine", "name": "small", "url": url, "model": "tiny"},
    ]
    config = from_mapping({"source": sources, "gpu": {"enabled": False}}, None)
    stop, store = asyncio.Event(), tmp_path / "store"
    collection = Collection(config, store, clock=lambda: NOW_MS, say=lambda _: None)
    recording = asyncio.create_task(collection.run(stop))

    def recorded() -> bool:
        try:
            with closing(Reader(store)) as reader:
                return bool(reader.gpus(0, NOW_MS) and reader.engines(0, NOW_MS))
        except StoreError:  # not there yet
            return False

    await asyncio.to_thread(eventually, recorded, 60, "a reading of each")
    stop.set()
    await recording
    with closing(Reader(store)) as reader:
        assert [(gpu.host, gpu.power_watts) for gpu in reader.gpus(0, NOW_MS)] == [("named", 512.5)]
        assert [(e.kind, e.model, e.running) for e in reader.engines(0, NOW_MS)] == [("llama.cpp", "tiny", 4)]


def test_activity_is_a_ratio_and_memory_s_busy_time_a_percentage() -> None:
    card = only(
        'DCGM_FI_PROF_SM_ACTIVE{gpu="0",UUID="GPU-a"} 0.75',
        'DCGM_FI_PROF_PIPE_TENSOR_ACTIVE{gpu="0",UUID="GPU-a"} 0.125',
        'DCGM_FI_PROF_DRAM_ACTIVE{gpu="0",UUID="GPU-a"} 0.5',
        'DCGM_FI_DEV_MEM_COPY_UTIL{gpu="0",UUID="GPU-a"} 40',
        'DCGM_FI_PROF_PCIE_TX_BYTES{gpu="0",UUID="GPU-a"} 1000000',
        'DCGM_FI_DEV_MEM_CLOCK{gpu="0",UUID="GPU-a"} 2619',
        'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL{gpu="0",UUID="GPU-a"} 2',
    )
    assert (card.sm_active, card.tensor_active, card.dram_active, card.memory_busy) == (0.75, 0.125, 0.5, 0.4)
    assert (card.pcie_tx_bytes_per_second, card.pcie_rx_bytes_per_second) == (1_000_000, None)
    assert (card.memory_clock_mhz, card.ecc_uncorrected, card.ecc_corrected) == (2_619, 2, None)


def test_a_ratio_beyond_one_has_another_unit_and_is_not_guessed_at() -> None:
    assert only('DCGM_FI_PROF_DRAM_ACTIVE{gpu="0",UUID="GPU-a"} 50').dram_active is None


async def test_the_last_error_is_told_when_it_comes_and_not_at_every_page() -> None:
    pages = iter([79, 79, 48, 48, 0])

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            200, stream=httpx.ByteStream(f'DCGM_FI_DEV_XID_ERRORS{{gpu="0",UUID="GPU-a"}} {next(pages)}\n'.encode())
        )

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        source = DcgmSource("gpus", "http://gpus.test/metrics", client, host="h")
        told = [(await source.poll(at)).gpus[0].xids for at in range(5)]
    assert told == [(), (), (48,), (), ()], "the first stood there before we came"

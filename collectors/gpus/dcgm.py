"""GPUs of any machine, by the metrics page of NVIDIA's DCGM exporter.

Names and units: https://github.com/NVIDIA/dcgm-exporter, etc/default-counters.csv, and
https://docs.nvidia.com/datacenter/dcgm/latest/dcgm-api/dcgm-api-field-ids.html. The exporter looks every 30 seconds
unless told otherwise. One card may stand in several series (per MIG instance, per pod that shares it), which are put
together by its UUID.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace

from collectors.door import cut
from collectors.engines.exposition import Sample, scan
from collectors.engines.malformed import Malformed
from collectors.errors import CollectorError
from collectors.source import Poll
from collectors.web.fetch import address, fetch
from store.facts import GpuReading

if TYPE_CHECKING:
    import httpx

FAMILY = b"DCGM_FI_"
POLL_SECONDS = 10.0
MIB = 1 << 20
SENTINEL = 1e15
"""Above it stands no measure but "blank", which older exporters write as 9223372036854775794 and the like."""
SENTINELS_32 = range(0x7FFFFFF0, 0x80000000)
"""The same of fields of 32 bits."""

BUSY_PERCENT = "DCGM_FI_DEV_GPU_UTIL"
BUSY_SHARE = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
MEMORY_USED = "DCGM_FI_DEV_FB_USED"
MEMORY_FREE = "DCGM_FI_DEV_FB_FREE"
MEMORY_RESERVED = "DCGM_FI_DEV_FB_RESERVED"
MEMORY_TOTAL = "DCGM_FI_DEV_FB_TOTAL"
POWER = "DCGM_FI_DEV_POWER_USAGE"
POWER_LIMIT = "DCGM_FI_DEV_POWER_MGMT_LIMIT"
ENERGY = "DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION"
TEMPERATURE = "DCGM_FI_DEV_GPU_TEMP"
SM_CLOCK = "DCGM_FI_DEV_SM_CLOCK"
MEMORY_CLOCK = "DCGM_FI_DEV_MEM_CLOCK"
MEMORY_BUSY = "DCGM_FI_DEV_MEM_COPY_UTIL"
PCIE_TX = "DCGM_FI_PROF_PCIE_TX_BYTES"
PCIE_RX = "DCGM_FI_PROF_PCIE_RX_BYTES"
ECC_CORRECTED = "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"
ECC_UNCORRECTED = "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"
XID = "DCGM_FI_DEV_XID_ERRORS"
"""The number of the last critical error, for ever; 0 before the first."""
SM_ACTIVE = "DCGM_FI_PROF_SM_ACTIVE"
"""Off unless the exporter's list of counters is changed."""
TENSOR_ACTIVE = "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"
DRAM_ACTIVE = "DCGM_FI_PROF_DRAM_ACTIVE"

WANTED = frozenset({
    BUSY_PERCENT, BUSY_SHARE, MEMORY_USED, MEMORY_FREE, MEMORY_RESERVED, MEMORY_TOTAL, POWER, POWER_LIMIT, ENERGY,
    TEMPERATURE, SM_CLOCK, MEMORY_CLOCK, MEMORY_BUSY, PCIE_TX, PCIE_RX, ECC_CORRECTED, ECC_UNCORRECTED, XID,
    SM_ACTIVE, TENSOR_ACTIVE, DRAM_ACTIVE,
})  # fmt: skip
ADDED_OVER_INSTANCES = frozenset({MEMORY_USED, MEMORY_FREE, MEMORY_RESERVED, MEMORY_TOTAL})
"""Of a divided card each instance has its own memory; whatever else is measured is the card's, or a share."""


class DcgmSource:
    """The cards on one exporter's page; `host` says whose they are, where the page does not or says it otherwise."""

    kind: ClassVar[str] = "gpu"

    def __init__(
        self,
        name: str,
        url: str,
        client: httpx.AsyncClient,
        *,
        host: str | None = None,
        machine: str = "",
        headers: Mapping[str, str] | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.name = name
        self.poll_seconds = poll_seconds
        self._url = url
        self._fetch = partial(fetch, client, url, headers=headers)
        self._host = host
        self._machine = machine
        self._malformed = Malformed()
        self._errors: dict[tuple[str, str], tuple[int, ...]] = {}

    async def poll(self, now_ms: int) -> Poll:
        """One reading of every card on the page; raises CollectorError."""
        text, _ = await self._fetch()
        if FAMILY not in text:
            raise CollectorError(
                f"{address(self._url)} is no page of a DCGM exporter: none of its metrics is DCGM_FI_..."
            )
        found = scan(text, WANTED)
        gpus = readings(found.samples, now_ms, host=self._host, machine=self._machine)
        if not gpus:
            raise CollectorError(f"{address(self._url)} shows no card: do its counters include {POWER}?")
        return Poll(gpus=[self._with_new_error(gpu) for gpu in gpus], rejects=self._malformed.rejects(found))

    def _with_new_error(self, gpu: GpuReading) -> GpuReading:
        """The last error only when it is another one than on the page before: the page repeats it for ever."""
        before = self._errors.get((gpu.host, gpu.uuid))
        self._errors[gpu.host, gpu.uuid] = gpu.xids
        return gpu if before is not None and before != gpu.xids else replace(gpu, xids=())


def readings(samples: Iterable[Sample], at_ms: int, *, host: str | None, machine: str) -> list[GpuReading]:
    """One reading per card. `host` goes before the page's own name of the machine, and that before `machine`."""
    cards: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        uuid = cut(sample.labels.get("UUID") or sample.labels.get("uuid"))
        if uuid is not None and is_measure(sample.value):
            said = cut(sample.labels.get("hostname") or sample.labels.get("Hostname"))
            cards.setdefault((host or said or machine, uuid), []).append(sample)
    return [_reading(card, at_ms, *key) for key, card in cards.items()]


def is_measure(value: float) -> bool:
    """Whether a value was measured, and is not one of those that stand for "not known"."""
    return isfinite(value) and 0 <= value <= SENTINEL and value not in SENTINELS_32


def _reading(card: Sequence[Sample], at_ms: int, host: str, uuid: str) -> GpuReading:
    seen = _collapsed(card)
    divided = any(_instance(sample) for sample in card)
    return GpuReading(
        at_ms=at_ms,
        host=host,
        uuid=uuid,
        index=_index(card),
        name=cut(next((sample.labels["modelName"] for sample in card if "modelName" in sample.labels), None)),
        busy=_busy(seen, divided=divided),
        memory_used_bytes=_whole(seen.get(MEMORY_USED), MIB),
        memory_total_bytes=_memory_total(seen),
        power_watts=seen.get(POWER),
        power_limit_watts=seen.get(POWER_LIMIT),
        energy_millijoules=_whole(seen.get(ENERGY)),
        temperature_celsius=_whole(seen.get(TEMPERATURE)),
        sm_clock_mhz=_whole(seen.get(SM_CLOCK)),
        memory_clock_mhz=_whole(seen.get(MEMORY_CLOCK)),
        memory_busy=None if divided else _share(seen.get(MEMORY_BUSY), 100),
        pcie_tx_bytes_per_second=_whole(seen.get(PCIE_TX)),
        pcie_rx_bytes_per_second=_whole(seen.get(PCIE_RX)),
        ecc_corrected=_whole(seen.get(ECC_CORRECTED)),
        ecc_uncorrected=_whole(seen.get(ECC_UNCORRECTED)),
        xids=(round(seen[XID]),) if seen.get(XID) else (),
        sm_active=_share(seen.get(SM_ACTIVE)),
        tensor_active=_share(seen.get(TENSOR_ACTIVE)),
        dram_active=_share(seen.get(DRAM_ACTIVE)),
    )


def _collapsed(card: Iterable[Sample]) -> dict[str, float]:
    """Each metric of a card once: the highest of repeated series, and memory added up over MIG instances."""
    highest: dict[str, dict[str, float]] = {}
    for sample in card:
        of_instances = highest.setdefault(sample.name, {})
        instance = _instance(sample)
        of_instances[instance] = max(sample.value, of_instances.get(instance, 0.0))
    return {name: _put_together(name, values) for name, values in highest.items()}


def _put_together(name: str, by_instance: Mapping[str, float]) -> float:
    if name not in ADDED_OVER_INSTANCES:
        return max(by_instance.values())
    return by_instance.get("", sum(by_instance.values()))


def _instance(sample: Sample) -> str:
    return sample.labels.get("GPU_I_ID", "")


def _busy(seen: Mapping[str, float], *, divided: bool) -> float | None:
    """A divided card measures no busy time of its own: there the share of its engine stands in, as without any."""
    percent, share = seen.get(BUSY_PERCENT), seen.get(BUSY_SHARE)
    if percent is None or (divided and share is not None):
        return share if share is not None and share <= 1 else None
    return percent / 100 if percent <= 100 and not divided else None


def _memory_total(seen: Mapping[str, float]) -> int | None:
    if MEMORY_TOTAL in seen:
        return _whole(seen[MEMORY_TOTAL], MIB)
    if MEMORY_USED not in seen or MEMORY_FREE not in seen:
        return None
    return _whole(seen[MEMORY_USED] + seen[MEMORY_FREE] + seen.get(MEMORY_RESERVED, 0.0), MIB)


def _share(value: float | None, whole: float = 1) -> float | None:
    """A measure as a share; one beyond its whole has another unit, and is not guessed at."""
    return value / whole if value is not None and value <= whole else None


def _whole(value: float | None, unit: int = 1) -> int | None:
    return None if value is None else round(value * unit)


def _index(card: Iterable[Sample]) -> int:
    said = next((sample.labels["gpu"] for sample in card if "gpu" in sample.labels), "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0

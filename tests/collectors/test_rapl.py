"""Power of the processors by their own counters, on a folder that looks as the kernel's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.errors import CollectorError, SourceAbsentError
from collectors.processors import ProcessorSource
from collectors.rapl import Rapl, Used
from store.facts import ProcessorReading


class Powercap:
    """The kernel's folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def counts(
        self, package: str, microjoules: int | str, *, whole: int | None = 262_143_328_850, name: str | None = None
    ) -> None:
        folder = self.place / package
        folder.mkdir(exist_ok=True)
        (folder / "energy_uj").write_text(f"{microjoules}\n")
        if name is not None:
            (folder / "name").write_text(f"{name}\n")
        if whole is not None:
            (folder / "max_energy_range_uj").write_text(f"{whole}\n")


@pytest.fixture
def powercap(tmp_path: Path) -> Powercap:
    return Powercap(tmp_path)


@pytest.fixture
def rapl(powercap: Powercap) -> Rapl:
    def two_seconds_apart() -> Iterator[float]:
        at = 0.0
        while True:
            at += 2.0
            yield at

    return Rapl(powercap.place, monotonic=two_seconds_apart().__next__)


def test_power_is_what_all_packages_gained_over_the_time_between(powercap: Powercap, rapl: Rapl) -> None:
    powercap.counts("intel-rapl:0", 1_000_000)
    powercap.counts("intel-rapl:1", 5_000_000)
    powercap.counts("intel-rapl:0:0", 900_000)
    powercap.counts("dtpm", 0)
    assert rapl.watts() is None, "one look is no mean"

    powercap.counts("intel-rapl:0", 201_000_000)
    powercap.counts("intel-rapl:1", 105_000_000)
    powercap.counts("intel-rapl:0:0", 800_000_000)
    assert rapl.watts() == 150.0


def test_a_counter_that_went_round_has_gained_the_rest_of_its_range(powercap: Powercap, rapl: Rapl) -> None:
    powercap.counts("intel-rapl:0", 999_000_000, whole=1_000_000_000)
    rapl.watts()
    powercap.counts("intel-rapl:0", 99_000_000, whole=1_000_000_000)
    assert rapl.watts() == 50.0


def test_a_counter_that_fell_without_a_range_is_unknown(powercap: Powercap, rapl: Rapl) -> None:
    powercap.counts("intel-rapl:0", 500, whole=None)
    rapl.watts()
    powercap.counts("intel-rapl:0", 400, whole=None)
    assert rapl.watts() is None


def test_a_package_that_cannot_be_read_leaves_the_whole_unknown(powercap: Powercap, rapl: Rapl) -> None:
    for counted in (1_000_000, 9_000_000):
        powercap.counts("intel-rapl:0", counted)
        powercap.counts("intel-rapl:1", "nonsense")
        assert rapl.watts() is None
    assert rapl.has_packages


def test_a_machine_without_counters_says_nothing(tmp_path: Path) -> None:
    nowhere = Rapl(tmp_path / "none")
    assert (nowhere.has_packages, nowhere.watts(), nowhere.watts()) == (False, None, None)


def test_memory_is_beside_its_package_cores_are_in_it_and_the_platform_holds_everything(
    powercap: Powercap, rapl: Rapl
) -> None:
    zones = {"intel-rapl:0": "package-0", "intel-rapl:0:0": "core", "intel-rapl:0:1": "dram", "intel-rapl:1": "psys"}
    for zone, name in zones.items():
        powercap.counts(zone, 0, name=name)
    rapl.watts()
    for zone, joules in zip(zones, (200, 90, 40, 900), strict=True):
        powercap.counts(zone, joules * 1_000_000)
    assert rapl.used() == Used(240.0, 2.0)


async def test_as_a_source_it_says_what_was_used_since_the_last_poll(powercap: Powercap, rapl: Rapl) -> None:
    source = ProcessorSource("h", rapl)
    powercap.counts("intel-rapl:0", 1_000_000)
    assert (await source.poll(1_000)).processors == ()
    powercap.counts("intel-rapl:0", 301_000_000)
    assert (await source.poll(3_000)).processors == [ProcessorReading(at_ms=3_000, host="h", joules=300.0, seconds=2.0)]


async def test_a_source_that_cannot_read_them_says_why(powercap: Powercap, rapl: Rapl) -> None:
    source = ProcessorSource("h", rapl)
    with pytest.raises(SourceAbsentError, match="no RAPL"):
        await source.poll(1_000)
    (powercap.place / "intel-rapl:0").mkdir()
    with pytest.raises(CollectorError, match="may not read it"):
        await source.poll(2_000)

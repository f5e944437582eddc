"""Power of the processors by their own counters, on a folder that looks as the kernel's."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from collectors.rapl import Rapl


class Powercap:
    """The kernel's folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def counts(self, package: str, microjoules: int | str, *, whole: int | None = 262_143_328_850) -> None:
        folder = self.place / package
        folder.mkdir(exist_ok=True)
        (folder / "energy_uj").write_text(f"{microjoules}\n")
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

"""What doctor and init say of a machine's GPUs and of what they might cost."""

from pathlib import Path

import pynvml
import pytest

from collectors.discovery import Discovered
from collectors.gpus.nvml.gpus import NvmlGpus
from collectors.machine import machine_name
from collectors.settings.config import Config, from_mapping
from tests.fakes.nvml import FakeDriver
from tui.commands.doctor_gpus import gpu_sentences, names_of, processor_sentences
from tui.commands.init import configuration


def said(config: Config | None = None) -> list[tuple[str, str]]:
    return list(gpu_sentences(config or Config()))


def test_cards_without_a_price_are_named_with_what_such_cards_cost_elsewhere(fake: FakeDriver) -> None:
    (mark, cards), (todo, price), *notes = said()

    assert mark == "ok"
    assert cards.startswith("GPUs: 8x Stand-in H100; a quick poll takes ")
    assert (todo, price.startswith("No price for 8x Stand-in H100: only physical figures are shown.")) == ("todo", True)
    assert [kind for kind, _ in notes] == ["note", "note"]
    assert "reserved" in notes[0][1]


@pytest.mark.parametrize("named", [True, False])
def test_a_machine_with_a_price_is_told_none(fake: FakeDriver, named: bool) -> None:
    name = {"name": machine_name()} if named else {}
    assert len(said(from_mapping({"host": [{"usd_per_hour": "20"} | name]}, None))) == 1


def test_the_price_of_another_machine_is_not_this_one_s(fake: FakeDriver) -> None:
    marks = [mark for mark, _ in said(from_mapping({"host": [{"name": "elsewhere", "usd_per_hour": "20"}]}, None))]
    assert "todo" in marks


def test_a_lost_card_is_a_finding(fake: FakeDriver) -> None:
    fake.fails(5, "*", pynvml.NVML_ERROR_GPU_IS_LOST)
    assert ("fail", "GPU 5: this GPU fell off the bus: reset it or reboot; the host still bills.") in said()


def test_instances_of_a_divided_card_are_no_cards(fake: FakeDriver) -> None:
    fake.reset(2)
    fake.mig_slots(0, 0b101)
    readings = NvmlGpus("h").read(1)
    assert names_of(readings) == "2x Stand-in H100 with 2 MIG instances"

    text = "\n".join(configuration(Discovered(logs=[], engines=[], keys=[]), readings, "h100-1"))
    assert "# gpus = 2" in text
    assert "Renting 2x H100" in text


def test_a_suggestion_is_a_comment_and_never_a_price(fake: FakeDriver) -> None:
    text = "\n".join(configuration(Discovered(logs=[], engines=[], keys=[]), NvmlGpus("h").read(1), "h100-1"))
    suggested = [line for line in text.splitlines() if "usd_per_hour" in line or "Renting" in line or "Buying" in line]
    assert len(suggested) == 3
    assert all(line.startswith("# ") for line in suggested)


def test_no_driver_is_a_sentence(fake: FakeDriver) -> None:
    fake.fails(1000, "nvmlInitWithFlags", pynvml.NVML_ERROR_DRIVER_NOT_LOADED)
    assert [mark for mark, _ in said()] == ["none"]
    assert said(from_mapping({"gpu": {"enabled": False}}, None)) == [
        ("none", "GPUs are not read: [gpu] enabled = false.")
    ]


@pytest.mark.parametrize(("counted", "expected"), [(None, "may not read"), ("1000", "The processors draw 0 W now")])
def test_processors_are_told_where_the_kernel_counts_them(tmp_path: Path, counted: str | None, expected: str) -> None:
    assert list(processor_sentences(tmp_path, look_seconds=0)) == []
    package = tmp_path / "intel-rapl:0"
    package.mkdir()
    if counted is not None:
        (package / "energy_uj").write_text(counted)
    ((mark, sentence),) = processor_sentences(tmp_path, look_seconds=0)
    assert (mark, expected in sentence) == ("note", True)

"""The stand-in for NVIDIA's driver behind the real binding, for every test that asks for it."""

from pathlib import Path

import pynvml
import pytest

from tests.fakes.nvml import FakeDriver, build


@pytest.fixture(scope="session")
def new_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture(scope="session")
def old_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml-old"), "-DOLD_DRIVER")


def _loaded(path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    fake = FakeDriver(path)
    monkeypatch.setattr(pynvml, "nvmlLib", fake.library)
    monkeypatch.setattr(pynvml, "_nvmlGetFunctionPointer_cache", {})
    fake.reset(8)
    return fake


@pytest.fixture
def fake(new_library: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    return _loaded(new_library, monkeypatch)


@pytest.fixture
def old(old_library: Path, monkeypatch: pytest.MonkeyPatch) -> FakeDriver:
    return _loaded(old_library, monkeypatch)

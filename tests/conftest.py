"""What holds for every test: nothing is judged by the clock, and a gate gives the same answer twice."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from hypothesis import settings

from tests.fakes.loopback import quick_clients, quick_servers
from tests.fakes.resting import resting_screens
from tests.fakes.stores import closing_connections, quick_stores
from tui import zone

settings.register_profile("anywhere", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("gate" if os.environ.get("CI") else "anywhere")

pytest_plugins = ["tests.nvml_fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with tests that may take long, so that at the end no worker waits for another's."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session", autouse=True)
def _no_driver_but_the_one_that_is_asked_for() -> Iterator[None]:
    """No test meets the GPUs of this machine, nor a stand-in that another test has loaded under the driver's name."""
    import pynvml

    def absent() -> None:
        if pynvml.nvmlLib is None:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pynvml, "_LoadNvmlLibrary", absent)
        yield


@pytest.fixture(scope="session", autouse=True)
def _nothing_is_done_again_that_comes_out_the_same() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched, ExitStack() as until_all_are_over:
        for made_quick in (quick_stores, quick_clients, quick_servers, resting_screens):
            until_all_are_over.enter_context(contextmanager(made_quick)(patched))
        yield


@pytest.fixture
def closed_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For tests that open stores in passing: every connection is closed when they are over."""
    yield from closing_connections(monkeypatch)


@pytest.fixture
def utc_again() -> Iterator[None]:
    """For tests that change the zone of what is shown."""
    yield
    zone.use_local_time(False)

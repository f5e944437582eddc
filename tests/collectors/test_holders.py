"""Which engine holds which GPU: told by processes, as far as they tell it."""

import asyncio
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from collectors.containers import container_of, forward, sees_host_processes
from collectors.gpus.gpu import GpuSource
from collectors.gpus.nvml.gpus import NvmlGpus
from collectors.holders import Held, Holders, port_of
from collectors.machine import Address, ServingProcess, engines_here, serving_processes
from store.facts import GpuProcess, GpuReading
from tests.fakes.nvml import FakeDriver
from tests.fakes.processes import FakeProcess

URL = "http://127.0.0.1:8000/metrics"
CONTAINER, OTHER = "a" * 64, "b" * 64


def gpu(index: int, *pids: int, uuid: str | None = None, parent: str | None = None) -> GpuReading:
    return GpuReading(
        at_ms=1,
        host="h",
        uuid=uuid or f"GPU-{index}",
        index=index,
        parent_uuid=parent,
        processes=tuple(GpuProcess(pid) for pid in pids),
    )


def engine(pid: int, *pids: int, port: int | None = 8000, stated: int | None = None) -> ServingProcess:
    listens = () if port is None else (Address("127.0.0.1", port),)
    return ServingProcess(pid=pid, kind="vllm", summary="", listens=listens, stated_port=stated, pids=(pid, *pids))


def held(
    gpus: list[GpuReading],
    engines: list[ServingProcess],
    *,
    url: str = URL,
    containers: Mapping[int, str] | None = None,
    joined: bool = True,
) -> Held:
    holders = Holders(container=(containers or {}).get, joined=joined)
    holders.saw_gpus(gpus)
    holders.saw_engines(engines)
    return holders.held_at(url)


def test_an_engine_holds_the_gpus_of_its_tensor_parallel_workers() -> None:
    gpus = [gpu(0, 11), gpu(1, 12), gpu(2, 99), gpu(3)]
    assert held(gpus, [engine(10, 11, 12)]) == Held(10, (0, 1), ("GPU-0", "GPU-1"))


def test_two_engines_on_one_gpu_both_hold_it() -> None:
    gpus, engines = [gpu(0, 11, 21)], [engine(10, 11), engine(20, 21, port=8001)]
    assert held(gpus, engines).gpus == held(gpus, engines, url="http://localhost:8001/metrics").gpus == (0,)


def test_an_engine_without_a_gpu_process_holds_none_that_we_know_of() -> None:
    assert held([gpu(0, 99)], [engine(10)]) == Held(10, (), ())


def test_an_engine_that_nobody_saw_is_not_guessed_at() -> None:
    assert held([gpu(0, 10)], [engine(10, port=9000)]) == Held()
    assert held([gpu(0, 10)], [engine(10, stated=8000, port=None), engine(11, stated=8000, port=None)]) == Held()


def test_an_engine_of_somebody_else_is_known_by_the_port_on_its_command_line() -> None:
    assert held([gpu(0, 10)], [engine(10, port=None, stated=8000)]).gpus == (0,)


def test_a_socket_says_more_than_a_command_line() -> None:
    engines = [engine(10, port=None, stated=8000), engine(20, port=8000)]
    assert held([gpu(0, 10), gpu(1, 20)], engines).gpus == (1,)


def test_a_worker_of_another_parent_belongs_to_the_only_engine_of_its_container() -> None:
    gpus, engines = [gpu(0, 50), gpu(1, 51)], [engine(10), engine(20, port=8001)]
    containers = {10: CONTAINER, 50: CONTAINER, 20: OTHER, 51: OTHER}
    assert held(gpus, engines, containers=containers).gpus == (0,)

    containers[20] = CONTAINER
    assert held(gpus, engines, containers=containers).gpus == (), "two engines share the container"


def test_processes_outside_any_container_are_not_joined_for_being_outside() -> None:
    assert held([gpu(0, 50)], [engine(10)]).gpus == ()


def test_of_a_divided_card_an_engine_holds_its_instance_and_not_the_whole() -> None:
    gpus = [gpu(0, 11, 21), gpu(0, 11, uuid="MIG-a", parent="GPU-0"), gpu(0, 21, uuid="MIG-b", parent="GPU-0")]
    assert held(gpus, [engine(10, 11)]) == Held(10, (0,), ("MIG-a",))


def test_where_our_process_numbers_are_not_the_machine_s_nothing_is_joined() -> None:
    assert held([gpu(0, 11)], [engine(10, 11)], joined=False) == Held(10, (), ())


def test_a_restarted_engine_is_joined_by_its_new_processes() -> None:
    holders = Holders(joined=True, container=lambda _: None)
    assert holders.saw_gpus([gpu(0, 11)])
    holders.saw_engines([engine(10, 11)])
    assert holders.held_at(URL).gpus == (0,)
    assert not holders.saw_gpus([gpu(0, 11)]), "nobody new"

    assert holders.saw_gpus([gpu(0), gpu(1, 31)])
    holders.saw_engines([engine(30, 31)])
    assert holders.held_at(URL) == Held(30, (1,), ("GPU-1",))


def test_cards_of_two_makers_are_joined_side_by_side() -> None:
    holders = Holders(joined=True, container=lambda _: None)
    holders.saw_gpus([gpu(0, 11)], "nvml")
    holders.saw_gpus([gpu(1, 12, uuid="amd-1")], "amdsmi")
    holders.saw_engines([engine(10, 11, 12)])
    assert holders.held_at(URL) == Held(10, (0, 1), ("GPU-0", "amd-1"))


@pytest.mark.parametrize(
    ("url", "port"),
    [(URL, 8000), ("http://h/metrics", 80), ("https://h/metrics", 443), ("http://h:99999/", None), ("", 80)],
)
def test_the_port_of_an_address_is_as_written_or_by_its_scheme(url: str, port: int | None) -> None:
    assert port_of(url) == port


@pytest.mark.parametrize(
    ("line", "container"),
    [
        (f"0::/system.slice/docker-{CONTAINER}.scope", CONTAINER),
        (f"12:memory:/docker/{CONTAINER}", CONTAINER),
        (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{CONTAINER}.scope", CONTAINER),
        (f"0::/machine.slice/libpod-{CONTAINER}.scope/container", CONTAINER),
        (f"0::/docker/{OTHER}/docker/{CONTAINER}", CONTAINER),
        ("0::/user.slice/user-1000.slice/session-3.scope", None),
        ("0::/process_api/101bb0fb3da907afffcf6637605e5bbd", None),
        ("", None),
    ],
)
def test_a_container_is_known_by_its_control_group(line: str, container: str | None, tmp_path: Path) -> None:
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "cgroup").write_text(f"{line}\n")
    assert container_of(7, tmp_path) == container
    assert container_of(8, tmp_path) is None, "it has ended"


def test_our_process_numbers_are_the_machine_s_only_in_its_own_namespace(tmp_path: Path) -> None:
    assert not sees_host_processes(tmp_path)
    for number, namespace in enumerate(["pid:[4026531836]", "pid:[4026532201]"]):
        folder = tmp_path / str(number) / "self/ns"
        folder.mkdir(parents=True)
        (folder / "pid").symlink_to(namespace)
    assert sees_host_processes(tmp_path / "0")
    assert not sees_host_processes(tmp_path / "1")


PROXY = ["/usr/bin/docker-proxy", "-proto", "tcp", "-host-ip", "0.0.0.0", "-host-port", "8001", "-container-ip",
         "172.17.0.2", "-container-port", "8000"]  # fmt: skip


def test_a_published_port_leads_into_a_container() -> None:
    assert forward(PROXY) == (8001, 8000)
    assert forward(PROXY[:-1]) is None
    assert forward(["sh", *PROXY[1:]]) is None
    assert forward([]) is None


def test_an_engine_in_a_container_is_found_at_the_port_that_it_is_published_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("collectors.machine.container_of", {30: CONTAINER}.get)
    (found,) = serving_processes([FakeProcess(30, ["vllm", "serve", "m"], listens=[8000]), FakeProcess(5, PROXY)])
    assert (found.published, found.ports) == ((8001,), (8001,))
    assert held([gpu(0, 30)], [found], url="http://127.0.0.1:8001/metrics").gpus == (0,)

    monkeypatch.setattr("collectors.machine.container_of", lambda _: None)
    (outside,) = serving_processes([FakeProcess(30, ["vllm", "serve", "m"], listens=[8000]), FakeProcess(5, PROXY)])
    assert (outside.published, outside.ports) == ((), (8000,))


LISTENER = """
import socket, subprocess, sys
listening = socket.create_server(("127.0.0.1", 0))
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
print(listening.getsockname()[1], child.pid, flush=True)
sys.stdin.read()
child.communicate()
"""


@pytest.fixture
def served() -> Iterator[tuple[int, int, int]]:
    """A real process of no known engine, that listens: its PID, its port and its child's PID."""
    with Popen([sys.executable, "-c", LISTENER], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        port, child = map(int, process.stdout.readline().split())
        yield process.pid, port, child
        process.communicate()


def test_real_processes_are_joined_with_the_cards_that_the_driver_says_they_hold(
    fake: FakeDriver, served: tuple[int, int, int]
) -> None:
    pid, port, child = served
    fake.reset(3)
    fake.is_held_by(1, child, 70 << 30)
    fake.is_held_by(2, 1, 1 << 20)
    holders = Holders(joined=True)
    asyncio.run(GpuSource(NvmlGpus("h"), tell=holders.saw_gpus).poll(1))
    holders.saw_engines(engines_here({port}))

    assert holders.held_at(f"http://127.0.0.1:{port}/metrics") == Held(pid, (1,), ("GPU-1",))
    assert holders.held_at("http://127.0.0.1:9/metrics") == Held()

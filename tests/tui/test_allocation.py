"""Whose dollars a host's are: through a real store and every reading, not a nano-dollar is lost or billed twice."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pricing.card import HOSTED
from pricing.filters import parse_filter
from pricing.totals import EMPTY
from pricing.usage import Usage
from store.facts import EngineReading, GpuReading, HostFact, PricedEvent, SaturationFact
from store.hosts.capacity import put_saturations
from store.reader import Reader
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.pictures.view import View
from tui.reading.burn import burn
from tui.reading.committed import IDLE, NO_ENGINE, NOT_IN_ANY_LOG
from tui.reading.report import Report, report
from tui.reading.sharing import Rest, gpus_text

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
EVERYTHING = parse_filter("", ("tenant",))


pytestmark = pytest.mark.usefixtures("closed_stores")


@dataclass
class Scene:
    """A store of minutes from AT_MS on, looked at over the first `minutes` of them."""

    path: Path
    minutes: int = 10
    writer: Writer = field(init=False)

    def __post_init__(self) -> None:
        self.writer = Writer(self.path)

    def hosts(self, *hosts: HostFact, at_ms: int = 0) -> None:
        self.writer.set_hosts(hosts, at_ms)

    def engine(self, minute: int, name: str = "vllm-a", *, host: str = "h", model: str = "llama", **said: Any) -> None:
        """One minute of an engine, read twice."""
        for half in (1, 2):
            at_ms = AT_MS + minute * MINUTE_MS + half * 30_000 - 1
            tokens = {key: count // 2 if key.endswith("tokens") else count for key, count in said.items()}
            reading = EngineReading(at_ms=at_ms, engine=name, host=host, model=model, seconds=30.0, **tokens)
            self.writer.write(batch(source=name, kind="engine", at_ms=at_ms, engines=[reading]))

    def gpu(self, minute: int, *, host: str = "h", **said: Any) -> None:
        card: dict[str, Any] = {"uuid": "GPU-0", "index": 0} | said
        reading = GpuReading(at_ms=AT_MS + minute * MINUTE_MS, host=host, **card)
        self.writer.write(batch(source="gpus", kind="gpu", at_ms=reading.at_ms, gpus=[reading]))

    def request(self, name: str, minute: int, tenant: str | None, model: str = "llama", **usage: Any) -> None:
        self.saw(
            priced(name, nano_usd=0, card=HOSTED, model=model, tenant=tenant, usage=Usage(**usage),
                   ended_at_ms=AT_MS + minute * MINUTE_MS)
        )  # fmt: skip

    def saw(self, *events: PricedEvent) -> None:
        self.writer.write(batch(events, at_ms=AT_MS + self.minutes * MINUTE_MS), [HOSTED, CARD])

    def report(self, *dimensions: str, since: int = 0, until: int | None = None) -> Report:
        until_ms = AT_MS + (self.minutes if until is None else until) * MINUTE_MS
        return report(Reader(self.path), AT_MS + since * MINUTE_MS, until_ms, dimensions, EVERYTHING, until_ms)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "usdtop.db")


def host(usd: int | None = 36, *, since_minute: int = -60, name: str = "h", **more: Any) -> HostFact:
    nano = None if usd is None else usd * 10**9
    return HostFact(name=name, usd_per_hour_nano=nano, since_ms=AT_MS + since_minute * MINUTE_MS, **more)


def shares(found: Report) -> dict[tuple[str | None, ...], int]:
    groups = {tuple(group.key.values()): group.totals.allocated_nano_usd for group in found.groups}
    return groups | {(rest.label, rest.host, rest.gpu): t.allocated_nano_usd for rest, t in found.rests.items()}


HALF: dict[str, Any] = {"prefill_tokens_per_second": 100, "decode_tokens_per_second": 20}
"""Saturated at 200 a second, an output token weighs 5: 12,000 in a minute."""


def test_a_tenant_pays_its_work_over_saturation_and_the_rest_is_idle(scene: Scene) -> None:
    scene.hosts(host(36, **HALF))
    for minute in range(10):
        scene.engine(minute, input_tokens=3_000, output_tokens=600)
        scene.request(f"a-{minute}", minute, "acme", input_tokens=2_000, output_tokens=400)
        scene.request(f"g-{minute}", minute, "globex", input_tokens=1_000, output_tokens=200)

    # 6 dollars in ten minutes; 4,000 and 2,000 of 12,000 in each of them.
    assert shares(scene.report("tenant")) == {
        ("acme",): 2 * 10**9,
        ("globex",): 10**9,
        (IDLE, None, None): 3 * 10**9,
    }


def test_what_no_log_explains_is_named(scene: Scene) -> None:
    scene.hosts(host(36, **HALF))
    for minute in range(10):
        scene.engine(minute, input_tokens=6_000)
        scene.request(f"a-{minute}", minute, "acme", input_tokens=4_000)

    assert shares(scene.report("tenant")) == {
        ("acme",): 2 * 10**9,
        (NOT_IN_ANY_LOG, None, None): 10**9,
        (IDLE, None, None): 3 * 10**9,
    }


def test_without_a_capacity_nothing_is_idle(scene: Scene) -> None:
    scene.hosts(host(36))
    for minute in range(10):
        scene.engine(minute, input_tokens=3_000)
        scene.request(f"a-{minute}", minute, "acme", input_tokens=1_000)

    assert shares(scene.report("tenant")) == {("acme",): 2 * 10**9, (NOT_IN_ANY_LOG, None, None): 4 * 10**9}


def test_each_dollar_meets_the_work_of_its_time_when_the_price_changes(scene: Scene) -> None:
    scene.hosts(host(36))
    scene.hosts(host(72), at_ms=AT_MS + 5 * MINUTE_MS)
    for minute in range(10):
        scene.engine(minute, input_tokens=1_000)
        scene.request(str(minute), minute, "early" if minute < 5 else "late", input_tokens=1_000)

    assert shares(scene.report("tenant")) == {("early",): 3 * 10**9, ("late",): 6 * 10**9}


def test_an_engine_that_came_while_others_were_watched_pays_only_for_its_own_time(scene: Scene) -> None:
    scene.hosts(host(36))
    for minute in range(10):
        scene.gpu(minute)
    for minute in range(8, 10):
        scene.engine(minute, input_tokens=1_000)
        scene.request(str(minute), minute, "acme", input_tokens=1_000)

    assert shares(scene.report("tenant")) == {("acme",): 1_200_000_000, (NO_ENGINE, None, None): 4_800_000_000}


def test_an_engine_that_nobody_watched_before_is_not_said_to_have_been_absent(scene: Scene) -> None:
    scene.hosts(host(36))
    scene.engine(9, input_tokens=1_000)
    scene.request("a", 2, "acme", input_tokens=1_000)

    assert shares(scene.report("tenant"))["acme",] > 0
    assert all(rest.label != NO_ENGINE for rest in scene.report("tenant").rests)


def test_a_k_that_was_raised_leaves_the_time_before_as_it_was(scene: Scene) -> None:
    scene.hosts(host(36, **HALF))
    for minute in range(10):
        scene.engine(minute, input_tokens=6_000)
        scene.request(str(minute), minute, "acme", input_tokens=6_000)
    before = shares(scene.report("tenant", until=5))
    with scene.writer.transaction() as connection:
        fact = SaturationFact(
            engine="vllm-a", model="llama", since_ms=AT_MS + 5 * MINUTE_MS, work_per_second=400.0, decode_weight=5.0,
            how="raised", minutes=0,
        )  # fmt: skip
        put_saturations(connection, [fact])

    assert (
        shares(scene.report("tenant", until=5))
        == before
        == {("acme",): 1_500_000_000, (IDLE, None, None): 1_500_000_000}
    )
    assert shares(scene.report("tenant", since=5)) == {("acme",): 750_000_000, (IDLE, None, None): 2_250_000_000}


def test_a_report_by_host_gpu_and_model_shows_where_each_request_was_served(scene: Scene) -> None:
    scene.hosts(host(36, gpus=8, **{key: rate * 2 for key, rate in HALF.items()}))
    for minute in range(10):
        scene.engine(minute, "vllm-a", gpus=(0, 1, 2, 3), input_tokens=6_000)
        scene.engine(minute, "vllm-b", model="qwen", gpus=(4, 5), input_tokens=3_000)
        scene.request(f"l-{minute}", minute, "acme", input_tokens=6_000)
        scene.request(f"q-{minute}", minute, "acme", model="qwen", input_tokens=3_000)
    found = scene.report("host", "gpu", "model")

    # vllm-a has half of the host and half of its 400 a second, vllm-b a quarter of both.
    assert shares(found) == {
        ("h", "0-3", "llama"): 1_500_000_000,
        ("h", "4-5", "qwen"): 750_000_000,
        (IDLE, "h", "0-3"): 1_500_000_000,
        (IDLE, "h", "4-5"): 750_000_000,
        (IDLE, "h", None): 1_500_000_000,
    }
    keys = [group["key"] for group in found.as_json()["groups"]]
    assert {"host": "h", "gpu": "0-3", "model": IDLE} in keys
    assert {"host": "h", "gpu": None, "model": IDLE} in keys


def test_one_model_on_two_engines_is_shared_by_the_work_that_they_did(scene: Scene) -> None:
    scene.hosts(host(36, gpus=2))
    for minute in range(10):
        scene.engine(minute, "vllm-a", gpus=(0,), input_tokens=3_000)
        scene.engine(minute, "vllm-b", gpus=(1,), input_tokens=1_000)
        scene.request(str(minute), minute, "acme", input_tokens=4_000)
    groups = {tuple(group.key.values()): group.totals for group in scene.report("gpu", "tenant").groups}

    assert {key: totals.tokens.input_tokens for key, totals in groups.items()} == {
        ("0", "acme"): 30_000,
        ("1", "acme"): 10_000,
    }
    assert {totals.allocated_nano_usd for totals in groups.values()} == {3 * 10**9}


def test_an_engine_that_moved_to_other_gpus_keeps_what_it_paid_before(scene: Scene) -> None:
    scene.hosts(host(36, gpus=4))
    for minute in range(10):
        scene.engine(minute, gpus=(0,) if minute < 5 else (0, 1, 2, 3), input_tokens=1_000)
        scene.request(str(minute), minute, "early" if minute < 5 else "late", input_tokens=1_000)

    # A quarter of three dollars, then all of them.
    assert shares(scene.report("tenant")) == {
        ("early",): 750_000_000,
        ("late",): 3 * 10**9,
        (IDLE, None, None): 2_250_000_000,
    }


def test_an_engine_whose_processes_cannot_be_seen_for_a_while_holds_what_it_held(scene: Scene) -> None:
    scene.hosts(host(36, gpus=4))
    for minute in range(10):
        scene.engine(minute, gpus=() if minute > 5 else (0,), input_tokens=1_000)
        scene.request(str(minute), minute, "acme", input_tokens=1_000)
    assert shares(scene.report("tenant"))["acme",] == 1_500_000_000


def test_instances_of_one_card_pay_for_their_slices_and_the_slices_of_nobody_are_idle(scene: Scene) -> None:
    scene.hosts(host(42, gpus=1))
    for uuid, slices in (("MIG-a", 3), ("MIG-b", 2)):
        scene.gpu(0, uuid=uuid, parent_uuid="GPU-0", slices=slices)
    for minute in range(10):
        scene.engine(minute, "vllm-a", gpus=(0,), gpu_uuids=("MIG-a",), input_tokens=1_000)
        scene.engine(minute, "vllm-b", model="qwen", gpu_uuids=("MIG-b",), input_tokens=1_000)
        scene.request(f"a-{minute}", minute, "acme", input_tokens=1_000)
        scene.request(f"g-{minute}", minute, "globex", model="qwen", input_tokens=1_000)

    # 7 dollars in ten minutes, a dollar a slice.
    assert shares(scene.report("tenant")) == {
        ("acme",): 3 * 10**9,
        ("globex",): 2 * 10**9,
        (IDLE, None, None): 2 * 10**9,
    }
    assert {group.key["gpu"] for group in scene.report("gpu").groups} == {"0"}


def test_gpus_are_written_as_runs() -> None:
    assert gpus_text((3, 0, 1, 2)) == "0-3"
    assert gpus_text((0, 2)) == "0,2"
    assert gpus_text(()) is None
    assert Rest("(idle)").host is None


MODELS = ("llama", "qwen", "mistral")
minutes = st.integers(0, 11)
counts = st.integers(0, 10**7)
capacities = st.sampled_from([None, (100, 20, "joint"), (7, 3, "separate"), (10**6, 10**5, "joint")])


@st.composite
def a_host(draw: st.DrawFn, name: str) -> list[HostFact]:
    """A host, perhaps without a price, perhaps with another one from the middle of some minute on."""
    facts = []
    for since_ms in [-HOUR_MS, *draw(st.lists(st.integers(0, 10 * MINUTE_MS), max_size=1))]:
        capacity = draw(capacities)
        nano = draw(st.none() | st.integers(0, 10**14))
        facts.append(
            HostFact(
                name=name, usd_per_hour_nano=nano, since_ms=AT_MS + since_ms,
                gpus=draw(st.none() | st.integers(1, 8)),
                prefill_tokens_per_second=capacity[0] if capacity else None,
                decode_tokens_per_second=capacity[1] if capacity else None,
                capacity_basis=capacity[2] if capacity else "joint",
            )
        )  # fmt: skip
    return facts


engines = st.tuples(
    st.sampled_from(["vllm-a", "vllm-b", "sglang"]),
    st.sampled_from(["h", "other"]),
    st.sampled_from(MODELS),
    st.sampled_from(
        [
            ((), ()),
            ((0,), ()),
            ((0, 1, 2), ()),
            ((5,), ()),
            ((0,), ("MIG-a",)),
            ((0,), ("MIG-b",)),
            ((), ("MIG-a", "MIG-c")),
        ]
    ),
    st.lists(st.tuples(minutes, counts, counts, counts), max_size=4, unique_by=lambda step: step[0]),
)
requests = st.tuples(
    minutes, st.sampled_from(["acme", "globex", None]), st.sampled_from(MODELS), counts, counts, counts
)


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.tuples(a_host("h"), a_host("other")),
    st.lists(engines, max_size=3, unique_by=lambda engine: engine[:3]),
    st.lists(requests, max_size=8),
    st.lists(minutes, max_size=3),
    st.sampled_from([(), ("MIG-a",), ("MIG-a", "MIG-b", "MIG-c")]),
    st.integers(0, 5),
    st.integers(1, 6),
)
def test_whatever_happened_groups_and_rests_are_what_the_hosts_cost(
    tmp_path_factory: pytest.TempPathFactory,
    facts: tuple[list[HostFact], list[HostFact]],
    served: Sequence[tuple[str, str, str, tuple[tuple[int, ...], tuple[str, ...]], list[tuple[int, int, int, int]]]],
    asked: Sequence[tuple[int, str | None, str, int, int, int]],
    watched: list[int],
    divided: Sequence[str],
    since: int,
    length: int,
) -> None:
    scene = Scene(tmp_path_factory.mktemp("store") / "usdtop.db", minutes=since + length)
    for steps in range(2):
        now = [host_facts[min(steps, len(host_facts) - 1)] for host_facts in facts]
        scene.hosts(*now, at_ms=max(fact.since_ms for fact in now))
    for place, uuid in enumerate(divided):
        scene.gpu(0, uuid=uuid, parent_uuid="GPU-0", slices=place + 1)
    for name, where, model, (gpus, uuids), steps_of in served:
        for minute, computed, cached, output in steps_of:
            scene.engine(minute, name, host=where, model=model, gpus=gpus, gpu_uuids=uuids, input_tokens=computed,
                         cache_read_tokens=cached, output_tokens=output)  # fmt: skip
    for number, (minute, tenant, model, computed, cached, output) in enumerate(asked):
        scene.request(
            f"r-{number}", minute, tenant, model, input_tokens=computed, cache_read_tokens=cached, output_tokens=output
        )
    for minute in watched:
        scene.gpu(minute)

    reader = Reader(scene.path)
    since_ms, until_ms = AT_MS + since * MINUTE_MS, AT_MS + (since + length) * MINUTE_MS
    spent = sum(
        exactly(fact.usd_per_hour_nano or 0, max(fact.since_ms, since_ms), min(fact.until_ms or until_ms, until_ms))
        for fact in reader.hosts()
    )
    expected = sum(since <= minute < since + length for minute, *_ in asked)
    for dimensions in [("tenant",), ("model",), ("tenant", "model"), ("host",), ("host", "gpu", "model")]:
        found = scene.report(*dimensions, since=since)
        parts = sum((group.totals for group in found.groups), EMPTY) + sum(found.rests.values(), EMPTY)
        assert parts == found.total
        assert found.total.nano_usd == spent
        assert found.total.requests == expected
    by_host = scene.report("host", since=since)
    for name in ("h", "other"):
        mine = [fact for fact in reader.hosts() if fact.name == name]
        cost = sum(
            exactly(fact.usd_per_hour_nano or 0, max(fact.since_ms, since_ms), min(fact.until_ms or until_ms, until_ms))
            for fact in mine
        )
        groups = sum(group.totals.nano_usd for group in by_host.groups if group.key["host"] == name)
        assert groups + sum(t.nano_usd for rest, t in by_host.rests.items() if rest.host == name) == cost
    picture = burn(reader, View(by="model", window_seconds=length * 60, until_ms=until_ms), until_ms, machine="here")
    assert sum((row.totals for row in picture.rows), EMPTY) == picture.total
    assert picture.total.nano_usd == spent


def exactly(nano_per_hour: int, since_ms: int, until_ms: int) -> int:
    """Dollars per hour times hours, to the nano-dollar, halves to the even one."""
    hours = Decimal(max(0, until_ms - since_ms)) / Decimal(HOUR_MS)
    return int((nano_per_hour * hours).quantize(Decimal(1)))

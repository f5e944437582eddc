"""The report by user, end user, tag and session, and what is billed beside tokens."""

import json
from pathlib import Path

import pytest

from pricing.card import HOSTED
from pricing.filters import parse_filter
from pricing.usage import Usage
from store.facts import EngineReading, HostFact
from store.reader import Reader
from store.tables import DIMENSIONS, KEPT_DIMENSIONS, SIDE_DIMENSIONS
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main
from tui.reading.report import Report, report

HOUR_MS = 3_600_000
CARDS = [CARD, HOSTED]


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "usdtop.db")


@pytest.fixture
def seen(writer: Writer) -> Writer:
    writer.write(
        batch(
            [
                priced("a", 1, user="ann", end_user="cust-1", tags=("rag", "env:prod")),
                priced("b", 20, user="ann", end_user="cust-2", tags=("rag",), model="claude"),
                priced("c", 300, user="bob", end_user="cust-1", tags=("env:prod",)),
                priced("d", 4_000, tenant="globex"),
            ]
        ),
        CARDS,
    )
    return writer


def read(writer: Writer, *by: str, wanted: str = "") -> Report:
    filters = parse_filter(wanted, (*DIMENSIONS, *SIDE_DIMENSIONS, *KEPT_DIMENSIONS))
    return report(Reader(writer.path), AT_MS, AT_MS + HOUR_MS, by, filters, AT_MS + HOUR_MS)


def nano(found: Report) -> dict[object, int]:
    """Nano-dollars by the members of each group."""
    groups = {tuple(one.key.values()): one.totals.nano_usd for one in found.groups}
    return {name[0] if len(name) == 1 else name: spent for name, spent in groups.items()}


def test_users_and_those_who_are_not_said_add_up_to_the_total(seen: Writer) -> None:
    found = read(seen, "user")

    assert nano(found) == {"ann": 21, "bob": 300, None: 4_000}
    assert (found.total.nano_usd, found.total.requests, found.overlapping) == (4_321, 4, False)
    assert "overlapping" not in found.as_json()


def test_sessions_are_counted_over_kept_requests_and_the_report_says_so(writer: Writer) -> None:
    requests = [priced("a", 1, session="s-1", tags=("rag",)), priced("b", 20, session="s-2"), priced("c", 300)]
    writer.write(batch([*requests, priced("d", 4_000, session="s-1")]), CARDS)
    found = read(writer, "session")

    assert nano(found) == {"s-1": 4_001, "s-2": 20, None: 300}
    assert found.total.nano_usd == 4_321
    assert "session: only single requests say this, and the report counts those that are kept" in found.doubts[0]
    assert nano(read(writer, "session", "tag")) == {("s-1", "rag"): 1}
    assert nano(read(writer, "model", wanted="session=s-1")) == {"gpt-4o": 4_001}


def test_what_is_billed_beside_tokens_is_summed_by_series_and_not_known_by_user(writer: Writer) -> None:
    searching = Usage(input_tokens=10, units=(("images", 1), ("web_searches", 3)))
    requests = [priced("a", usage=searching, user="ann"), priced("b", usage=searching), priced("c")]
    writer.write(batch(requests), CARDS)

    assert read(writer, "model").as_json()["groups"][0]["units"] == {"images": 2, "web_searches": 6}
    assert read(writer).as_json()["total"]["units"] == {"images": 2, "web_searches": 6}
    assert read(writer, "user").as_json()["total"]["units"] is None


def test_tags_overlap_and_the_document_says_so(seen: Writer) -> None:
    found = read(seen, "tag")

    assert nano(found) == {"rag": 21, "env:prod": 301}
    assert (found.total.nano_usd, found.total.requests) == (4_321, 4)
    assert found.as_json()["overlapping"] is True


def test_a_side_dimension_crosses_with_any_of_the_series(seen: Writer) -> None:
    assert nano(read(seen, "user", "model")) == {
        ("ann", "gpt-4o"): 1, ("ann", "claude"): 20, ("bob", "gpt-4o"): 300, (None, "gpt-4o"): 4_000,
    }  # fmt: skip
    assert nano(read(seen, "model", "tag")) == {
        ("gpt-4o", "rag"): 1, ("claude", "rag"): 20, ("gpt-4o", "env:prod"): 301,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "by", "groups", "total"),
    [
        ("user=ann", ("model",), {"gpt-4o": 1, "claude": 20}, 21),
        ("user=ANN model=claude", ("user",), {"ann": 20}, 20),
        ("user!=ann", ("user",), {"bob": 300, None: 4_000}, 4_300),
        ("user=", ("tenant",), {"globex": 4_000}, 4_000),
        ("end_user=cust-*", ("end_user",), {"cust-1": 301, "cust-2": 20}, 321),
        ("tag=rag", ("model",), {"gpt-4o": 1, "claude": 20}, 21),
        ("tag=rag", ("tag",), {"rag": 21}, 21),
        ("tag=*", ("tag",), {"rag": 21, "env:prod": 301}, 4_321),
        ("tag=?*", ("tag",), {"rag": 21, "env:prod": 301}, 321),
        ("tag=?*", ("model",), {"gpt-4o": 301, "claude": 20}, 321),
        ("tag!=rag", ("tag",), {"env:prod": 300}, 4_300),
        ("tag=rag tag=env:prod", ("model",), {"gpt-4o": 1}, 1),
        ("tag=", ("tenant",), {"globex": 4_000}, 4_000),
        ("tag=nothing", ("model",), {}, 0),
        ("user=ann tag=env:prod", ("model",), {"gpt-4o": 1}, 1),
        ("tenant=globex", ("user",), {None: 4_000}, 4_000),
    ],
)
def test_filters_count_each_request_once_whatever_its_tags(
    seen: Writer, wanted: str, by: tuple[str, ...], groups: dict[object, int], total: int
) -> None:
    found = read(seen, *by, wanted=wanted)
    assert (nano(found), found.total.nano_usd) == (groups, total)


def test_two_side_dimensions_cross_over_kept_requests_and_it_says_so(seen: Writer) -> None:
    found = read(seen, "user", "end_user")
    assert nano(found) == {("ann", "cust-1"): 1, ("ann", "cust-2"): 20, ("bob", "cust-1"): 300, (None, None): 4_000}
    assert found.notes == (
        "user and end_user: only single requests say this, and the report counts those that are kept",
    )
    assert found.as_json()["notes"] == list(found.notes)

    by_tag = read(seen, "user", "tag")
    assert nano(by_tag) == {("ann", "rag"): 21, ("ann", "env:prod"): 1, ("bob", "env:prod"): 300}
    assert (by_tag.total.nano_usd, by_tag.overlapping) == (4_321, True)


def test_what_is_not_kept_any_more_is_missing_where_single_requests_are_needed_and_it_says_so(seen: Writer) -> None:
    with seen.transaction() as connection:
        connection.execute("DELETE FROM requests WHERE id <= 2")
        connection.execute("UPDATE requests SET ended_at_ms = ended_at_ms + 5000")

    assert nano(read(seen, "user")) == {"ann": 21, "bob": 300, None: 4_000}
    found = read(seen, "user", "end_user")
    assert nano(found) == {("bob", "cust-1"): 300, (None, None): 4_000}
    assert found.notes[0].endswith("; of the window's beginning there may be none")


def test_a_host_s_dollars_are_shared_by_users_and_seen_from_each_tag(writer: Writer) -> None:
    writer.set_hosts([HostFact(name="gpu-1", usd_per_hour_nano=3_600_000_000, since_ms=AT_MS)], AT_MS)
    usage = Usage(output_tokens=100)
    served = [
        priced("a", 0, HOSTED, model="llama", usage=usage, user="ann", tags=("rag", "env:prod")),
        priced("b", 0, HOSTED, model="llama", usage=usage, user="bob", tags=("rag",)),
    ]
    writer.write(batch(served), CARDS)
    reading = EngineReading(
        at_ms=AT_MS + 1, engine="vllm", host="gpu-1", model="llama", seconds=2.0, output_tokens=200, input_tokens=0
    )
    writer.write(batch(engines=[reading], source="vllm", kind="engine"))

    assert nano(read(writer, "user")) == {"ann": 1_800_000_000, "bob": 1_800_000_000}
    assert nano(read(writer, "tag")) == {"rag": 3_600_000_000, "env:prod": 1_800_000_000}
    assert read(writer, "tag").total.nano_usd == 3_600_000_000


def test_the_command_line_reports_by_tag_in_json_and_warns_in_text(
    seen: Writer, capsys: pytest.CaptureFixture[str]
) -> None:
    window = ["--store", str(seen.path), "--since", "2026-05-16T14:23:00Z", "--until", "2026-05-16T15:23:00Z"]
    assert main(["report", *window, "--by", "tag", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["overlapping"] is True
    assert [one["key"] for one in document["groups"]] == [{"tag": "env:prod"}, {"tag": "rag"}]

    assert main(["report", *window, "--by", "tag", "--filter", "user=ann"]) == 0
    text = capsys.readouterr().out
    assert "A request may have several tags or none: the groups do not add up to the total." in text
    assert "bob" not in text

"""A source of requests under the names and with the patience that its configuration gives it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.configured import ConfiguredSource
from collectors.formats.dimensions import DimensionMap
from collectors.settings.config import ConfigError, from_mapping
from collectors.source import Poll
from store.facts import UsageEvent
from tests.fakes.events import AT_MS, event
from tests.fakes.payloads import payload
from tests.tui.test_cli import Shell, shell

__all__ = ["shell"]  # a fixture

SEEN = event(tenant="acme", key="search", user="ana", tags=("env:prod", "team:payments", "team=other", "cost_centre=7"))


def mapped(**said: str) -> UsageEvent:
    (found,) = DimensionMap(said).apply([SEEN])
    return found


def test_a_dimension_is_taken_from_another_from_a_tag_or_is_a_constant() -> None:
    assert mapped(tenant="key").tenant == "search"
    assert mapped(tenant="tag:team").tenant == "payments"
    assert mapped(tenant="tag:cost_centre").tenant == "7"
    assert mapped(tenant="=everybody").tenant == "everybody"
    assert mapped(tenant="tag:none").tenant is None
    assert mapped(tenant="end_user").tenant is None


def test_all_are_taken_from_what_the_log_says_so_two_may_change_places() -> None:
    found = mapped(tenant="user", user="tenant")
    assert (found.tenant, found.user, found.key) == ("ana", "acme", "search")


def test_without_a_map_nothing_is_touched() -> None:
    seen = [SEEN]
    assert DimensionMap({}).apply(seen) is seen


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"tennant": "key"}, "unknown dimension `tennant`.*did you mean `tenant`"),
        ({"tenant": "keys"}, "unknown dimension `keys`.*did you mean `key`"),
        ({"tenant": "tag:"}, "is a dimension, `tag:NAME`, or `=` and a constant"),
        ({"tenant": "="}, "is a dimension, `tag:NAME`, or `=` and a constant"),
    ],
)
def test_a_map_that_cannot_be_used_says_what_to_write(said: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        from_mapping({"source": [{"type": "file", "path": "x", "dimensions": said}]}, None)


@pytest.mark.parametrize("key", [{"dimensions": {"tenant": "key"}}, {"expect_every": "1m"}])
def test_what_is_for_requests_is_refused_where_there_are_none(key: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="a source of type `engine` has no"):
        from_mapping({"source": [{"type": "engine", "url": "http://127.0.0.1:8000/metrics", **key}]}, None)


class Told:
    """A source that says what it is told to."""

    name, kind, poll_seconds = "told", "file", 0.5

    def __init__(self, polls: Sequence[Poll]) -> None:
        self._polls = list(polls)

    async def poll(self, _now_ms: int) -> Poll:
        return self._polls.pop(0)


def late(*seconds: tuple[int, bool], expect: float | None) -> list[str | None]:
    """Whether a source is late at these seconds, at which it says something or not."""
    polls = [Poll(events=[SEEN] if said else []) for _, said in seconds]
    source = ConfiguredSource(Told(polls), DimensionMap({}), expect_seconds=expect)

    async def ask() -> list[str | None]:
        return [(await source.poll(AT_MS + at * 1_000)).late for at, _ in seconds]

    return asyncio.run(ask())


def test_a_source_that_is_silent_for_longer_than_expected_is_late_until_it_speaks() -> None:
    said = late((0, False), (60, False), (61, False), (62, True), (120, False), expect=60)
    assert said == [None, None, "silent for 61 s; expect_every is 60 s", None, None]
    assert late((0, False), (10_000, False), expect=None) == [None, None]


def test_a_home_made_log_is_imported_as_its_source_says(shell: Shell, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f"""
        [[source]]
        type = "file"
        path = "{tmp_path}/*.csv"
        format = "generic.csv"
        [source.fields]
        ended = "at"
        model = "m"
        input_tokens = "in"
        tags = "tags"
        [source.dimensions]
        tenant = "tag:team"
        """)
    for name, heading in (("a", "at,m,in,tags"), ("b", "in,tags,m,at")):
        cells = {"at": "1764000000", "m": "gpt-4o", "in": "1000", "tags": f"team:{name}"}
        rows = [heading, ",".join(cells[column] for column in heading.split(","))]
        (tmp_path / f"{name}.csv").write_text("\n".join(rows) + "\n")
        assert shell.here("--config", str(config), "import", str(tmp_path / f"{name}.csv")) == 0
    document = shell.json("report", "--since", "2001-01-01", "--by", "tenant,model")
    found = [(group["key"], group["tokens"]["input"]) for group in document["groups"]]
    assert sorted(found, key=str) == [
        ({"tenant": "a", "model": "gpt-4o"}, 1000),
        ({"tenant": "b", "model": "gpt-4o"}, 1000),
    ]


def test_a_known_log_is_imported_under_the_names_that_its_source_wants(shell: Shell, tmp_path: Path) -> None:
    config, log = tmp_path / "c.toml", tmp_path / "gateway.jsonl"
    config.write_text(
        f'[[source]]\ntype = "file"\npath = "{log}"\n[source.dimensions]\ntenant = "key"\nkey = "tenant"\n'
    )
    log.write_bytes(payload("a") + b"\n")
    assert shell.here("--config", str(config), "import", str(log)) == 0
    (group,) = shell.json("report", "--since", "2001-01-01", "--by", "tenant,key")["groups"]
    assert group["key"] == {"tenant": "search", "key": "acme"}
    shell.here("--config", str(config), "doctor", str(log))
    assert "tenant search, key acme" in shell.out

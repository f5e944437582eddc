"""What a machine tells without a configuration: logs in well-known places, engines that listen, keys that are set."""

from pathlib import Path

import pytest

from collectors.discovery import FoundEngine, discover, format_of, not_configured
from collectors.machine import Address, ServingProcess
from tests.fakes.payloads import payload


def look(*places: str, **environment: str) -> list[tuple[str, str]]:
    found = discover(environment=environment, places=places, processes=[])
    return [(log.pattern, log.format_name) for log in found.logs]


def test_a_log_is_found_by_what_its_lines_are_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"started\n" + payload("x") + b"\n")
    (tmp_path / "b.log").write_text("127.0.0.1 GET /v1/models 200\n")

    assert look(f"{tmp_path}/*.jsonl", f"{tmp_path}/*.log", f"{tmp_path}/none/*") == [
        (f"{tmp_path}/*.jsonl", "litellm.slp")
    ]


def test_a_home_folder_in_a_place_is_this_user_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "gateway.jsonl").write_bytes(payload("x"))

    assert look("~/*.jsonl") == [(f"{tmp_path}/*.jsonl", "litellm.slp")]


def test_what_cannot_be_read_or_is_no_text_has_no_format(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "empty").touch()

    assert [format_of(tmp_path / name) for name in ("binary", "empty", "missing", ".")] == [None] * 4


def engine(kind: str, stated_port: int | None, *listens: tuple[str, int]) -> FoundEngine | None:
    process = ServingProcess(
        pid=7,
        kind=kind,
        summary=kind,
        listens=tuple(Address(ip, port) for ip, port in listens),
        stated_port=stated_port,
        pids=(7,),
    )
    found = discover(environment={}, places=(), processes=[process])
    return found.engines[0] if found.engines else None


@pytest.mark.parametrize(
    ("stated", "listens", "url"),
    [
        (8000, [("127.0.0.1", 8000)], "http://127.0.0.1:8000/metrics"),
        (8000, [("0.0.0.0", 8000)], "http://127.0.0.1:8000/metrics"),
        (8001, [("10.0.0.5", 9), ("10.0.0.5", 8001)], "http://10.0.0.5:8001/metrics"),
        (None, [("::", 8000)], "http://127.0.0.1:8000/metrics"),
        (None, [("fd00::1", 8000)], "http://[fd00::1]:8000/metrics"),
        (8000, [], "http://127.0.0.1:8000/metrics"),
    ],
)
def test_an_engine_s_metrics_are_where_it_listens(stated: int | None, listens: list[tuple[str, int]], url: str) -> None:
    found = engine("vllm", stated, *listens)
    assert found is not None
    assert (found.url, found.kind, found.pid) == (url, "vllm", 7)


def test_an_engine_whose_port_nothing_tells_is_left_out() -> None:
    assert engine("vllm", None) is None


def test_keys_are_named_and_their_values_are_never_shown() -> None:
    found = discover(environment={"OPENAI_ADMIN_KEY": "hunter2", "ANTHROPIC_ADMIN_KEY": ""}, places=(), processes=[])

    assert found.keys == ["OPENAI_ADMIN_KEY"]
    assert "hunter2" not in repr(found)
    assert not any("hunter2" in sentence for sentence in found.sentences())


def test_what_was_looked_for_in_vain_is_said_in_sentences() -> None:
    logs, engines = discover(environment={}, places=(), processes=[]).sentences()

    assert logs.startswith("No gateway log in /var/log/litellm/*.jsonl")
    assert engines.startswith("No serving engine")


def test_sessions_of_coding_agents_are_found_at_home_or_where_a_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    day = tmp_path / ".codex/sessions/2026/05/16"
    day.mkdir(parents=True)
    (day / "rollout-1.jsonl").write_text('{"timestamp":"2026-05-16T14:00:00Z","type":"session_meta","payload":{}}\n')
    elsewhere = tmp_path / "agents/projects/shop"
    elsewhere.mkdir(parents=True)
    (elsewhere / "s.jsonl").write_text('{"type":"user","sessionId":"s"}\n')

    def found(**environment: str) -> list[tuple[str, str]]:
        looked = discover(environment=environment, processes=[]).logs
        return [(log.pattern, log.format_name) for log in looked if str(tmp_path) in log.pattern]

    codex = (f"{tmp_path}/.codex/sessions/**/rollout-*.jsonl", "codex.jsonl")
    claude = (f"{tmp_path}/agents/projects/**/*.jsonl", "claude_code.jsonl")
    assert found() == [codex]
    named = [log.name for log in discover(environment={}, processes=[]).logs if str(tmp_path) in log.pattern]
    assert named == ["~/.codex/sessions/**/rollout-*.jsonl"]
    assert found(CLAUDE_CONFIG_DIR=f"{tmp_path}/none,{tmp_path}/agents") == [claude, codex]


def test_an_engine_that_is_configured_under_another_of_its_addresses_is_not_found_again() -> None:
    found = [FoundEngine("a", "vllm", "http://127.0.0.1:8000/metrics", 10), FoundEngine("b", "vllm", "http://[::1]:8001/metrics", 11),
             FoundEngine("c", "sglang", "http://172.17.0.2:30000/metrics", 12), FoundEngine("d", "vllm", "http://172.17.0.3:8000/metrics", 13)]  # fmt: skip
    assert not_configured(found, ports={8000}, pids={None, 12}) == [found[1], found[3]], (
        "a by its port, c by its process"
    )
    assert not_configured(found, ports=set(), pids=set()) == found

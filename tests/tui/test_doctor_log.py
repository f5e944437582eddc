"""`usdtop doctor FILE` says what a log is, however it is packed, wrapped, mapped or saved, and what to do about it."""

import gzip
import json
from pathlib import Path

import pytest
import zstandard

from collectors.logs import inspection
from tests.fakes import samples
from tests.fakes.gateway_lines import RECORDS
from tests.tui.test_cli import Shell, shell

__all__ = ["shell"]  # a fixture

LINES = samples.lines()[:20]
SPEND = [{**RECORDS["litellm.spendlogs"], "request_id": f"r-{number}"} for number in range(3)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gateway.log"


def looked_at(shell: Shell, log: Path, content: bytes, *options: str) -> str:
    log.write_bytes(content)
    shell.here(*options, "doctor", str(log))
    return shell.out


def docker(line: bytes) -> bytes:
    """As the json-file driver cuts and wraps a line."""
    text = line.decode() + "\n"
    parts = [text[begin : begin + 16_384] for begin in range(0, len(text), 16_384)]
    return b"\n".join(
        json.dumps({"log": part, "stream": "stdout", "time": "2026-11-22T08:15:30Z"}).encode() for part in parts
    )


def cri(line: bytes) -> bytes:
    return b"2026-11-22T08:15:30.123456789Z stdout F " + line


def journald(line: bytes) -> bytes:
    return json.dumps({"__REALTIME_TIMESTAMP": "1", "MESSAGE": line.decode()}).encode()


@pytest.mark.parametrize(
    ("wrap", "by"), [(docker, "Docker"), (cri, "a container runtime (CRI)"), (journald, "journald")]
)
def test_wrapped_lines_are_read_and_who_wrapped_them_is_said(shell: Shell, log: Path, wrap: object, by: str) -> None:
    assert callable(wrap)
    out = looked_at(shell, log, b"\n".join(map(wrap, LINES)) + b"\n")
    assert "format litellm.slp, 20 requests in 20 lines." in out
    assert f"Its lines are wrapped by {by}; what is inside is read." in out


def test_packed_logs_are_unpacked_and_a_wrong_ending_is_named(shell: Shell, tmp_path: Path) -> None:
    whole = b"\n".join(LINES)
    for name, packed in (("a.gz", gzip.compress(whole)), ("a.zst", zstandard.compress(whole))):
        assert "20 requests in 20 lines." in looked_at(shell, tmp_path / name, packed)
        out = looked_at(shell, tmp_path / "a.log", packed)
        assert f"give it the ending {name[1:]}." in out


def test_a_home_made_log_is_read_as_its_source_says(shell: Shell, log: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.toml"
    config.write_text(f"""
        [[source]]
        type = "file"
        name = "home"
        path = "{tmp_path}/*.log"
        format = "generic.csv"
        [source.fields]
        ended = "at"
        model = "m"
        input_tokens = "in"
        """)
    content = b"at,m,in\n1764000000,gpt-4o,1000\n1764000001,gpt-4o,2000\n"
    out = looked_at(shell, log, content, "--config", str(config))
    assert "format generic.csv, 2 requests in 3 lines." in out
    assert "It is read as the source `home` says: generic.csv." in out
    assert "none of 3 lines is a usage record" in looked_at(shell, log, content)


def test_an_unknown_log_is_described_by_its_keys_and_what_to_write_is_said(shell: Shell, log: Path) -> None:
    out = looked_at(shell, log, b'{"ts":1764000000,"m":"gpt-4o","in":5}\n')
    assert "Its first record has the keys ts, m, in." in out
    assert 'format = "generic.jsonl" and [source.fields]' in out


def test_an_operational_log_is_said_to_be_no_source_of_costs(shell: Shell, log: Path) -> None:
    out = looked_at(
        shell, log, b'{"message":"started","level":"INFO","timestamp":"2026-11-22T08:15:30","component":"LiteLLM"}\n'
    )
    assert "which carries no tokens: no source of costs" in out
    assert "source.fields" not in out


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("page", [False, True])
@pytest.mark.parametrize("ending", ["json", "json.gz"])
def test_a_page_or_array_saved_from_an_interface_is_read_and_imported_once(
    shell: Shell, tmp_path: Path, indent: int | None, page: bool, ending: str
) -> None:
    text = json.dumps({"data": SPEND, "total": 3, "page": 1} if page else SPEND, indent=indent).encode()
    path = tmp_path / f"saved.{ending}"
    out = looked_at(shell, path, gzip.compress(text) if ending.endswith("gz") else text)
    assert "format litellm.spendlogs, 3 requests in " in out
    assert ("It is one JSON document" in out) is (indent is not None)

    assert shell.here("import", str(path)) == 0
    assert "3 requests imported, 0 already known, 0 lines rejected" in shell.err
    assert shell.here("import", str(path)) == 0
    assert "0 requests imported, 0 already known" in shell.err


def test_streams_that_were_logged_event_by_event_are_read(shell: Shell, log: Path) -> None:
    chunk = {"id": "c-1", "object": "chat.completion.chunk", "created": 1764000000, "model": "gpt-4o"}
    events = [
        {**chunk, "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": None}], "usage": None},
        {**chunk, "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}},
    ]
    text = b": OPENROUTER PROCESSING\n\n" + b"".join(
        b"data: " + json.dumps(event).encode() + b"\n\n" for event in events
    )
    out = looked_at(shell, log, text + b"data: [DONE]\n\n")
    assert "format openai.chat, 1 requests in 4 lines." in out
    assert "[warn]" not in out


def test_of_a_large_log_the_beginning_is_enough(shell: Shell, log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "MOST_BYTES", 1 << 20)
    line = samples.whole_lines()[0]
    out = looked_at(shell, log, b"\n".join([line] * (3 * (1 << 20) // len(line))))
    assert "Only its first 1 MiB were looked at." in out


def test_a_format_whose_lines_say_no_usage_is_named(shell: Shell, log: Path) -> None:
    out = looked_at(shell, log, b'{"type":"user","sessionId":"s","message":{"content":"hello"}}\n')
    assert "format claude_code.jsonl, but none of 1 lines says what a request has used." in out


@pytest.mark.parametrize("packed", [False, True])
def test_spans_in_the_binary_form_of_a_file_exporter_are_told_and_what_to_write_instead(
    shell: Shell, log: Path, packed: bool
) -> None:
    message = (Path(__file__).parents[1] / "data" / "otlp_export.pb").read_bytes()
    if packed:
        message = zstandard.compress(message)
    out = looked_at(shell, log, len(message).to_bytes(4) + message)
    assert "let it write JSON without compression, or send them to usdtop itself" in out
    assert "looks like spans" not in looked_at(shell, log, b"\n".join(LINES))

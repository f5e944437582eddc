"""Names from outside can hold anything: what is printed is harmless to a terminal, a spreadsheet and a JSON reader."""

import csv
import io
import json
import re
from pathlib import Path

import pytest

from store.facts import Reject, SourceState
from store.writer import Writer
from tests.fakes.events import AT_MS, CARD, batch, priced
from tui.cli import main

HOSTILE = [
    "\x1b]0;pwned\x07",
    "\x1b[2J\x1b[31mred",
    "\x9b31m",
    "line\r\nbreak\ttab",
    "\u202egnp.exe",
    "\u2066left\u2069\u200b",
    "nul\x00byte\x7f",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "-2+3",
    "[bold red]markup[/]",
    "Ω" * 300,
]
HARMFUL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
WIDE = ["--since", "2026-05-16", "--until", "2026-05-17"]


pytestmark = pytest.mark.usefixtures("closed_stores")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    writer = Writer(tmp_path / "usdtop.db")
    for number, name in enumerate(HOSTILE):
        one = priced(
            f"{name}{number}", model=name, tenant=name, key=name, provider=name, error=name, ended_at_ms=AT_MS + number
        )
        rejects = [Reject(reason=name, count=1, example=name)]
        writer.write(batch([one], source=name, detail=name, state=SourceState.FAILING, rejects=rejects), [CARD])
    return str(tmp_path / "usdtop.db")


@pytest.mark.parametrize(
    "command",
    [
        ["report", "--by", "model,tenant,key,source", *WIDE],
        ["report", "--by", "model", "--csv", *WIDE],
        ["report", "--by", "provider,model", "--json", *WIDE],
        ["requests", *WIDE],
        ["requests", "--json", *WIDE],
        ["sources"],
        ["sources", "--json"],
    ],
    ids=" ".join,
)
def test_no_name_reaches_the_terminal_as_more_than_text(
    command: list[str], store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--store", store, *command]) == 0
    out, err = capsys.readouterr()

    if "--csv" in command:
        out = out.replace("\r\n", "\n")
    assert not HARMFUL.search(out)
    assert not HARMFUL.search(err)
    assert "pwned" in out, "the name is shown, only its teeth are drawn"


def test_json_keeps_every_name_whole(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", store, "report", "--by", "model", "--json", *WIDE]) == 0
    document = json.loads(capsys.readouterr().out)

    assert {group["key"]["model"] for group in document["groups"]} == set(HOSTILE)


def test_no_cell_of_a_spreadsheet_is_a_formula(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", store, "report", "--by", "model,tenant", "--csv", *WIDE]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))

    assert len(rows) == 1 + len(HOSTILE)
    assert not [cell for row in rows[1:] for cell in row[:2] if cell[:1] in ("=", "+", "-", "@")]


def test_a_text_report_keeps_its_columns_whatever_the_names_are(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--store", store, "report", "--by", "model", *WIDE]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if not line.startswith("≥")]

    assert len(table) == 1 + len(HOSTILE) + 1
    assert len({len(line) for line in table}) == 1


@pytest.mark.parametrize(
    "command",
    [
        ["report", "--by", "\x1b[2J"],
        ["report", "--filter", "\x1b[2J=x"],
        ["report", "--since", "\x1b[2J"],
        ["doctor", "/\x1b[2J"],
        ["import", "/\x1b[2J"],
        ["\x1b[2J"],
        ["--config", "/\x1b[2J", "doctor"],
        ["--store", "/\x1b[2J/x", "report"],
    ],
    ids=ascii,
)
def test_what_was_typed_is_repeated_without_harm(
    command: list[str], store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if "--store" not in command:
        command = ["--store", store, *command]
    assert main(command) == 2
    out, err = capsys.readouterr()

    assert err
    assert not HARMFUL.search(out + err)


@pytest.mark.parametrize("word", ["--\x1b[2J", "--since=\x1b[2J --zzz\x1b[2J"])
def test_an_option_that_does_not_exist_is_repeated_without_harm(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["report", *word.split()])
    assert not HARMFUL.search(capsys.readouterr().err)

"""A JSON document is told from lines by its whole, so that no log of lines is ever held in memory or lost."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from collectors.logs import document
from collectors.logs.document import is_document

RECORDS = [{"id": number, "text": "a\nb"} for number in range(3)]


def told(path: Path, content: bytes) -> bool:
    path.write_bytes(content)
    return is_document(path)


@pytest.mark.parametrize("value", [RECORDS, {"data": RECORDS}, {"data": []}, [[]]], ids=repr)
def test_what_goes_over_lines_is_a_document(tmp_path: Path, value: Any) -> None:
    pretty = json.dumps(value, indent=1).encode()
    assert told(tmp_path / "a.json", pretty)
    assert told(tmp_path / "a.json", b"\xef\xbb\xbf\n\n" + pretty)
    assert told(tmp_path / "a.json.gz", gzip.compress(pretty))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"started\n",
        b'{"id": 1}\n{"id": 2}\n',
        b'{"id": 1}',
        b'[{"id": 1}]\n',
        b'{"id": 1, "cut": "of\n{"id": 2}\n{"id": 3}\n',
        b'{\n"id": 1\n',
        b"\x1f\x8b not gzip",
    ],
)
def test_lines_are_no_document_however_the_first_one_is_damaged(tmp_path: Path, content: bytes) -> None:
    assert not told(tmp_path / "a.log", content)
    assert not told(tmp_path / "a.gz", content)


def test_a_document_on_one_line_is_one_when_the_line_is_too_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "_FIRST_BYTES", 100)
    monkeypatch.setattr(document, "_LONGEST_LINE", 1_000)
    line = json.dumps({"data": [{"id": number} for number in range(200)]}).encode()
    assert told(tmp_path / "a.json", line)
    assert not told(tmp_path / "a.json", line[:900])


def test_a_document_that_is_too_large_is_left_to_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "MAX_BYTES", 1_000)
    assert told(tmp_path / "a.json", json.dumps(RECORDS, indent=1).encode())
    assert not told(tmp_path / "a.json", json.dumps(RECORDS * 100, indent=1).encode())


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    assert not is_document(tmp_path / "none")

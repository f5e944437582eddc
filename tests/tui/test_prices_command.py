"""`usdtop prices`: what the book lists, and newer catalogues from a real server, which never break what is in use."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from collectors.clock import now_ms
from collectors.prices.catalogue_fetch import fetch_catalogue
from collectors.prices.catalogue_file import CatalogueError, KeptCatalogue, keep, package_version, sha256_of
from collectors.prices.pricer import Pricer
from pricing.books.book import PriceBook
from store.writer import Writer
from tests.fakes.catalogues import catalogue_json, dated, provider
from tests.fakes.events import AT_MS, batch, event
from tui.cli import main

IN_USE = catalogue_json({"gpt-4o": dated(2.5, "2026-05-01"), "gpt-4.1": {"input_mtok": 2, "output_mtok": 8}})
NEWER = catalogue_json(
    {"gpt-4o": dated(2, "2026-06-01"), "gpt-4.1": {"input_mtok": 2, "output_mtok": 8}, "gpt-9": {"input_mtok": 1}}
)
OLDER = catalogue_json({"gpt-4o": dated(3, "2026-01-01"), "gpt-4.1": {"input_mtok": 2, "output_mtok": 8}})
WITHOUT_A_USED_ONE = catalogue_json({"gpt-4.1": dated(2, "2026-06-01")})


class Answers:
    """A server on loopback that answers with what a test puts here."""

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        answers = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(answers.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(answers.body)))
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(answers.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/data.json"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def server() -> Iterator[Answers]:
    answers = Answers()
    yield answers
    answers.close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The catalogue folder, with one catalogue in use."""
    for name in ("STATE", "CACHE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.delenv("USDTOP_STORE", raising=False)
    folder = tmp_path / "state" / "usdtop" / "catalogue"
    keep(folder, IN_USE, package=package_version(), now_ms=AT_MS)
    return folder


@pytest.fixture
def store(tmp_path: Path, folder: Path) -> Path:
    """A store with one request of this very minute."""
    path = tmp_path / "usdtop.db"
    at_ms = now_ms()
    priced = Pricer(PriceBook([KeptCatalogue(folder)])).price([event(ended_at_ms=at_ms)], now_ms=at_ms)
    with closing(Writer(path)) as writer:
        writer.write(batch(priced.events, at_ms=at_ms), priced.cards)
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_newer_catalogue_is_kept_beside_the_old_one_and_its_dollars_are_shown(
    server: Answers, folder: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.body, before = NEWER, files(folder)

    assert main(["prices", "update", "--url", server.url, "--store", str(store)]) == 0

    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[:2] == ["1 records changed, 1 new, 0 gone", "  openai/gpt-4o: input 2.5 -> 2"]
    assert ["gpt-4o", "0.0035", "0.0030"] in [line.split() for line in lines]
    assert sha256_of(NEWER) in printed.err
    assert before.items() < files(folder).items()
    assert KeptCatalogue(folder).find("openai", "gpt-9") is not None

    assert main(["prices", "update", "--url", server.url, "--store", str(store)]) == 0
    assert "is the newest there is" in capsys.readouterr().err
    assert len(files(folder)) == 2


def test_a_dry_run_shows_and_keeps_nothing(
    server: Answers, folder: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.body, before = NEWER, files(folder)
    assert main(["prices", "update", "--dry-run", "--url", server.url, "--store", str(store)]) == 0
    assert "openai/gpt-4o: input 2.5 -> 2" in capsys.readouterr().out
    assert files(folder) == before


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, OLDER, "that catalogue is older: its newest price is of 2026-01-01, ours is of 2026-05-01"),
        (200, WITHOUT_A_USED_ONE, "has no price for gpt-4o, which the store has seen"),
        (200, b"<html>not found</html>", "this is no price catalogue"),
        (200, b"[]", "this is no price catalogue: there is no model in it"),
        (404, b"", "answers with HTTP 404"),
        (302, b"", "answers with HTTP 302"),
        (500, NEWER, "answers with HTTP 500"),
    ],
)
def test_what_cannot_be_used_is_a_sentence_and_changes_nothing(
    server: Answers,
    folder: Path,
    store: Path,
    capsys: pytest.CaptureFixture[str],
    status: int,
    body: bytes,
    sentence: str,
) -> None:
    server.status, server.body, before = status, body, files(folder)

    assert main(["prices", "update", "--url", server.url, "--store", str(store)]) == 2

    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert files(folder) == before


def test_a_model_that_the_user_prices_may_leave_the_catalogue(
    server: Answers, folder: Path, store: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[price]]\nmodel = "gpt-4o"\ninput = "2.5"\noutput = "10"\n')
    server.body = WITHOUT_A_USED_ONE
    assert main(["prices", "update", "--url", server.url, "--store", str(store), "--config", str(config)]) == 0
    assert len(files(folder)) == 2


def test_without_a_network_the_catalogue_in_use_stays(
    server: Answers, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.close()
    assert main(["prices", "update", "--url", server.url]) == 2
    assert "cannot be reached" in capsys.readouterr().err
    assert len(files(folder)) == 1
    assert main(["prices", "show", "gpt-4o"]) == 0


def test_more_than_a_catalogue_can_be_is_not_held_in_memory(server: Answers) -> None:
    server.body = b" " * 300_000
    with pytest.raises(CatalogueError, match="sends more than 100,000 bytes"):
        fetch_catalogue(server.url, limit_bytes=100_000)


@pytest.mark.parametrize(
    "url", ["http://prices.example/data.json", "ftp://x", "file:///etc/passwd", "no url", "https://[", ""]
)
def test_prices_come_over_https_or_from_this_machine(folder: Path, url: str) -> None:
    with pytest.raises(CatalogueError, match="the catalogue in use stays"):
        fetch_catalogue(url)


def test_a_list_is_of_the_catalogue_in_force_and_by_pattern(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "list", "openai/gpt-4*"]) == 0
    printed = capsys.readouterr()
    assert [line.split() for line in printed.out.splitlines()[1:]] == [
        ["openai/gpt-4o", "2.5", "2.5", "10", "2"],
        ["openai/gpt-4.1", "2", "2", "8", "1"],
    ]
    assert "genai-prices data of 2026-05-16" in printed.err
    assert main(["prices", "list", "claude"]) == 3


def test_a_model_is_shown_with_every_price_its_date_and_its_card(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    priced = KeptCatalogue(folder).find(None, "gpt-4o")
    assert priced is not None
    assert main(["prices", "show", "gpt-4o"]) == 0
    text = capsys.readouterr().out
    assert all(offer.card.id in text for offer in priced.offers)
    assert "standard, from 2026-05-01" in text
    assert "input 5  " in text
    assert main(["prices", "show", "no-such-model"]) == 3
    assert "no book knows this model" in capsys.readouterr().out


def test_a_user_s_price_is_shown_before_the_catalogue_s(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[price]]\nmodel = "gpt-4o"\ninput = "0.5"\noutput = "1"\n')
    assert main(["prices", "show", "gpt-4o", "--config", str(config)]) == 0
    text = capsys.readouterr().out
    assert "in book configuration" in text
    assert "input 0.5" in text


def test_a_difference_names_new_gone_and_changed_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    kept = {"input_mtok": 1, "output_mtok": 2}
    tiers = {"base": 1, "tiers": [{"start": 200_000, "price": 2}]}
    old.write_bytes(json.dumps([provider({"gpt-a": kept, "gpt-b": kept, "gpt-c": kept, "gpt-d": kept})]).encode())
    changed = {
        "gpt-a": kept,
        "gpt-b": {**kept, "output_mtok": 3},
        "gpt-d": {**kept, "input_mtok": tiers},
        "gpt-e": kept,
    }
    new.write_bytes(json.dumps([provider(changed)]).encode())

    assert main(["prices", "diff", str(old), str(new)]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "2 records changed, 1 new, 1 gone",
        "  openai/gpt-b: output 2 -> 3",
        "  openai/gpt-c: gone",
        "  openai/gpt-d: other conditions (a tier, a date, a variant or a unit)",
    ]
    assert main(["prices", "diff", str(old), str(tmp_path / "none.json")]) == 2
    old.write_bytes(b"garbage")
    assert main(["prices", "diff", str(old), str(new)]) == 2
    assert "old.json: this is no price catalogue" in capsys.readouterr().err

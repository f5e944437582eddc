"""A kept catalogue is used whole, while it is ours and undamaged, and beside the package it came to."""

from datetime import date
from pathlib import Path

import pytest

from collectors.prices.catalogue_file import (
    CatalogueError,
    KeptCatalogue,
    keep,
    newest,
    open_catalogue,
    package_version,
    snapshots,
)
from pricing.books.catalogue import Catalogue
from tests.fakes.catalogues import catalogue_json

AT_MS = 1_778_941_380_000
DAY_MS = 86_400_000
CHEAP = catalogue_json({"gpt-4o": {"input_mtok": 0.15, "output_mtok": 7}})


def input_rate(kept: KeptCatalogue, model: str = "gpt-4o") -> int | None:
    priced = kept.find("openai", model)
    return None if priced is None else priced.offers[0].card.rates[0]


@pytest.fixture
def package() -> str:
    return package_version()


def test_the_package_s_version_is_told_without_importing_it() -> None:
    import genai_prices

    assert package_version() == genai_prices.__version__


def test_without_a_kept_catalogue_the_package_s_own_is_in_force(tmp_path: Path) -> None:
    kept = KeptCatalogue(tmp_path / "nowhere")
    assert kept.version == Catalogue().version
    assert kept.find("openai", "gpt-4o") == Catalogue().find("openai", "gpt-4o")


def test_the_newest_kept_catalogue_is_in_force_and_its_cards_say_of_which_day_they_are(
    tmp_path: Path, package: str
) -> None:
    keep(tmp_path, CHEAP.replace(b"0.15", b"0.20"), package=package, now_ms=AT_MS + DAY_MS)
    keep(tmp_path, CHEAP, package=package, now_ms=AT_MS)

    kept = KeptCatalogue(tmp_path)
    assert input_rate(kept) == 200_000_000
    found = kept.find("openai", "gpt-4o")
    assert found is not None
    assert found.offers[0].card.checked == kept.version == "genai-prices data of 2026-05-17"
    assert kept.find("openai", "gpt-4.1") is None
    assert [snapshot.fetched_on for snapshot in snapshots(tmp_path)] == [date(2026, 5, 16), date(2026, 5, 17)]


def test_a_catalogue_that_came_to_an_older_package_gives_way_to_the_newer_package(tmp_path: Path) -> None:
    keep(tmp_path, CHEAP, package="0.0.1", now_ms=AT_MS)
    assert KeptCatalogue(tmp_path).version == Catalogue().version


def test_a_damaged_file_is_passed_over_and_said(tmp_path: Path, package: str) -> None:
    snapshot = keep(tmp_path, CHEAP, package=package, now_ms=AT_MS)
    snapshot.path.write_bytes(CHEAP[:-1])

    kept = KeptCatalogue(tmp_path)
    assert kept.find("openai", "gpt-4o") == Catalogue().find("openai", "gpt-4o")
    assert kept.doubt is not None
    assert "is damaged" in kept.doubt


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_may_write_is_not_used(tmp_path: Path, package: str, mode: int) -> None:
    snapshot = keep(tmp_path, CHEAP, package=package, now_ms=AT_MS)
    snapshot.path.chmod(mode)
    assert newest(tmp_path, package) is None


def test_other_files_in_the_folder_are_no_catalogues(tmp_path: Path, package: str) -> None:
    for name in ("notes.json", f"yesterday_{package}_{'0' * 64}.json", "20260516T142300Z_x.json"):
        (tmp_path / name).write_bytes(CHEAP)
        (tmp_path / name).chmod(0o600)
    assert snapshots(tmp_path) == []


def test_files_are_for_their_owner_only_and_no_draft_is_left(tmp_path: Path, package: str) -> None:
    folder = tmp_path / "new" / "catalogue"
    snapshot = keep(folder, CHEAP, package=package, now_ms=AT_MS)
    assert snapshot.path.stat().st_mode & 0o777 == 0o600
    assert list(folder.iterdir()) == [snapshot.path]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path, package: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogueError, match=r"cannot be written: .*; the catalogue in use stays"):
        keep(tmp_path / "file" / "catalogue", CHEAP, package=package, now_ms=AT_MS)


@pytest.mark.parametrize("body", [b"", b"not JSON", b"{}", b"[]", b"[{}]", b'[{"id": 1}]', b"\xff\xfe", b"[" * 100_000])
def test_bytes_that_are_no_catalogue_are_refused(body: bytes) -> None:
    with pytest.raises(CatalogueError, match="this is no price catalogue"):
        open_catalogue(body, "test")


def test_the_digest_changes_with_the_kept_catalogue(tmp_path: Path, package: str) -> None:
    digests = {KeptCatalogue(tmp_path).digest}
    for day, body in enumerate((CHEAP, CHEAP.replace(b"0.15", b"0.20"))):
        keep(tmp_path, body, package=package, now_ms=AT_MS + day * DAY_MS)
        digests.add(KeptCatalogue(tmp_path).digest)
    assert len(digests) == 3

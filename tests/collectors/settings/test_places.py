"""Where the store stands, and where instead when that cannot be written."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from collectors.settings.places import store_place


@pytest.fixture(autouse=True)
def _no_names(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_a_named_store_is_used_as_it_is() -> None:
    assert store_place(Path("/proc/x.db"), {"USDTOP_STORE": "/y.db"}) == (Path("/proc/x.db"), None)


def test_the_environment_names_a_store() -> None:
    assert store_place(None, {"USDTOP_STORE": "/y.db"}) == (Path("/y.db"), None)


def test_the_store_stands_in_a_folder_for_its_owner_only(tmp_path: Path) -> None:
    place = store_place(None, {})

    assert place.path == tmp_path / "state" / "usdtop" / "usdtop.db"
    assert place.notice is None
    assert stat.S_IMODE(place.path.parent.stat().st_mode) == 0o700
    assert list(place.path.parent.iterdir()) == [], "trying leaves nothing behind"


@pytest.mark.parametrize("state_home", ["/proc/nowhere", "a-file/below-it"])
def test_a_place_that_cannot_be_written_falls_back_and_says_so(
    state_home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a-file").write_text("x")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / state_home))
    path, notice = store_place(None, {})

    assert path.parent == tmp_path / f"usdtop-{os.getuid()}"
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert notice is not None
    assert "cannot be written" in notice
    assert str(path.parent) in notice
    assert store_place(None, {}).path == path, "the next start finds it again"


def test_a_folder_that_others_may_enter_is_not_ours_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    taken = tmp_path / f"usdtop-{os.getuid()}"
    taken.mkdir()
    taken.chmod(0o777)
    path, _ = store_place(None, {})

    assert path.parent != taken
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

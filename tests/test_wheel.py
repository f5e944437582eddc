"""What a user installs: the wheel alone, in an empty environment."""

import os
import pty
import re
import subprocess
import sys
import termios
import venv
from contextlib import suppress
from pathlib import Path

import pytest

from tests.fakes.waiting import eventually

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PATIENCE_S = 60.0
QUIET = ("--quiet", "--disable-pip-version-check", "--retries", "1")


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command in a clean environment of this machine's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("USDTOP", "PYTHON", "XDG"))}
    words = [str(word) for word in command]
    return subprocess.run(
        words, capture_output=True, text=True, cwd=cwd, env={**kept, **environment}, check=False, timeout=240
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = folder.glob("usdtop-*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it asks for."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "env")
    programs = folder / "env" / "bin"
    done = pip(programs, "install", *QUIET, "--no-compile", "-c", LOCK, wheel)
    if done.returncode and pip(programs, "download", *QUIET, "--no-deps", "-d", folder, "platformdirs").returncode:
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1:]}")
    assert done.returncode == 0, done.stderr
    return programs


def pip(programs: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """This environment's pip, at work in another one."""
    return run(sys.executable, "-m", "pip", "--python", programs / "python", *words, cwd=programs)


def test_the_wheel_holds_the_four_packages_and_the_recording_and_no_tests(wheel: Path) -> None:
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pricing", "store", "collectors", "tui"}
    assert "tui/demo/recording.jsonl.gz" in names
    assert [name for name in names if name.endswith(".tcss")]
    assert not [name for name in names if re.search(r"__pycache__|test_|\.db$", name)]


@pytest.mark.timeout(300)
def test_what_was_installed_is_whole_and_runs(installed: Path, tmp_path: Path) -> None:
    usdtop = installed / "usdtop"
    version = run(usdtop, "--version", cwd=tmp_path)
    assert (version.returncode, version.stdout) == (0, "usdtop 0.1.0\n")

    price = run(usdtop, "price", "gpt-4o", "--input", "1000", cwd=tmp_path, HOME=str(tmp_path))
    assert price.returncode == 0, price.stderr
    assert "0.002500000" in price.stdout

    check = pip(installed, "check", "--disable-pip-version-check")
    assert check.returncode == 0, check.stdout


@pytest.mark.timeout(300)
def test_the_demo_works_from_the_wheel_alone(installed: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color", "LANG": "C.UTF-8",
    }  # fmt: skip
    termios.tcsetwinsize(theirs, (24, 80))
    os.set_blocking(ours, False)
    screen = bytearray()

    def shows(text: bytes) -> bool:
        with suppress(BlockingIOError):
            screen.extend(os.read(ours, 1 << 16))
        return text in re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", screen)

    def has_ended() -> bool:
        with suppress(OSError):
            shows(b"")
        return process.poll() is not None

    command = [str(installed / "usdtop"), "demo"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=tmp_path, env=environment
    ) as process:
        os.close(theirs)
        try:
            eventually(lambda: shows(b"DEMO"), PATIENCE_S, "DEMO on the screen")
            eventually(lambda: shows(b"left of $400"), PATIENCE_S, "the budget on the screen")
            os.write(ours, b"q")
            eventually(has_ended, PATIENCE_S, "the demo's end")
        finally:
            if process.poll() is None:
                process.kill()
    os.close(ours)
    assert process.returncode == 0
    assert not [path.name for path in tmp_path.rglob("*") if path.is_file()], "nothing is left behind"

"""What a command loads: nothing heavy that it does not need."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from store.writer import Writer

_LOADED = "import json, sys; print(json.dumps(sorted(sys.modules)), file=sys.__stderr__)"


def loaded(code: str, tmp_path: Path) -> set[str]:
    """Top-level names and dotted ones of all modules that are loaded after running this code in a new interpreter."""
    environment = {
        "PATH": "", "HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
        "PYTHONPATH": str(Path(__file__).parents[1]),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{_LOADED}"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def command(*words: str) -> str:
    """Code that runs a command line and goes on whatever its exit code is."""
    return f"import tui.cli\ntry:\n    tui.cli.main({list(words)!r})\nexcept SystemExit:\n    pass"


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("--version",),
        ("price", "gpt-4o", "--input", "1000"),
        ("price", "--help"),
        ("report",),
        ("report", "--help"),
        ("sources",),
        ("gpus",),
        ("requests",),
        ("alerts",),
        ("check",),
        ("mark", "deploy"),
        ("status", "--line"),
        ("snapshot", "/nowhere/copy"),
        ("collect", "--help"),
        ("import", "/nowhere"),
        ("doctor", "/nowhere"),
    ],
    ids=" ".join,
)
def test_no_command_but_the_monitor_loads_textual(words: tuple[str, ...], tmp_path: Path) -> None:
    modules = loaded(command(*words), tmp_path)
    assert "tui.cli" in modules
    assert not modules & {"textual", "rich"}


def test_help_loads_next_to_nothing(tmp_path: Path) -> None:
    ours = {name for name in loaded(command("--help"), tmp_path) if name.split(".")[0] in _OURS}
    assert ours == {"tui", "tui.cli"}


_OURS = ("pricing", "store", "collectors", "tui")


def test_the_collector_itself_loads_no_screen(tmp_path: Path) -> None:
    modules = loaded("import collectors.collect, tui.commands.collect", tmp_path)
    assert "store.writer" in modules
    assert not modules & {"textual", "rich"}


def test_a_collector_that_asks_over_http_loads_no_screen_nor_what_migrates_a_store_of_its_own_version(
    tmp_path: Path,
) -> None:
    Writer(tmp_path / "usdtop.db").close()
    asked = "import collectors.collect, collectors.web.fetch as web; web.open_client(); from pathlib import Path; "
    opened = f"from store.writer import Writer; Writer(Path({str(tmp_path / 'usdtop.db')!r})).close()"
    modules = loaded(asked + opened, tmp_path)
    assert {"httpx", "store.writer"} <= modules
    assert not modules & {"textual", "rich", "pygments", "click", "sqlite_utils", "store.schema"}


def test_reading_the_store_does_not_load_what_writes_it(tmp_path: Path) -> None:
    modules = loaded("import store.reader", tmp_path)
    assert "sqlite3" in modules
    assert not modules & {"sqlite_utils", "click", "store.writer", "store.schema"}


def test_a_price_is_looked_up_without_what_reads_or_watches_a_store(tmp_path: Path) -> None:
    modules = loaded(command("price", "gpt-4o", "--rates", "input=1", "--input", "1000"), tmp_path)
    assert "pricing.bill" in modules
    assert not modules & {
        "sqlite_utils",
        "store.reader",
        "store.providers.buckets",
        "store.alerts.kept",
        "pricing.cause",
    }


@pytest.mark.parametrize(
    "words",
    [("report",), ("sources",), ("gpus",), ("requests",), ("alerts",), ("check",), ("mark", "deploy")],
    ids=" ".join,
)
def test_a_plain_twin_reads_with_the_standard_library(words: tuple[str, ...], tmp_path: Path) -> None:
    assert not loaded(command(*words), tmp_path) & {"sqlite_utils", "genai_prices", "pydantic", "pynvml"}


def test_pricing_is_pure_arithmetic_until_it_is_asked_for_a_catalogue_price(tmp_path: Path) -> None:
    root = Path(__file__).parents[1]
    files = sorted(path.relative_to(root).with_suffix("") for path in (root / "pricing").rglob("*.py"))
    modules = loaded(f"import {', '.join('.'.join(path.parts) for path in files)}", tmp_path)

    assert "pricing.books.catalogue" in modules
    assert not modules & {"genai_prices", "pydantic", "httpx", "sqlite3", "textual", "msgspec"}
    assert not {name for name in modules if name.split(".")[0] in ("store", "collectors", "tui")}


def test_a_status_line_costs_a_prompt_no_more_than_the_standard_library(tmp_path: Path) -> None:
    make = "from pathlib import Path; from store.writer import Writer; Writer(Path('s.db'))"
    subprocess.run(
        [sys.executable, "-c", make], cwd=tmp_path, check=True, env={"PYTHONPATH": str(Path(__file__).parents[1])}
    )
    modules = loaded(command("--store", str(tmp_path / "s.db"), "status", "--line"), tmp_path)
    assert "store.budgets.standing" in modules
    assert not modules & {"msgspec", "dataclasses", "store.reader", "collectors.settings.config"}


def test_the_screen_is_loaded_without_what_reads_and_checks_beside_it(tmp_path: Path) -> None:
    modules = loaded("import tui.commands.monitor, collectors.settings.config, tui.app, tui.questions.burn", tmp_path)
    assert "tui.screens.burn" in modules
    assert not modules & {"store.reader", "store.facts", "tui.storefeed", "tui.reading.burn", "pricing.cause"}
    assert not modules & {"pricing.budget", "pricing.filters", "pricing.alerts.states"}

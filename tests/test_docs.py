"""The documentation names what there is: every command, every key, every dependency, and links that lead somewhere."""

import re
import sqlite3
import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from collectors.settings.alertconfig import AlertsConfig, WebhookConfig
from collectors.settings.config import (
    BudgetConfig,
    CommitmentConfig,
    Config,
    GpuConfig,
    HostConfig,
    OverheadConfig,
    PricesConfig,
    ScreenConfig,
    StoreConfig,
    from_mapping,
)
from collectors.settings.rivalconfig import RivalConfig
from collectors.settings.sourceconfig import SourceConfig
from pricing.books.userbook import PriceError, rates_card
from pricing.card import CardStatus
from store.limits import Limits
from store.retention import Retention
from store.writer import Writer
from tests.pages import PAGES, ROOT, anchors, fenced, section
from tui.cli import COMMANDS
from tui.keymap import all_bindings

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "Top level": Config,
    "`[[source]]`": SourceConfig,
    "`[[host]]`": HostConfig,
    "`[[rival]]`": RivalConfig,
    "`[[commitment]]`": CommitmentConfig,
    "`[[budget]]`": BudgetConfig,
    "`[gpu]`": GpuConfig,
    "`[store]`": StoreConfig,
    "`[screen]`": ScreenConfig,
    "`[prices]`": PricesConfig,
    "`[[overhead]]`": OverheadConfig,
    "`[retention]`": Retention,
    "`[limits]`": Limits,
    "`[alerts]`": AlertsConfig,
    "`[[webhook]]`": WebhookConfig,
}


def documented(heading: str) -> dict[str, str]:
    """Keys of a section's first table, and their defaults as written."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \|", section(CONFIGURATION, heading), re.MULTILINE)
    return dict(rows)


def written(default: Any) -> str:
    """A default as the documentation writes it."""
    if default is msgspec.NODEFAULT:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, msgspec.Struct):
        return "see below"
    text = f'"{default}"' if isinstance(default, str) else str(default).lower()
    return f"`{text.replace('()', '[]')}`"


def default_of(field: msgspec.structs.FieldInfo) -> Any:
    """What a key is when nobody gives it."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def examples(language: str) -> list[Any]:
    """(page, text) of every fenced block in a language, as parameters with short names."""
    found = [(page.name, text) for page in PAGES for text in fenced(page, language)]
    return [pytest.param(page, text, id=f"{page}-{number}") for number, (page, text) in enumerate(found, start=1)]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"`usdtop {command}" in section((ROOT / "README.md").read_text(), "Commands")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_page_speaks_of_a_command_that_does_not_exist(page: Path) -> None:
    inline = re.findall(r"`usdtop ([a-z]+)", page.read_text())
    typed = [
        word for text in fenced(page, "sh") for word in re.findall(r"^\S*? ?\S*?usdtop ([a-z]+)", text, re.MULTILINE)
    ]
    assert {*inline, *typed} <= set(COMMANDS)


@pytest.mark.parametrize("heading", SECTIONS)
def test_every_configuration_key_is_documented_with_its_default(heading: str) -> None:
    # `path` of the whole configuration is where it was read from, not a key.
    fields = [f for f in msgspec.structs.fields(SECTIONS[heading]) if (heading, f.name) != ("Top level", "path")]
    assert documented(heading) == {field.name: written(default_of(field)) for field in fields}


def test_every_rate_that_can_be_given_is_documented() -> None:
    with pytest.raises(PriceError) as refused:
        rates_card("nothing=1")
    _, _, known = str(refused.value).partition("a key of ")
    table = section(CONFIGURATION, "`[[price]]`")
    assert known
    assert [key for key in known.rstrip(".").split(", ") if f"`{key}`" not in table] == []


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = (
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *project["build-system"]["requires"],
    )
    names = {re.split(r"[<>=~! \[]", requirement)[0] for requirement in wanted}
    assert names == set(re.findall(r"\*\*([a-z0-9-]+)\*\*", (ROOT / "docs" / "dependencies.md").read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        place = page.parent / name if name else page
        if not place.exists() or (anchor and anchor not in anchors(place)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize(("page", "text"), examples("toml"))
def test_every_configuration_example_can_be_used(page: str, text: str) -> None:
    assert from_mapping(tomllib.loads(text), Path(page)).path == Path(page)


@pytest.mark.parametrize(("page", "text"), examples("python"))
def test_every_python_example_is_python(page: str, text: str) -> None:
    assert compile(text, page, "exec").co_filename == page


def test_every_action_that_can_be_given_another_key_is_named() -> None:
    text = (ROOT / "docs" / "screens.md").read_text()
    names = re.search(r"The names are:\n\n(.*?)\n\n", text, re.DOTALL)
    assert names is not None
    assert set(re.findall(r"`([a-z_.0-9]+)`", names[1])) == {binding.id for binding in all_bindings()}


def test_every_folder_of_the_code_is_in_the_layout() -> None:
    told = set(re.findall(r"`([a-z/]+)/`", (ROOT / "docs" / "layout.md").read_text()))
    folders = {
        str(path.parent.relative_to(ROOT))
        for package in ("pricing", "store", "collectors", "tui")
        for path in (ROOT / package).rglob("__init__.py")
    }
    inner = {folder for folder in folders if folder.count("/") == 2}
    assert folders - inner - told == set()
    assert {folder.rpartition("/")[2] for folder in inner} - told == set()


def test_every_table_of_the_store_is_explained(tmp_path: Path) -> None:
    Writer(tmp_path / "usdtop.db").close()
    with closing(sqlite3.connect(tmp_path / "usdtop.db")) as connection:
        rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    tables = {name for (name,) in rows if not name.startswith(("sqlite_", "_sqlite_"))}
    assert len(tables) > 30
    assert tables - set(re.findall(r"\*\*`([a-z_]+)`\*\*", (ROOT / "docs" / "store.md").read_text())) == set()


def test_every_status_of_a_cost_is_explained() -> None:
    table = section((ROOT / "docs" / "counting.md").read_text(), "What a cost can be")
    assert {status.value for status in CardStatus} - set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set()
